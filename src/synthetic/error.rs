//! Owns the errors of generating data.

use std::io;

use crate::cancel::Cancelled;

/// Why generating stopped early. What was written until then is a prefix of the whole file.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// Somebody asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The output cannot be written.
    #[error("synthetic data cannot be written after {rows} rows: {cause}; free some space or name another --output")]
    Write {
        /// Rows finished before.
        rows: u64,
        /// The cause.
        #[source]
        cause: io::Error,
    },
}
