//! Tests of drawing the panel.
