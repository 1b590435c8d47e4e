//! Owns the comparison of families: one row each, with what cross-validation said, and who is chosen.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::metrics::Metric;
use crate::models::{Family, Params};

use super::trials::{FoldResult, TrialRecord};

/// Mean and standard deviation (n - 1) over the folds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation; 0 for a single fold.
    pub sd: f64,
}

impl Spread {
    /// Of these values; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let sd = if values.len() > 1 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        Some(Self { mean, sd })
    }
}

/// Cross-validated scores of one family's best trial, at threshold .5, uncalibrated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CvScores {
    /// F1 of the malicious class.
    pub f1: Option<Spread>,
    /// Area under the ROC curve.
    pub roc_auc: Option<Spread>,
    /// Average precision.
    pub pr_auc: Option<Spread>,
    /// Mean squared error of the probabilities.
    pub brier: Option<Spread>,
    /// Accuracy.
    pub accuracy: Option<Spread>,
}

impl CvScores {
    fn of(folds: &[FoldResult]) -> Self {
        let spread = |value: &dyn Fn(&FoldResult) -> Option<f64>| {
            Spread::of(&folds.iter().filter_map(value).collect::<Vec<f64>>())
        };
        Self {
            f1: spread(&|f| Some(f.metrics.f1)),
            roc_auc: spread(&|f| f.metrics.roc_auc),
            pr_auc: spread(&|f| f.metrics.pr_auc),
            brier: spread(&|f| Some(f.metrics.brier)),
            accuracy: spread(&|f| Some(f.metrics.accuracy)),
        }
    }
}

/// One family's place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaderboardRow {
    /// The family's name.
    pub model: String,
    /// Its best parameters; empty if it did not run.
    pub params: Params,
    /// Its scores; absent if it did not run.
    pub cv: Option<CvScores>,
    /// Mean seconds of one fit of the best trial.
    pub fit_seconds: Option<f64>,
    /// Microseconds a row to score, on the encoded matrix.
    pub predict_us_per_row: Option<f64>,
    /// `champion`, `trained`, `skipped: why` or `failed: why`.
    pub status: String,
    /// Trials that ran.
    pub trials: usize,
    /// Mean of the selection metric over the folds.
    pub selected_by: Option<f64>,
}

impl LeaderboardRow {
    /// A family that does not take part.
    pub fn skipped(model: &str, reason: &str) -> Self {
        Self::without_scores(model, 0, format!("skipped: {reason}"))
    }

    fn without_scores(model: &str, trials: usize, status: String) -> Self {
        Self {
            model: model.to_owned(),
            params: Params::default(),
            cv: None,
            fit_seconds: None,
            predict_us_per_row: None,
            status,
            trials,
            selected_by: None,
        }
    }

    fn of_best(record: &TrialRecord, trials: usize) -> Self {
        let rows: usize = record.folds.iter().map(|f| f.scores.len()).sum();
        let predict: f64 = record.folds.iter().map(|f| f.predict_seconds).sum();
        Self {
            model: record.model.clone(),
            params: record.params.clone(),
            cv: Some(CvScores::of(&record.folds)),
            fit_seconds: Some(record.fit_seconds() / record.folds.len().max(1) as f64),
            predict_us_per_row: (rows > 0).then(|| predict * 1e6 / rows as f64),
            status: "trained".to_owned(),
            trials,
            selected_by: record.score(),
        }
    }
}

/// A family's best trial; ties go to the earlier trial, and the defaults are the first.
pub fn best_trial<'a>(records: &'a [TrialRecord], metric: &Metric) -> Option<&'a TrialRecord> {
    records
        .iter()
        .filter(|r| r.score().is_some())
        .min_by(|a, b| compare_scores(a.score(), b.score(), metric).then(a.trial.cmp(&b.trial)))
}

/// The row of one family, given all its trials.
pub fn family_row(family: &dyn Family, records: &[TrialRecord], metric: &Metric) -> LeaderboardRow {
    if let Some(best) = best_trial(records, metric) {
        return LeaderboardRow::of_best(best, records.len());
    }
    let error = records
        .iter()
        .find_map(|r| r.error.clone())
        .unwrap_or_else(|| "no trial ran".to_owned());
    LeaderboardRow::without_scores(family.name(), records.len(), format!("failed: {error}"))
}

/// Orders rows best first: by the selection metric rounded to four decimals, then by cost rank, those without scores
/// last. Measured times never decide: results must repeat.
pub fn rank(rows: &mut [LeaderboardRow], metric: &Metric, cost_rank: impl Fn(&str) -> u32) {
    rows.sort_by(|a, b| {
        compare_scores(
            a.selected_by.map(four_decimals),
            b.selected_by.map(four_decimals),
            metric,
        )
        .then_with(|| cost_rank(&a.model).cmp(&cost_rank(&b.model)))
    });
}

fn four_decimals(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// `Less` where `a` is the better score; a missing one is the worst.
fn compare_scores(a: Option<f64>, b: Option<f64>, metric: &Metric) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if metric.higher_is_better => b.total_cmp(&a),
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests;
