//! Owns feature selection on training rows: what never varies, what repeats an earlier feature, and the best k.

use std::ops::Range;

use polars::prelude::DataFrame;

use super::encode::Encoding;
use super::error::TransformError;
use super::plan::Plan;
use super::settings::{FeatureRanking, TransformSettings};
use super::step::{DropReason, Dropped, Fitted, Step};

/// Cells of a matrix chunk while fitting.
const CHUNK_CELLS: usize = 4 << 20;
/// Rows that correlation and ranking look at, at most: evenly spaced training rows.
const SAMPLE_ROWS: usize = 20_000;
/// Cells they keep, at most.
const SAMPLE_CELLS: usize = 20 << 20;
/// Features that can be compared pair by pair.
const MOST_COMPARED: usize = 5_000;
/// Multiplications spent on comparing pairs, about.
const PAIR_BUDGET: usize = 10_000_000_000;
/// Bins of a number for mutual information.
const BINS: usize = 10;

/// Chooses the features to leave out, ascending. Features that are the same in every training row always go, with one
/// exception: the `(other)` of a one-hot column stays beside its categories, so that a category unseen in training is
/// told from them. Then come `correlation_limit` and `top_k`, if they are set.
pub(super) fn select(
    fitted: &Fitted,
    frame: &DataFrame,
    labels: &[bool],
    settings: &TransformSettings,
) -> Result<Vec<Dropped>, TransformError> {
    let training = Training::read(fitted, frame, labels, settings)?;
    let mut reasons: Vec<Option<DropReason>> = training
        .spreads
        .iter()
        .map(|s| s.is_constant().then_some(DropReason::Constant))
        .collect();
    let others = one_hot_ranges(fitted);
    for range in &others {
        let other = range.end - 1;
        if reasons[range.start..other].iter().any(Option::is_none) {
            reasons[other] = None;
        }
    }
    if let Some(limit) = settings.correlation_limit {
        drop_correlated(&training.sample, limit, &mut reasons)?;
    }
    if let Some(k) = settings.top_k {
        drop_below_top(&training, k, settings.rank_features_by, &mut reasons);
    }
    for range in &others {
        let other = range.end - 1;
        if training.spreads[other].is_constant() && reasons[range.start..other].iter().all(Option::is_some) {
            reasons[other] = Some(DropReason::Constant);
        }
    }
    if reasons.iter().all(Option::is_some) {
        return Err(TransformError::NoFeatures { rows: labels.len() });
    }
    let dropped = reasons
        .into_iter()
        .zip(0..)
        .filter_map(|(reason, feature)| reason.map(|reason| Dropped { feature, reason }));
    Ok(dropped.collect())
}

/// The features of each one-hot step; the last of a range is its `(other)`.
fn one_hot_ranges(fitted: &Fitted) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for step in fitted.columns.iter().flat_map(|c| &c.steps) {
        let end = start + step.width();
        if matches!(step, Step::Category(c) if c.encoding == Encoding::OneHot) {
            ranges.push(start..end);
        }
        start = end;
    }
    ranges
}

/// What selection knows of the training rows.
struct Training {
    spreads: Vec<Spread>,
    /// Sampled values, feature by feature; empty unless a setting needs them.
    sample: Vec<Vec<f32>>,
    /// Labels of the sampled rows.
    labels: Vec<bool>,
}

impl Training {
    fn read(
        fitted: &Fitted,
        frame: &DataFrame,
        labels: &[bool],
        settings: &TransformSettings,
    ) -> Result<Self, TransformError> {
        let width = fitted.width().max(1);
        let rows = frame.height();
        let mut kept = 0;
        if settings.correlation_limit.is_some() || settings.top_k.is_some() {
            kept = rows.min(SAMPLE_ROWS).min((SAMPLE_CELLS / width).max(1));
        }
        if settings.correlation_limit.is_some() {
            if width > MOST_COMPARED {
                return Err(TransformError::Setting {
                    key: "correlation_limit",
                    expected: "empty where the columns give more than 5,000 features",
                });
            }
            kept = kept.min(PAIR_BUDGET / (width * width));
        }
        let mut training = Self {
            spreads: vec![Spread::default(); fitted.width()],
            sample: vec![Vec::with_capacity(kept); if kept > 0 { fitted.width() } else { 0 }],
            labels: Vec::with_capacity(kept),
        };
        let plan = Plan::new(fitted);
        let chunk = (CHUNK_CELLS / width).clamp(1, 16_384);
        let mut next = 0;
        for start in (0..rows).step_by(chunk) {
            let matrix = plan.run(fitted, &frame.slice(start as i64, chunk))?;
            for (at, row) in matrix.values.outer_iter().enumerate() {
                for (spread, &value) in training.spreads.iter_mut().zip(row) {
                    spread.add(value);
                }
                if next < kept && start + at == next * rows / kept {
                    next += 1;
                    training.labels.push(labels.get(start + at).copied().unwrap_or(false));
                    for (column, &value) in training.sample.iter_mut().zip(row) {
                        column.push(value);
                    }
                }
            }
        }
        Ok(training)
    }
}

