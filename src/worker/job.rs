//! Owns what can be asked of the worker.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::review_job::ReviewJob;
use super::team_job::TeamJob;
use crate::browse::{Direction, SortKey};

/// One request. News of it bear the same ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ticket {
    /// Never used twice.
    pub id: u64,
    /// What it is about; a newer ticket of a kind makes older ones stale.
    pub kind: Kind,
}

/// What a job is about. There is at most one of each that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What the workspace holds.
    Survey,
    /// Opening a source, and its index.
    Open,
    /// The rows on the screen.
    Page,
    /// Filter and order.
    Arrange,
    /// Looking for a text.
    Find,
    /// Counting matches.
    Count,
    /// A column's statistics.
    Statistics,
    /// One row in full.
    Row,
    /// Writing a file.
    Export,
    /// Validation.
    Validate,
    /// Training.
    Train,
    /// Moving a threshold.
    Threshold,
    /// The list of runs.
    Runs,
    /// One run.
    Run,
    /// The scores of a finished run, for its curves and its dial.
    Scores,
    /// Two runs.
    Compare,
    /// A change of the registry, or a deletion.
    Registry,
    /// A directory.
    Directory,
    /// The log.
    Log,
    /// What the console was showing.
    Session,
    /// Scoring a file.
    Predict,
    /// A scored file to review.
    Review,
    /// A queue with filters.
    Queue,
    /// The cases the screen shows.
    Cases,
    /// Which marked cases are in the queue.
    Marks,
    /// Looking for a text among cases.
    Seek,
    /// The card of the case under the cursor.
    Card,
    /// A decision. Never stale: each is kept, in the order in which they were made.
    Decide,
    /// Suppression rules.
    Rules,
    /// A rule's what-if.
    WhatIf,
    /// Writing judged rows to a file.
    Handover,
    /// Judged rows that would change side with another champion.
    Flips,
    /// Doubtful training labels.
    LabelAudit,
    /// The watched directory.
    Watch,
    /// The team's server.
    Team,
    /// A test of a server.
    TeamTest,
    /// Runs that the team shares.
    TeamRuns,
    /// A change of shared runs. Never stale: a person confirmed it.
    TeamChange,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Look at data.
    Browse(BrowseJob),
    /// Run stages.
    Pipeline(PipelineJob),
    /// Look at runs, or change which one is champion.
    Runs(RunsJob),
    /// Review a scored file.
    Review(ReviewJob),
    /// Share with a team.
    Team(TeamJob),
    /// Everything else on disk.
    Files(FileJob),
}

/// Looking at data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "browse", rename_all = "snake_case")]
pub enum BrowseJob {
    /// Open a source: a path, or the workspace's own data. The table that was open is closed.
    Open {
        /// The path; `None` for the workspace's data.
        path: Option<PathBuf>,
    },
    /// Rows of the present view.
    Page {
        /// The first row's place in the view.
        first: u64,
        /// How many.
        count: usize,
        /// Characters of a cell at most.
        cell: usize,
    },
    /// The last rows, also before the file is indexed.
    Tail {
        /// How many.
        count: usize,
        /// Characters of a cell at most.
        cell: usize,
    },
    /// Rows whose lines in the source are known, as a view of their own.
    Lines {
        /// 1-based lines, ascending.
        lines: Vec<u64>,
    },
    /// A view by filter and order.
    Arrange {
        /// Conditions, all of which hold.
        filters: Vec<String>,
        /// Keys, the first one first.
        sort: Vec<SortKey>,
    },
    /// The next match.
    Find {
        /// What is looked for.
        text: String,
        /// Whether it is a regular expression.
        regex: bool,
        /// Whether case counts; `None` only if the text has a capital.
        case: Option<bool>,
        /// Place in the view from which to look, and column.
        from: (u64, usize),
        /// Which way.
        direction: Direction,
    },
    /// How many rows match.
    Count {
        /// What is looked for.
        text: String,
        /// Whether it is a regular expression.
        regex: bool,
        /// Whether case counts; `None` only if the text has a capital.
        case: Option<bool>,
    },
    /// Statistics of a column of the view.
    Statistics {
        /// Which.
        column: usize,
        /// The label's column, for the mix of labels.
        label: Option<usize>,
    },
    /// A row with every cell in full.
    Row {
        /// Its place in the view.
        at: u64,
    },
    /// Writes the view to a CSV file.
    Export {
        /// The columns, in order.
        columns: Vec<usize>,
        /// Where to.
        path: PathBuf,
        /// Whether a file that is there may be replaced.
        replace: bool,
    },
}

