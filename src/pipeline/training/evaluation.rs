//! Owns the last steps to a model: calibration and threshold on out-of-fold scores, the final fit, and the one look
//! at the test rows.

use std::sync::Arc;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use crate::data::Fold;
use crate::metrics::{Calibrator, Chosen, Dial, Metrics, choose, evaluate, fit_isotonic, fit_sigmoid};
use crate::models::IterationReport;
use crate::pipeline::event::{Event, EventSink};
use crate::pipeline::trained_model::TrainedModel;
use crate::schema::Schema;

use super::cross_validation::TrainingRows;
use super::curves::Curves;
use super::error::TrainingError;
use super::fitting::{FitPlan, FitRows, fit};
use super::outcome::AuditMetrics;
use super::selection::Selection;
use super::settings::{Calibration, TrainingSettings};
use super::trials::{LearningCurve, TrialRecord};

/// Thresholds that the dial stops at.
const DIAL_STOPS: usize = 1000;

/// Scores of training rows by models that did not see them, with their labels.
pub struct OutOfFold {
    /// Uncalibrated probabilities.
    pub scores: Vec<f64>,
    /// One a score.
    pub labels: Vec<bool>,
}

impl OutOfFold {
    /// Puts a trial's fold scores together. With time folds the first rows have no score and are left out.
    pub fn of(trial: &TrialRecord, folds: &[Fold], labels: &[bool]) -> Self {
        let mut pairs: Vec<(usize, f64)> = Vec::new();
        for (result, fold) in trial.folds.iter().zip(folds) {
            pairs.extend(fold.validation.iter().copied().zip(result.scores.iter().copied()));
        }
        pairs.sort_unstable_by_key(|(row, _)| *row);
        Self {
            labels: pairs.iter().map(|(row, _)| labels[*row]).collect(),
            scores: pairs.into_iter().map(|(_, score)| score).collect(),
        }
    }
}

/// How the threshold came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdChoice {
    /// The rule, as on the command line.
    pub rule: String,
    /// What it gave on calibrated out-of-fold scores.
    pub out_of_fold: Chosen,
}

/// A finished model with how its threshold was found.
pub struct Finished {
    /// The model.
    pub model: TrainedModel,
    /// Its threshold's story.
    pub threshold: ThresholdChoice,
    /// Calibrated out-of-fold probabilities of the training rows.
    pub out_of_fold: Vec<f64>,
    /// What other thresholds would do on them.
    pub dial: Dial,
    /// The final fit's iterations, for families that fit in iterations.
    pub curve: LearningCurve,
    /// Notes for people: a calibration that fell back, rows left out at a tie.
    pub notes: Vec<String>,
}

/// Calibrates, chooses the threshold and fits the chosen family on all training rows.
///
/// # Errors
/// The final fit fails, scores cannot be calibrated, or cancellation.
pub fn finish(
    selection: &Selection,
    rows: &TrainingRows<'_>,
    folds: &[Fold],
    schema: &Arc<Schema>,
    settings: &TrainingSettings,
    plan: FitPlan<'_>,
    events: &dyn EventSink,
) -> Result<Finished, TrainingError> {
    let mut notes = Vec::new();
    let out_of_fold = OutOfFold::of(&selection.trial, folds, rows.labels);
    let calibrator = match settings.calibration {
        Calibration::None => Calibrator::Identity,
        Calibration::Sigmoid => {
            let fitted = fit_sigmoid(&out_of_fold.scores, &out_of_fold.labels)?;
            notes.extend(fitted.fallback.map(|why| format!("scores are not calibrated: {why}")));
            fitted.calibrator
        }
        Calibration::Isotonic => {
            let fitted = fit_isotonic(&out_of_fold.scores, &out_of_fold.labels)?;
            notes.extend(fitted.fallback.map(|why| format!("scores are not calibrated: {why}")));
            fitted.calibrator
        }
    };
    let calibrated = calibrator.apply_all(&out_of_fold.scores);
    let chosen = choose(&calibrated, &out_of_fold.labels, settings.threshold_by)?;
    if chosen.flagged == 0 {
        notes.push(format!(
            "the rule {} flags no row: {} rows tie at the highest scores; take another rule or model",
            settings.threshold_by, chosen.tied_out
        ));
    }
    let dial = Dial::of(&calibrated, &out_of_fold.labels, DIAL_STOPS, Some(chosen.threshold))?;
    let all = FitRows {
        matrix: &selection.matrix,
        labels: rows.labels,
        groups: rows.groups,
        weights: rows.weights,
    };
    let mut curve = LearningCurve::default();
    let mut on_iteration = |report: &IterationReport| {
        curve.push(report);
        events.send(Event::Iteration {
            model: selection.family.name().to_owned(),
            trial: None,
            fold: None,
            iteration: report.iteration,
            of: report.of,
            metric: report.metric.clone(),
            train: report.train,
            validation: report.validation,
        });
    };
    let classifier = fit(selection.family, &selection.trial.params, all, plan, &mut on_iteration)?;
    let model = TrainedModel {
        schema: Arc::clone(schema),
        preprocessor: selection.preprocessor.clone(),
        classifier,
        params: selection.trial.params.clone(),
        calibrator,
        threshold: chosen.threshold,
    };
    let threshold = ThresholdChoice {
        rule: settings.threshold_by.to_string(),
        out_of_fold: chosen,
    };
    Ok(Finished {
        model,
        threshold,
        curve,
        notes,
        dial,
        out_of_fold: calibrated,
    })
}

/// Metrics and curves of one side of the split.
pub struct SideScores {
    /// Calibrated probabilities.
    pub scores: Vec<f64>,
    /// At the model's threshold.
    pub metrics: Metrics,
    /// ROC, precision-recall, calibration and lift.
    pub curves: Curves,
}

/// What the finished model scored.
pub struct Evaluated {
    /// In-sample.
    pub train: SideScores,
    /// On rows touched once.
    pub test: SideScores,
    /// On cases drawn at random and judged, where verdicts gave some.
    pub random_audit: Option<AuditMetrics>,
}

/// Scores rows with the finished model.
///
/// # Errors
/// The rows do not fit the model, or cancellation.
pub fn score_side(
    model: &TrainedModel,
    frame: &DataFrame,
    labels: &[bool],
    plan: FitPlan<'_>,
) -> Result<SideScores, TrainingError> {
    let matrix = model.matrix(frame)?;
    let scores = model.probabilities(&matrix, plan.cancel)?;
    let metrics = evaluate(&scores, labels, model.threshold)?;
    let curves = Curves::of(&scores, labels)?;
    Ok(SideScores {
        scores,
        metrics,
        curves,
    })
}

#[cfg(test)]
mod tests;
