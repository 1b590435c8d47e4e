//! Owns a fitted ensemble: its trees, how they are put together, and what it says of its features.

use super::table::MOST_COLUMNS;
use super::tree::Tree;

/// Splits on a path that no tree passes: explanations take memory with the square of it.
pub(super) const MOST_DEPTH: usize = 256;

/// Trees and how their answers make a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// How trees make a score.
    pub link: Link,
    /// The score before any tree (log-odds; 0 for an average).
    pub base: f64,
    /// Columns of the matrix it was grown on.
    pub width: usize,
    /// The trees, in the order they are added.
    pub trees: Vec<Tree>,
}

/// How trees make a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Sum of the trees, the logarithm of the odds.
    LogOdds,
    /// Mean of the trees, a probability.
    Mean,
}

/// What importances count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    /// Fall of the loss over all splits on the feature.
    Gain,
    /// Number of splits on it.
    Splits,
}

impl Ensemble {
    /// Importance of each feature, summing to 1; all 0 if nothing was split.
    pub fn importances(&self, kind: Importance) -> Vec<f64> {
        let mut sums = vec![0.0; self.width];
        for split in self.trees.iter().flat_map(|t| t.nodes.iter().filter_map(|n| n.split)) {
            sums[split.feature as usize] += match kind {
                Importance::Gain => f64::from(split.gain).max(0.0),
                Importance::Splits => 1.0,
            };
        }
        let total: f64 = sums.iter().sum();
        if total > 0.0 {
            for sum in &mut sums {
                *sum /= total;
            }
        }
        sums
    }

    /// The score of a row, tree by tree: the plain form that the compact one is held against.
    pub fn score(&self, row: &[f32]) -> f64 {
        let sum: f64 = self.trees.iter().map(|t| f64::from(t.nodes[t.leaf(row)].value)).sum();
        self.finish(sum)
    }

    /// A score from the sum of the trees' answers.
    pub fn finish(&self, sum: f64) -> f64 {
        match self.link {
            Link::LogOdds => self.base + sum,
            Link::Mean => self.base + sum / self.trees.len().max(1) as f64,
        }
    }

    /// Checks that it can be scored with.
    ///
    /// # Errors
    /// What is wrong, and in which tree.
    pub fn check(&self) -> Result<(), String> {
        if self.width == 0 || self.width > MOST_COLUMNS || !self.base.is_finite() {
            return Err("no features, too many, or a base that is not finite".to_owned());
        }
        if self.link == Link::Mean && self.trees.is_empty() {
            return Err("a forest without trees".to_owned());
        }
        for (at, tree) in self.trees.iter().enumerate() {
            tree.check(self.width)
                .map_err(|reason| format!("tree {at}: {reason}"))?;
            if tree.depth() > MOST_DEPTH {
                return Err(format!("tree {at} is deeper than {MOST_DEPTH}"));
            }
        }
        Ok(())
    }
}
