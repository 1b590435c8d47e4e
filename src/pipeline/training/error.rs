//! Owns the errors of training.

use std::path::PathBuf;

use crate::artifacts::{RegistryError, RunError, WriteError};
use crate::cancel::Cancelled;
use crate::data::SplitError;
use crate::metrics::MetricError;
use crate::models::ModelError;
use crate::pipeline::ingestion::IngestionError;
use crate::pipeline::trained_model::ModelFileError;
use crate::transform::TransformError;

/// Why a run ended without a model.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// A setting that cannot be used.
    #[error("{key}: {reason}")]
    Setting {
        /// Its key in the settings file.
        key: String,
        /// What is wrong and what is accepted.
        reason: String,
    },
    /// The schema has no label.
    #[error("schema {schema} names no label column, so there is nothing to learn; add `label:` to it")]
    NoLabel {
        /// The schema's name.
        schema: String,
    },
    /// A time split is asked for and the schema knows no times.
    #[error(
        "a time split needs a column with `role: timestamp`, and schema {schema} has none; name one, or use --split \
         grouped"
    )]
    NoTimestamp {
        /// The schema's name.
        schema: String,
    },
    /// The source could not be read or did not pass.
    #[error(transparent)]
    Ingestion(#[from] IngestionError),
    /// No fair split is possible.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The preprocessor could not be fitted.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// A family's name is unknown, or the chosen model failed its final fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A score could not be computed.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// No family could be trained.
    #[error("no model could be trained: {reasons}")]
    NothingTrained {
        /// Each family with its reason.
        reasons: String,
    },
    /// The run directory could not be made or read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The registry could not be changed or read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A file of the run could not be written.
    #[error(transparent)]
    File(#[from] WriteError),
    /// The model could not be encoded.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
    /// The run named by `--resume` is of other data or settings.
    #[error("run {run} cannot be resumed: {reason}")]
    Resume {
        /// The run.
        run: String,
        /// What differs.
        reason: String,
    },
    /// The log of finished trials could not be opened.
    #[error("{}: {source}", path.display())]
    TrialLog {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
