//! Owns the label audit: which training rows of a run have a label that other models, and rows of identical features,
//! contradict; as a scored file to review.

mod doubt;
mod output;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::artifacts::{Manifest, RegistryError, RegistryStore, RunFile, WriteError};
use crate::cancel::{CancelToken, Cancelled};
use crate::data::{ReadSettings, row_ids};
use crate::event::RunStatus;
use crate::metrics::{MetricError, fit_sigmoid};
use crate::models::{Family, ModelError, Params, family};
use crate::transform::TransformSettings;
use crate::triage::RiskSettings;
use crate::workspace::Workspace;

use super::ingestion::{Dataset, IngestionError};
use super::kept_rows::{SplitSide, read_kept_rows};
use super::trained_model::{ModelFileError, TrainedModel};
use super::training::{LabelledRows, OutOfFoldFits, TrainingError, TrainingSettings};

pub use doubt::{Doubt, PRIOR_ROWS, doubts};
pub use output::{CONFLICTING_TWINS, GIVEN_LABEL, LABEL_DOUBT};

/// Folds that the training rows are cut into.
const FOLDS: usize = 5;

/// The file's name below the workspace's output directory, where nobody names another.
pub const DEFAULT_OUTPUT: &str = "label_audit.csv";

/// What is to be audited.
pub struct LabelAuditRequest<'a> {
    /// Where runs are.
    pub workspace: &'a Workspace,
    /// The run: an id, `champion` or a directory.
    pub run: &'a str,
    /// Where the file goes; `None` for [`DEFAULT_OUTPUT`]. One that is there is kept under another name.
    pub output: Option<&'a Path>,
    /// How columns become features.
    pub transform: &'a TransformSettings,
    /// How families are fitted.
    pub training: &'a TrainingSettings,
    /// Bands and actions.
    pub risk: &'a RiskSettings,
    /// Fits side by side; never changes the result.
    pub threads: usize,
}

/// What the label audit found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelAuditSummary {
    /// The run.
    pub run: String,
    /// The file to review.
    pub output: PathBuf,
    /// Training rows looked at.
    pub rows: u64,
    /// Rows whose label is doubted more than it is believed.
    pub contradicted: u64,
    /// Rows that have a twin with the other label.
    pub conflicting: u64,
}

/// Why labels could not be audited.
#[derive(Debug, thiserror::Error)]
pub enum LabelAuditError {
    /// The run cannot be found or read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The run has no model.
    #[error("run {run} did not finish, so it has no model to audit with; take one that finished (`runs list`)")]
    Unfinished {
        /// The run.
        run: String,
    },
    /// Its model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// Its training rows cannot be read.
    #[error("the training rows of run {run}: {source}")]
    Rows {
        /// The run.
        run: String,
        /// The cause.
        source: Box<IngestionError>,
    },
    /// The rows cannot be fitted.
    #[error(transparent)]
    Training(TrainingError),
    /// Scores cannot be calibrated.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<TrainingError> for LabelAuditError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Cancelled(cancelled) | TrainingError::Model(ModelError::Cancelled(cancelled)) => {
                Self::Cancelled(cancelled)
            }
            other => Self::Training(other),
        }
    }
}

/// A training row with what the audit says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuditedRow {
    /// Its place among the run's training rows.
    pub row: usize,
    /// Calibrated probability of malicious by models that did not see it.
    pub probability: f64,
    /// How doubtful its label is.
    pub doubt: Doubt,
}

