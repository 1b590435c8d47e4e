//! Owns what the Review panel opens layers for, and which cases a decision would be about.

use crate::worker::{Change, Decision, RowId, Selection};

/// What a layer of the panel is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asking {
    /// A text to look for.
    Find,
    /// A condition.
    Filter,
    /// A filter to take away.
    RemoveFilter,
    /// A queue to show.
    Queue,
    /// The run with which the one that scored the file is compared, out of these.
    OtherRun(Vec<String>),
    /// A scored file to open.
    OpenScored,
    /// A note on these cases.
    Note(Target),
    /// A reason code for the verdicts of these cases, out of these.
    Reason(Target, Vec<String>),
    /// Whether so much is decided at once.
    Decide(Decision),
}

/// The cases that a decision is about. Rows are named, never counted off: what stands at a place may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one under the cursor.
    One(RowId),
    /// Marked ones, and those of a range; the hidden ones among them are left alone.
    Marked(Vec<RowId>),
    /// Every case of the present view.
    View,
}

impl Target {
    /// As the worker is told.
    pub fn selection(&self) -> Selection {
        match self {
            Self::One(row) => Selection::Cases(vec![*row]),
            Self::Marked(rows) => Selection::Cases(rows.clone()),
            Self::View => Selection::View,
        }
    }

    /// The decision of a change, made while this view was on the screen.
    pub fn decision(&self, change: Change, view: u64) -> Decision {
        Decision {
            selection: self.selection(),
            change,
            view: Some(view),
        }
    }
}
