//! Owns the errors of reading and generating a schema: what, where, and what to do next.

use std::io;
use std::path::PathBuf;

use crate::cancel::Cancelled;
use crate::data::DataError;

/// Why a schema could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The schema file could not be read from disk.
    #[error("{}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// One line: what, and what to do.
        reason: String,
        /// The cause, if the operating system gave one.
        #[source]
        cause: Option<io::Error>,
    },
    /// The text is not a schema.
    #[error("{origin}:{line}:{column}: {}{message}", if key.is_empty() { String::new() } else { format!("{key}: ") })]
    Content {
        /// The file as the user named it.
        origin: String,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// Where in the structure: `columns[3].type`; empty for the whole document.
        key: String,
        /// One line: what, and what to do.
        message: String,
    },
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
