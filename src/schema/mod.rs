//! What a data set must look like: the schema's types, its YAML reader, its checker and its generator.
//!
//! Knows nothing of files being validated, of models or of the terminal.

mod model;

pub use model::{Column, ColumnType, DriftThresholds, Label, LabelValue, Malicious, Role, Rule, Schema, Severity};
