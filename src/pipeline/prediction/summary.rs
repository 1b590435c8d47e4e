//! Owns what scoring answers: the object that `predict --json` prints.

use serde::{Deserialize, Serialize};

use crate::triage::RiskLevel;
use crate::validation::ColumnDrift;

/// A finished prediction. The first nine fields are a contract of the command line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictSummary {
    /// Input rows, rejected ones included.
    pub rows: u64,
    /// Rows at or above the threshold.
    pub flagged: u64,
    /// Rows that could not be scored.
    pub rejected: u64,
    /// The scored file.
    pub output: String,
    /// The file of rejected rows.
    pub rejects: String,
    /// What scored them.
    pub model: ModelSummary,
    /// Rows with at least this probability are flagged; absent where not even the highest score is.
    pub threshold: Option<f64>,
    /// Scored rows by risk level.
    pub risk: RiskCounts,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Input rows a second.
    pub rows_per_second: f64,
    /// Rows left out of an alert budget because they tie with each other at the cut.
    pub tied_out: u64,
    /// Where an older output went, if there was one.
    pub kept_old: Option<String>,
    /// What a person should know about the inputs: renamed, reordered and extra columns.
    pub notes: Vec<String>,
    /// How far the first rows have moved from the training data. It informs; it decides nothing.
    pub drift: Vec<ColumnDrift>,
}

/// What scored the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The run.
    pub run_id: String,
    /// The family's name.
    pub name: String,
}

/// Scored rows by risk level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskCounts {
    /// Low.
    pub low: u64,
    /// Medium.
    pub medium: u64,
    /// High.
    pub high: u64,
    /// Critical.
    pub critical: u64,
}

impl RiskCounts {
    /// Counts one row.
    pub fn add(&mut self, level: RiskLevel) {
        match level {
            RiskLevel::Low => self.low += 1,
            RiskLevel::Medium => self.medium += 1,
            RiskLevel::High => self.high += 1,
            RiskLevel::Critical => self.critical += 1,
        }
    }
}
