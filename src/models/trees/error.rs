//! Owns the errors of the tree engine.

use crate::cancel::Cancelled;

/// Why an ensemble could not be grown, used or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TreeError {
    /// Data that cannot be learned from or scored.
    #[error("{0}")]
    Data(String),
    /// A parameter outside its range.
    #[error("parameter `{name}`: {reason}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What is accepted.
        reason: String,
    },
    /// Bytes that are no ensemble.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
