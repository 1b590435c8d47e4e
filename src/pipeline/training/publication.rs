//! Owns the files a training run leaves behind, each written whole or not at all.

use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use crate::artifacts::atomic::AtomicFile;
use crate::artifacts::{Manifest, RegistryStore, RunDir, RunFile, RunId, WriteError, atomic, load_run};
use crate::cancel::CancelToken;
use crate::metrics::named_metric;
use crate::models::permutation_importances;
use crate::pipeline::event::RunStatus;
use crate::pipeline::rejects::RejectWriter;
use crate::pipeline::trained_model::{ModelFileError, TrainedModel};
use crate::transform::FeatureMatrix;
use crate::validation::Report;
use crate::validation::drift::{Reference, ReferenceBuilder};

use super::error::TrainingError;
use super::evaluation::{Evaluated, Finished, SideScores};
use super::promotion::{TRAINED_ROWS, write_trained_rows};
use super::request::TrainRequest;
use super::score_files::{FitCurve, MetricsFile, SideRecord};
use super::selection::Selection;
use super::settings::TrainingSettings;
use super::sides::Side;
use super::trials::{TrialLog, TrialRecord};

/// The search's log below a run's directory.
const TRIALS: &str = "model_trainer/trials.ndjson";

/// What training rows looked like, for drift; below a run's directory.
pub const REFERENCE: &str = "data_validation/reference.json";

/// An encoding failure; only values that JSON cannot hold could cause one.
pub fn encode_error(error: serde_json::Error) -> TrainingError {
    ModelFileError::Encode(error.to_string()).into()
}

/// The file of rows that validation rejected.
pub struct RejectFile {
    writer: RejectWriter<AtomicFile>,
}

impl RejectFile {
    /// Starts `data_validation/invalid/rejects.csv`.
    pub fn create(run: &RunDir) -> Result<Self, TrainingError> {
        let path = run.file(RunFile::Invalid).join("rejects.csv");
        let file = AtomicFile::create_with_parents(&path)?;
        let writer = RejectWriter::new(file, false).map_err(|cause| WriteError::writing(&path, cause))?;
        Ok(Self { writer })
    }

    /// What rejected rows are written to.
    pub fn writer(&mut self) -> &mut RejectWriter<AtomicFile> {
        &mut self.writer
    }

    /// Puts the file in place.
    pub fn commit(self) -> Result<(), TrainingError> {
        Ok(self.writer.into_inner().commit()?)
    }
}

/// Writes the validation report, and an empty drift report: a first look has nothing to drift from.
pub fn write_report(run: &RunDir, report: &Report) -> Result<(), TrainingError> {
    atomic::write_json(&run.file(RunFile::ValidationReport), report)?;
    let yaml = report.drift_yaml().map_err(|e| ModelFileError::Encode(e.to_string()))?;
    Ok(atomic::write_bytes(&run.file(RunFile::DriftReport), yaml.as_bytes())?)
}

/// Opens the run's log of trials, with the finished ones of the run to resume, if one is named.
pub fn open_trial_log(
    request: &TrainRequest<'_>,
    run: &RunDir,
    manifest: &Manifest,
) -> Result<TrialLog, TrainingError> {
    let old = request
        .resume
        .map(|name| resumable(request, name, manifest))
        .transpose()?;
    let path = run.path().join(TRIALS);
    atomic::create_parents(&path)?;
    // The conditions under which the log's trials are worth anything.
    atomic::write_bytes(&run.path().join(CONDITIONS), &conditions(request, manifest)?)?;
    TrialLog::open(&path, old.as_deref())
}

/// Data, schema, split and settings that a trial's scores depend on.
const CONDITIONS: &str = "model_trainer/conditions.json";

fn conditions(request: &TrainRequest<'_>, manifest: &Manifest) -> Result<Vec<u8>, TrainingError> {
    let training = request.training;
    let mut value = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "data": manifest.data.as_ref().map(|d| &d.sha256),
        "schema": request.schema.hash(),
        "reading": request.reading,
        "validation": request.validation,
        "transform": request.transform,
        "split": training.split,
        "test_fraction": training.test_fraction,
        "folds": training.folds,
        "seed": training.seed,
        "select_by": training.select_by,
        "early_stopping": training.early_stopping,
        "monotone": training.monotone,
    });
    if let (Some(judged), Some(value)) = (request.verdicts, value.as_object_mut()) {
        let taught = serde_json::json!({ "sha256": judged.hash(), "settings": training.verdicts });
        value.insert("verdicts".to_owned(), taught);
    }
    serde_json::to_vec_pretty(&value).map_err(encode_error)
}

