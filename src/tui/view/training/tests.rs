//! Proof of how the panel looks.
