//! Where verdicts and suppression rules are kept: what a store can do, and the one that is on this host.

use serde::{Deserialize, Serialize};

use crate::triage::{CaseId, Cells, Event, EventId, SuppressionRule};

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

    /// Events after a place, in the store's order, and the place after them. Place 0 is before all.
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
}

/// Why the store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {}
