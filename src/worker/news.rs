//! Owns what the worker answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use super::failure::Failure;
use super::job::Ticket;
use super::team_job::{TeamRuns, TeamTest};
use crate::artifacts::{Manifest, RunComparison};
use crate::browse::{ColumnInfo, ColumnStatistics, Exported, Match, RowCount, TableRow};
use crate::data::RowId;
use crate::event::{Event, Level};
use crate::pipeline::comparison::PairedDifference;
pub use crate::pipeline::judged_flips::{Flip, JudgedFlips};
pub use crate::pipeline::label_audit::LabelAuditSummary;
use crate::pipeline::prediction::PredictSummary;
use crate::pipeline::training::{MovedThreshold, RunScores, TrainOutcome};
use crate::review::{Card, OpenedReview, Progress, QueueView, ReviewPage, RuleLine, StoreState};
use crate::store::Kept;
use crate::team::TeamState;
use crate::triage::WhatIf;
use crate::validation;

/// Something about a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// Whose.
    pub ticket: Ticket,
    /// What.
    pub report: Report,
}

/// How a job goes. Every job ends in exactly one of `Done`, `Failed` and `Cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", content = "of", rename_all = "snake_case")]
pub enum Report {
    /// How far it is; only the latest counts, at most thirty a second.
    Progress {
        /// Units done.
        done: u64,
        /// Units in all, where known.
        total: Option<u64>,
        /// What is being done.
        note: String,
    },
    /// What stages said, in order; at most thirty such reports a second, no event of a series is lost.
    Events(Vec<Event>),
    /// The table's index has grown, also after `Opened` is done.
    Rows(RowCount),
    /// What other analysts decided while a file is under review, also after [`super::ReviewJob::Open`] is done.
    Reviewed(ReviewNews),
    /// How the exchange with the team stands, also after [`super::TeamJob::Join`] is done; only the latest counts.
    Team(TeamState),
    /// What became of a file in the watched directory.
    Watched(WatchedFile),
    /// The log has grown, also after `Log` is done, until that ticket is cancelled or stale.
    Logged(Vec<LogLine>),
    /// The answer.
    Done(Box<Reply>),
    /// It went wrong.
    Failed(Failure),
    /// It was given up on request, or for a newer one of its kind.
    Cancelled,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "of", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "it travels in a box")]
