//! Owns the account of models whose score is a sum of one part a feature: what each part is by itself on average,
//! how much it varies, and so what it added to a row.

use serde::{Deserialize, Serialize};

use super::classifier::{Contributions, ScoreScale, TrainSet};

/// Mean and standard deviation of each feature's part of the score over the training rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Parts {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Parts {
    /// From `part(feature, value)` over all training rows, each with its weight. Two passes: the one-pass formula
    /// loses digits on large means.
    pub(super) fn measure(data: &TrainSet<'_>, part: impl Fn(usize, f32) -> f64) -> Self {
        let total: f64 = data.weighted_rows().map(|(weight, _)| weight).sum();
        let moment = |f: &dyn Fn(usize, f32) -> f64| -> Vec<f64> {
            let mut sums = vec![0.0; data.matrix.width()];
            for (weight, row) in data.weighted_rows() {
                for (j, (sum, value)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += weight * f(j, *value);
                }
            }
            sums.into_iter().map(|sum| sum / total).collect()
        };
        let mean = moment(&|j, value| part(j, value));
        let squares = moment(&|j, value| (part(j, value) - mean[j]).powi(2));
        Self {
            deviation: squares.into_iter().map(f64::sqrt).collect(),
            mean,
        }
    }

    /// Log-odds contributions of a row with these parts: each part less its training mean.
    pub(super) fn contributions(&self, intercept: f64, parts: impl Iterator<Item = f64>) -> Contributions {
        Contributions {
            base: intercept + self.mean.iter().sum::<f64>(),
            values: parts.zip(&self.mean).map(|(part, mean)| part - mean).collect(),
            scale: ScoreScale::LogOdds,
        }
    }

    /// The parts' standard deviations, made to sum to 1.
    pub(super) fn importances(&self) -> Vec<f64> {
        shares(&self.deviation)
    }

    /// Whether it is sound for a model of this width.
    pub(super) fn sound(&self, width: usize) -> bool {
        self.mean.len() == width
            && self.deviation.len() == width
            && self.mean.iter().all(|v| bounded(*v))
            && self.deviation.iter().all(|v| bounded(*v) && *v >= 0.0)
    }
}

/// Whether a coefficient is finite, and small enough that its product with any `f32`, summed over features, is too.
pub(super) fn bounded(value: f64) -> bool {
    value.abs() <= 1e200
}

/// Values that are not negative, divided by their sum; all 0 if the sum is 0.
pub(super) fn shares(values: &[f64]) -> Vec<f64> {
    let total: f64 = values.iter().sum();
    if total > 0.0 && total.is_finite() {
        values.iter().map(|v| v / total).collect()
    } else {
        vec![0.0; values.len()]
    }
}
