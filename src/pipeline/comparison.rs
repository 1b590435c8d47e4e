//! Owns the question whether two runs really differ: both models on test rows that neither was trained on.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::artifacts::{RegistryError, RegistryStore, RunComparison, RunFile, compare_runs};
use crate::cancel::{CancelToken, Cancelled};
use crate::data::feature_fingerprint;
use crate::metrics::{BootstrapOptions, Difference, MetricError, Paired, bootstrap_difference};
use crate::models::ModelError;
use crate::pipeline::ingestion::{IngestionError, take_rows};
use crate::pipeline::kept_rows::{SplitSide, read_kept_rows};
use crate::pipeline::trained_model::{ModelFileError, ScoreError, TrainedModel};
use crate::pipeline::training::TRAINED_ROWS;
use crate::workspace::Workspace;

/// Why two models cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ComparisonError {
    /// A model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// A run does not say what it was trained on.
    #[error("{path}: {reason}")]
    TrainedRows {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The test rows cannot be read.
    #[error(transparent)]
    Rows(#[from] IngestionError),
    /// A model does not fit the rows.
    #[error(transparent)]
    Score(ScoreError),
    /// The two were trained on other features, so it cannot be told which rows both are new to.
    #[error("the runs were trained on other columns, so it cannot be told which rows are new to both")]
    OtherFeatures,
    /// Too few rows that neither model knows.
    #[error("only {rows} test rows are new to both models, {needed} are asked")]
    TooFewRows {
        /// How many there are.
        rows: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A metric is undefined on these rows.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<ScoreError> for ComparisonError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Model(ModelError::Cancelled(cancelled)) => Self::Cancelled(cancelled),
            other => Self::Score(other),
        }
    }
}

/// Fewer rows than this say nothing.
const MIN_ROWS: usize = 30;

/// How two models differ on rows that neither was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Rows compared on.
    pub rows: usize,
    /// One a metric.
    pub metrics: Vec<MetricDifference>,
}

/// One metric's difference, second less first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricDifference {
    /// The metric.
    pub name: String,
    /// On all rows.
    pub difference: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Probability that the second is better.
    pub probability_better: f64,
}

/// Two runs that a person named, side by side.
pub struct TwoRuns {
    /// Metrics, parameters, data.
    pub comparison: RunComparison,
    /// The second less the first on rows new to both, or why that cannot be told.
    pub paired: Result<PairedDifference, ComparisonError>,
}

impl TwoRuns {
    /// Compares the runs of these names.
    ///
    /// # Errors
    /// A name fits no run, or the run is damaged.
    pub fn compare(workspace: &Workspace, a: &str, b: &str, cancel: &CancelToken) -> Result<Self, RegistryError> {
        let store = RegistryStore::new(workspace);
        let (first, manifest_a) = store.find(a)?;
        let (second, manifest_b) = store.find(b)?;
        Ok(Self {
            comparison: compare_runs(&manifest_a, &manifest_b),
            paired: paired_difference(&first, &second, cancel),
        })
    }
}

/// Compares the models of two run directories on the first run's test rows.
///
/// # Errors
/// [`ComparisonError`].
pub fn paired_difference(
    first: &Path,
    second: &Path,
    cancel: &CancelToken,
) -> Result<PairedDifference, ComparisonError> {
    let old = TrainedModel::load(&first.join(RunFile::Model.relative()))?;
    let new = TrainedModel::load(&second.join(RunFile::Model.relative()))?;
    let dataset = read_kept_rows(first, SplitSide::Test, &old.schema, cancel)?;
    let (mut trained, others) = (trained_rows(first)?, trained_rows(second)?);
    let here = feature_fingerprint(&old.schema, &dataset.frame);
    if trained.fingerprint != here || others.fingerprint != here {
        return Err(ComparisonError::OtherFeatures);
    }
    trained.hashes.extend(others.hashes);
    let rows = TestRows {
        frame: &dataset.frame,
        labels: &dataset.labels,
        groups: &dataset.groups,
    };
    let fresh = rows.fresh(&trained.hashes);
    if fresh.len() < MIN_ROWS {
        return Err(ComparisonError::TooFewRows {
            rows: fresh.len(),
            needed: MIN_ROWS,
        });
    }
    let rows = rows.take(&fresh)?;
    let (old_scores, new_scores) = (old.score(&rows.frame, cancel)?, new.score(&rows.frame, cancel)?);
    let mut metrics = Vec::new();
    for name in ["f1", "roc_auc", "pr_auc", "brier"] {
        let pair = Pair {
            old: (&old_scores, old.threshold),
            new: (&new_scores, new.threshold),
        };
        let difference = pair.difference(name, &rows, &BootstrapOptions::default(), cancel)?;
        metrics.push(MetricDifference {
            name: difference.metric,
            difference: difference.difference,
            low: difference.low,
            high: difference.high,
            probability_better: difference.probability_b_better,
        });
    }
    Ok(PairedDifference {
        rows: rows.labels.len(),
        metrics,
    })
}

