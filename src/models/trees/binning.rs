//! Owns the bins of a column: where their edges lie, and which bin a value falls in.
//!
//! A numeric column with at most [`MOST_BINS`] distinct values gets one bin each, so nothing is lost; with more, bins
//! of about equal frequency. A categorical column gets one bin a code, the rarest codes sharing one where there are
//! too many. Missing values have a bin of their own, the last.

use super::table::ColumnKind;

/// Bins of a column, the one for missing values not counted.
pub(super) const MOST_BINS: usize = 255;

/// Rows whose values decide the edges; of more, evenly spaced ones (as LightGBM's `bin_construct_sample_cnt`).
const SAMPLE_ROWS: usize = 200_000;

/// Distinct values up to which a column is not sorted.
const FEW: usize = 16;

/// The bins of one column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ColumnBins {
    /// How values fall into bins.
    pub rule: BinRule,
    /// Bins of values.
    pub values: usize,
    /// The bin of missing values, if training rows had any.
    pub missing: Option<u8>,
}

/// How values fall into bins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum BinRule {
    /// A value's bin is the number of edges below it. Ascending; one fewer than bins.
    Numeric {
        /// `x <= edges[b]` is what a split after bin `b` asks, in training and in prediction.
        edges: Vec<f32>,
    },
    /// The bin of each code.
    Categorical {
        /// One a code.
        bin_of: Vec<u8>,
    },
}

impl ColumnBins {
    /// Bins in all.
    pub fn total(&self) -> usize {
        self.values + usize::from(self.missing.is_some())
    }

    /// Learns the bins of a column from its values.
    pub fn learn(kind: ColumnKind, values: impl ExactSizeIterator<Item = f32> + Clone, most: usize) -> Self {
        let missing = values.clone().any(|v| kind.is_missing(v));
        let (rule, bins) = match kind {
            ColumnKind::Numeric => {
                let edges = few_distinct(values.clone(), most).map_or_else(
                    || quantile_edges(&distinct(values), most),
                    |few| few.windows(2).map(|pair| between(pair[0], pair[1])).collect(),
                );
                let bins = edges.len() + 1;
                (BinRule::Numeric { edges }, bins)
            }
            ColumnKind::Categorical { cardinality } => {
                let (bin_of, bins) = category_bins(values, cardinality as usize, most);
                (BinRule::Categorical { bin_of }, bins)
            }
        };
        Self {
            rule,
            values: bins,
            missing: missing.then_some(bins as u8),
        }
    }

    /// The bins of a run of the values it was learned from, written over `out`.
    pub fn assign(&self, values: impl Iterator<Item = f32>, out: &mut [u8]) {
        let missing = self.missing.unwrap_or(0);
        match &self.rule {
            BinRule::Numeric { edges } if edges.len() <= FEW => {
                for (bin, value) in out.iter_mut().zip(values) {
                    let value = finite(value);
                    let below = edges.iter().map(|e| u8::from(value > *e)).sum();
                    *bin = if value.is_nan() { missing } else { below };
                }
            }
            BinRule::Numeric { edges } => {
                // Padded to 255 edges, eight halvings find the place without a branch.
                let mut padded = [f32::INFINITY; MOST_BINS + 1];
                padded[..edges.len()].copy_from_slice(edges);
                for (bin, value) in out.iter_mut().zip(values) {
                    let value = finite(value);
                    let mut at = 0usize;
                    for half in [128, 64, 32, 16, 8, 4, 2, 1] {
                        at += if value > padded[(at + half - 1) & MOST_BINS] {
                            half
                        } else {
                            0
                        };
                    }
                    *bin = if value.is_nan() { missing } else { at as u8 };
                }
            }
            BinRule::Categorical { bin_of } => {
                for (bin, value) in out.iter_mut().zip(values) {
                    *bin = code(value, bin_of.len()).map_or(missing, |c| bin_of[c]);
                }
            }
        }
    }
}

/// An infinity becomes the largest finite number of its sign; NaN stays.
pub(super) fn finite(value: f32) -> f32 {
    value.clamp(f32::MIN, f32::MAX)
}

/// The code that a value of a categorical column stands for, if it is one.
pub(super) fn code(value: f32, codes: usize) -> Option<usize> {
    let code = value as usize;
    (code as f32 == value && code < codes).then_some(code)
}

