//! Owns what can go wrong while a scored file is reviewed: what, where, what to do.

use std::path::PathBuf;

use crate::artifacts::RegistryError;
use crate::browse::BrowseError;
use crate::cancel::Cancelled;
use crate::data::DataError;
use crate::export::ExportError;
use crate::pipeline::trained_model::{ModelFileError, ScoreError};
use crate::store::StoreError;

/// Why something could not be shown or decided.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The file cannot be read, a condition cannot be understood, or the file has changed.
    #[error(transparent)]
    Browse(#[from] BrowseError),
    /// The file lacks columns that scoring adds.
    #[error(
        "{name} was not scored: it has no column {missing}; score it first (`nsec-tui predict {name}`), or open the file that was written then"
    )]
    NotScored {
        /// The file.
        name: String,
        /// The columns that are not there.
        missing: String,
    },
    /// There is no scored file yet.
    #[error("{}: there is no scored file yet; score one first (`nsec-tui predict FILE`)", path.display())]
    NoOutput {
        /// Where it would be.
        path: PathBuf,
    },
    /// Not one row of the file can be read as a scored one.
    #[error("{name} has no row that was scored{}; score it again", why.as_ref().map_or(String::new(), |why| format!(" ({why})")))]
    Empty {
        /// The file.
        name: String,
        /// What is wrong with its first row.
        why: Option<String>,
    },
    /// More rows than can be held.
    #[error("{name} has {rows} rows, more than can be reviewed at once (4,294,967,294); split it")]
    TooMany {
        /// The file.
        name: String,
        /// Its rows.
        rows: u64,
    },
    /// The schema is not known, so no case has a name.
    #[error("{name}: the schema it was scored by cannot be found ({why}); restore the run or the workspace's schema")]
    NoSchema {
        /// The file.
        name: String,
        /// Why.
        why: String,
    },
    /// There is no such saved queue.
    #[error("there is no saved queue `{name}`; `triage.queues` in nsec.yaml has {known}")]
    NoQueue {
        /// As asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// The file does not know what is asked for.
    #[error("{name} was not made by `verdicts audit-labels`, so it has no label audit")]
    NoLabelAudit {
        /// The file.
        name: String,
    },
    /// A case that is not in the file.
    #[error("there is no case {case} in {name}")]
    NoCase {
        /// The case, or its place.
        case: String,
        /// The file.
        name: String,
    },
    /// There is no such run.
    #[error(transparent)]
    Run(#[from] RegistryError),
    /// Its model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// Another model cannot score the file.
    #[error("{run} cannot score this file: {why}")]
    Unscorable {
        /// The run.
        run: String,
        /// Why.
        why: String,
    },
    /// Scoring failed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The file cannot be read again.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The store did not keep or give what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A decision about very many cases was kept in part.
    #[error(
        "{done} of {of} cases were decided, the others were not: {cause}; undo takes those back, deciding again does the rest"
    )]
    Partly {
        /// Cases that were decided.
        done: usize,
        /// Cases that were meant.
        of: usize,
        /// Why it ended.
        #[source]
        cause: Box<ReviewError>,
    },
    /// The store cannot be written.
    #[error("nothing was decided: {0}")]
    NoStore(String),
    /// The store cannot be read.
    #[error("the verdicts cannot be read: {0}")]
    NoVerdicts(String),
    /// What was asked for is not meant seriously.
    #[error("{0}")]
    Refused(String),
    /// Rows cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Given up on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
