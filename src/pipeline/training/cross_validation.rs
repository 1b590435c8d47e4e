//! Owns cross-validation: every trial on every fold, on as many threads as allowed, with preprocessors fitted inside
//! the folds. Results do not depend on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use polars::prelude::DataFrame;

use crate::cancel::CancelToken;
use crate::data::Fold;
use crate::metrics::{Metric, evaluate};
use crate::models::{IterationReport, ModelError, predict_in_blocks};
use crate::pipeline::event::{Event, EventSink, Level, Stage};
use crate::pipeline::ingestion::{IngestionError, take_rows};
use crate::schema::Column;
use crate::transform::{FeatureMatrix, Preprocessor, TransformSettings, Wants};

use super::error::TrainingError;
use super::fitting::{FitPlan, FitRows, fit};
use super::limits::TrialGate;
use super::trials::{FoldResult, LearningCurve, Trial, TrialLog, TrialRecord};

/// The training side of a split, as every family sees it.
pub struct TrainingRows<'a> {
    /// Typed columns of the training rows.
    pub frame: &'a DataFrame,
    /// The schema columns models may learn from.
    pub columns: &'a [Column],
    /// True is malicious.
    pub labels: &'a [bool],
    /// Rows of one group have identical features.
    pub groups: &'a [u64],
    /// What each row weighs beside the class weights; `None` where all weigh the same.
    pub weights: Option<&'a [f32]>,
    /// How columns become features.
    pub transform: &'a TransformSettings,
}

impl TrainingRows<'_> {
    /// A preprocessor for `wants`, fitted on these rows alone.
    ///
    /// # Errors
    /// The rows cannot be encoded.
    pub fn preprocessor(
        &self,
        wants: Wants,
        rows: Option<&[usize]>,
    ) -> Result<(Preprocessor, FeatureMatrix), TrainingError> {
        let Some(rows) = rows else {
            let fitted = Preprocessor::fit(self.frame, self.columns, self.labels, &wants, self.transform)?;
            let matrix = fitted.transform(self.frame)?;
            return Ok((fitted, matrix));
        };
        let frame = take_rows(self.frame, rows).map_err(IngestionError::from)?;
        let labels: Vec<bool> = rows.iter().map(|&r| self.labels[r]).collect();
        let fitted = Preprocessor::fit(&frame, self.columns, &labels, &wants, self.transform)?;
        let matrix = fitted.transform(&frame)?;
        Ok((fitted, matrix))
    }
}

/// One fold, encoded for one kind of wants.
struct EncodedFold {
    train: FeatureMatrix,
    train_labels: Vec<bool>,
    train_groups: Vec<u64>,
    train_weights: Option<Vec<f32>>,
    validation: FeatureMatrix,
    validation_labels: Vec<bool>,
}

/// The results of one trial's folds so far.
type FoldResults = Vec<Option<Result<FoldResult, ModelError>>>;

/// A trial while its folds run.
struct Pending {
    /// Whether the trial may begin, once that was asked.
    admitted: Option<bool>,
    results: FoldResults,
}

/// Runs trials that share one kind of [`Wants`]; `trials` is answered in its own order.
pub struct CrossValidation<'a> {
    /// The rows.
    pub rows: &'a TrainingRows<'a>,
    /// The folds, indices into the rows.
    pub folds: &'a [Fold],
    /// What is the same for every fit.
    pub plan: FitPlan<'a>,
    /// Fits that may run side by side.
    pub threads: usize,
    /// The metric that selects.
    pub select_by: &'static Metric,
    /// Finished trials.
    pub log: &'a TrialLog,
    /// Who is told.
    pub events: &'a dyn EventSink,
    /// Whether a trial may still begin.
    pub gate: &'a TrialGate,
    /// Trials done so far in the whole search, and how many there are, for progress.
    pub progress: &'a SearchProgress,
}

/// How far the whole search is, in folds.
pub struct SearchProgress {
    done: AtomicUsize,
    total: u64,
}

impl SearchProgress {
    /// Nothing done of `total` folds.
    pub fn new(total: usize) -> Self {
        Self {
            done: AtomicUsize::new(0),
            total: total as u64,
        }
    }

    fn add(&self, folds: usize, note: String, events: &dyn EventSink) {
        let done = self.done.fetch_add(folds, Ordering::Relaxed) + folds;
        events.send(Event::StageProgress {
            stage: Stage::Training,
            done: done as u64,
            total: Some(self.total),
            note,
        });
    }
}