/// Whether a feature varies.
#[derive(Clone, Copy)]
struct Spread {
    low: f32,
    high: f32,
    missing: bool,
    present: bool,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            missing: false,
            present: false,
        }
    }
}

impl Spread {
    fn add(&mut self, value: f32) {
        if value.is_nan() {
            self.missing = true;
        } else {
            self.present = true;
            self.low = self.low.min(value);
            self.high = self.high.max(value);
        }
    }

    /// One value throughout, where missing counts as a value.
    fn is_constant(self) -> bool {
        !self.present || (self.low >= self.high && !self.missing)
    }
}

/// Drops each feature whose correlation with an earlier one that stays is beyond the limit.
fn drop_correlated(sample: &[Vec<f32>], limit: f64, reasons: &mut [Option<DropReason>]) -> Result<(), TransformError> {
    if reasons.len() != sample.len() {
        return Err(TransformError::Internal {
            reason: "a feature was not sampled".to_owned(),
        });
    }
    let mut kept: Vec<Vec<f32>> = Vec::new();
    for (column, reason) in sample.iter().zip(reasons) {
        if reason.is_some() {
            continue;
        }
        let unit = unit_vector(column);
        if kept.iter().any(|earlier| dot(earlier, &unit).abs() > limit) {
            *reason = Some(DropReason::Correlated);
        } else {
            kept.push(unit);
        }
    }
    Ok(())
}

/// Centred and scaled to length 1, so that a product of two is their Pearson correlation; missing values count as the
/// mean, constants become zeros.
fn unit_vector(values: &[f32]) -> Vec<f32> {
    let wide: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
    let mean = super::numeric::mean(&wide).unwrap_or(0.0);
    let centred = |v: f64| if v.is_nan() { 0.0 } else { v - mean };
    let length = wide.iter().map(|&v| centred(v) * centred(v)).sum::<f64>().sqrt();
    if length > 0.0 {
        wide.iter().map(|&v| (centred(v) / length) as f32).collect()
    } else {
        vec![0.0; values.len()]
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}

/// Drops all but the best `k`; of equals the earlier stays.
fn drop_below_top(training: &Training, k: usize, by: FeatureRanking, reasons: &mut [Option<DropReason>]) {
    let label: Vec<f32> = training.labels.iter().map(|&m| f32::from(u8::from(m))).collect();
    let label = unit_vector(&label);
    let mut ranked: Vec<(f64, usize)> = Vec::new();
    for (at, column) in training
        .sample
        .iter()
        .enumerate()
        .filter(|(at, _)| reasons[*at].is_none())
    {
        let score = match by {
            FeatureRanking::MutualInformation => mutual_information(column, &training.labels),
            FeatureRanking::Correlation => dot(&unit_vector(column), &label).abs(),
        };
        ranked.push((score, at));
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for &(_, at) in ranked.iter().skip(k) {
        reasons[at] = Some(DropReason::Ranked);
    }
}

/// Mutual information with the label in nats, at least 0. More than ten distinct values are put into ten bins of
/// equal frequency (fewer where values tie); missing is a bin of its own.
pub(super) fn mutual_information(values: &[f32], labels: &[bool]) -> f64 {
    let edges = bin_edges(values);
    let mut counts = vec![[0usize; 2]; edges.len() + 2];
    let missing = edges.len() + 1;
    for (&value, &label) in values.iter().zip(labels) {
        let bin = if value.is_nan() {
            missing
        } else {
            edges.partition_point(|&e| e < value)
        };
        counts[bin][usize::from(label)] += 1;
    }
    let n = values.len().min(labels.len()) as f64;
    let of_label = [0, 1].map(|l| counts.iter().map(|c| c[l]).sum::<usize>() as f64);
    let mut sum = 0.0;
    for bin in &counts {
        let of_bin = (bin[0] + bin[1]) as f64;
        for label in [0, 1] {
            let both = bin[label] as f64;
            if both > 0.0 {
                sum += both / n * (both * n / (of_bin * of_label[label])).ln();
            }
        }
    }
    sum.max(0.0)
}

/// Upper ends of the bins, ascending; a value belongs to the first that is not below it.
fn bin_edges(values: &[f32]) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let mut edges = sorted.clone();
    edges.dedup();
    if edges.len() > BINS {
        edges = (1..BINS).map(|i| sorted[i * sorted.len() / BINS]).collect();
        edges.dedup();
    }
    edges
}
