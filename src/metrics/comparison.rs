//! Owns the comparison of two models on the same rows: the paired bootstrap of a metric, and McNemar's test.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::MetricError;
use super::registry::{Metric, named_metric};
use super::scores::Scored;
use crate::cancel::{CancelToken, Cancelled};

/// Two models' scores of the same rows.
#[derive(Clone, Copy, Debug)]
pub struct Paired<'a> {
    /// P(malicious) by model A, one a row.
    pub a: &'a [f64],
    /// P(malicious) by model B, one a row.
    pub b: &'a [f64],
    /// True for malicious, one a row.
    pub labels: &'a [bool],
    /// A's threshold, for metrics that use one.
    pub threshold_a: f64,
    /// B's threshold.
    pub threshold_b: f64,
    /// Rows of one group are drawn together: give the hashes of the feature vectors where copies of a row are no
    /// independent evidence.
    pub groups: Option<&'a [u64]>,
}

/// How the bootstrap is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapOptions {
    /// Resamples, 100 to 1,000,000.
    pub resamples: usize,
    /// Confidence of the interval, between 0 and 1.
    pub level: f64,
    /// Seed of all draws.
    pub seed: u64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self {
            resamples: 2000,
            level: 0.90,
            seed: 0,
        }
    }
}

/// The difference of a metric between two models, with its uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The metric's name.
    pub metric: String,
    /// A's value on the rows as they are.
    pub a: f64,
    /// B's value on the rows as they are.
    pub b: f64,
    /// `b - a`, whichever way the metric points.
    pub difference: f64,
    /// Lower end of the interval of `b - a`.
    pub low: f64,
    /// Upper end of the interval of `b - a`.
    pub high: f64,
    /// Confidence of the interval.
    pub level: f64,
    /// Share of resamples in which B is better, equal values counting half; for a loss, better is less.
    pub probability_b_better: f64,
    /// B is better, and the whole interval says so.
    pub b_is_better: bool,
    /// A is better, and the whole interval says so.
    pub a_is_better: bool,
    /// Resamples in which the metric had a value for both.
    pub resamples: usize,
    /// Rows compared.
    pub rows: usize,
}

/// [`bootstrap_difference_of`] the metric of that name.
///
/// # Errors
/// An unknown metric, and those of [`bootstrap_difference_of`].
pub fn bootstrap_difference(
    metric: &str,
    paired: &Paired<'_>,
    options: &BootstrapOptions,
    cancel: &CancelToken,
) -> Result<Difference, MetricError> {
    bootstrap_difference_of(named_metric(metric)?, paired, options, cancel)
}

