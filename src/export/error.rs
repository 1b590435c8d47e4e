//! Owns why rows could not be exported.

use std::io;
use std::path::PathBuf;

use crate::artifacts::WriteError;

/// What the caller's rows can fail with.
pub type RowError = Box<dyn std::error::Error + Send + Sync>;

/// Why nothing was exported. What stood at the file's place before still stands there.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is a file already.
    #[error("{} is there already; choose another name, or say that it may be replaced", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// What was being written to cannot take it.
    #[error("cannot write the export: {0}")]
    Io(#[from] io::Error),
    /// The rows cannot be read on. The caller's own error.
    #[error("row {row} of the export: {cause}")]
    Row {
        /// Which, from 1.
        row: u64,
        /// What the caller said.
        #[source]
        cause: RowError,
    },
    /// A row has more or fewer cells than there are columns.
    #[error("row {row} of the export has {found} cells, but there are {expected} columns; open the scored file again")]
    Width {
        /// Which, from 1.
        row: u64,
        /// Columns.
        expected: usize,
        /// Cells.
        found: usize,
    },
    /// A row is suppressed, but the header names no rule, so the column that tells would be missing.
    #[error(
        "row {row} of the export is suppressed by `{condition}`, but the list of rules is empty; open the scored file again"
    )]
    UnknownRule {
        /// Which, from 1.
        row: u64,
        /// The rule's condition, made safe to show.
        condition: String,
    },
    /// The columns do not make a table.
    #[error("cannot make a Parquet table of these rows: {0}")]
    Table(String),
}