impl CrossValidation<'_> {
    /// Cross-validates each trial that may begin.
    ///
    /// # Errors
    /// Cancellation, or rows that cannot be encoded. A trial that fails is a record with its error.
    pub fn run(&self, wants: Wants, trials: &[Trial]) -> Result<Vec<TrialRecord>, TrainingError> {
        let mut records: Vec<Option<TrialRecord>> = trials
            .iter()
            .map(|t| self.log.finished(t, self.folds).cloned())
            .collect();
        for (trial, _) in trials.iter().zip(&records).filter(|(_, record)| record.is_some()) {
            self.progress.add(
                self.folds.len(),
                format!("{} from the resumed run", trial.family.name()),
                self.events,
            );
        }
        let open: Vec<usize> = (0..trials.len()).filter(|&i| records[i].is_none()).collect();
        if !open.is_empty() {
            let encoded = self.encode_folds(wants)?;
            let done = self.run_open(trials, &open, &encoded)?;
            for (slot, record) in open.into_iter().zip(done) {
                records[slot] = record;
            }
        }
        Ok(records.into_iter().flatten().collect())
    }

    fn encode_folds(&self, wants: Wants) -> Result<Vec<EncodedFold>, TrainingError> {
        let encode = |fold: &Fold| -> Result<EncodedFold, TrainingError> {
            self.plan.cancel.check()?;
            let (preprocessor, train) = self.rows.preprocessor(wants, Some(&fold.train))?;
            let validation =
                preprocessor.transform(&take_rows(self.rows.frame, &fold.validation).map_err(IngestionError::from)?)?;
            let labels = |rows: &[usize]| rows.iter().map(|&r| self.rows.labels[r]).collect();
            Ok(EncodedFold {
                train,
                train_labels: labels(&fold.train),
                train_groups: fold.train.iter().map(|&r| self.rows.groups[r]).collect(),
                train_weights: (self.rows.weights).map(|weights| fold.train.iter().map(|&r| weights[r]).collect()),
                validation,
                validation_labels: labels(&fold.validation),
            })
        };
        in_parallel(self.threads, self.folds.len(), self.plan.cancel, |i| {
            encode(&self.folds[i])
        })?
        .into_iter()
        .collect()
    }

    fn run_open(
        &self,
        trials: &[Trial],
        open: &[usize],
        encoded: &[EncodedFold],
    ) -> Result<Vec<Option<TrialRecord>>, TrainingError> {
        let folds = encoded.len();
        let fresh = || Pending {
            admitted: None,
            results: (0..folds).map(|_| None).collect(),
        };
        let pending: Vec<Mutex<Pending>> = open.iter().map(|_| Mutex::new(fresh())).collect();
        let of_slot = |slot: usize| pending[slot].lock().unwrap_or_else(PoisonError::into_inner);
        let records = in_parallel(self.threads, open.len() * folds, self.plan.cancel, |task| {
            let (slot, fold) = (task / folds, task % folds);
            let trial = &trials[open[slot]];
            // Whichever fold comes first asks for the whole trial.
            let admitted = *of_slot(slot).admitted.get_or_insert_with(|| self.gate.admits());
            if !admitted {
                let note = format!("{}: time is up", trial.family.name());
                self.progress.add(1, note, self.events);
                return None;
            }
            if fold == 0 {
                self.events.send(Event::TrialStarted {
                    model: trial.family.name().to_owned(),
                    trial: trial.index + 1,
                    of: trial.of,
                    params: trial.params.clone(),
                });
            }
            let result = self.run_fold(trial, fold, &encoded[fold]);
            self.report_fold(trial, fold, &result);
            let results = &mut of_slot(slot).results;
            results[fold] = Some(result);
            if results.iter().all(Option::is_some) {
                let results = results.drain(..).flatten().collect();
                return Some(self.finish_trial(trial, results));
            }
            None
        })?;
        let mut finished: Vec<Option<TrialRecord>> = open.iter().map(|_| None).collect();
        for (task, record) in records.into_iter().enumerate() {
            if let Some(record) = record {
                finished[task / folds] = Some(record?);
            }
        }
        Ok(finished)
    }

    fn run_fold(&self, trial: &Trial, fold: usize, data: &EncodedFold) -> Result<FoldResult, ModelError> {
        let rows = FitRows {
            matrix: &data.train,
            labels: &data.train_labels,
            groups: &data.train_groups,
            weights: data.train_weights.as_deref(),
        };
        let started = Instant::now();
        let mut curve = LearningCurve::default();
        let mut on_iteration = |report: &IterationReport| {
            curve.push(report);
            self.events.send(Event::Iteration {
                model: trial.family.name().to_owned(),
                trial: Some(trial.index + 1),
                fold: Some(fold + 1),
                iteration: report.iteration,
                of: report.of,
                metric: report.metric.clone(),
                train: report.train,
                validation: report.validation,
            });
        };
        let model = fit(trial.family, &trial.params, rows, self.plan, &mut on_iteration)?;
        let fit_seconds = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let scores = predict_in_blocks(model.as_ref(), &data.validation, self.plan.cancel)?;
        let predict_seconds = started.elapsed().as_secs_f64();
        let undefined = |reason: String| ModelError::Data {
            family: trial.family.name(),
            reason,
        };
        let metrics = evaluate(&scores, &data.validation_labels, 0.5).map_err(|e| undefined(e.to_string()))?;
        let selected_by = self
            .select_by
            .value(&scores, &data.validation_labels, 0.5)
            .map_err(|e| undefined(e.to_string()))?;
        Ok(FoldResult {
            metrics,
            selected_by,
            fit_seconds,
            predict_seconds,
            scores,
            best_iteration: model.best_iteration(),
            curve,
        })
    }

    fn report_fold(&self, trial: &Trial, fold: usize, result: &Result<FoldResult, ModelError>) {
        let note = format!(
            "{}, trial {} of {}, fold {}",
            trial.family.name(),
            trial.index + 1,
            trial.of,
            fold + 1
        );
        if let Ok(FoldResult {
            selected_by: Some(value),
            ..
        }) = result
        {
            self.events.send(Event::FoldFinished {
                model: trial.family.name().to_owned(),
                trial: trial.index + 1,
                fold: fold + 1,
                folds: self.folds.len(),
                metric: self.select_by.name.to_owned(),
                value: *value,
            });
        }
        self.progress.add(1, note, self.events);
    }

    fn finish_trial(
        &self,
        trial: &Trial,
        results: Vec<Result<FoldResult, ModelError>>,
    ) -> Result<TrialRecord, TrainingError> {
        let mut folds = Vec::with_capacity(results.len());
        let mut error = None;
        for result in results {
            match result {
                Ok(fold) => folds.push(fold),
                Err(ModelError::Cancelled(cancelled)) => return Err(cancelled.into()),
                Err(failed) => error = error.or(Some(failed.to_string())),
            }
        }
        if error.is_some() {
            folds.clear();
        }
        let record = TrialRecord {
            model: trial.family.name().to_owned(),
            trial: trial.index,
            params: trial.params.clone(),
            folds,
            error,
        };
        if let Err(e) = self.log.append(&record) {
            // The log only saves work after an interruption; the run itself goes on.
            let text = format!("a finished trial could not be logged, so --resume would run it again: {e}");
            self.events.send(Event::Message {
                level: Level::Warning,
                text,
            });
        }
        self.events.send(Event::TrialFinished {
            model: record.model.clone(),
            trial: trial.index + 1,
            of: trial.of,
            params: trial.params.clone(),
            score: record.score(),
            seconds: record.fit_seconds(),
            error: record.error.clone(),
        });
        Ok(record)
    }
}

/// Runs `task(0..tasks)` on up to `threads` threads, lowest first, and answers in task order.
///
/// # Errors
/// [`crate::cancel::Cancelled`] once cancelled; tasks not begun are left out.
pub(super) fn in_parallel<T: Send>(
    threads: usize,
    tasks: usize,
    cancel: &CancelToken,
    task: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, TrainingError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        while !cancel.is_cancelled() {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= tasks {
                break;
            }
            done.push((i, task(i)));
        }
        done
    };
    let mut results = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(tasks).max(1)).map(|_| scope.spawn(worker)).collect();
        let mut results = worker();
        for other in others {
            match other.join() {
                Ok(part) => results.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    cancel.check()?;
    results.sort_unstable_by_key(|(i, _)| *i);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests;
