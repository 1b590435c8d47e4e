//! Owns the tree engine as the targets see it: its files alone, so that a target builds without the whole program.

#[path = "../../src/cancel.rs"]
pub mod cancel;

/// What the engine is part of.
#[path = "../../src/models"]
pub mod models {
    pub mod trees;
}
