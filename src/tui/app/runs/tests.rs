//! Tests of the panel's state.