/// A number from `low` up to but not `high`: the middle, rounded down so that no `f32` changes sides.
fn between(low: f32, high: f32) -> f32 {
    let middle = f64::midpoint(f64::from(low), f64::from(high));
    let rounded = middle as f32;
    let down = if f64::from(rounded) > middle {
        rounded.next_down()
    } else {
        rounded
    };
    if down < high { down.max(low) } else { low }
}

/// The distinct values, ascending, if they are few.
fn few_distinct(values: impl Iterator<Item = f32>, most: usize) -> Option<Vec<f32>> {
    let mut seen: Vec<f32> = Vec::with_capacity(FEW + 1);
    for value in values {
        let value = finite(value);
        if value.is_nan() || seen.contains(&value) {
            continue;
        }
        if seen.len() == FEW.min(most) {
            return None;
        }
        seen.push(value);
    }
    seen.sort_by(f32::total_cmp);
    Some(seen)
}

/// Distinct values, ascending, with the number of sampled rows of each.
fn distinct(values: impl ExactSizeIterator<Item = f32>) -> Vec<(f32, usize)> {
    let step = values.len().div_ceil(SAMPLE_ROWS).max(1);
    let mut keys: Vec<u32> = values.step_by(step).filter(|v| !v.is_nan()).map(order_key).collect();
    keys.sort_unstable();
    let mut counted: Vec<(f32, usize)> = Vec::new();
    for run in keys.chunk_by(|a, b| a == b) {
        counted.push((from_order_key(run[0]), run.len()));
    }
    counted
}

/// A whole number that orders as the value does. Zero has one key, whatever its sign.
fn order_key(value: f32) -> u32 {
    let bits = (finite(value) + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn from_order_key(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

/// Edges between bins of about equal frequency; a value more frequent than a bin's share gets a bin of its own.
fn quantile_edges(counted: &[(f32, usize)], most: usize) -> Vec<f32> {
    if counted.len() <= most {
        return counted.windows(2).map(|pair| between(pair[0].0, pair[1].0)).collect();
    }
    let mut rows_left: usize = counted.iter().map(|(_, n)| n).sum();
    let heavy = rows_left as f64 / most as f64;
    let is_heavy = |n: usize| n as f64 >= heavy;
    let mut bins_left = most;
    for (_, n) in counted.iter().filter(|(_, n)| is_heavy(*n)) {
        rows_left -= n;
        bins_left -= 1;
    }
    // What light values share, with what is left of rows and bins as edges are set.
    let mut share = rows_left as f64 / bins_left.max(1) as f64;
    let mut edges = Vec::with_capacity(most);
    let mut filled = 0usize;
    for pair in counted.windows(2) {
        let ((value, n), (next, next_n)) = (pair[0], pair[1]);
        filled += n;
        let alone = is_heavy(n);
        if !alone {
            rows_left -= n;
        }
        let full = filled as f64 >= share;
        let before_heavy = is_heavy(next_n) && filled as f64 >= (share / 2.0).max(1.0);
        if edges.len() + 1 < most && (alone || full || before_heavy) {
            edges.push(between(value, next));
            filled = 0;
            if !alone {
                bins_left = bins_left.saturating_sub(1);
                share = rows_left as f64 / bins_left.max(1) as f64;
            }
        }
    }
    edges
}

/// The bin of each code, and how many bins there are. With more codes than bins the rarest share the last one.
fn category_bins(values: impl Iterator<Item = f32>, codes: usize, most: usize) -> (Vec<u8>, usize) {
    if codes <= most {
        return ((0..codes).map(|c| c as u8).collect(), codes.max(1));
    }
    let mut rows = vec![0usize; codes];
    for found in values.filter_map(|v| code(v, codes)) {
        rows[found] += 1;
    }
    let mut by_rows: Vec<usize> = (0..codes).collect();
    by_rows.sort_by_key(|c| (std::cmp::Reverse(rows[*c]), *c));
    let mut bin_of = vec![(most - 1) as u8; codes];
    for (bin, found) in by_rows.into_iter().take(most - 1).enumerate() {
        bin_of[found] = bin as u8;
    }
    (bin_of, most)
}

#[cfg(test)]
mod tests;
