//! Owns logistic regression: smartcore's L-BFGS finds the coefficients, our own code scores and explains with them.

mod loss;

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::transform::{CategoryEncoding, MissingValues, Scaling, Wants};

use super::additive::{Parts, bounded};
use super::anatomy::Anatomy;
use super::classifier::{Capabilities, Classifier, Contributions, Family, FitContext, ModelError, TrainSet};
use super::detached::contained;
use super::params::{ParamSpec, Params};
use super::scoring::{logistic, score_rows};
use super::{checks, saved};

use loss::Loss;

const NAME: &str = "logistic_regression";
const VERSION: u8 = 1;

/// Cells above which a fit is refused, for its time. CPU seconds a million cells, all rows distinct, c = 10: UCI .7,
/// NSL-KDD .5; the search fits 16 times.
const MOST_CELLS: usize = 10_000_000;

/// Largest slope of the mean loss at which the optimiser counts as having arrived. scikit-learn asks 1e-4; ours looks
/// for 1e-8 but gives up after 1,000 steps.
const MOST_SLOPE: f64 = 1e-3;

/// The family.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogisticRegression;

impl Family for LogisticRegression {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Logistic regression"
    }

    fn cost_rank(&self) -> u32 {
        10
    }

    fn wants(&self) -> Wants {
        Wants {
            categories: CategoryEncoding::OneHot,
            discrete_as_categories: true,
            scaling: Scaling::Standard,
            missing: MissingValues::Impute,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            row_weights: true,
            contributions: true,
            ..Capabilities::default()
        }
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![ParamSpec::log_float(
            "c",
            "inverse strength of the L2 penalty, as scikit-learn's C: larger fits closer",
            (1e-4, 1e4),
            1.0,
            &[0.1, 1.0, 10.0],
        )]
    }

    fn refuses(&self, rows: usize, features: usize) -> Option<String> {
        (rows.saturating_mul(features) > MOST_CELLS).then(|| {
            format!("{rows} rows x {features} features; its search would take minutes: at most {MOST_CELLS} cells")
        })
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let params = params.resolve(NAME, &self.parameters())?;
        checks::trainable(NAME, data)?;
        let c = params.float("c")?;
        let values = data.matrix.values.as_standard_layout();
        let width = values.ncols();
        let rows = values.as_slice().unwrap_or_default();
        let loss = Loss::new(rows, width, data.labels, data.weights, c);
        let cancel = context.cancel;
        let mut weights = contained(NAME, || Ok(loss.minimum(cancel)))?;
        cancel.check()?;
        let slope = loss.steepest(&weights);
        let intercept = weights.pop().unwrap_or_default();
        let model = Model::new(weights, intercept, data);
        if !model.sound() {
            return Err(engine("its coefficients are not finite numbers".to_owned()));
        }
        if slope > MOST_SLOPE {
            return Err(engine(format!(
                "it stopped short of the optimum (slope {slope:.1e} a row): scale the features or lower `c`"
            )));
        }
        Ok(Box::new(model))
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        let model: Model = saved::read(NAME, VERSION, bytes)?;
        if model.sound() {
            Ok(Box::new(model))
        } else {
            Err(saved::damaged(
                NAME,
                "coefficients that are not finite, or not one a feature",
            ))
        }
    }
}

fn engine(reason: String) -> ModelError {
    ModelError::Engine { family: NAME, reason }
}

/// score = intercept + sum(weight x feature), in log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    weights: Vec<f64>,
    intercept: f64,
    parts: Parts,
}

impl Model {
    fn new(weights: Vec<f64>, intercept: f64, data: &TrainSet<'_>) -> Self {
        let parts = Parts::measure(data, |j, value| weights[j] * f64::from(value));
        Self {
            weights,
            intercept,
            parts,
        }
    }

    fn sound(&self) -> bool {
        !self.weights.is_empty()
            && self.weights.iter().all(|w| bounded(*w))
            && bounded(self.intercept)
            && self.parts.sound(self.weights.len())
    }

    fn score(&self, row: &[f32]) -> f64 {
        let dot: f64 = self.weights.iter().zip(row).map(|(w, x)| w * f64::from(*x)).sum();
        self.intercept + dot
    }
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn width(&self) -> usize {
        self.weights.len()
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        checks::scorable(NAME, x, self.width())?;
        Ok(score_rows(x, |row| logistic(self.score(row))))
    }

    fn importances(&self) -> Option<Vec<f64>> {
        Some(self.parts.importances())
    }

    fn contributions(&self, row: ArrayView1<'_, f32>) -> Option<Contributions> {
        if row.len() != self.width() || row.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let parts = self.weights.iter().zip(row).map(|(w, x)| w * f64::from(*x));
        Some(self.parts.contributions(self.intercept, parts))
    }

    fn anatomy(&self) -> Option<Anatomy<'_>> {
        Some(Anatomy::Linear {
            intercept: self.intercept,
            weights: &self.weights,
        })
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, self)
    }
}

#[cfg(test)]
mod tests;
