//! What a data set must look like: the schema's types, its YAML reader, its checker and its generator.
//!
//! Knows nothing of files being validated, of models or of the terminal.

mod checking;
mod document;
mod error;
mod flexible;
mod generation;
mod model;
mod nearest;
mod older;
mod reading;
mod vocabulary;
mod writing;

pub use checking::{SchemaProblem, whole_cell_pattern};
pub use error::SchemaError;
pub use generation::{GenerateOptions, Generated, LabelGuess, generate};
pub use model::{Column, ColumnType, DriftThresholds, Label, LabelValue, Malicious, Role, Rule, Schema, Severity};
pub use reading::Loaded;

#[cfg(test)]
mod tests;
