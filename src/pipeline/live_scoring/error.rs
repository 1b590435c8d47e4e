//! Owns why a stream could not be scored to its end.

use std::io;

use crate::cancel::Cancelled;
use crate::data::DataError;
use crate::pipeline::prediction::PredictionError;

/// Why a stream could not be scored to its end. What stands in single rows is never among it.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The model, its columns, or the stream that comes in.
    #[error(transparent)]
    Prediction(#[from] PredictionError),
    /// The stream that goes out.
    #[error("the answer cannot be written: {0}")]
    Write(io::Error),
}

impl From<DataError> for LiveError {
    fn from(error: DataError) -> Self {
        Self::Prediction(error.into())
    }
}

impl From<Cancelled> for LiveError {
    fn from(error: Cancelled) -> Self {
        Self::Prediction(error.into())
    }
}
