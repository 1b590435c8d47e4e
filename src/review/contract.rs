//! Owns the types in which a review is shown: the open file, its queue, rows, the card of a row, progress.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::browse::ColumnInfo;
use crate::data::RowId;
use crate::explain::SmallestChange;
use crate::triage::{Action, CaseState, Change, Lane, Queue, RiskLevel, SuppressionRule, Verdict};

/// A scored file that has been opened for review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenedReview {
    /// The file.
    pub path: PathBuf,
    /// Its short name.
    pub name: String,
    /// The schema of the model that scored it; part of every case's name.
    pub schema: String,
    /// The run that scored it.
    pub run: String,
    /// Why there are no explanations of its rows beyond the file's own reasons: its run is gone or another.
    pub without_model: Option<String>,
    /// The probability from which rows are flagged, where it is known.
    pub threshold: Option<f64>,
    /// Every column of the file.
    pub columns: Vec<ColumnInfo>,
    /// Rows of the file.
    pub rows: u64,
    /// Cases: rows that differ.
    pub cases: u64,
    /// Flagged cases.
    pub flagged: u64,
    /// Cases by risk: low, medium, high, critical.
    pub risk: [u64; 4],
    /// Rows that were rejected when the file was scored, and where they are.
    pub rejected: Option<(u64, PathBuf)>,
    /// Whether it was made by `verdicts audit-labels`, so that its label column is what is judged.
    pub label_audit: bool,
    /// Who judges.
    pub analyst: String,
    /// How the store is.
    pub store: StoreState,
    /// Settings the panel needs: reason codes by verdict, tags, columns for the list, names of saved queues, and from how many
    /// cases on a bulk verdict asks first.
    pub reasons: Vec<(Verdict, Vec<String>)>,
    /// Tags for the digits 1 to 9.
    pub tags: Vec<String>,
    /// Columns for the list.
    pub list_columns: Vec<String>,
    /// Saved queues for F1 to F9.
    pub saved_queues: Vec<String>,
    /// A bulk verdict on more cases than this asks first.
    pub bulk_confirm: usize,
    /// Days that a suppression rule holds if nobody says otherwise.
    pub suppression_days: u32,
}

/// How the store of verdicts is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "store", content = "why", rename_all = "snake_case")]
pub enum StoreState {
    /// Reads and writes.
    #[default]
    Ready,
    /// Verdicts go to the journal for now.
    Journal(String),
    /// Nothing can be kept; the file can be looked at.
    ReadOnly(String),
}

/// The cases of a queue that meet the filters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueueView {
    /// Which view it is: never the same twice.
    #[serde(default)]
    pub number: u64,
    /// The queue.
    pub queue: Queue,
    /// The filters.
    pub filters: Vec<String>,
    /// How many cases.
    pub cases: u64,
    /// Where the case is that the cursor was on, if it is in the view.
    pub at: Option<u64>,
    /// How the work stands.
    pub progress: Progress,
}

/// How the work on a file stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Cases of the view that have a verdict.
    pub judged: u64,
    /// Cases of the view.
    pub of: u64,
    /// Cases of the file by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; 5],
    /// Cases on which analysts contradict each other.
    pub conflicts: u64,
    /// Cases that rules suppress, and rows of them.
    pub suppressed: (u64, u64),
    /// Verdicts this analyst gave today (UTC), whatever the file.
    pub today: u64,
    /// Of those, true positives and false positives: their precision is the first by their sum.
    pub today_right: u64,
    /// False positives today.
    pub today_wrong: u64,
    /// Verdicts an hour: over this analyst's last hour of work today, without pauses over five minutes.
    pub per_hour: Option<f64>,
    /// Cases judged at random, and how many of them were malicious: what the model cannot have chosen.
    pub audited: (u64, u64),
}

