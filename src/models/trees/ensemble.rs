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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::trees::tree::{Node, Split, Test};

    fn leaf(value: f32) -> Node {
        Node {
            split: None,
            value,
            cover: 1.0,
        }
    }

    fn split(feature: u32, left: u32, gain: f32) -> Node {
        Node {
            split: Some(Split {
                feature,
                left,
                test: Test::AtMost(0.0),
                missing_left: false,
                gain,
            }),
            value: 0.0,
            cover: 2.0,
        }
    }

    fn tree(nodes: Vec<Node>) -> Tree {
        Tree {
            nodes,
            sets: Vec::new(),
        }
    }

    /// Three columns; splits on column 0 (gains 3 and 1) and on column 2 (gain 4).
    fn ensemble(link: Link) -> Ensemble {
        let first = vec![split(0, 1, 3.0), leaf(1.0), split(2, 3, 4.0), leaf(2.0), leaf(4.0)];
        let second = vec![split(0, 1, 1.0), leaf(-8.0), leaf(16.0)];
        Ensemble {
            link,
            base: 0.5,
            width: 3,
            trees: vec![tree(first), tree(second)],
        }
    }

    /// A tree with so many splits on one path: each split's children are a leaf and the next split.
    fn chain(splits: u32) -> Tree {
        let mut nodes = vec![leaf(0.0)];
        for at in 0..splits {
            *nodes.last_mut().unwrap() = split(0, 2 * at + 1, 1.0);
            nodes.extend([leaf(0.0); 2]);
        }
        tree(nodes)
    }

    #[test]
    fn importances_by_hand() {
        let mut ensemble = ensemble(Link::LogOdds);
        assert_eq!(ensemble.importances(Importance::Gain), [0.5, 0.0, 0.5]);
        assert_eq!(ensemble.importances(Importance::Splits), [2.0 / 3.0, 0.0, 1.0 / 3.0]);
        // A gain below 0 is rounding.
        ensemble.trees[0].nodes[0] = split(0, 1, -3.0);
        assert_eq!(ensemble.importances(Importance::Gain), [0.2, 0.0, 0.8]);
    }

    #[test]
    fn without_splits_no_feature_is_important() {
        let mut ensemble = ensemble(Link::Mean);
        ensemble.trees = vec![tree(vec![leaf(1.0)])];
        for kind in [Importance::Gain, Importance::Splits] {
            assert_eq!(ensemble.importances(kind), [0.0; 3]);
        }
    }

    #[test]
    fn scores_by_hand() {
        let (low, high) = ([0.0, 9.0, 0.0], [1.0, 9.0, 1.0]);
        let sum = ensemble(Link::LogOdds);
        assert_eq!([sum.score(&low), sum.score(&high)], [0.5 + 1.0 - 8.0, 0.5 + 4.0 + 16.0]);
        let mean = ensemble(Link::Mean);
        assert_eq!([mean.score(&low), mean.score(&high)], [0.5 - 3.5, 0.5 + 10.0]);
        assert_eq!(sum.score(&[f32::NAN; 3]), 0.5 + 4.0 + 16.0);
    }

    #[test]
    fn an_ensemble_without_trees_scores_its_base() {
        let empty = Ensemble {
            trees: Vec::new(),
            ..ensemble(Link::LogOdds)
        };
        assert_eq!((empty.check(), empty.score(&[0.0; 3])), (Ok(()), 0.5));
    }

    #[test]
    fn what_cannot_be_scored_with_is_refused() {
        let refused = |link: Link, change: fn(&mut Ensemble)| {
            let mut ensemble = ensemble(link);
            assert_eq!(ensemble.check(), Ok(()));
            change(&mut ensemble);
            ensemble.check().unwrap_err()
        };
        let first = "no features, too many, or a base that is not finite";
        assert_eq!(refused(Link::Mean, |e| e.width = 0), first);
        assert_eq!(refused(Link::Mean, |e| e.width = MOST_COLUMNS + 1), first);
        assert_eq!(refused(Link::Mean, |e| e.base = f64::NAN), first);
        assert_eq!(refused(Link::LogOdds, |e| e.base = f64::INFINITY), first);
        assert_eq!(refused(Link::Mean, |e| e.trees.clear()), "a forest without trees");
        assert_eq!(refused(Link::Mean, |e| e.width = 2), "tree 0: node 2 leads nowhere");
        assert_eq!(
            refused(Link::Mean, |e| e.trees[1].nodes.clear()),
            "tree 1: a tree without nodes"
        );
    }

    #[test]
    fn a_tree_may_be_as_deep_as_explanations_can_afford() {
        let mut ensemble = ensemble(Link::Mean);
        ensemble.trees[1] = chain(MOST_DEPTH as u32);
        assert_eq!((ensemble.trees[1].depth(), ensemble.check()), (MOST_DEPTH, Ok(())));
        ensemble.trees[1] = chain(MOST_DEPTH as u32 + 1);
        assert_eq!(ensemble.check().unwrap_err(), "tree 1 is deeper than 256");
    }
}
