//! Owns the event of triage: one change to one case, as it is kept for ever. The state of a case is what its events
//! add up to (see [`super::CaseState`]).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CaseState, RiskLevel, Verdict};
use crate::artifacts::Timestamp;
use crate::data::RowId;

/// Names an event, the same on every host. Ids made later on one host sort later (UUID version 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub Uuid);

impl EventId {
    /// A new one.
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl Default for EventId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(Self)
    }
}

/// Names a case: rows of one schema that are identical are one case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseId {
    /// The schema's name.
    pub schema: String,
    /// The row id.
    pub row: RowId,
}

/// One change to one case by one person. Appended, never altered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its name.
    pub id: EventId,
    /// Changes that were made with one key bear the same group, and are undone together.
    pub group: EventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub analyst: String,
    /// The case.
    #[serde(flatten)]
    pub case: CaseId,
    /// What.
    pub change: Change,
    /// The latest event of the case that the analyst had seen, and with it whatever its analyst had seen. What was said
    /// otherwise and had not been seen is a conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<EventId>,
    /// Further events that had been seen and that `seen` does not include: several hosts may say something at one time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen_besides: Vec<EventId>,
    /// How the case was scored then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// How the analyst came to it.
    #[serde(default)]
    pub lane: Lane,
    /// Schema columns but the label with their text as it stood in the file, so that the case can be learned from and compared
    /// after the file is gone. With the first event of a case; later ones need not repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<Cells>,
}

/// Columns with their text; an empty text is a cell without a value.
pub type Cells = Vec<(String, String)>;

/// How a case was scored when it was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The run that scored it.
    pub run: String,
    /// Calibrated probability of malicious.
    pub probability: f64,
    /// What flagged rows had at least, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// The band.
    pub risk: RiskLevel,
    /// Whether it was flagged.
    pub flagged: bool,
    /// The scored file's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
}

/// How an analyst came to a case. Only cases drawn at random say how often the model is right in general.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// From a queue that the model ordered, or from a filter.
    #[default]
    Picked,
    /// Drawn at random, whatever the model says of it.
    RandomAudit,
    /// From the queue of doubtful training labels.
    LabelAudit,
}

/// A change to a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// A verdict, with its reason code.
    Judge {
        /// The verdict; `None` takes the case back to the unreviewed ones.
        verdict: Option<Verdict>,
        /// A code out of the settings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A reason code for the verdict that stands; `None` takes it away.
    Reason {
        /// The code.
        reason: Option<String>,
    },
    /// The note; an empty one takes it away.
    Note {
        /// The text.
        text: String,
    },
    /// A tag put on or taken off.
    Tag {
        /// Its name out of the settings.
        tag: String,
        /// Whether it is put on.
        on: bool,
    },
    /// The events of this case in a group count no more: undo.
    Undo {
        /// The group.
        undone: EventId,
    },
    /// They count again: redo.
    Redo {
        /// The group.
        redone: EventId,
    },
}

impl Event {
    /// An event that happens now, in a group of its own.
    pub fn now(case: CaseId, analyst: impl Into<String>, change: Change) -> Self {
        let id = EventId::new();
        Self {
            id,
            group: id,
            at: Timestamp::now(),
            analyst: analyst.into(),
            case,
            change,
            seen: None,
            seen_besides: Vec::new(),
            score: None,
            lane: Lane::default(),
            cells: None,
        }
    }

    /// Says that the analyst has seen all of the case as it stands. The event is then later than everything in it, also where
    /// another host's clock is ahead of this one's.
    pub fn having_seen(&mut self, state: Option<&CaseState>) {
        let Some(state) = state else { return };
        self.seen = state.latest;
        self.seen_besides.clone_from(&state.latest_besides);
        if let Some(latest) = state.latest_at {
            self.at = self.at.max(latest.next());
        }
    }

    /// What it names as seen.
    pub(super) fn names(&self) -> impl Iterator<Item = EventId> {
        self.seen.into_iter().chain(self.seen_besides.iter().copied())
    }

    /// Its place among the events of its case, the same on every host: by time, and by name where times are equal.
    pub(super) fn order(&self) -> (Timestamp, EventId) {
        (self.at, self.id)
    }
}
