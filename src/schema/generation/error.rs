//! Owns the errors of making a schema from data: what, where, and what to do next.

use crate::cancel::Cancelled;
use crate::data::DataError;

/// Why a schema could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The named label column is not in the source.
    #[error("{origin}: no column `{name}` for the label{}; the columns are named in the first line of the file",
        nearest.as_ref().map(|n| format!(", the nearest name is `{n}`")).unwrap_or_default())]
    NoLabelColumn {
        /// The source as the user named it.
        origin: String,
        /// The name asked for.
        name: String,
        /// The nearest name there is.
        nearest: Option<String>,
    },
    /// The source holds nothing to learn a schema from.
    #[error("{origin}: {reason}")]
    NoData {
        /// The source as the user named it.
        origin: String,
        /// One line: what, and what to do.
        reason: String,
    },
    /// The source could not be read.
    #[error(transparent)]
    Source(#[from] DataError),
    /// Given up because a person asked.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
