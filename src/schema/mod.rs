//! What a data set must look like: the schema's types, its YAML reader, its checker and its generator.
//!
//! Knows nothing of files being validated, of models or of the terminal. Only `generation` reads data: it stands above
//! `data`, the rest below it.

mod checking;
mod document;
mod error;
mod flexible;
mod generation;
mod model;
mod nearest;
mod null_tokens;
mod older;
mod reading;
mod typed_cell;
mod vocabulary;
mod writing;

pub use checking::{SchemaProblem, whole_cell_pattern};
pub use error::SchemaError;
pub use generation::{GenerateOptions, Generated, GenerationError, LabelGuess, generate};
pub use model::{Column, ColumnType, DriftThresholds, Label, LabelValue, Malicious, Role, Rule, Schema, Severity};
pub use null_tokens::{DEFAULT_NULL_TEXTS, NullTokens};
pub use reading::Loaded;
pub use typed_cell::TypedCell;

#[cfg(test)]
mod tests;
