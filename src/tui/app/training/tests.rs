//! Proof of the panel's state.
