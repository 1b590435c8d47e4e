//! The threads beside the console: one for the stages of the pipeline, one for what the screen shows, others for long
//! looks through data. Jobs go in with a ticket; news with the same ticket come back through one closure.

mod browsing;
mod desk;
mod failure;
mod files;
mod job;
mod lanes;
mod learning;
mod log_tail;
mod mailbox;
mod news;
mod pacer;
mod pipeline;
mod predict;
mod quiet;
mod reporter;
mod review;
mod review_job;
mod runs;
mod session;
mod survey;
mod team;
mod team_job;
#[cfg(test)]
mod tests;
mod watch;

pub use browsing::{BrowseContext, Browser};
pub use failure::{Ended, Failure};
pub use job::{BrowseJob, FileJob, Job, Kind, PipelineJob, PredictPlan, RunsJob, Ticket, TrainPlan};
pub use lanes::{Tell, Worker};
pub use learning::{judged_cases, judged_in, known_verdicts};
pub use mailbox::Mailbox;
pub use news::{
    Arranged, ComparedRuns, Decided, DirectoryEntry, Flip, JudgedFlips, LabelAuditSummary, LogLine, News, OpenedTable,
    Page, Reply, Report, ReviewNews, RunFacts, RunLine, RunsList, SchemaColumn, SchemaFacts, Survey, ValidationOutcome,
    WatchedFile,
};
pub use quiet::keep_off_the_screen;
pub use reporter::Reporter;
pub use review_job::{ExportScope, ReviewJob};
pub use team_job::{TeamAddress, TeamJob, TeamRunLine, TeamRuns, TeamTest};

// What answers are made of, so that who reads them needs to know no more than the worker.
pub use crate::artifacts::{Manifest, RunComparison, RunId};
pub use crate::data::RowId;
pub use crate::event::{Event, Level, RunStatus, Stage};
pub use crate::explain::{FieldChange, SmallestChange};
pub use crate::metrics::{Confusion, Dial, Metrics, ThresholdRule, metric};
pub use crate::models::Params;
pub use crate::mongo::Secret;
pub use crate::pipeline::comparison::{MetricDifference, PairedDifference};
pub use crate::pipeline::prediction::{ModelSummary, PredictSummary, RiskCounts};
pub use crate::pipeline::training::{
    Curves, CvScores, FitCurve, LeaderboardRow, LearningCurve, MetricsFile, MovedThreshold, RunScores, SideMetrics,
    SideRecord, Spread, ThresholdChoice, TrainOutcome,
};
pub use crate::review::{
    Card, CardColumn, CardNeighbour, Decision, HistoryLine, NeighbourSource, OpenedReview, Progress, QueueView,
    Reliability, ReviewPage, ReviewRow, RuleLine, Selection, StoreState,
};
pub use crate::schema::Severity;
pub use crate::store::Kept;
pub use crate::team::{Claim, Hearing, Link, TeamState};
pub use crate::triage::{
    Action, CaseState, Change, EventId, Judgement, Lane, Queue, RiskLevel, SuppressionRule, Verdict, WhatIf,
};
pub use crate::validation::{
    CheckOutcome, CheckStatus, ColumnDrift, DriftKind, DriftMetric, Example, Scope, Status as CheckVerdict,
};
