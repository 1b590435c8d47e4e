//! Owns scaling: standard, min-max and robust, fitted on training values.

use serde::{Deserialize, Serialize};

use super::numeric::mean_and_deviation;
use super::wants::Scaling;

/// A fitted scaling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Scale {
    /// x
    None,
    /// (x - center) / divisor: standard and robust scaling.
    Linear {
        /// Mean or median.
        center: f64,
        /// Standard deviation or interquartile range, above 0.
        divisor: f64,
    },
    /// (x - low) / (high - low), clipped to 0..1.
    Range {
        /// Smallest training value.
        low: f64,
        /// Largest training value, above `low`.
        high: f64,
    },
    /// 0 for every value: the training values were all the same.
    Zero,
}

impl Scale {
    /// Fits on training values; NaN (missing) is passed over, as scikit-learn does. Values of one constant give
    /// [`Scale::Zero`]. Where the interquartile range is 0 although values differ, robust scaling divides by the
    /// standard deviation (scikit-learn divides by 1, which leaves a byte count of 1e9 as it is).
    pub(super) fn fit(scaling: Scaling, values: &[f64]) -> Self {
        if scaling == Scaling::None {
            return Self::None;
        }
        let mut sorted: Vec<f64> = Vec::new();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &x in values.iter().filter(|x| !x.is_nan()) {
            low = low.min(x);
            high = high.max(x);
            if scaling == Scaling::Robust {
                sorted.push(x);
            }
        }
        let Some((mean, deviation)) = mean_and_deviation(values) else {
            return Self::Zero;
        };
        // `low < high` with a deviation of 0: differences too small to square.
        if low >= high || deviation <= 0.0 {
            return Self::Zero;
        }
        match scaling {
            Scaling::None => Self::None,
            Scaling::Standard => Self::Linear {
                center: mean,
                divisor: deviation,
            },
            Scaling::MinMax => Self::Range { low, high },
            Scaling::Robust => {
                sorted.sort_unstable_by(f64::total_cmp);
                let spread = quantile(&sorted, 0.75) - quantile(&sorted, 0.25);
                Self::Linear {
                    center: quantile(&sorted, 0.5),
                    divisor: if spread > 0.0 { spread } else { deviation },
                }
            }
        }
    }

    /// Scales one number; NaN stays NaN.
    #[inline]
    pub fn apply(&self, x: f64) -> f64 {
        match *self {
            Self::None => x,
            Self::Linear { center, divisor } => (x - center) / divisor,
            Self::Range { low, high } => ((x - low) / (high - low)).clamp(0.0, 1.0),
            Self::Zero if x.is_nan() => x,
            Self::Zero => 0.0,
        }
    }

    /// Whether the numbers in it make sense.
    pub(super) fn is_sound(&self) -> bool {
        match *self {
            Self::None | Self::Zero => true,
            Self::Linear { center, divisor } => center.is_finite() && divisor.is_finite() && divisor > 0.0,
            Self::Range { low, high } => low.is_finite() && high.is_finite() && (high - low).is_finite() && high > low,
        }
    }
}

/// The q-quantile of sorted values with linear interpolation, bit for bit numpy's default. 0 for no values.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let position = last as f64 * q;
    let below = position.floor();
    let t = position - below;
    let a = sorted[(below as usize).min(last)];
    let b = sorted[(below as usize + 1).min(last)];
    if t >= 0.5 {
        b - (b - a) * (1.0 - t)
    } else {
        a + (b - a) * t
    }
}
