//! Owns logistic regression: smartcore's L-BFGS finds the coefficients, our own code scores and explains with them.

use ndarray::{Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::arrays::Array as _;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression as Engine, LogisticRegressionParameters};

use crate::transform::{CategoryEncoding, MissingValues, Scaling, Wants};

use super::additive::{Parts, bounded};
use super::classifier::{Capabilities, Classifier, Contributions, Family, FitContext, ModelError, TrainSet};
use super::detached::run_detached;
use super::params::{ParamSpec, Params};
use super::scoring::{logistic, score_rows};
use super::{checks, engine_input, saved};

const NAME: &str = "logistic_regression";
const VERSION: u8 = 1;

/// Cells above which a fit is refused: smartcore took 1 s for .6 million (8,832 x 68) and cannot be interrupted.
const MOST_CELLS: usize = 30_000_000;

/// Largest slope of the mean loss at which the optimiser counts as having arrived. scikit-learn asks 1e-4; smartcore
/// stops on its own criteria, at about 1e-9 on scaled data.
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
            format!("{rows} rows x {features} features; its fit cannot be interrupted: at most {MOST_CELLS} cells")
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
        let x = engine_input::dense(NAME, data, false)?;
        let y = engine_input::classes(data);
        let (weights, intercept) = run_detached(NAME, context.cancel, move || minimise(&x, &y, c))?;
        let model = Model::new(weights, intercept, &data.matrix.values);
        if !model.sound() {
            return Err(engine("its coefficients are not finite numbers".to_owned()));
        }
        let slope = model.slope(data, c);
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

/// Coefficients and intercept that minimise `sum(log loss) + |w|^2 / 2c`. scikit-learn minimises the same times c;
/// neither penalises the intercept.
fn minimise(x: &DenseMatrix<f64>, y: &Vec<i32>, c: f64) -> Result<(Vec<f64>, f64), String> {
    let parameters = LogisticRegressionParameters::default().with_alpha(1.0 / c);
    let fitted = Engine::fit(x, y, parameters).map_err(|e| e.to_string())?;
    let weights = fitted.coefficients().iterator(0).copied().collect();
    let intercept = fitted.intercept().iterator(0).next().copied();
    intercept
        .map(|b| (weights, b))
        .ok_or_else(|| "it gave no intercept".to_owned())
}

/// score = intercept + sum(weight x feature), in log-odds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    weights: Vec<f64>,
    intercept: f64,
    parts: Parts,
}

impl Model {
    fn new(weights: Vec<f64>, intercept: f64, x: &Array2<f32>) -> Self {
        let part = |row: usize, j: usize| weights[j] * f64::from(x[[row, j]]);
        let parts = Parts::measure(x.nrows(), weights.len(), |_| 1.0, part);
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

    /// Largest component of the mean loss's gradient: 0 at the optimum.
    fn slope(&self, data: &TrainSet<'_>, c: f64) -> f64 {
        let x = &data.matrix.values;
        let rows = data.labels.len() as f64;
        let mut gradient: Vec<f64> = self.weights.iter().map(|w| w / c).collect();
        let mut of_intercept = 0.0;
        for (score, (row, label)) in score_rows(x.view(), |row| self.score(row))
            .into_iter()
            .zip(x.rows().into_iter().zip(data.labels))
        {
            let error = logistic(score) - f64::from(u8::from(*label));
            of_intercept += error;
            for (g, v) in gradient.iter_mut().zip(row) {
                *g += error * f64::from(*v);
            }
        }
        gradient
            .into_iter()
            .fold(of_intercept.abs(), |most, g| most.max(g.abs()))
            / rows
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

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, self)
    }
}

#[cfg(test)]
mod tests;
