//! Where verdicts and suppression rules are kept: what a store can do, and the one that is on this host.
//!
//! Whatever is kept is first a line of the journal (`logs/audit.ndjson`), on disk, and then a row of the database
//! (`verdicts.db`), which takes over from the journal whatever it lacks. So a kill between the two loses nothing, a locked or
//! full database delays nothing, and a damaged one is made again.

mod append;
mod database;
mod files;
mod journal;
mod local;
mod open;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::journal::{BadLine, WithFaults, events_of_line};
pub use self::local::{LocalStore, TakenOver};
use crate::artifacts::audit::AuditError;
use crate::triage::{CaseId, Cells, Event, EventId, SuppressionRule};

/// How the store on this host is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// Whether everybody of the workspace's group writes to it: mode 0660 in a directory that hands its group on.
    pub shared: bool,
    /// How long a write waits for another process before it is left to the journal.
    pub wait: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            shared: false,
            wait: Duration::from_secs(1),
        }
    }
}

/// How a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Reads and writes.
    Ready,
    /// What is kept goes to the journal for now, for this reason.
    Journal(String),
    /// Nothing can be kept, for this reason; what there is can be read.
    ReadOnly(String),
}

/// How safely something was kept. Either way it is on disk and survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kept", content = "why", rename_all = "snake_case")]
pub enum Kept {
    /// In the store.
    Stored,
    /// In the journal alone (`logs/audit.ndjson`), with the reason; the store takes it over as soon as it can.
    Journalled(String),
}

/// A store of verdicts. Events are appended and never altered.
pub trait VerdictStore: Send {
    /// Appends events; they are on disk when this returns. One that is there already (by its id) is left out. `command` is the
    /// equivalent command line for the audit log.
    ///
    /// # Errors
    /// Nothing was kept: why, and what to do.
    fn append(&mut self, events: &[Event], command: &str) -> Result<Kept, StoreError>;

    /// Events after a place, in the store's order, and the place after them. Place 0 is before all. An event may be given
    /// again: one that is in the journal alone comes last and once more when the store has it; after the store was made
    /// again, everything comes. Cells are left out; [`VerdictStore::cells`] gives them.
    ///
    /// # Errors
    /// The store cannot be read.
    fn events_since(&mut self, place: i64) -> Result<(Vec<Event>, i64), StoreError>;

    /// Whether somebody else has written since the last call. Cheap; asked several times a second.
    ///
    /// # Errors
    /// The store cannot be read.
    fn has_changed(&mut self) -> Result<bool, StoreError>;

    /// The cells of every case of a schema that has some.
    ///
    /// # Errors
    /// The store cannot be read.
    fn cells(&mut self, schema: &str) -> Result<Vec<(CaseId, Cells)>, StoreError>;

    /// Every rule of a schema, withdrawn and expired ones included, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    fn rules(&mut self, schema: &str) -> Result<Vec<SuppressionRule>, StoreError>;

    /// Keeps a rule.
    ///
    /// # Errors
    /// It was not kept.
    fn add_rule(&mut self, rule: &SuppressionRule, command: &str) -> Result<Kept, StoreError>;

    /// Withdraws a rule.
    ///
    /// # Errors
    /// It was not withdrawn, or is not there.
    fn withdraw_rule(&mut self, rule: EventId, by: &str, command: &str) -> Result<Kept, StoreError>;

    /// Notes how many rows of a scored file a rule suppressed; a file (by its content's name) counts once.
    ///
    /// # Errors
    /// It was not kept.
    fn count_hits(&mut self, rule: EventId, file: &str, hits: u64) -> Result<(), StoreError>;

    /// How it is.
    fn standing(&self) -> Standing {
        Standing::Ready
    }

    /// What a person should be told since the last call, a line each: a damaged database that was set aside, lines of the
    /// journal that cannot be read. Not yet made safe to draw.
    fn notices(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// Why the store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was written at all.
    #[error("nothing was kept: {0}")]
    NotKept(#[source] AuditError),
    /// What was to be kept cannot be written down.
    #[error("nothing was kept: the score of case {case} is no number; score the file again")]
    Score {
        /// The case's row id.
        case: String,
    },
    /// A newer version of this program made the database.
    #[error("{}: made by a newer nsec-tui (format {found}, this one knows {known}); use that version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// Another program's database stands in its place.
    #[error("{}: a database of another program; move it away, and the verdicts come back from logs/audit.ndjson", path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// The database did not do it.
    #[error("{}: {action}: {}", path.display(), database::advice(cause))]
    Database {
        /// The database.
        path: PathBuf,
        /// What was being done: `cannot read the verdicts`.
        action: &'static str,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
    /// The database must wait.
    #[error("{}: {why}", path.display())]
    Unavailable {
        /// The database.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A journal cannot be read.
    #[error("{}: cannot read the journal of verdicts: {cause}", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// There is no such rule.
    #[error("no suppression rule {0}; it may have been made in another workspace")]
    NoSuchRule(EventId),
}

impl StoreError {
    fn database(path: &Path, action: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        move |cause| Self::Database {
            path: path.clone(),
            action,
            cause,
        }
    }
}
