//! Owns the trials of a search: what is to be tried, what came of it, and the log from which an interrupted search
//! goes on.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::artifacts::atomic;
use crate::data::Fold;
use crate::metrics::Metrics;
use crate::models::{Family, IterationReport, ModelError, ParamSpec, Params, SearchStrategy, grid, random};

use super::error::TrainingError;
use super::settings::TrainingSettings;

/// One family with one set of parameters, to be cross-validated.
#[derive(Clone)]
pub struct Trial {
    /// The family.
    pub family: &'static dyn Family,
    /// 0-based among the family's trials.
    pub index: usize,
    /// Trials of this family.
    pub of: usize,
    /// Every parameter, defaults filled in.
    pub params: Params,
}

/// The trials of one family under these settings, the defaults first. What the settings fix is the same in all of them.
///
/// # Errors
/// The family's own defaults are out of its ranges.
pub fn trials_of(family: &'static dyn Family, settings: &TrainingSettings) -> Result<Vec<Trial>, ModelError> {
    let mut specs: Vec<ParamSpec> = family.parameters();
    if let Some(fixed) = settings.params.get(family.name()) {
        let mut values = Params(fixed.clone()).resolve(family.name(), &specs)?;
        let fix = |spec: ParamSpec| match values.0.remove(spec.name) {
            Some(value) if fixed.contains_key(spec.name) => spec.fixed_to(value),
            _ => spec,
        };
        specs = specs.into_iter().map(fix).collect();
    }
    let defaults = Params::default().resolve(family.name(), &specs)?;
    let mut points = match settings.search {
        SearchStrategy::None => Vec::new(),
        SearchStrategy::Grid => grid(&specs),
        SearchStrategy::Random => random(&specs, settings.trials, settings.seed),
    };
    points.retain(|p| *p != defaults);
    points.insert(0, defaults);
    let of = points.len();
    Ok(points
        .into_iter()
        .enumerate()
        .map(|(index, params)| Trial {
            family,
            index,
            of,
            params,
        })
        .collect())
}

/// What one fold of a trial gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// Metrics on the held-out fold, at threshold .5.
    pub metrics: Metrics,
    /// The selection metric on it; `None` where it is undefined, as an area is with one class (late time folds).
    pub selected_by: Option<f64>,
    /// Seconds the fit took.
    pub fit_seconds: f64,
    /// Seconds the held-out rows took to score.
    pub predict_seconds: f64,
    /// Uncalibrated probabilities of the held-out rows, in row order.
    pub scores: Vec<f64>,
    /// The iteration the fit kept, for families that fit in iterations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_iteration: Option<usize>,
    /// Its iterations, for families that fit in iterations.
    #[serde(default, skip_serializing_if = "LearningCurve::is_empty")]
    pub curve: LearningCurve,
}

/// The metric of every iteration of one fit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// The metric's name.
    pub metric: String,
    /// In order.
    pub points: Vec<CurvePoint>,
}

/// One iteration of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// 1-based.
    pub iteration: usize,
    /// On the training rows.
    pub train: f64,
    /// On the validation rows, if there are any.
    pub validation: Option<f64>,
}

impl LearningCurve {
    /// Whether the family does not fit in iterations.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Takes one iteration.
    pub fn push(&mut self, report: &IterationReport) {
        self.metric.clone_from(&report.metric);
        let IterationReport {
            iteration,
            train,
            validation,
            ..
        } = *report;
        self.points.push(CurvePoint {
            iteration,
            train,
            validation,
        });
    }
}

/// A finished trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// The family's name.
    pub model: String,
    /// 0-based among the family's trials.
    pub trial: usize,
    /// Its parameters.
    pub params: Params,
    /// One a fold, in fold order; empty if it failed.
    pub folds: Vec<FoldResult>,
    /// What went wrong, if something did.
    pub error: Option<String>,
}

impl TrialRecord {
    /// Mean of the selection metric over the folds that have one; `None` if none has, or the trial failed.
    pub fn score(&self) -> Option<f64> {
        let values: Vec<f64> = self.folds.iter().filter_map(|f| f.selected_by).collect();
        (!values.is_empty() && self.error.is_none()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// Seconds all fits took.
    pub fn fit_seconds(&self) -> f64 {
        self.folds.iter().map(|f| f.fit_seconds).sum()
    }
}

/// The append-only log of finished trials, one JSON object a line, each on disk before the next trial counts on it.
pub struct TrialLog {
    file: Mutex<File>,
    finished: HashMap<(String, usize), TrialRecord>,
}

impl TrialLog {
    /// Starts the log at `path`; trials in `resume_from` count as finished and are taken over into it, so that this
    /// run can be resumed in its turn.
    ///
    /// A last line torn by a crash is passed over: its trial runs again.
    ///
    /// # Errors
    /// A file cannot be read or made.
    pub fn open(path: &Path, resume_from: Option<&Path>) -> Result<Self, TrainingError> {
        let fail = |path: &Path, source| TrainingError::TrialLog {
            path: path.to_owned(),
            source,
        };
        let mut finished = HashMap::new();
        let mut taken_over = Vec::new();
        if let Some(old) = resume_from.filter(|p| p.exists()) {
            let reader = BufReader::new(File::open(old).map_err(|e| fail(old, e))?);
            for line in reader.split(b'\n') {
                let line = line.map_err(|e| fail(old, e))?;
                if let Ok(record) = serde_json::from_slice::<TrialRecord>(&line) {
                    finished.insert((record.model.clone(), record.trial), record);
                    taken_over.extend_from_slice(&line);
                    taken_over.push(b'\n');
                }
            }
        }
        atomic::write_bytes(path, &taken_over)?;
        let file = OpenOptions::new().append(true).open(path).map_err(|e| fail(path, e))?;
        Ok(Self {
            file: Mutex::new(file),
            finished,
        })
    }

    /// Finished trials that another run's log brought.
    pub fn taken_over(&self) -> usize {
        self.finished.len()
    }

    /// The record of this very trial (same family, place and parameters), if it is finished already, with a score
    /// for each held-out row of `folds`.
    pub fn finished(&self, trial: &Trial, folds: &[Fold]) -> Option<&TrialRecord> {
        let whole = |record: &&TrialRecord| {
            let scores = record.folds.iter().map(|f| f.scores.len());
            record.params == trial.params
                && record.error.is_none()
                && scores.eq(folds.iter().map(|f| f.validation.len()))
        };
        self.finished
            .get(&(trial.family.name().to_owned(), trial.index))
            .filter(whole)
    }

    /// Appends a finished trial.
    ///
    /// # Errors
    /// The log cannot be written.
    pub fn append(&self, record: &TrialRecord) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests;
