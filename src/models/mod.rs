//! Model families: the `Classifier` trait, the registry, and one file a family.
//!
//! Knows matrices and labels; no file, schema, stage or terminal.

mod classifier;
mod params;

pub use classifier::{
    Capabilities, Classifier, Contributions, EarlyStopping, Family, FitContext, IterationReport, ModelError,
    ScoreScale, TrainSet,
};
pub use params::{ParamKind, ParamSpec, ParamValue, Params};
