//! Owns the errors of scoring files.

use std::path::PathBuf;

use crate::artifacts::atomic::advice;
use crate::artifacts::{RegistryError, WriteError};
use crate::cancel::Cancelled;
use crate::data::DataError;
use crate::metrics::MetricError;
use crate::models::ModelError;
use crate::pipeline::ingestion::IngestionError;
use crate::pipeline::trained_model::{ModelFileError, ScoreError};
use crate::transform::TransformError;

use super::columns::some_of;

/// Columns that the model needs and an input lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct MissingColumns {
    /// The input, as a person named it.
    pub source_name: String,
    /// Their canonical names, in the schema's order.
    pub columns: Vec<String>,
    /// For those of them that another column of the input may be by its name: the column, and that name.
    pub hints: Vec<(String, String)>,
}

impl MissingColumns {
    fn message(&self) -> String {
        let hints: Vec<String> = (self.hints.iter())
            .map(|(name, other)| format!("{name} may be `{other}`"))
            .collect();
        let hint = if hints.is_empty() {
            String::new()
        } else {
            format!(" ({})", hints.join(", "))
        };
        let noun = if self.columns.len() == 1 { "a column" } else { "columns" };
        format!(
            "{} lacks {noun} that the model learned from: {}{hint}; add them, name aliases in the schema and train \
             again, or train a model without them",
            self.source_name,
            some_of(&self.columns)
        )
    }
}

/// Why files could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum PredictionError {
    /// There is no such run, or the registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The run did not come to a model.
    #[error("run {run} is {state} and has no model; `nsec-tui runs list` shows those that do")]
    NoModel {
        /// The run.
        run: String,
        /// How it stands.
        state: &'static str,
    },
    /// The model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// An input cannot be read, or a check cannot run.
    #[error(transparent)]
    Ingestion(#[from] IngestionError),
    /// An input has no row that can be scored, lacks a column, or does not fit the inputs before it.
    #[error("{0}")]
    Blocked(String),
    /// Rows lack columns that the model needs.
    #[error(transparent)]
    MissingColumns(#[from] MissingColumns),
    /// An option that cannot be used.
    #[error("{0}")]
    Usage(String),
    /// Rows do not fit the model.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The alert budget met a score that is no number.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The output could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A temporary file could not be used.
    #[error("temporary file in {}: {}; TMPDIR names another place", directory.display(), advice(cause))]
    Temporary {
        /// Where it was wanted.
        directory: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// The writing thread ended unexpectedly.
    #[error("the writer stopped unexpectedly; please report this")]
    Writer,
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<DataError> for PredictionError {
    fn from(error: DataError) -> Self {
        Self::Ingestion(error.into())
    }
}

impl From<TransformError> for PredictionError {
    fn from(error: TransformError) -> Self {
        Self::Score(error.into())
    }
}

impl From<ModelError> for PredictionError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Score(other.into()),
        }
    }
}
