//! Owns numbers before scaling: their bounds, the signed logarithm and square root, and the skewness that calls for
//! the former.

use serde::{Deserialize, Serialize};

use super::settings::NumericTransform;
use super::wants::Scaling;

/// Numbers are clamped to the range of `f32` when read, so that sums of squares and cubes stay finite in `f64`.
pub(super) const LARGEST: f64 = f32::MAX as f64;

/// Skewness beyond which `auto` takes the logarithm.
const SKEWED: f64 = 2.0;

/// The transform chosen for a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// x
    Identity,
    /// sign(x) ln(1 + |x|)
    Log1p,
    /// sign(x) sqrt(|x|)
    SquareRoot,
}

impl Shape {
    /// Chooses for training values, in which NaN stands for missing.
    pub(super) fn choose(setting: NumericTransform, scaling: Scaling, values: &[f64]) -> Self {
        let skewed = || scaling != Scaling::None && skewness(values).abs() > SKEWED;
        match setting {
            NumericTransform::Log1p => Self::Log1p,
            NumericTransform::SquareRoot => Self::SquareRoot,
            NumericTransform::Auto if skewed() => Self::Log1p,
            NumericTransform::Auto | NumericTransform::None => Self::Identity,
        }
    }

    /// Transforms one number; NaN stays NaN.
    #[inline]
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Identity => x,
            Self::Log1p => x.abs().ln_1p().copysign(x),
            Self::SquareRoot => x.abs().sqrt().copysign(x),
        }
    }
}

/// A number as it enters: infinities and NaN count as missing (NaN), the rest is clamped to ±[`LARGEST`].
#[inline]
pub(super) fn admit(x: f64) -> f64 {
    if x.is_finite() {
        x.clamp(-LARGEST, LARGEST)
    } else {
        f64::NAN
    }
}

/// A number as it leaves: clamped to the finite range of `f32`; NaN stays NaN.
#[inline]
pub(super) fn narrow(x: f64) -> f32 {
    x.clamp(-LARGEST, LARGEST) as f32
}

/// Mean of the values that are not NaN; `None` if there are none.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0usize);
    for &x in values.iter().filter(|x| !x.is_nan()) {
        sum += x;
        n += 1;
    }
    (n > 0).then(|| sum / n as f64)
}

/// Mean and population standard deviation of the values that are not NaN.
pub(super) fn mean_and_deviation(values: &[f64]) -> Option<(f64, f64)> {
    let mean = mean(values)?;
    let (mut sum, mut n) = (0.0, 0usize);
    for &x in values.iter().filter(|x| !x.is_nan()) {
        sum += (x - mean) * (x - mean);
        n += 1;
    }
    Some((mean, (sum / n as f64).sqrt()))
}

/// Population skewness m3 / m2^1.5 (scipy.stats.skew with its defaults) of the values that are not NaN; 0 for
/// constants and for no values.
pub(super) fn skewness(values: &[f64]) -> f64 {
    let Some((mean, deviation)) = mean_and_deviation(values) else {
        return 0.0;
    };
    if deviation == 0.0 {
        return 0.0;
    }
    let (mut sum, mut n) = (0.0, 0usize);
    for &x in values.iter().filter(|x| !x.is_nan()) {
        let z = (x - mean) / deviation;
        sum += z * z * z;
        n += 1;
    }
    sum / n as f64
}
