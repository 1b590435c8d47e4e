//! Owns the contract between a model family and everything that trains, selects, stores and scores with it.

use std::collections::BTreeMap;

use ndarray::{ArrayView1, ArrayView2};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cancel::{CancelToken, Cancelled};
use crate::transform::{FeatureMatrix, Wants};

use super::anatomy::Anatomy;
use super::params::{ParamSpec, Params};
use super::trees::Variation;

/// A kind of model, known to the registry by name: what it wants, what can be tuned, how it is fitted and read back.
pub trait Family: Send + Sync {
    /// Name on the command line and in files: `logistic_regression`.
    fn name(&self) -> &'static str;

    /// Name for people: `Logistic regression`.
    fn title(&self) -> &'static str;

    /// Order among models that score alike: the lower is the cheaper to run and to explain.
    fn cost_rank(&self) -> u32;

    /// The matrix it wants.
    fn wants(&self) -> Wants;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Its hyper-parameters, each with range, default and grid.
    fn parameters(&self) -> Vec<ParamSpec>;

    /// Why data of this shape is too much for it (its fit cannot be interrupted, or would take minutes), if it is.
    /// `rows` and `features` are those of the encoded training matrix.
    fn refuses(&self, rows: usize, features: usize) -> Option<String>;

    /// Fits a model. Deterministic in data, parameters and `context.seed`, whatever `context.threads` is.
    ///
    /// # Errors
    /// A parameter out of range, data it cannot learn from (one class, no rows, a value that is not finite),
    /// cancellation, or a failure inside the engine.
    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError>;

    /// Reads back what [`Classifier::save`] wrote. Damaged bytes are an error, never a panic.
    ///
    /// # Errors
    /// [`ModelError::Damaged`].
    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError>;
}

/// A fitted model.
pub trait Classifier: Send + Sync {
    /// The family's name.
    fn family(&self) -> &'static str;

    /// Number of features it was fitted on.
    fn width(&self) -> usize;

    /// P(malicious) of each row, in 0..=1, uncalibrated. `x` has shape rows x [`Classifier::width`]. A row's result
    /// does not depend on the rows beside it.
    ///
    /// # Errors
    /// Another width, or a value the family does not accept.
    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError>;

    /// For each variation P(malicious) of `row` with each of its alternatives, the same to the last bit as
    /// [`Classifier::predict_proba`] gives. `None` where the family has no faster way than that.
    fn predict_variations(&self, _row: &[f32], _variations: &[Variation<'_>]) -> Option<Vec<Vec<f64>>> {
        None
    }

    /// Rows that [`Classifier::predict_proba`] scores in well under 150 ms on one thread; between such blocks
    /// [`super::predict_in_blocks`] can be stopped.
    fn block_rows(&self) -> usize {
        1_024
    }

    /// How much each feature mattered in training: not negative, summing to 1 (all 0 if nothing mattered).
    fn importances(&self) -> Option<Vec<f64>> {
        None
    }

    /// What each feature added to this row's score: `base + sum(values) = score` on `scale`. `None` where the family
    /// has no exact account.
    fn contributions(&self, _row: ArrayView1<'_, f32>) -> Option<Contributions> {
        None
    }

    /// What it is made of, for those who write it down in another language; `None` where it has no such form.
    fn anatomy(&self) -> Option<Anatomy<'_>> {
        None
    }

    /// The iteration it kept, for families that fit in iterations.
    fn best_iteration(&self) -> Option<usize> {
        None
    }

    /// Its bytes: the same model gives the same bytes. Holds no time, path or run id.
    ///
    /// # Errors
    /// The engine could not write itself.
    fn save(&self) -> Result<Vec<u8>, ModelError>;
}

/// What a family can do beyond fitting and scoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Takes fractional row weights itself. Others get rows repeated in proportion.
    pub row_weights: bool,
    /// Fits in iterations and reports each.
    pub iterations: bool,
    /// Can stop when a watched split gets no better, and gains by it: a share of the training rows is watched then.
    pub early_stopping: bool,
    /// Gives exact contributions.
    pub contributions: bool,
}