pub enum Reply {
    /// To [`super::FileJob::Survey`].
    Survey(Survey),
    /// To [`super::BrowseJob::Open`]; `Report::Rows` follows as the index grows.
    Opened(OpenedTable),
    /// To [`super::BrowseJob::Page`] and [`super::BrowseJob::Tail`].
    Page(Page),
    /// To [`super::BrowseJob::Arrange`].
    Arranged(Arranged),
    /// To [`super::BrowseJob::Find`]; `None` if nothing matches.
    Found(Option<Match>),
    /// To [`super::BrowseJob::Count`]: rows that match.
    Counted(u64),
    /// To [`super::BrowseJob::Statistics`].
    Statistics(ColumnStatistics),
    /// To [`super::BrowseJob::Row`]: every cell, shortened only beyond a megabyte.
    Row(TableRow),
    /// To [`super::BrowseJob::Export`].
    Exported {
        /// Where to.
        path: PathBuf,
        /// What was written.
        exported: Exported,
    },
    /// To [`super::ReviewJob::Export`].
    RowsWritten {
        /// Where to.
        path: PathBuf,
        /// Rows that were to be written.
        rows: u64,
        /// Those of them that the format has no place for: STIX, where nothing in them is an indicator.
        without_indicator: u64,
    },
    /// To [`super::FileJob::Write`].
    Written {
        /// Where to.
        path: PathBuf,
    },
    /// To [`super::PipelineJob::Validate`].
    Validated(Box<ValidationOutcome>),
    /// To [`super::PipelineJob::Train`].
    Trained(Box<TrainOutcome>),
    /// To [`super::PipelineJob::MoveThreshold`].
    ThresholdMoved(Box<MovedThreshold>),
    /// To [`super::RunsJob::List`].
    Runs(RunsList),
    /// To [`super::RunsJob::Show`] and [`super::RunsJob::Scores`].
    Run(Box<RunFacts>),
    /// To [`super::RunsJob::Compare`].
    Compared(Box<ComparedRuns>),
    /// To [`super::RunsJob::Promote`], `Rollback` and `Delete`: what was done, in one line.
    Registry(String),
    /// To [`super::FileJob::List`].
    Directory {
        /// The directory.
        path: PathBuf,
        /// Directories first, by name.
        entries: Vec<DirectoryEntry>,
    },
    /// To [`super::FileJob::Log`].
    Log(Vec<LogLine>),
    /// To [`super::FileJob::SaveSession`].
    SessionSaved,
    /// To [`super::PipelineJob::Predict`].
    Predicted(Box<PredictSummary>),
    /// To [`super::PipelineJob::AuditLabels`].
    LabelsAudited(Box<LabelAuditSummary>),
    /// To [`super::PipelineJob::Flips`].
    Flips(Box<JudgedFlips>),
    /// To [`super::ReviewJob::Open`].
    ReviewOpened(Box<OpenedReview>),
    /// To [`super::ReviewJob::Arrange`] and `Similar`.
    Queue(QueueView),
    /// To [`super::ReviewJob::InView`]: those that are.
    InView(Vec<RowId>),
    /// To [`super::ReviewJob::Page`].
    Cases(ReviewPage),
    /// To [`super::ReviewJob::NextUnreviewed`] and `Find`: a place in the view; `None` if there is none.
    CaseAt(Option<u64>),
    /// To [`super::ReviewJob::Card`].
    Card(Box<Card>),
    /// To [`super::ReviewJob::Decide`], `Undo` and `Redo`: it is on disk.
    Decided(Decided),
    /// To [`super::ReviewJob::Rules`], `AddRule` and `WithdrawRule`: each rule with the rows of the open file that it suppresses.
    Rules(Vec<RuleLine>),
    /// To [`super::ReviewJob::WhatIf`].
    WhatIf(WhatIf),
    /// To [`super::TeamJob::Test`].
    TeamTested(TeamTest),
    /// To [`super::TeamJob::Join`] and `Leave`; `None` when nothing is shared.
    Team(Option<TeamState>),
    /// To [`super::TeamJob::Runs`].
    TeamRuns(TeamRuns),
    /// To [`super::TeamJob::Push`], `Pull` and `Promote`: what was done, in one line.
    TeamChanged(String),
}

/// What was decided, and how the work stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// In one line: `true positive on 12 cases`.
    pub what: String,
    /// Cases changed.
    pub cases: u64,
    /// Cases that were selected but are not in the view, and were left alone.
    pub hidden: u64,
    /// How safely it was kept.
    pub kept: Kept,
    /// How the work stands now.
    pub progress: Progress,
    /// Analysts whose other verdicts on these cases now stand against this one.
    pub conflicts: u64,
    /// For undo and redo, a case that was changed, to go to.
    pub at: Option<u64>,
}

/// What others decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewNews {
    /// In one line: `3 verdicts by mira`; empty where only `progress` or `store` has changed.
    pub what: String,
    /// Cases on which somebody contradicts somebody since the last such news.
    pub conflicts: u64,
    /// How the work stands now.
    pub progress: Progress,
    /// How the store is.
    pub store: StoreState,
}

/// What became of a file in the watched directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WatchedFile {
    /// The file's name; the directory's where it cannot be watched.
    pub name: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: String,
    /// Whether it is told to have the list whole and is nothing new.
    #[serde(default)]
    pub earlier: bool,
    /// What scoring it gave, or why it could not be scored.
    pub outcome: Result<PredictSummary, String>,
}

/// What the workspace holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// The workspace's directory.
    pub workspace: String,
    /// The data that is meant where nobody names any.
    pub default_data: String,
    /// The schema's name and origin, or why there is none.
    pub schema: SchemaFacts,
    /// Families that can be trained, in registry order.
    pub models: Vec<String>,
    /// The settings' training dialog: what `TrainPlan` would be without any change.
    pub plan: Option<super::TrainPlan>,
    /// The champion's run.
    pub champion: Option<String>,
    /// The watched directory, if the settings name one.
    #[serde(default)]
    pub watched: Option<String>,
    /// The team's server that the settings or the environment name, as it may be shown.
    #[serde(default)]
    pub team: Option<String>,
    /// Decisions of this host that that server is not known to have.
    #[serde(default)]
    pub team_waiting: u64,
    /// How many runs there are.
    pub runs: usize,
    /// What the console showed when it was left, as JSON.
    pub session: Option<String>,
}

