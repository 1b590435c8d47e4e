//! Owns the log loss: gradients and hessians of all rows, with an exponential that the compiler can vectorise.

/// First and second derivative of the loss by a row's log-odds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Derivatives {
    /// weight x (p - y).
    pub gradient: f32,
    /// weight x p (1 - p).
    pub hessian: f32,
}

/// Rows summed side by side: a fixed order that needs no chain of additions.
const LANES: usize = 8;

/// The smallest hessian: rows that are sure keep a trace of weight.
const LEAST_HESSIAN: f32 = 1e-16;

/// Derivatives of every row; `targets` are 0 or 1. Answers the sums of |gradient| and hessian.
pub(super) fn derive(margins: &[f32], targets: &[f32], weights: Option<&[f32]>, out: &mut [Derivatives]) -> (f64, f64) {
    let (mut gradients, mut hessians) = ([0f64; LANES], [0f64; LANES]);
    let mut p = [0f32; LANES];
    for (at, out) in out.chunks_mut(LANES).enumerate() {
        let rows = at * LANES..at * LANES + out.len();
        for (p, margin) in p.iter_mut().zip(&margins[rows.clone()]) {
            *p = logistic(*margin);
        }
        for (lane, (out, row)) in out.iter_mut().zip(rows).enumerate() {
            let weight = weights.map_or(1.0, |w| w[row]);
            *out = Derivatives {
                gradient: (p[lane] - targets[row]) * weight,
                hessian: (p[lane] * (1.0 - p[lane])).max(LEAST_HESSIAN) * weight,
            };
            gradients[lane] += f64::from(out.gradient.abs());
            hessians[lane] += f64::from(out.hessian);
        }
    }
    (gradients.iter().sum(), hessians.iter().sum())
}

/// 1 / (1 + e^-x) to about 2e-7.
#[inline]
fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// e^x to about 1e-7 of itself, for -87 to 88; beyond, the value at the end. No branch, no table.
///
/// x = k ln 2 + r with |r| <= ln 2 / 2; e^r is its Taylor polynomial of degree 7, 2^k is put into the exponent bits.
#[inline]
fn exp(x: f32) -> f32 {
    /// Adding it leaves the nearest whole number in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = x - k * LN_2_HIGH - k * LN_2_LOW;
    let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0)));
    let e_r = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)));
    let power = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    e_r * f32::from_bits(power)
}
