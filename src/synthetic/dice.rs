//! Owns chance: uniform, exponential and log-normal draws that are the same on every platform.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A seeded source of draws.
///
/// `ln` and `exp` of the standard library may differ in the last bit between platforms, and the algorithms of `rand`'s
/// distributions may change between versions; so both are written out here in additions, multiplications and divisions,
/// which IEEE 754 fixes to the bit.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[0, 1)`, 53 bits.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Whether something of this probability happens.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..n`; 0 where `n` is 0. The bias of multiply-and-shift is below `n / 2^32`.
    pub(super) fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(n)) >> 32) as u32
    }

    /// Uniform in `low..=high`; `low` where `high` is less.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below((high.saturating_sub(low)).saturating_add(1))
    }

    /// One of the items, evenly.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T], otherwise: T) -> T {
        items
            .get(self.below(items.len() as u32) as usize)
            .copied()
            .unwrap_or(otherwise)
    }

    /// Mean 0, standard deviation 1, nearly normal: the sum of four uniforms (Irwin-Hall), so within 3.47 of 0.
    pub(super) fn normal(&mut self) -> f64 {
        const SQRT_3: f64 = 1.732_050_807_568_877_2;
        let bits = self.0.next_u64();
        let sum = (0..4).map(|lane| ((bits >> (16 * lane)) & 0xffff) as f64).sum::<f64>();
        ((sum + 2.0) / 65_536.0 - 2.0) * SQRT_3
    }

    /// Nearly log-normal with this median and this standard deviation of the logarithm.
    pub(super) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// The same as a whole number.
    pub(super) fn size(&mut self, median: f64, sigma: f64) -> u64 {
        self.log_normal(median, sigma) as u64
    }

    /// Exponential with this mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -ln(1.0 - self.unit()) * mean
    }
}

/// `e^x` to about 1e-10, for `x` clamped to -300..300: Taylor on `x - k ln 2`, times `2^k`.
fn exp(x: f64) -> f64 {
    let x = if x.is_nan() { 0.0 } else { x.clamp(-300.0, 300.0) };
    let k = (x / std::f64::consts::LN_2 + 0.5).floor();
    let r = x - k * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for n in (1..=10).rev() {
        sum = 1.0 + sum * r / f64::from(n);
    }
    sum * f64::from_bits(((k as i64 + 1023) as u64) << 52)
}

/// Natural logarithm to about 1e-10 of a normal positive number: `2 atanh((m - 1) / (m + 1)) + e ln 2`.
fn ln(x: f64) -> f64 {
    let bits = x.max(f64::MIN_POSITIVE).to_bits();
    let exponent = ((bits >> 52) as i64 - 1023) as f64;
    let mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let mut sum = 0.0;
    for n in (0..=9).rev() {
        sum = sum * s * s + 1.0 / f64::from(2 * n + 1);
    }
    2.0 * s * sum + exponent * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_ln_agree_with_the_standard_library() {
        for i in -2000..=2000 {
            let x = f64::from(i) * 0.01;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-9, "exp({x})");
        }
        for x in [1e-300, 1e-16, 0.001, 0.5, 1.0, 1.999_999, 2.0, 3.0, 1e9] {
            assert!((ln(x) - f64::ln(x)).abs() < 1e-9 * f64::ln(x).abs().max(1.0), "ln({x})");
        }
        assert!(exp(f64::NAN).is_finite() && exp(f64::INFINITY).is_finite());
    }

    #[test]
    fn draws_have_their_moments() {
        let mut dice = Dice::new(1);
        let n = 200_000;
        let (mut sum, mut squares, mut waits, mut ones) = (0.0, 0.0, 0.0, 0);
        for _ in 0..n {
            let z = dice.normal();
            sum += z;
            squares += z * z;
            waits += dice.exponential(3.0);
            ones += u32::from(dice.chance(0.25));
            let d = dice.between(10, 12);
            assert!((10..=12).contains(&d));
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.01 && (squares / n - 1.0).abs() < 0.01);
        assert!((waits / n - 3.0).abs() < 0.03);
        assert!((f64::from(ones) / n - 0.25).abs() < 0.005);
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.between(7, 3), 7);
        assert_eq!(dice.pick(&[], 9), 9);
    }
}
