//! Owns the support vector machine with a Gaussian kernel: smartcore finds the support vectors, our own code scores.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::svm::Kernels;
use smartcore::svm::svc::{SVC as Engine, SVCParameters};

use crate::transform::{CategoryEncoding, MissingValues, Scaling, Wants};

use super::additive::bounded;
use super::classifier::{Capabilities, Classifier, Family, FitContext, ModelError, TrainSet};
use super::detached::run_detached;
use super::params::{ParamSpec, Params};
use super::scoring::{logistic, score_rows};
use super::{checks, engine_input, saved};

const NAME: &str = "support_vector";
const VERSION: u8 = 1;

/// Rows above which a fit is refused. CPU seconds at 68 features: UCI 1,000 rows 1.7, 2,000 5.5; where almost every row
/// becomes a support vector (continuous noise) 500 rows 1.4, 1,000 5.9, 1,500 15.
const MOST_ROWS: usize = 1_000;
const MOST_CELLS: usize = 100_000;

/// Passes over the rows; more changed nothing that could be measured.
const EPOCHS: usize = 2;

/// log-odds = this x decision value. Any slope ranks alike; calibration comes later, on scores of rows unseen.
const SLOPE: f64 = 2.0;

/// The family.
#[derive(Clone, Copy, Debug)]
pub(super) struct SupportVector;

impl Family for SupportVector {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Support vector machine"
    }

    fn cost_rank(&self) -> u32 {
        80
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
        Capabilities::default()
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec::log_float("c", "cost of a row on the wrong side", (1e-2, 1e2), 1.0, &[1.0, 10.0]),
            ParamSpec::log_float(
                "gamma",
                "width of the kernel, times scikit-learn's `scale`: 1 / (features x variance)",
                (1e-2, 1e2),
                1.0,
                &[1.0],
            ),
        ]
    }

    fn refuses(&self, rows: usize, features: usize) -> Option<String> {
        if rows > MOST_ROWS {
            Some(format!(
                "{rows} rows; its fit cannot be interrupted and grows with the square: at most {MOST_ROWS}"
            ))
        } else if rows.saturating_mul(features) > MOST_CELLS {
            Some(format!(
                "{rows} rows x {features} features; its fit cannot be interrupted: at most {MOST_CELLS} cells"
            ))
        } else {
            None
        }
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let params = params.resolve(NAME, &self.parameters())?;
        checks::trainable(NAME, data)?;
        let gamma = params.float("gamma")? * scale(&data.matrix.values);
        let (c, seed) = (params.float("c")?, context.seed);
        let x = engine_input::dense(NAME, data, false)?;
        let y = engine_input::classes(data);
        let found = run_detached(NAME, context.cancel, move || support_vectors(&x, &y, c, gamma, seed))?;
        let model = Model {
            width: data.matrix.width(),
            gamma,
            intercept: found.b,
            // They are training rows, so `f32` holds them exactly.
            vectors: found.instances.iter().flatten().map(|v| *v as f32).collect(),
            coefficients: found.w,
        };
        if model.sound() {
            Ok(Box::new(model))
        } else {
            Err(ModelError::Engine {
                family: NAME,
                reason: "its support vectors and coefficients are not finite numbers; scale the features".to_owned(),
            })
        }
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        let model: Model = saved::read(NAME, VERSION, bytes)?;
        if model.sound() {
            Ok(Box::new(model))
        } else {
            Err(saved::damaged(
                NAME,
                "its support vectors and coefficients do not fit together",
            ))
        }
    }
}

/// scikit-learn's `scale`: 1 / (features x variance of all values); 1 if nothing varies.
fn scale(x: &Array2<f32>) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let variance = x.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n;
    if variance > 0.0 {
        1.0 / (x.ncols() as f64 * variance)
    } else {
        1.0
    }
}

/// What we read of smartcore's serialised machine; its fields are private.
#[derive(Deserialize)]
struct Found {
    instances: Vec<Vec<f64>>,
    w: Vec<f64>,
    b: f64,
}

fn support_vectors(x: &DenseMatrix<f64>, y: &Vec<i32>, c: f64, gamma: f64, seed: u64) -> Result<Found, String> {
    let parameters = SVCParameters::default()
        .with_epoch(EPOCHS)
        .with_c(c)
        .with_seed(Some(seed))
        .with_kernel(Kernels::rbf().with_gamma(gamma));
    let machine = Engine::fit(x, y, &parameters).map_err(|e| e.to_string())?;
    let value = serde_json::to_value(&machine).map_err(|e| e.to_string())?;
    serde_json::from_value(value).map_err(|e| e.to_string())
}

/// decision = intercept + sum(coefficient x e^(-gamma |row - vector|^2)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    width: usize,
    gamma: f64,
    intercept: f64,
    /// One after the other.
    vectors: Vec<f32>,
    coefficients: Vec<f64>,
}

impl Model {
    fn sound(&self) -> bool {
        self.width > 0
            && self.gamma > 0.0
            && self.gamma.is_finite()
            && bounded(self.intercept)
            && self.coefficients.len().checked_mul(self.width) == Some(self.vectors.len())
            && self.coefficients.iter().all(|c| bounded(*c))
            && self.vectors.iter().all(|v| v.is_finite())
    }

    fn decision(&self, row: &[f32]) -> f64 {
        let vectors = self.vectors.chunks_exact(self.width).zip(&self.coefficients);
        let pull: f64 = vectors
            .map(|(vector, coefficient)| {
                let squared: f64 = row
                    .iter()
                    .zip(vector)
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                    .sum();
                coefficient * (-self.gamma * squared).exp()
            })
            .sum();
        self.intercept + pull
    }
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn width(&self) -> usize {
        self.width
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        checks::scorable(NAME, x, self.width)?;
        Ok(score_rows(x, |row| logistic(SLOPE * self.decision(row))))
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, self)
    }
}

#[cfg(test)]
mod tests;