/// Labelled rows, borrowed.
#[derive(Clone, Copy)]
pub struct TestRows<'a> {
    /// Typed columns.
    pub frame: &'a DataFrame,
    /// True is malicious.
    pub labels: &'a [bool],
    /// Feature hashes.
    pub groups: &'a [u64],
}

/// Labelled rows, taken out.
pub struct TakenRows {
    /// Typed columns.
    pub frame: DataFrame,
    /// True is malicious.
    pub labels: Vec<bool>,
    /// Feature hashes.
    pub groups: Vec<u64>,
}

impl TestRows<'_> {
    /// The rows whose features are not among `trained`.
    pub fn fresh(&self, trained: &HashSet<u64>) -> Vec<usize> {
        (0..self.groups.len())
            .filter(|&row| !trained.contains(&self.groups[row]))
            .collect()
    }

    /// A copy of some rows.
    ///
    /// # Errors
    /// The frame does not have them.
    pub fn take(&self, rows: &[usize]) -> Result<TakenRows, IngestionError> {
        Ok(TakenRows {
            frame: take_rows(self.frame, rows)?,
            labels: rows.iter().map(|&r| self.labels[r]).collect(),
            groups: rows.iter().map(|&r| self.groups[r]).collect(),
        })
    }
}

/// Two models' calibrated probabilities of the same rows, each with its threshold.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// The first.
    pub old: (&'a [f64], f64),
    /// The second.
    pub new: (&'a [f64], f64),
}

impl Pair<'_> {
    /// The difference in a metric, second less first, resampling whole groups of identical rows.
    ///
    /// # Errors
    /// The metric is undefined on these rows, or cancellation.
    pub fn difference(
        &self,
        metric: &str,
        rows: &TakenRows,
        options: &BootstrapOptions,
        cancel: &CancelToken,
    ) -> Result<Difference, MetricError> {
        let paired = Paired {
            a: self.old.0,
            b: self.new.0,
            labels: &rows.labels,
            threshold_a: self.old.1,
            threshold_b: self.new.1,
            groups: Some(&rows.groups),
        };
        bootstrap_difference(metric, &paired, options, cancel)
    }
}

/// The rows a run was trained on, as feature hashes.
pub struct TrainedRows {
    /// Which features they are hashes of.
    pub fingerprint: u64,
    /// One a distinct row.
    pub hashes: HashSet<u64>,
}

/// The rows a run was trained on.
///
/// # Errors
/// The file is missing or damaged.
pub fn trained_rows(run: &Path) -> Result<TrainedRows, ComparisonError> {
    let path = run.join(TRAINED_ROWS);
    let fail = |reason: String| ComparisonError::TrainedRows {
        path: path.display().to_string(),
        reason,
    };
    let bytes = fs::read(&path).map_err(|e| fail(e.to_string()))?;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
    match words.next() {
        Some(fingerprint) if rest.is_empty() => Ok(TrainedRows {
            fingerprint,
            hashes: words.collect(),
        }),
        _ => Err(fail("damaged".to_owned())),
    }
}
