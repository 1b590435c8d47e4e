//! Owns what running stages say: one `Event` enum that the command line prints, the log records and the console draws.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::models::Params;

/// A stage of the pipeline, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading the source.
    Ingestion,
    /// Checking it against the schema.
    Validation,
    /// Splitting, and fitting preprocessors.
    Transformation,
    /// Search, cross-validation, calibration and the final fit.
    Training,
    /// Scoring the test rows, once.
    Evaluation,
    /// Writing the model and the manifest, and promotion.
    Publication,
    /// Scoring a file.
    Prediction,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingestion => "ingestion",
            Self::Validation => "validation",
            Self::Transformation => "transformation",
            Self::Training => "training",
            Self::Evaluation => "evaluation",
            Self::Publication => "publication",
            Self::Prediction => "prediction",
        })
    }
}

/// Something that happened. Every event is complete in itself; progress events may be coalesced, the others not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run has its identity.
    RunStarted {
        /// The run.
        run_id: String,
    },
    /// A stage began.
    StageStarted {
        /// Which.
        stage: Stage,
        /// Units of work, where known.
        total: Option<u64>,
    },
    /// How far it is. The latest one counts.
    StageProgress {
        /// Which.
        stage: Stage,
        /// Units done.
        done: u64,
        /// Units in all, where known.
        total: Option<u64>,
        /// What is being done: `decision_tree, trial 3 of 10`.
        note: String,
    },
    /// A stage is done.
    StageFinished {
        /// Which.
        stage: Stage,
        /// Wall-clock seconds.
        seconds: f64,
        /// What came of it: `11,055 rows, 23 features`.
        summary: String,
    },
    /// A family with one set of parameters is about to be cross-validated.
    TrialStarted {
        /// Family.
        model: String,
        /// 1-based.
        trial: usize,
        /// Trials of this family.
        of: usize,
        /// Its parameters.
        params: Params,
    },
    /// One fold of a trial is done.
    FoldFinished {
        /// Family.
        model: String,
        /// 1-based trial.
        trial: usize,
        /// 1-based fold.
        fold: usize,
        /// Folds in all.
        folds: usize,
        /// The selection metric's name.
        metric: String,
        /// Its value on the held-out fold.
        value: f64,
    },
    /// One iteration of a fit.
    Iteration {
        /// Family.
        model: String,
        /// 1-based trial; `None` for the final fit.
        trial: Option<usize>,
        /// 1-based fold; `None` for the final fit.
        fold: Option<usize>,
        /// 1-based.
        iteration: usize,
        /// Iterations at most.
        of: usize,
        /// The metric's name.
        metric: String,
        /// On the training rows.
        train: f64,
        /// On the validation rows, if there are any.
        validation: Option<f64>,
    },
    /// A trial is done.
    TrialFinished {
        /// Family.
        model: String,
        /// 1-based.
        trial: usize,
        /// Trials of this family.
        of: usize,
        /// Its parameters.
        params: Params,
        /// Mean of the selection metric over the folds; `None` if it failed.
        score: Option<f64>,
        /// Seconds spent fitting.
        seconds: f64,
        /// What went wrong, if something did.
        error: Option<String>,
    },
    /// A family does not take part.
    ModelSkipped {
        /// Family.
        model: String,
        /// Why.
        reason: String,
    },
    /// Something a person should read.
    Message {
        /// How grave.
        level: Level,
        /// One line.
        text: String,
    },
    /// The run ended.
    RunFinished {
        /// The run.
        run_id: String,
        /// How.
        status: RunStatus,
    },
}

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the record.
    Info,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Still going, or killed before it could say otherwise.
    Running,
    /// Has a model.
    Finished,
    /// Ended in an error.
    Failed,
    /// Stopped on request.
    Cancelled,
}

/// Where events go. Called from worker threads; must not block for long.
pub trait EventSink: Sync {
    /// Takes one event.
    fn send(&self, event: Event);
}

impl<F: Fn(Event) + Sync> EventSink for F {
    fn send(&self, event: Event) {
        self(event);
    }
}
