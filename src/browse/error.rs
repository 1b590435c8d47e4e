//! Owns what can go wrong while a table is looked at: what, where, what to do.

use std::io;
use std::path::PathBuf;

use super::filter::FilterError;
use crate::artifacts::atomic::WriteError;
use crate::cancel::Cancelled;
use crate::data::DataError;

/// Why something could not be shown, found, counted or written.
#[derive(Debug, thiserror::Error)]
pub enum BrowseError {
    /// The source cannot be opened.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Reading failed.
    #[error(
        "{name}: cannot be read at byte {at} ({cause}); check the disk or the connection to it, then open it again"
    )]
    Read {
        /// The source.
        name: String,
        /// Where.
        at: u64,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The file is not the one any more that was opened.
    #[error("{name}: {how} since it was opened; open it again")]
    Changed {
        /// The source.
        name: String,
        /// What happened to it.
        how: &'static str,
    },
    /// The unpacked bytes cannot be kept.
    #[error("{name}: cannot keep its unpacked rows in {}: {}; free some space there, or set TMPDIR to a directory that has it", directory.display(), crate::artifacts::atomic::advice(cause))]
    Spool {
        /// The source.
        name: String,
        /// The directory of temporary files.
        directory: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The source is damaged where it is packed.
    #[error("{name}: damaged or broken off after {rows} rows ({cause}); get a sound copy")]
    Packed {
        /// The source.
        name: String,
        /// Rows before the damage.
        rows: u64,
        /// What the decoder said.
        #[source]
        cause: io::Error,
    },
    /// The rest of the source could not be read earlier, so what needs all rows cannot be done.
    #[error("not all rows can be had: {0}")]
    Incomplete(String),
    /// A condition that cannot be understood.
    #[error("{0}")]
    Filter(#[from] FilterError),
    /// A regular expression that cannot be understood.
    #[error("not a regular expression: {0}")]
    Regex(String),
    /// There is no such row.
    #[error("there is no row {}; the view has {rows}", at.saturating_add(1))]
    NoRow {
        /// Its place, 0-based.
        at: u64,
        /// Rows of the view.
        rows: u64,
    },
    /// There is no such column.
    #[error("there is no column {}; the table has {columns}", column.saturating_add(1))]
    NoColumn {
        /// Its place, 0-based.
        column: usize,
        /// Columns of the table.
        columns: usize,
    },
    /// More rows than can be put in order.
    #[error("{rows} rows are more than can be sorted (4,294,967,295); filter first")]
    TooMany {
        /// Rows of the view.
        rows: u64,
    },
    /// The file to be written is there already.
    #[error("{}: is there already; choose another name, or agree to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file to be written is the one that is being read.
    #[error("{}: is the table that is open; choose another name", path.display())]
    Itself {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Given up on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
