//! Owns exact count, mean and standard deviation of a stream of numbers.

/// Count, mean and sum of squared deviations, merged batch by batch (Chan, Golub & LeVeque 1983).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    /// Numbers seen.
    pub(crate) n: u64,
    /// Their mean.
    pub(crate) mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds finite numbers; others are left out.
    pub(crate) fn add(&mut self, values: impl Iterator<Item = f64> + Clone) {
        let finite = values.filter(|v| v.is_finite());
        let (count, sum) = finite.clone().fold((0_u64, 0.0_f64), |(n, sum), v| (n + 1, sum + v));
        if count == 0 {
            return;
        }
        let n = count as f64;
        let mean = if sum.is_finite() {
            sum / n
        } else {
            finite.clone().fold(0.0, |all, v| all + v / n)
        };
        let squares = finite.fold(0.0_f64, |all, v| all + (v - mean) * (v - mean));
        if self.n == 0 {
            *self = Self {
                n: count,
                mean,
                squares,
            };
            return;
        }
        let (before, total) = (self.n as f64, (self.n + count) as f64);
        let delta = mean - self.mean;
        self.squares += squares + delta * delta * (before * n / total);
        self.mean = self.mean * (before / total) + mean * (n / total);
        self.n += count;
    }

    /// Standard deviation (of the population); 0 for fewer than two numbers, the largest finite number where the sum
    /// of squares overflows.
    pub(crate) fn sd(&self) -> f64 {
        if self.n < 2 {
            return 0.0;
        }
        let variance = self.squares.max(0.0) / self.n as f64;
        if variance.is_finite() {
            variance.sqrt()
        } else {
            f64::MAX
        }
    }
}