/// A case in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// The case's row id.
    pub row: RowId,
    /// Its first row in the file, from 0.
    pub ordinal: u64,
    /// Rows of the file that are this case.
    pub copies: u64,
    /// Calibrated probability of malicious.
    pub probability: f64,
    /// Probability of the class that was named.
    pub confidence: f64,
    /// Whether it was flagged.
    pub flagged: bool,
    /// The band.
    pub risk: RiskLevel,
    /// What is recommended.
    pub action: Action,
    /// The strongest reason in the file, or what the model says if it was asked; not yet made safe to draw.
    pub reason: String,
    /// How it was judged.
    pub state: CaseState,
    /// The condition of the rule that suppresses it.
    pub suppressed: Option<String>,
    /// The cells of the columns asked for, not yet made safe to draw.
    pub cells: Vec<String>,
}

/// Cases of the present view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewPage {
    /// The first one's place in the view.
    pub first: u64,
    /// The cases.
    pub rows: Vec<ReviewRow>,
}

/// Which cases a decision is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "selection", content = "rows", rename_all = "snake_case")]
pub enum Selection {
    /// These. Of more than one only those that are in the present view, so that nothing hidden is judged.
    Cases(Vec<RowId>),
    /// Every case of the present view.
    View,
}

/// Something decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// About what.
    pub selection: Selection,
    /// What: [`Change::Judge`], `Reason`, `Note` or `Tag`.
    pub change: Change,
    /// The view that was on the screen ([`QueueView::number`]). A decision on many cases is refused if another one has come
    /// since; `None` is whichever there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<u64>,
}

/// Everything known of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Its line in the list.
    pub row: ReviewRow,
    /// Its place in the view.
    pub at: u64,
    /// Columns the model reads with the row's value, what is usual, and their share of the evidence; the largest first.
    pub columns: Vec<CardColumn>,
    /// The other columns of the file with the row's text.
    pub other: Vec<(String, String)>,
    /// The smallest change that would clear it; `None` if there is none, it is not flagged, or there is no model.
    pub smallest_change: Option<SmallestChange>,
    /// The nearest judged rows and training rows, the nearest first of each.
    pub neighbours: Vec<CardNeighbour>,
    /// What past cases with about this score turned out to be.
    pub reliability: Option<Reliability>,
    /// Everything that was said of it, the latest first.
    pub history: Vec<HistoryLine>,
    /// Why a part is missing.
    pub missing: Vec<String>,
}

/// A column on a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardColumn {
    /// Its name.
    pub column: String,
    /// The row's text; empty is no value.
    pub value: String,
    /// Signed share of the evidence, -1 to 1; positive speaks for malicious. `None` where the model gives none.
    pub share: Option<f64>,
    /// What is usual: `-1 in 14 %, 1 in 71 %` or `median 0.3, 90 % within 0 to 12`.
    pub usual: String,
    /// Whether training rows never had the value.
    pub unseen: bool,
    /// Whether the column has drifted in this file against training.
    pub drifted: bool,
}

/// A row near to the one on the card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardNeighbour {
    /// Where it comes from.
    pub source: NeighbourSource,
    /// Gower's distance: 0 is identical, 1 at most.
    pub distance: f64,
    /// Columns in which it differs: name, this row's text, its text; the first few.
    pub differs: Vec<(String, String, String)>,
    /// In how many columns it differs.
    pub differences: usize,
}

/// Where a neighbour comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum NeighbourSource {
    /// A case somebody judged.
    Judged {
        /// The case.
        row: RowId,
        /// How.
        verdict: Verdict,
        /// By whom.
        analyst: String,
    },
    /// A training row.
    Training {
        /// Its place in the training split, from 0.
        row: usize,
        /// Its label.
        malicious: bool,
    },
}

/// What cases with about this score turned out to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The scores looked at.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Rows the model did not learn from that had such a score.
    pub rows: u64,
    /// How many of them were malicious.
    pub malicious: u64,
    /// Judged cases with such a score.
    pub judged: u64,
    /// How many of them were true positives.
    pub true_positives: u64,
}

/// A line of a case's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// When, as text.
    pub at: String,
    /// Who.
    pub analyst: String,
    /// What, in words.
    pub what: String,
    /// Whether it was undone since.
    pub undone: bool,
    /// How they came to it.
    pub lane: Lane,
}

/// A rule with what it does to the open file.
pub type RuleLine = (SuppressionRule, u64);