/// Bootstraps the difference of a metric between two models: rows (or groups) are drawn with replacement, both models
/// are measured on the same draw, and the interval is the percentile interval of the differences (Efron and Tibshirani
/// 1993, ch. 13). Runs on the current rayon pool; each resample has its own random stream, so that the number of
/// threads does not change the result.
///
/// # Errors
/// Rows that cannot be measured (see [`Scored::new`]), an option out of range, a threshold that is not a number, a metric
/// that has no value on these rows, or cancellation.
pub fn bootstrap_difference_of(
    metric: &Metric,
    paired: &Paired<'_>,
    options: &BootstrapOptions,
    cancel: &CancelToken,
) -> Result<Difference, MetricError> {
    check(paired, options)?;
    let scored_a = Scored::new(paired.a, paired.labels)?;
    let scored_b = Scored::new(paired.b, paired.labels)?;
    let undefined = MetricError::Undefined { metric: metric.name };
    let a = (metric.compute)(&scored_a, paired.threshold_a).ok_or_else(|| undefined.clone())?;
    let b = (metric.compute)(&scored_b, paired.threshold_b).ok_or_else(|| undefined.clone())?;
    let resampler = Resampler::new(paired);
    let differences: Vec<Option<f64>> = (0..options.resamples as u64)
        .into_par_iter()
        .map_init(Draw::default, |draw, resample| {
            cancel.check()?;
            resampler.draw(options.seed, resample, draw);
            let a = draw.measure(metric, paired.threshold_a, &resampler.order_a, paired.a, paired.labels);
            let b = draw.measure(metric, paired.threshold_b, &resampler.order_b, paired.b, paired.labels);
            Ok(a.zip(b).map(|(a, b)| b - a))
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut differences: Vec<f64> = differences.into_iter().flatten().collect();
    differences.sort_by(f64::total_cmp);
    let tail = (1.0 - options.level) / 2.0;
    let low = quantile(&differences, tail).ok_or_else(|| undefined.clone())?;
    let high = quantile(&differences, 1.0 - tail).ok_or(undefined)?;
    let better = |d: f64| metric.improvement(0.0, d);
    let wins: f64 = differences
        .iter()
        .map(|&d| {
            if d == 0.0 {
                0.5
            } else {
                f64::from(u8::from(better(d) > 0.0))
            }
        })
        .sum();
    Ok(Difference {
        metric: metric.name.to_owned(),
        a,
        b,
        difference: b - a,
        low,
        high,
        level: options.level,
        probability_b_better: wins / differences.len() as f64,
        b_is_better: better(low) > 0.0 && better(high) > 0.0,
        a_is_better: better(low) < 0.0 && better(high) < 0.0,
        resamples: differences.len(),
        rows: paired.labels.len(),
    })
}

fn check(paired: &Paired<'_>, options: &BootstrapOptions) -> Result<(), MetricError> {
    if let Some(groups) = paired.groups {
        MetricError::same_length(("the groups", groups.len()), ("the labels", paired.labels.len()))?;
    }
    if paired.threshold_a.is_nan() || paired.threshold_b.is_nan() {
        return Err(MetricError::Threshold);
    }
    if !(100..=1_000_000).contains(&options.resamples) {
        let value = options.resamples.to_string();
        return Err(MetricError::Setting {
            name: "bootstrap resamples",
            value,
            expected: "expected 100 to 1000000",
        });
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        let value = options.level.to_string();
        return Err(MetricError::Setting {
            name: "bootstrap level",
            value,
            expected: "expected between 0 and 1",
        });
    }
    Ok(())
}

/// What all resamples share.
struct Resampler {
    /// The unit (row or group) of each row, numbered by first appearance.
    unit: Vec<usize>,
    units: usize,
    /// Rows by falling score of A. Resamples are written in this order, so that ranking metrics find them sorted.
    order_a: Vec<usize>,
    /// Rows by falling score of B.
    order_b: Vec<usize>,
}

impl Resampler {
    fn new(paired: &Paired<'_>) -> Self {
        let rows = paired.labels.len();
        let (unit, units) = match paired.groups {
            None => ((0..rows).collect(), rows),
            Some(groups) => {
                let mut numbers: HashMap<u64, usize> = HashMap::new();
                let unit = groups
                    .iter()
                    .map(|&group| {
                        let next = numbers.len();
                        *numbers.entry(group).or_insert(next)
                    })
                    .collect();
                (unit, numbers.len())
            }
        };
        Self {
            unit,
            units,
            order_a: falling(paired.a),
            order_b: falling(paired.b),
        }
    }

    /// Draws as many units as there are, with replacement.
    fn draw(&self, seed: u64, resample: u64, draw: &mut Draw) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(resample);
        draw.times_unit.clear();
        draw.times_unit.resize(self.units, 0);
        for _ in 0..self.units {
            if let Some(times) = draw.times_unit.get_mut(rng.random_range(0..self.units)) {
                *times += 1;
            }
        }
        draw.times.clear();
        draw.times.extend(
            self.unit
                .iter()
                .map(|&unit| draw.times_unit.get(unit).copied().unwrap_or(0)),
        );
    }
}

/// Row numbers by falling score, equal scores in row order.
fn falling(scores: &[f64]) -> Vec<usize> {
    let mut rows: Vec<(f64, usize)> = scores.iter().map(|score| score + 0.0).zip(0..).collect();
    rows.sort_by(|x, y| y.0.total_cmp(&x.0));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// One resample, and the buffers that the next one uses again.
#[derive(Default)]
struct Draw {
    times_unit: Vec<u32>,
    /// How often each row was drawn.
    times: Vec<u32>,
    scores: Vec<f64>,
    labels: Vec<bool>,
}

impl Draw {
    fn measure(
        &mut self,
        metric: &Metric,
        threshold: f64,
        order: &[usize],
        scores: &[f64],
        labels: &[bool],
    ) -> Option<f64> {
        self.scores.clear();
        self.labels.clear();
        for &row in order {
            let (times, score, label) = (*self.times.get(row)?, *scores.get(row)?, *labels.get(row)?);
            for _ in 0..times {
                self.scores.push(score);
                self.labels.push(label);
            }
        }
        let scored = Scored::new(&self.scores, &self.labels).ok()?;
        (metric.compute)(&scored, threshold)
    }
}

/// The quantile of sorted values by linear interpolation (Hyndman and Fan's type 7, numpy's default).
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

/// McNemar's test of two models' decisions on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Rows that only A decided rightly.
    pub only_a_right: u64,
    /// Rows that only B decided rightly.
    pub only_b_right: u64,
    /// Two-sided exact (binomial) p-value.
    pub exact_p: f64,
    /// Two-sided mid-p value: less conservative, and recommended (Fagerland, Lydersen and Laake 2013).
    pub mid_p: f64,
}

/// McNemar's test of the decisions `score >= threshold` of two models. Without a row on which just one is right, both
/// p-values are 1. Groups are not taken into account: copies of a row count as evidence each.
///
/// # Errors
/// Rows that cannot be measured (see [`Scored::new`]), or a threshold that is not a number.
pub fn mcnemar(paired: &Paired<'_>) -> Result<McNemar, MetricError> {
    if paired.threshold_a.is_nan() || paired.threshold_b.is_nan() {
        return Err(MetricError::Threshold);
    }
    let a = Scored::new(paired.a, paired.labels)?;
    let b = Scored::new(paired.b, paired.labels)?;
    let (mut only_a_right, mut only_b_right) = (0, 0);
    for ((score_a, label), (score_b, _)) in a.pairs().zip(b.pairs()) {
        let right_a = (score_a >= paired.threshold_a) == label;
        let right_b = (score_b >= paired.threshold_b) == label;
        only_a_right += u64::from(right_a && !right_b);
        only_b_right += u64::from(right_b && !right_a);
    }
    let (exact_p, mid_p) = sign_test(only_a_right.min(only_b_right), only_a_right + only_b_right);
    Ok(McNemar {
        only_a_right,
        only_b_right,
        exact_p,
        mid_p,
    })
}

/// Two-sided exact and mid p-values of `k` or fewer of `n` fair coins, `2 k <= n`.
fn sign_test(k: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (1.0, 1.0);
    }
    // The central probability C(n, n/2) / 2^n as a product of ratios near 1, which neither overflows nor loses digits;
    // for an odd n it equals that of n + 1.
    let mut probability: f64 = (1..=n.div_ceil(2))
        .map(|j| (2 * j - 1) as f64 / (2 * j) as f64)
        .product();
    let mut at_k = 0.0;
    let mut below_or_at_k = 0.0;
    // P(i - 1) = P(i) i / (n - i + 1), from the centre down.
    for i in (0..=n / 2).rev() {
        if i == k {
            at_k = probability;
        }
        if i <= k {
            below_or_at_k += probability;
        }
        probability *= i as f64 / (n - i + 1) as f64;
    }
    ((2.0 * below_or_at_k).min(1.0), (2.0 * below_or_at_k - at_k).min(1.0))
}

#[cfg(test)]
mod tests;
