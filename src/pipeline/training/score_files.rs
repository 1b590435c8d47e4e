//! Owns the files in which a run keeps what it scored, as they are written and as they are read back.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::artifacts::RunFile;
use crate::metrics::{Dial, Metrics};
use crate::pipeline::trained_model::ModelFileError;

use super::curves::Curves;
use super::evaluation::ThresholdChoice;
use super::leaderboard::LeaderboardRow;
use super::outcome::AuditMetrics;
use super::trials::LearningCurve;

/// Metrics and curves of one side of the split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SideRecord {
    /// At the model's threshold.
    pub metrics: Metrics,
    /// Over all thresholds.
    pub curves: Curves,
}

/// What [`RunFile::Metrics`] holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricsFile {
    /// How the threshold came about.
    pub threshold: ThresholdChoice,
    /// Features by weight, the heaviest first; empty for families that have none.
    pub importances: Vec<(String, f64)>,
    /// Other thresholds, on out-of-fold scores; absent in runs of older versions.
    #[serde(default)]
    pub dial: Option<Dial>,
    /// In-sample.
    pub train: SideRecord,
    /// Rows looked at once.
    pub test: SideRecord,
    /// Judged cases that were drawn at random, where there were some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub random_audit: Option<AuditMetrics>,
}

/// One fit's iterations; `trial` and `fold` are absent for the final fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitCurve {
    /// The family.
    pub model: String,
    /// 1-based.
    pub trial: Option<usize>,
    /// 1-based.
    pub fold: Option<usize>,
    /// 1-based; the iteration that was kept.
    pub best_iteration: Option<usize>,
    /// The iterations.
    #[serde(flatten)]
    pub curve: LearningCurve,
}

/// Everything a finished run tells about its models.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunScores {
    /// Metrics, curves and thresholds of the model.
    pub metrics: MetricsFile,
    /// One row a family, best first.
    pub leaderboard: Vec<LeaderboardRow>,
    /// Iterations of every family's best trial and of the final fit.
    pub learning_curves: Vec<FitCurve>,
}

/// Reads what a run scored.
///
/// # Errors
/// A file is missing or damaged; says which.
pub fn read_scores(run: &Path) -> Result<RunScores, ModelFileError> {
    Ok(RunScores {
        metrics: read_metrics(run)?,
        leaderboard: read(run, RunFile::Leaderboard, "leaderboard")?,
        learning_curves: read(run, RunFile::LearningCurves, "learning curves")?,
    })
}

/// Reads what a run's model scored.
///
/// # Errors
/// The file is missing or damaged.
pub fn read_metrics(run: &Path) -> Result<MetricsFile, ModelFileError> {
    read(run, RunFile::Metrics, "metrics")
}

fn read<T: DeserializeOwned>(run: &Path, file: RunFile, section: &'static str) -> Result<T, ModelFileError> {
    let path = run.join(file.relative());
    let name = path.display().to_string();
    let bytes = fs::read(&path).map_err(|source| ModelFileError::Read {
        path: name.clone(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|e| ModelFileError::Section {
        path: name,
        section,
        reason: e.to_string(),
    })
}