/// The run that `--resume` names, and its directory.
///
/// # Errors
/// There is no such run, or it does not wait for being resumed.
pub fn run_to_resume(request: &TrainRequest<'_>, name: &str) -> Result<(RunId, PathBuf), TrainingError> {
    let id = RegistryStore::new(request.workspace).resolve(name)?;
    let (directory, old) = load_run(request.workspace, &id)?;
    let reason = match old.status {
        RunStatus::Running => "it is still running",
        RunStatus::Finished => "it has finished; start without --resume",
        RunStatus::Failed | RunStatus::Cancelled => return Ok((id, directory)),
    };
    Err(TrainingError::Resume {
        run: id.to_string(),
        reason: reason.to_owned(),
    })
}

fn resumable(request: &TrainRequest<'_>, name: &str, manifest: &Manifest) -> Result<PathBuf, TrainingError> {
    let (id, directory) = run_to_resume(request, name)?;
    let refuse = |reason: &str| TrainingError::Resume {
        run: id.to_string(),
        reason: reason.to_owned(),
    };
    match std::fs::read(directory.join(CONDITIONS)) {
        Err(_) => Err(refuse("it ended before its search began; start without --resume")),
        Ok(bytes) if bytes != conditions(request, manifest)? => Err(refuse(
            "its data, schema or settings are others; start without --resume",
        )),
        Ok(_) => Ok(directory.join(TRIALS)),
    }
}

/// Writes the model, the preprocessor for people, and which rows were learned from.
pub fn write_model(run: &RunDir, finished: &Finished, groups: &[u64], fingerprint: u64) -> Result<(), TrainingError> {
    atomic::write_bytes(&run.file(RunFile::Model), &finished.model.encode()?)?;
    atomic::write_json(&run.file(RunFile::Preprocessor), &finished.model.preprocessor)?;
    Ok(write_trained_rows(
        &run.path().join(TRAINED_ROWS),
        fingerprint,
        groups.iter().copied(),
    )?)
}

/// Writes metrics with curves, the leaderboard, learning curves, and the trials without their scores.
pub fn write_scores(
    run: &RunDir,
    selection: &Selection,
    finished: &Finished,
    evaluated: &Evaluated,
) -> Result<(), TrainingError> {
    let features = finished.model.preprocessor.features();
    let weights = finished.model.classifier.importances().unwrap_or_default();
    let mut importances: Vec<(String, f64)> = features.iter().map(|f| f.name.clone()).zip(weights).collect();
    importances.sort_by(|a, b| b.1.total_cmp(&a.1));
    let side = |scores: &SideScores| SideRecord {
        metrics: scores.metrics.clone(),
        curves: scores.curves.clone(),
    };
    let file = MetricsFile {
        threshold: finished.threshold.clone(),
        importances,
        dial: Some(finished.dial.clone()),
        train: side(&evaluated.train),
        test: side(&evaluated.test),
        random_audit: evaluated.random_audit.clone(),
    };
    atomic::write_json(&run.file(RunFile::Metrics), &file)?;
    atomic::write_json(&run.file(RunFile::Leaderboard), &selection.leaderboard)?;
    atomic::write_json(
        &run.file(RunFile::LearningCurves),
        &learning_curves(selection, finished),
    )?;
    Ok(())
}

/// What the selecting metric loses on test rows when a column is shuffled among them, the largest loss first.
const PERMUTATION: &str = "model_trainer/permutation_importances.json";

/// Test rows and shuffles for it, at most.
const MOST_ROWS: usize = 5_000;
const REPEATS: usize = 3;

