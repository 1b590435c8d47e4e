//! Owns the errors of reading a schema: what, where, and what to do next.

use std::io;
use std::path::PathBuf;

/// Why a schema could not be read.
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
}
