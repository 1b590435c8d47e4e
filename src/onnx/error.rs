//! Owns why a model cannot be exported.

use crate::artifacts::{RegistryError, WriteError};
use crate::cancel::Cancelled;
use crate::pipeline::trained_model::{ModelFileError, ScoreError};

/// Why a model cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// Something in the model has no exact form among ONNX's standard operators.
    #[error("run {run} cannot be exported exactly: {reason}")]
    Refused {
        /// The run.
        run: String,
        /// What, and what to do instead.
        reason: String,
    },
    /// There is no such run, or it is damaged.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The run did not finish.
    #[error("run {run} is {state} and has no model; name a finished run (runs list)")]
    Unfinished {
        /// The run.
        run: String,
        /// What became of it.
        state: &'static str,
    },
    /// Its model cannot be used.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The rows of the conformance file could not be scored.
    #[error("the conformance rows could not be scored: {0}")]
    Score(#[from] ScoreError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The facts about the model could not be written down.
    #[error("the description of the model could not be written: {0}")]
    Describe(#[from] serde_json::Error),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