/// Writes [`PERMUTATION`], on so many of the test rows as any model scores in a few seconds.
pub fn write_permutation(
    run: &RunDir,
    model: &TrainedModel,
    test: &Side,
    settings: &TrainingSettings,
    cancel: &CancelToken,
) -> Result<(), TrainingError> {
    let matrix = model.matrix(&test.frame)?;
    // A model scores its block of rows in well under 150 ms, so all of it takes a few seconds at the most.
    let blocks = 60 * model.classifier.block_rows() / (matrix.width().max(1) * REPEATS);
    let rows: Vec<usize> = (0..test.labels.len().min(MOST_ROWS).min(blocks)).collect();
    let labels: Vec<bool> = rows.iter().map(|row| test.labels[*row]).collect();
    let metric = named_metric(&settings.select_by)?;
    let sign = if metric.higher_is_better { 1.0 } else { -1.0 };
    let value = |matrix: &FeatureMatrix| -> Result<f64, TrainingError> {
        let scores = model.probabilities(matrix, cancel)?;
        let value = metric.value(&scores, &labels, model.threshold)?.unwrap_or(f64::NAN);
        Ok(sign * value)
    };
    // Of too few rows, or of one class, no score says anything.
    let malicious = labels.iter().filter(|label| **label).count();
    let found = if malicious == 0 || malicious == labels.len() {
        Vec::new()
    } else {
        permutation_importances(&matrix.select_rows(&rows), REPEATS, settings.seed, value)?
    };
    let mut found: Vec<_> = found.into_iter().filter(|(_, lost)| lost.is_finite()).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    let page = serde_json::json!({
        "metric": settings.select_by,
        "rows": rows.len(),
        "repeats": REPEATS,
        "importances": found,
    });
    Ok(atomic::write_json(&run.path().join(PERMUTATION), &page)?)
}

/// Replaces the search's log by the trials without their scores: a finished run has nothing left to resume.
pub fn strip_trials(run: &RunDir, selection: &Selection) -> Result<(), TrainingError> {
    let mut lines = Vec::new();
    for record in &selection.trials {
        serde_json::to_writer(&mut lines, record).map_err(encode_error)?;
        lines.push(b'\n');
    }
    Ok(atomic::write_bytes(&run.path().join(TRIALS), &lines)?)
}

/// The iterations of every family's best trial and of the final fit; empty for families that do not iterate.
fn learning_curves(selection: &Selection, finished: &Finished) -> Vec<FitCurve> {
    let mut curves = Vec::new();
    let is_best = |record: &&TrialRecord| {
        selection
            .leaderboard
            .iter()
            .any(|row| row.model == record.model && row.params == record.params)
    };
    for record in selection.trials.iter().filter(is_best) {
        for (fold, result) in record
            .folds
            .iter()
            .enumerate()
            .filter(|(_, result)| !result.curve.is_empty())
        {
            curves.push(FitCurve {
                model: record.model.clone(),
                trial: Some(record.trial + 1),
                fold: Some(fold + 1),
                best_iteration: result.best_iteration,
                curve: result.curve.clone(),
            });
        }
    }
    if !finished.curve.is_empty() {
        let best_iteration = finished.model.classifier.best_iteration();
        curves.push(FitCurve {
            model: selection.family.name().to_owned(),
            trial: None,
            fold: None,
            best_iteration,
            curve: finished.curve.clone(),
        });
    }
    curves
}

/// Writes what training rows and their scores looked like, for the drift of later batches.
pub fn write_reference(run: &RunDir, finished: &Finished, frame: &DataFrame) -> Result<(), TrainingError> {
    // Scores of rows the model learned from would make every later batch look drifted.
    let scores = &finished.out_of_fold;
    let mut builder = ReferenceBuilder::new(&finished.model.schema);
    builder.add(frame);
    builder.add_scores(scores);
    let flagged = scores.iter().filter(|&&s| s >= finished.model.threshold).count();
    builder.set_positive_rate(flagged as f64 / scores.len().max(1) as f64);
    Ok(atomic::write_json(&run.path().join(REFERENCE), &builder.finish())?)
}

/// What a run's training rows looked like.
///
/// # Errors
/// The run has no such file, or it is damaged.
pub fn read_reference(run: &Path) -> Result<Reference, ModelFileError> {
    let path = run.join(REFERENCE);
    let name = path.display().to_string();
    let bytes = std::fs::read(&path).map_err(|source| ModelFileError::Read {
        path: name.clone(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|e| ModelFileError::Section {
        path: name,
        section: "training reference",
        reason: e.to_string(),
    })
}