/// Running stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum PipelineJob {
    /// Check a source.
    Validate {
        /// The path; `None` for the workspace's data.
        path: Option<PathBuf>,
        /// A run whose training rows drift is measured against.
        baseline: Option<String>,
        /// Where rejected rows go.
        rejects: Option<PathBuf>,
    },
    /// Train.
    Train(TrainPlan),
    /// Score a file.
    Predict(PredictPlan),
    /// Find the training rows of a run whose labels are doubtful, as a file to review.
    AuditLabels {
        /// The run.
        run: String,
    },
    /// Judged rows that would change side if this run were champion.
    Flips {
        /// The run.
        run: String,
    },
    /// Score what comes into the watched directory, until the ticket is given up; says what it did as
    /// [`super::Report::Watched`].
    Watch,
    /// Make a run with another threshold.
    MoveThreshold {
        /// The run.
        run: String,
        /// The threshold.
        threshold: f64,
    },
}

/// What a person set in the training dialog; the rest is as the settings have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainPlan {
    /// The path; `None` for the workspace's data.
    pub path: Option<PathBuf>,
    /// Families by name; none means all.
    pub models: Vec<String>,
    /// `none`, `grid` or `random`.
    pub search: String,
    /// Trials a family with random search.
    pub trials: usize,
    /// `grouped`, `stratified` or `time`.
    pub split: String,
    /// Share of test rows.
    pub test_fraction: f64,
    /// Seed.
    pub seed: u64,
    /// As `--threshold-by`.
    pub threshold_by: String,
    /// Minutes after which no new trial begins; `None` for no limit.
    pub minutes: Option<u32>,
    /// Whether what people judged is learned from too.
    #[serde(default)]
    pub verdicts: bool,
}

/// What a person set in the prediction dialog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictPlan {
    /// What to score; `None` for the workspace's own data.
    pub path: Option<PathBuf>,
    /// A run or `champion`.
    pub model: String,
    /// Flag from this probability on instead of the model's threshold.
    pub threshold: Option<f64>,
    /// Flag at most so many rows instead.
    pub alerts: Option<u64>,
    /// Where to; `None` for `prediction_output/output.csv`.
    pub output: Option<PathBuf>,
}

/// Runs and the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "runs", rename_all = "snake_case")]
pub enum RunsJob {
    /// All of them.
    List,
    /// One, with its scores.
    Show {
        /// The run.
        run: String,
    },
    /// One with its scores, for the Training panel; answered as `Show` is.
    Scores {
        /// The run.
        run: String,
    },
    /// Two, with the paired difference.
    Compare {
        /// The first.
        a: String,
        /// The second.
        b: String,
    },
    /// Make one champion.
    Promote {
        /// The run.
        run: String,
    },
    /// The champion before is champion again.
    Rollback,
    /// Delete one.
    Delete {
        /// The run.
        run: String,
    },
}

/// Other files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "file", rename_all = "snake_case")]
pub enum FileJob {
    /// What the workspace holds: its schema, models, the session before.
    Survey,
    /// The entries of a directory.
    List {
        /// The directory.
        path: PathBuf,
    },
    /// Write a text to a file.
    Write {
        /// Where to.
        path: PathBuf,
        /// What.
        text: String,
        /// Whether a file that is there may be replaced.
        replace: bool,
    },
    /// The end of the log, and then each further line as [`super::Report::Logged`], until the ticket is given up.
    Log {
        /// Lines at most.
        lines: usize,
    },
    /// Keep what the console shows, for the next start.
    SaveSession {
        /// As JSON.
        session: String,
    },
}

impl Job {
    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Browse(job) => match job {
                BrowseJob::Open { .. } => Kind::Open,
                BrowseJob::Page { .. } | BrowseJob::Tail { .. } => Kind::Page,
                BrowseJob::Arrange { .. } | BrowseJob::Lines { .. } => Kind::Arrange,
                BrowseJob::Find { .. } => Kind::Find,
                BrowseJob::Count { .. } => Kind::Count,
                BrowseJob::Statistics { .. } => Kind::Statistics,
                BrowseJob::Row { .. } => Kind::Row,
                BrowseJob::Export { .. } => Kind::Export,
            },
            Self::Pipeline(job) => match job {
                PipelineJob::Validate { .. } => Kind::Validate,
                PipelineJob::Train(_) => Kind::Train,
                PipelineJob::MoveThreshold { .. } => Kind::Threshold,
                PipelineJob::Predict(_) => Kind::Predict,
                PipelineJob::AuditLabels { .. } => Kind::LabelAudit,
                PipelineJob::Flips { .. } => Kind::Flips,
                PipelineJob::Watch => Kind::Watch,
            },
            Self::Review(job) => job.kind(),
            Self::Team(job) => job.kind(),
            Self::Runs(job) => match job {
                RunsJob::List => Kind::Runs,
                RunsJob::Show { .. } => Kind::Run,
                RunsJob::Scores { .. } => Kind::Scores,
                RunsJob::Compare { .. } => Kind::Compare,
                RunsJob::Promote { .. } | RunsJob::Rollback | RunsJob::Delete { .. } => Kind::Registry,
            },
            Self::Files(job) => match job {
                FileJob::Survey => Kind::Survey,
                FileJob::List { .. } => Kind::Directory,
                FileJob::Write { .. } => Kind::Export,
                FileJob::Log { .. } => Kind::Log,
                FileJob::SaveSession { .. } => Kind::Session,
            },
        }
    }
}
