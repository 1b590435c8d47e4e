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

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many trees it stops, and how many are best.
    fn watch(larger_is_better: bool, patience: Patience, values: &[f64]) -> (Option<usize>, usize) {
        let mut best = Best::new(larger_is_better);
        let stopped = (1..)
            .zip(values)
            .find(|(trees, value)| best.stops(*trees, **value, patience));
        (stopped.map(|(trees, _)| trees), best.trees)
    }

    fn patience(trees: usize, min_delta: f64) -> Patience {
        Patience { trees, min_delta }
    }

    #[test]
    fn it_stops_when_so_many_trees_brought_nothing() {
        let values = [0.5, 0.7, 0.6, 0.65, 0.9];
        assert_eq!(watch(true, patience(2, 0.0), &values), (Some(4), 2));
        assert_eq!(watch(true, patience(3, 0.0), &values), (None, 5));
    }

    #[test]
    fn smaller_may_be_better() {
        assert_eq!(watch(false, patience(2, 0.0), &[0.5, 0.4, 0.6, 0.45]), (Some(4), 2));
    }

    #[test]
    fn an_equal_value_and_one_better_by_just_the_delta_are_no_improvement() {
        assert_eq!(watch(true, patience(2, 0.0), &[0.5, 0.5, 0.5]), (Some(3), 1));
        assert_eq!(watch(true, patience(2, 0.25), &[0.5, 0.75, 0.75]), (Some(3), 1));
        assert_eq!(watch(false, patience(2, 0.25), &[0.5, 0.25, 0.125]), (None, 3));
    }

    #[test]
    fn small_steps_are_measured_from_the_best_not_from_the_last() {
        assert_eq!(watch(true, patience(3, 0.1), &[0.5, 0.55, 0.58, 0.62]), (None, 4));
    }

    #[test]
    fn what_is_no_number_is_no_improvement() {
        let nan = f64::NAN;
        assert_eq!(watch(true, patience(2, 0.0), &[nan, 0.1, nan, nan]), (Some(4), 2));
        assert_eq!(watch(true, patience(2, 0.0), &[nan, nan]), (Some(2), 0));
        assert_eq!(watch(true, patience(2, 0.0), &[0.5, nan, 0.6]), (None, 3));
    }

    #[test]
    fn no_patience_is_the_patience_of_one_tree() {
        assert_eq!(watch(true, patience(0, 0.0), &[0.5, 0.6, 0.6, 0.7]), (Some(3), 2));
    }
}
