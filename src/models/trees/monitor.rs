//! Owns what a fit tells while it runs, and when it stops early.

use super::table::Sample;

/// Who watches a fit.
pub struct Monitor<'a> {
    /// Rows that are not learned from.
    pub validation: Option<Sample<'a>>,
    /// The metric, of probabilities and labels.
    pub metric: &'a dyn Fn(&[f64], &[bool]) -> f64,
    /// Whether more of the metric is better.
    pub larger_is_better: bool,
    /// When to stop; needs `validation`.
    pub patience: Option<Patience>,
    /// Called after every tree.
    pub report: &'a mut dyn FnMut(Progress),
}

/// Stop when the metric of the validation rows has not improved for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// Trees without improvement before stopping, at least 1.
    pub trees: usize,
    /// Improvement that counts.
    pub min_delta: f64,
}

/// How far a fit is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Trees so far.
    pub trees: usize,
    /// Trees at most.
    pub of: usize,
    /// The metric on the training rows (for a forest: out of bag, on the rows a tree was not grown on).
    pub train: f64,
    /// The metric on the validation rows.
    pub validation: Option<f64>,
}

/// Keeps the best iteration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Best {
    larger_is_better: bool,
    value: f64,
    /// Trees at the best value.
    pub trees: usize,
}

impl Best {
    /// Nothing yet.
    pub fn new(larger_is_better: bool) -> Self {
        Self {
            larger_is_better,
            value: f64::NAN,
            trees: 0,
        }
    }

    /// Takes a value after so many trees; answers whether it is time to stop. A value that is no number is no
    /// improvement.
    pub fn stops(&mut self, trees: usize, value: f64, patience: Patience) -> bool {
        let better_by = if self.larger_is_better {
            value - self.value
        } else {
            self.value - value
        };
        let first = self.value.is_nan() && !value.is_nan();
        if first || better_by > patience.min_delta {
            self.value = value;
            self.trees = trees;
        }
        trees - self.trees >= patience.trees.max(1)
    }
}
