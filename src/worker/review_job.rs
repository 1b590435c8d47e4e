//! Owns what can be asked of a review.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::job::Kind;
use crate::browse::Direction;
use crate::data::RowId;
use crate::review::Decision;
use crate::triage::{EventId, Queue};

/// Reviewing a scored file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "review", rename_all = "snake_case")]
pub enum ReviewJob {
    /// Open one; the one that was open is closed. What others decide is told as [`super::Report::Reviewed`] until the next
    /// one is opened.
    Open {
        /// The path; `None` for `prediction_output/output.csv`.
        path: Option<PathBuf>,
    },
    /// Show a queue.
    Arrange {
        /// Which.
        queue: Queue,
        /// Conditions, all of which hold.
        filters: Vec<String>,
        /// The case the cursor is on, to find it again.
        keep: Option<RowId>,
    },
    /// Show the cases alike to one: those that differ from it in the fewest columns first.
    Similar {
        /// The case.
        row: RowId,
        /// In how many columns they may differ.
        differences: usize,
    },
    /// Which of these cases are in the present view: marks that a filter hides are counted before anything is decided.
    InView {
        /// The cases.
        rows: Vec<RowId>,
    },
    /// Cases of the present view.
    Page {
        /// The first one's place.
        first: u64,
        /// How many.
        count: usize,
        /// Columns whose cells are wanted.
        columns: Vec<usize>,
        /// Characters of a cell at most.
        cell: usize,
    },
    /// The next or previous case without a verdict, from a place on; it goes round. Answered by [`super::Reply::CaseAt`].
    NextUnreviewed {
        /// Place to start from, which is not looked at.
        from: u64,
        /// Which way.
        direction: Direction,
    },
    /// The next case with a text in any cell. Answered by [`super::Reply::CaseAt`].
    Find {
        /// What is looked for.
        text: String,
        /// Whether it is a regular expression.
        regex: bool,
        /// Whether case counts; `None` only if the text has a capital.
        case: Option<bool>,
        /// Place to start from.
        from: u64,
        /// Which way.
        direction: Direction,
    },
    /// The card of a case, and the cards after and before it made ready.
    Card {
        /// Its place in the view.
        at: u64,
    },
    /// Decide.
    Decide(Decision),
    /// Take back the latest group of this analyst's decisions that stands.
    Undo,
    /// Decide anew what was taken back last.
    Redo,
    /// Suppression rules of the schema.
    Rules,
    /// What a rule would hide.
    WhatIf {
        /// The condition.
        condition: String,
    },
    /// Keep a rule.
    AddRule {
        /// The condition.
        condition: String,
        /// Why.
        reason: String,
        /// Days it holds.
        days: u32,
    },
    /// Withdraw a rule.
    WithdrawRule {
        /// Its name.
        rule: EventId,
    },
    /// Write rows to a file.
    Export {
        /// `csv`, `ndjson`, `stix`, `parquet`, `md`.
        format: String,
        /// Which.
        scope: ExportScope,
        /// Where to.
        path: PathBuf,
        /// Whether a file that is there may be replaced.
        replace: bool,
    },
}

/// Which rows are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportScope {
    /// Every row of the file.
    #[default]
    All,
    /// The rows of the present view.
    View,
    /// Rows with a verdict.
    Judged,
}

impl ReviewJob {
    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Open { .. } => Kind::Review,
            Self::Arrange { .. } | Self::Similar { .. } => Kind::Queue,
            Self::InView { .. } => Kind::Marks,
            Self::Page { .. } => Kind::Cases,
            Self::NextUnreviewed { .. } | Self::Find { .. } => Kind::Seek,
            Self::Card { .. } => Kind::Card,
            Self::Decide(_) | Self::Undo | Self::Redo => Kind::Decide,
            Self::Rules | Self::AddRule { .. } | Self::WithdrawRule { .. } => Kind::Rules,
            Self::WhatIf { .. } => Kind::WhatIf,
            Self::Export { .. } => Kind::Handover,
        }
    }
}