/// Audits the labels of a run's training rows and writes the file. `told` hears fits done and fits in all.
///
/// # Errors
/// [`LabelAuditError`], which says what to do.
pub fn audit_labels(
    request: &LabelAuditRequest<'_>,
    told: &(dyn Fn(u64, u64) + Sync),
    cancel: &CancelToken,
) -> Result<LabelAuditSummary, LabelAuditError> {
    let (directory, manifest) = RegistryStore::new(request.workspace).find(request.run)?;
    let run = manifest.run_id.to_string();
    if manifest.status != RunStatus::Finished {
        return Err(LabelAuditError::Unfinished { run });
    }
    let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
    let dataset = read_kept_rows(&directory, SplitSide::Train, &model.schema, cancel);
    let dataset = dataset.map_err(|source| match source {
        IngestionError::Cancelled(cancelled) => LabelAuditError::Cancelled(cancelled),
        source => LabelAuditError::Rows {
            run: run.clone(),
            source: Box::new(source),
        },
    })?;
    let audited = audit(request, &model, &manifest, &dataset, told, cancel)?;
    let default = || request.workspace.output_dir().join(DEFAULT_OUTPUT);
    let output = request.output.map_or_else(default, Path::to_owned);
    let file = output::AuditFile {
        dataset: &dataset,
        ids: row_ids(&model.schema, &dataset.frame),
        run: &run,
        threshold: model.threshold,
        risk: request.risk,
    };
    file.write(&output, &audited, cancel)?;
    Ok(LabelAuditSummary {
        run,
        output,
        rows: audited.len() as u64,
        contradicted: audited.iter().filter(|row| row.doubt.doubt > 0.5).count() as u64,
        conflicting: audited.iter().filter(|row| row.doubt.twins > 0).count() as u64,
    })
}

/// How the run's own copy of rows is read: commas, and cells without a value are empty.
pub fn kept_reading() -> ReadSettings {
    ReadSettings {
        delimiter: ',',
        null_texts: Vec::new(),
    }
}

/// Every row, the most doubtful label first.
fn audit(
    request: &LabelAuditRequest<'_>,
    model: &TrainedModel,
    manifest: &Manifest,
    dataset: &Dataset,
    told: &(dyn Fn(u64, u64) + Sync),
    cancel: &CancelToken,
) -> Result<Vec<AuditedRow>, LabelAuditError> {
    let families = panel(model).map_err(TrainingError::from)?;
    let fits = OutOfFoldFits {
        families: &families,
        transform: request.transform,
        training: request.training,
        folds: FOLDS,
        seed: manifest.seed.unwrap_or_default(),
        threads: request.threads,
        cancel,
    };
    let rows = LabelledRows {
        schema: &model.schema,
        frame: &dataset.frame,
        labels: &dataset.labels,
        groups: &dataset.groups,
    };
    let scores = fits.scores(rows, told)?;
    let mean: Vec<f64> = (0..dataset.labels.len())
        .map(|row| scores.iter().map(|of_family| of_family[row]).sum::<f64>() / scores.len().max(1) as f64)
        .collect();
    let probabilities = fit_sigmoid(&mean, &dataset.labels)?.calibrator.apply_all(&mean);
    let doubts = doubts(&probabilities, &dataset.labels, &dataset.groups);
    let mut audited: Vec<AuditedRow> = probabilities
        .into_iter()
        .zip(doubts)
        .enumerate()
        .map(|(row, (probability, doubt))| AuditedRow {
            row,
            probability,
            doubt,
        })
        .collect();
    // The sort is stable: equal doubts stay in the order of the data.
    audited.sort_by(|a, b| b.doubt.doubt.total_cmp(&a.doubt.doubt));
    Ok(audited)
}

/// The run's own family with its parameters, and an unlike one with its defaults: where both contradict a label, it is less
/// likely that one of them has a blind spot there.
fn panel(model: &TrainedModel) -> Result<Vec<(&'static dyn Family, Params)>, ModelError> {
    let own = family(model.classifier.family())?;
    let other = match own.name() {
        "extra_trees" | "random_forest" => "gradient_boosting",
        _ => "extra_trees",
    };
    let other = family(other)?;
    let defaults = Params::defaults(&other.parameters());
    Ok(vec![(own, model.params.clone()), (other, defaults)])
}

#[cfg(test)]
mod tests;