/// Rows to learn from.
#[derive(Clone, Copy, Debug)]
pub struct TrainSet<'a> {
    /// Rows x features.
    pub matrix: &'a FeatureMatrix,
    /// One a row: true is malicious.
    pub labels: &'a [bool],
    /// One a row, positive; `None` means all 1. Only given to families with [`Capabilities::row_weights`].
    pub weights: Option<&'a [f32]>,
}

impl TrainSet<'_> {
    /// Each row with its weight.
    pub(super) fn weighted_rows(&self) -> impl Iterator<Item = (f64, ArrayView1<'_, f32>)> {
        let weight = |row: usize| self.weights.map_or(1.0, |w| f64::from(w[row]));
        let rows = self.matrix.values.rows().into_iter().enumerate();
        rows.map(move |(at, row)| (weight(at), row))
    }
}

/// What surrounds a fit: seed, threads, a way to stop it, a validation split and someone who watches.
pub struct FitContext<'a> {
    /// Seed of every random choice.
    pub seed: u64,
    /// Threads it may use; never changes the result.
    pub threads: usize,
    /// Polled often enough that a fit is given up within 200 ms.
    pub cancel: &'a CancelToken,
    /// The named split whose metrics are reported each iteration, for example `("validation", rows)`.
    pub validation: Option<(&'a str, TrainSet<'a>)>,
    /// When to stop early; needs `validation`.
    pub early_stopping: Option<EarlyStopping>,
    /// Columns along which the score may only rise or only fall, for families that can hold to it.
    pub monotone: &'a Monotone,
    /// Called after each iteration by families that fit in iterations.
    pub on_iteration: &'a mut dyn FnMut(&IterationReport),
}

/// Columns of the schema along which a score may only rise, or only fall, all else being equal.
pub type Monotone = BTreeMap<String, Direction>;

/// No such columns.
pub static NOT_MONOTONE: Monotone = BTreeMap::new();

/// Where a score may go as a column rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Up, or stay.
    Rising,
    /// Down, or stay.
    Falling,
}

/// Stop when one named metric of the validation split has not improved for a while; the best iteration is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStopping {
    /// A metric's name in the metric registry.
    pub metric: String,
    /// Iterations without improvement before stopping.
    pub patience: usize,
    /// Improvement that counts.
    pub min_delta: f64,
}

/// One iteration's metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct IterationReport {
    /// 1-based.
    pub iteration: usize,
    /// Iterations at most.
    pub of: usize,
    /// The metric's name.
    pub metric: String,
    /// Its value on the training rows.
    pub train: f64,
    /// Its value on the validation split, if there is one.
    pub validation: Option<f64>,
}

/// What each feature added to one row's score.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// The score of an average training row.
    pub base: f64,
    /// One a feature.
    pub values: Vec<f64>,
    /// What the score is.
    pub scale: ScoreScale,
}

/// The scale on which contributions add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreScale {
    /// Natural logarithm of the odds of malicious.
    LogOdds,
    /// Probability of malicious.
    Probability,
}

/// Why a model could not be fitted, used or read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A parameter outside its range, or of another kind.
    #[error("{family}: parameter `{name}` = {value}: {expected}")]
    Parameter {
        /// The family.
        family: &'static str,
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
        /// What is accepted.
        expected: String,
    },
    /// Data that cannot be learned from or scored.
    #[error("{family}: {reason}")]
    Data {
        /// The family.
        family: &'static str,
        /// What is wrong with the data.
        reason: String,
    },
    /// The engine gave up or panicked.
    #[error("{family}: the engine failed: {reason}")]
    Engine {
        /// The family.
        family: &'static str,
        /// What it said.
        reason: String,
    },
    /// Saved bytes that are not a model of this family.
    #[error("{family}: the saved model is damaged: {reason}")]
    Damaged {
        /// The family.
        family: &'static str,
        /// Where reading stopped.
        reason: String,
    },
    /// A name that no family bears.
    #[error("no model family `{name}`{suggestion} (families: {known})")]
    UnknownFamily {
        /// The name given.
        name: String,
        /// The nearest name, as `; did you mean ...?`, or nothing.
        suggestion: String,
        /// All names.
        known: String,
    },
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
