//! Owns what a training run answers: the object that `train --json` prints.

use serde::{Deserialize, Serialize};

use crate::metrics::Metrics;
use crate::models::Params;

use super::evaluation::ThresholdChoice;
use super::leaderboard::LeaderboardRow;
use super::promotion::PromotionOutcome;
use super::verdicts::VerdictUse;

/// A finished run. The first nine fields are a contract of the command line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainOutcome {
    /// The run.
    pub run_id: String,
    /// Its directory.
    pub run_dir: String,
    /// The model chosen by cross-validation.
    pub champion: ChampionSummary,
    /// Whether it became the registry's champion.
    pub promoted: bool,
    /// How rows were split.
    pub split: SplitSummary,
    /// `train` is in-sample.
    pub metrics: SideMetrics,
    /// One row a family, best first.
    pub leaderboard: Vec<LeaderboardRow>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Training F1 less test F1.
    pub overfit_gap: f64,
    /// How the threshold came about.
    pub threshold: ThresholdChoice,
    /// Why it was promoted, or not.
    pub promotion: PromotionOutcome,
    /// Rows of the source, rejected ones included.
    pub rows: u64,
    /// Rows that validation rejected.
    pub rejected_rows: u64,
    /// What was taken from verdicts, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdicts: Option<VerdictUse>,
}

/// The chosen model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChampionSummary {
    /// The family's name.
    pub model: String,
    /// Its parameters.
    pub params: Params,
    /// Rows with at least this calibrated probability are flagged.
    pub threshold: f64,
}

/// How rows were split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// `grouped`, `stratified` or `time`.
    pub strategy: String,
    /// Its seed.
    pub seed: u64,
    /// Rows on the training side.
    pub train_rows: usize,
    /// Rows on the test side.
    pub test_rows: usize,
    /// Share of test rows whose features also stand on the training side.
    pub seen_in_train: f64,
}

/// Metrics of both sides at the model's threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideMetrics {
    /// In-sample.
    pub train: Metrics,
    /// On rows touched once, after selection.
    pub test: Metrics,
    /// On judged cases that were drawn at random and not learned from; never mixed with the test rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_audit: Option<AuditMetrics>,
}

/// Metrics on the cases of the random audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditMetrics {
    /// Cases.
    pub n: u64,
    /// At the model's threshold.
    #[serde(flatten)]
    pub metrics: Metrics,
}

impl AuditMetrics {
    /// Metrics of as many cases as they were computed on.
    pub fn of(metrics: Metrics) -> Self {
        Self {
            n: metrics.rows,
            metrics,
        }
    }
}
