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

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from `low` to `high`, close together.
    fn grid(low: f32, high: f32) -> impl Iterator<Item = f32> {
        const STEPS: u16 = 50_000;
        (0..=STEPS).map(move |step| low + (high - low) * (f32::from(step) / f32::from(STEPS)))
    }

    fn relative_error(found: f32, exact: f64) -> f64 {
        (f64::from(found) - exact).abs() / exact
    }

    fn derived(margins: &[f32], targets: &[f32], weights: Option<&[f32]>) -> (Vec<Derivatives>, (f64, f64)) {
        let mut out = vec![Derivatives::default(); margins.len()];
        let sums = derive(margins, targets, weights, &mut out);
        (out, sums)
    }

    #[test]
    fn the_exponential_is_right_to_1e_minus_7_of_itself() {
        let worst = grid(-87.0, 88.0)
            .chain(grid(-1.0, 1.0))
            .map(|x| relative_error(exp(x), f64::from(x).exp()))
            .fold(0.0, f64::max);
        assert!(worst < 1e-7, "{worst}");
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn beyond_its_range_the_exponential_stays_at_the_end() {
        for x in [88.0, 88.5, 1e9, f32::MAX, f32::INFINITY] {
            assert_eq!(exp(x), exp(88.0), "{x}");
        }
        for x in [-87.0, -87.5, -1e9, f32::MIN, f32::NEG_INFINITY] {
            assert_eq!(exp(x), exp(-87.0), "{x}");
        }
        assert!(exp(88.0).is_finite() && exp(-87.0).is_normal());
    }

    #[test]
    fn probabilities_are_right_to_2e_minus_7_of_themselves() {
        let worst = grid(-87.0, 87.0)
            .chain(grid(-8.0, 8.0))
            .map(|x| relative_error(logistic(x), 1.0 / (1.0 + (-f64::from(x)).exp())))
            .fold(0.0, f64::max);
        assert!(worst < 2e-7, "{worst}");
        assert_eq!(logistic(0.0), 0.5);
    }

    #[test]
    fn the_surest_scores_have_probabilities_too() {
        for x in [100.0, 1e9, f32::MAX] {
            assert_eq!(logistic(x), 1.0);
            assert!(logistic(-x) > 0.0 && logistic(-x) < 1e-37);
        }
    }

    #[test]
    fn derivatives_are_those_of_the_log_loss() {
        let loss = |x: f64, y: f64| (1.0 + x.exp()).ln() - y * x;
        for target in [0.0f32, 1.0] {
            for margin in grid(-8.0, 8.0).step_by(500) {
                let (out, _) = derived(&[margin], &[target], None);
                let (x, y, step) = (f64::from(margin), f64::from(target), 1e-3);
                let [below, at, above] = [x - step, x, x + step].map(|x| loss(x, y));
                let (first, second) = (
                    (above - below) / (2.0 * step),
                    (above - 2.0 * at + below) / (step * step),
                );
                assert!((f64::from(out[0].gradient) - first).abs() < 2e-7, "{margin} {target}");
                assert!((f64::from(out[0].hessian) - second).abs() < 2e-7, "{margin} {target}");
            }
        }
    }

    #[test]
    fn a_sure_row_keeps_a_trace_of_weight() {
        let (out, _) = derived(&[1000.0, -1000.0], &[1.0, 1.0], Some(&[2.0, 2.0]));
        assert_eq!(out.iter().map(|d| d.hessian).collect::<Vec<_>>(), [2e-16, 2e-16]);
        assert_eq!((out[0].gradient, out[1].gradient), (0.0, -2.0));
    }

    #[test]
    fn every_row_is_derived_and_summed_whatever_their_number() {
        for rows in [0, 1, 7, 8, 9, 21] {
            let margins: Vec<f32> = (0..rows).map(|row| row as f32 / 4.0 - 2.0).collect();
            let targets: Vec<f32> = (0..rows).map(|row| (row % 3 % 2) as f32).collect();
            let weights: Vec<f32> = (0..rows).map(|row| row as f32 / 2.0 + 0.5).collect();
            let (out, sums) = derived(&margins, &targets, Some(&weights));
            let (mut gradients, mut hessians) = (0.0, 0.0);
            for row in 0..rows {
                let (alone, _) = derived(&margins[row..=row], &targets[row..=row], None);
                assert_eq!(out[row].gradient, alone[0].gradient * weights[row]);
                assert_eq!(out[row].hessian, alone[0].hessian * weights[row]);
                gradients += f64::from(out[row].gradient.abs());
                hessians += f64::from(out[row].hessian);
            }
            assert!(
                (sums.0 - gradients).abs() < 1e-12 && (sums.1 - hessians).abs() < 1e-12,
                "{rows}"
            );
        }
    }
}
