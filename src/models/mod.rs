//! Model families: the `Classifier` trait, the registry, and one file a family.
//!
//! Knows matrices and labels; no file, schema, stage or terminal.

mod additive;
mod anatomy;
pub mod checks;
mod classifier;
mod decision_tree;
mod detached;
mod engine_input;
mod forests;
mod gradient_boosting;
mod k_nearest_neighbors;
mod logistic_regression;
mod naive_bayes_categorical;
mod naive_bayes_gaussian;
mod params;
mod permutation;
mod registry;
pub mod saved;
mod scoring;
mod search;
mod support_vector;
#[cfg(test)]
mod test_data;
mod tree_ensemble;
pub mod trees;
mod weights;

pub use anatomy::{Anatomy, Distribution, EvidenceTable, PlainNode};
pub use classifier::{
    Capabilities, Classifier, Contributions, Direction, EarlyStopping, Family, FitContext, IterationReport, ModelError,
    Monotone, NOT_MONOTONE, ScoreScale, TrainSet,
};
pub use detached::silence_engine_panics;
pub use params::{ParamKind, ParamSpec, ParamValue, Params};
pub use permutation::permutation_importances;
pub use registry::{families, family, load};
pub use scoring::{logistic, predict_in_blocks};
pub use search::{SearchStrategy, grid, random};
pub use trees::Variation;
pub use weights::{balanced, repeat_rows};