/// The schema in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemaFacts {
    /// Its name.
    pub name: String,
    /// Its file, or that it is the bundled one.
    pub origin: String,
    /// Why it cannot be used.
    pub problem: Option<String>,
    /// The label's column.
    pub label: Option<String>,
    /// Values of the label that mean malicious; empty where it is all but the benign ones.
    pub malicious: Vec<String>,
    /// The columns, in the schema's order.
    pub columns: Vec<SchemaColumn>,
    /// Cross-column rules: id, severity and expression.
    pub rules: Vec<(String, String, String)>,
}

/// A column of the schema, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaColumn {
    /// Its name.
    pub name: String,
    /// `int`, `category` …
    pub kind: String,
    /// `feature`, `id`, `timestamp`, `ignore` or `label`.
    pub role: String,
    /// Whether the column must be there.
    pub required: bool,
    /// Whether cells may be empty.
    pub nullable: bool,
    /// Allowed values, range, pattern in one line.
    pub limits: String,
    /// Other names it is known by.
    pub aliases: Vec<String>,
    /// What it means.
    pub description: String,
}

/// A table that has been opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenedTable {
    /// The path; `None` for the workspace's own or bundled data.
    pub path: Option<PathBuf>,
    /// A short name.
    pub name: String,
    /// `CSV`, `CSV, gzip`, `Parquet`, `Zeek log`.
    pub format: String,
    /// Size in bytes, where there is a file.
    pub bytes: Option<u64>,
    /// The columns.
    pub columns: Vec<ColumnInfo>,
    /// How many rows are known already.
    pub rows: RowCount,
    /// The first rows.
    pub first: Vec<TableRow>,
}

/// Rows of the present view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The first row's place in the view; `None` for last rows while their count is not known.
    pub first: Option<u64>,
    /// The rows.
    pub rows: Vec<TableRow>,
}

/// A view that is ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arranged {
    /// Rows in it.
    pub rows: u64,
    /// Its first rows.
    pub first: Vec<TableRow>,
}

/// What validation found, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationOutcome {
    /// The source's name.
    pub source: String,
    /// The path; `None` for the workspace's own or bundled data.
    pub path: Option<PathBuf>,
    /// The run that drift was measured against.
    pub baseline: Option<String>,
    /// The report.
    pub report: validation::Report,
    /// Lines of the failing rows of each check, by its place in the report, at most 10,000 a check.
    pub failing_lines: Vec<Vec<u64>>,
    /// Where rejected rows were written.
    pub rejects: Option<PathBuf>,
    /// Seconds it took.
    pub seconds: f64,
}

/// Every run, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunsList {
    /// The champion's run.
    pub champion: Option<String>,
    /// Former champions, the latest first.
    pub previous: Vec<String>,
    /// Where a server gives predictions out of this workspace, if one runs.
    #[serde(default)]
    pub serving: Option<String>,
    /// The runs.
    pub runs: Vec<RunLine>,
}

/// A run in the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    /// Its directory's name.
    pub run_id: String,
    /// `finished`, `running`, `failed`, `failed (killed)`, `cancelled`, `damaged`.
    pub status: String,
    /// Names in the registry: `champion` …
    pub aliases: Vec<String>,
    /// When it began, RFC 3339.
    pub started_at: Option<String>,
    /// Family.
    pub model: Option<String>,
    /// Source.
    pub data: Option<String>,
    /// Rows.
    pub rows: Option<u64>,
    /// On its test rows.
    pub test_f1: Option<f64>,
    /// On its test rows.
    pub test_pr_auc: Option<f64>,
    /// Wall-clock seconds.
    pub seconds: Option<f64>,
    /// The run it came from.
    pub parent: Option<String>,
}

/// One run with everything it tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The run.
    pub run_id: String,
    /// Its directory.
    pub directory: String,
    /// Its manifest, or why it cannot be read.
    pub manifest: Result<Manifest, String>,
    /// Its scores, or why there are none.
    pub scores: Result<RunScores, String>,
}

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedRuns {
    /// The first.
    pub a: String,
    /// The second.
    pub b: String,
    /// Metrics, parameters, data.
    pub comparison: RunComparison,
    /// The second less the first on rows new to both, or why that cannot be told.
    pub paired: Result<PairedDifference, String>,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Its size.
    pub bytes: u64,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How grave.
    pub level: Level,
    /// As it stands in the file, not yet made safe to draw.
    pub text: String,
}
