//! Owns gradient boosting of the log loss: one tree after the other on the derivatives left by the trees before.

use super::binned::BinnedMatrix;
use super::binning::MOST_BINS;
use super::ensemble::{Ensemble, Link};
use super::error::TreeError;
use super::grower::{Extent, Grower, Growth, Statistics};
use super::loss::{Derivatives, derive};
use super::monitor::{Best, Monitor, Progress};
use super::rules::{Bounds, SplitRules};
use super::sampling::{ColumnSampler, ColumnShares, subsample, tree_rng};
use super::statistics::{Packed, Scale};
use super::table::Sample;
use super::tree::Tree;
use crate::cancel::CancelToken;

/// How boosting grows its trees. The defaults are LightGBM's.
#[derive(Clone, Debug, PartialEq)]
pub struct Boosting {
    /// Trees, at most.
    pub trees: usize,
    /// Share of each tree's leaf values that is added, above 0 up to 1.
    pub learning_rate: f64,
    /// Which leaf is split next.
    pub growth: Growth,
    /// Most leaves of a tree; 0 leaves it to the depth.
    pub max_leaves: usize,
    /// Most splits on a path; 0 leaves it to the leaves.
    pub max_depth: usize,
    /// Fewest rows in a leaf.
    pub min_rows_leaf: usize,
    /// Least sum of hessians in a leaf (XGBoost's minimum child weight).
    pub min_child_hessian: f64,
    /// Least gain of a split.
    pub min_gain: f64,
    /// L1 penalty on leaf values.
    pub l1: f64,
    /// L2 penalty on leaf values.
    pub l2: f64,
    /// Share of the rows drawn for each tree, above 0 up to 1.
    pub row_share: f64,
    /// Share of the columns drawn for each tree.
    pub columns_by_tree: f64,
    /// Share of a tree's columns drawn for each level.
    pub columns_by_level: f64,
    /// Share of a level's columns drawn for each node.
    pub columns_by_node: f64,
    /// Most bins of a column, 2 to 255.
    pub max_bins: usize,
    /// -1, 0 or 1 a column: the score falls, does anything, rises with it. Empty: all 0.
    pub monotone: Vec<i8>,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Boosting {
    fn default() -> Self {
        Self {
            trees: 100,
            learning_rate: 0.1,
            growth: Growth::LeafWise,
            max_leaves: 31,
            max_depth: 0,
            min_rows_leaf: 20,
            min_child_hessian: 1e-3,
            min_gain: 0.0,
            l1: 0.0,
            l2: 0.0,
            row_share: 1.0,
            columns_by_tree: 1.0,
            columns_by_level: 1.0,
            columns_by_node: 1.0,
            max_bins: MOST_BINS,
            monotone: Vec::new(),
            seed: 0,
        }
    }
}

/// Depth that no tree of ours passes.
const MOST_DEPTH: usize = 64;

/// Leaves that no boosting tree of ours passes.
const MOST_LEAVES: usize = 1 << 16;

/// Leaf values are cut to this: e^30 to one is certain.
const MOST_LOG_ODDS: f64 = 30.0;

impl Boosting {
    /// Fits an ensemble. The result depends on data, parameters and seed, never on `threads`.
    ///
    /// `start` goes on from an ensemble fitted before: its trees come first and count towards none of `trees`.
    ///
    /// # Errors
    /// A parameter out of range, data that cannot be learned from, a `start` of another kind, cancellation.
    pub fn fit(
        &self,
        sample: &Sample<'_>,
        start: Option<&Ensemble>,
        monitor: Option<Monitor<'_>>,
        threads: usize,
        cancel: &CancelToken,
    ) -> Result<Ensemble, TreeError> {
        self.check(sample.table.width())?;
        sample.check()?;
        if let Some(validation) = monitor.as_ref().and_then(|m| m.validation) {
            validation.check_watched(sample.table.width())?;
        }
        let mut ensemble = match start {
            None => Ensemble {
                link: Link::LogOdds,
                base: prior_log_odds(sample),
                width: sample.table.width(),
                trees: Vec::new(),
            },
            Some(before) if before.link == Link::LogOdds && before.width == sample.table.width() => before.clone(),
            Some(_) => {
                return Err(TreeError::Data(
                    "the ensemble to go on from is of another kind".to_owned(),
                ));
            }
        };
        let matrix = BinnedMatrix::new(sample.table, self.max_bins, true, threads, cancel)?;
        let rules = self.rules();
        let mut rounds = Rounds {
            boosting: self,
            sample,
            grower: Grower::new(&matrix, &rules, self.extent(), threads, cancel),
            targets: sample.labels.iter().map(|l| f32::from(u8::from(*l))).collect(),
            margins: margins(sample, &ensemble),
            derivatives: vec![Derivatives::default(); sample.labels.len()],
            packed: vec![Packed(0); sample.labels.len()],
        };
        let mut watch = monitor.map(|m| Watch::new(m, sample, &ensemble));
        for round in 0..self.trees {
            cancel.check()?;
            let tree = rounds.next(ensemble.trees.len())?;
            let stops = watch
                .as_mut()
                .is_some_and(|w| w.see(&tree, &rounds.margins, round + 1, self.trees));
            ensemble.trees.push(tree);
            if stops {
                break;
            }
        }
        if let Some(best) = watch.and_then(|w| w.best_trees()) {
            let before = start.map_or(0, |s| s.trees.len());
            ensemble.trees.truncate(before + best);
        }
        Ok(ensemble)
    }

    fn extent(&self) -> Extent {
        let most_depth = if self.max_depth == 0 {
            MOST_DEPTH
        } else {
            self.max_depth.min(MOST_DEPTH)
        };
        let by_depth = 1usize << most_depth.min(16);
        Extent {
            growth: self.growth,
            most_depth,
            most_leaves: if self.max_leaves == 0 {
                by_depth
            } else {
                self.max_leaves.min(MOST_LEAVES)
            },
        }
    }

    fn rules(&self) -> SplitRules {
        SplitRules {
            l1: self.l1,
            l2: self.l2,
            min_child_hessian: self.min_child_hessian,
            min_rows: self.min_rows_leaf,
            min_gain: self.min_gain,
            monotone: self.monotone.clone(),
            ..SplitRules::default()
        }
    }

    fn check(&self, width: usize) -> Result<(), TreeError> {
        let share = |x: f64| x > 0.0 && x <= 1.0;
        let at_least_0 = |x: f64| x.is_finite() && x >= 0.0;
        let checks = [
            ("learning_rate", share(self.learning_rate), "above 0 up to 1"),
            (
                "min_child_hessian",
                at_least_0(self.min_child_hessian),
                "a number not below 0",
            ),
            ("min_gain", at_least_0(self.min_gain), "a number not below 0"),
            ("l1", at_least_0(self.l1), "a number not below 0"),
            ("l2", at_least_0(self.l2), "a number not below 0"),
            ("row_share", share(self.row_share), "above 0 up to 1"),
            ("columns_by_tree", share(self.columns_by_tree), "above 0 up to 1"),
            ("columns_by_level", share(self.columns_by_level), "above 0 up to 1"),
            ("columns_by_node", share(self.columns_by_node), "above 0 up to 1"),
            ("max_bins", (2..=MOST_BINS).contains(&self.max_bins), "2 to 255"),
            ("max_leaves", self.max_leaves != 1, "0 for no limit, or 2 or more"),
            (
                "monotone",
                (self.monotone.is_empty() || self.monotone.len() == width)
                    && self.monotone.iter().all(|m| (-1..=1).contains(m)),
                "empty, or -1, 0 or 1 for each feature",
            ),
        ];
        match checks.iter().find(|(_, holds, _)| !holds) {
            None => Ok(()),
            Some((name, _, expected)) => Err(TreeError::Parameter {
                name,
                reason: format!("expected {expected}"),
            }),
        }
    }
}

/// The log-odds of the weighted share of positive rows.
fn prior_log_odds(sample: &Sample<'_>) -> f64 {
    let (mut positive, mut all) = (0.0, 0.0);
    for (row, label) in sample.labels.iter().enumerate() {
        let weight = f64::from(sample.weight(row));
        all += weight;
        positive += if *label { weight } else { 0.0 };
    }
    (positive / (all - positive)).ln()
}

fn margins(sample: &Sample<'_>, ensemble: &Ensemble) -> Vec<f32> {
    if ensemble.trees.is_empty() {
        return vec![ensemble.base as f32; sample.labels.len()];
    }
    let rows = sample.table.values.rows().into_iter();
    rows.map(|row| ensemble.score(&row.to_vec()) as f32).collect()
}

/// The state from one tree to the next.
struct Rounds<'r, 's> {
    boosting: &'r Boosting,
    sample: &'r Sample<'s>,
    grower: Grower<'r>,
    targets: Vec<f32>,
    margins: Vec<f32>,
    derivatives: Vec<Derivatives>,
    packed: Vec<Packed>,
}

impl Rounds<'_, '_> {
    /// Grows the next tree and adds it to the rows' scores.
    fn next(&mut self, number: usize) -> Result<Tree, TreeError> {
        let rows = self.sample.labels.len();
        let sums = derive(&self.margins, &self.targets, self.sample.weights, &mut self.derivatives);
        let scale = Scale::fitting(sums.0, sums.1);
        for (row, (packed, d)) in self.packed.iter_mut().zip(&self.derivatives).enumerate() {
            *packed = scale.pack(d.gradient, d.hessian, row as u32);
        }
        let mut rng = tree_rng(self.boosting.seed, number);
        let drawn = (self.boosting.row_share < 1.0).then(|| subsample(&mut rng, rows, self.boosting.row_share));
        match &drawn {
            Some(drawn) => self.grower.partition.reset(drawn.iter().copied()),
            None => self.grower.partition.reset(0..rows as u32),
        }
        let shares = ColumnShares {
            tree: self.boosting.columns_by_tree,
            level: self.boosting.columns_by_level,
            node: self.boosting.columns_by_node,
        };
        let mut columns = ColumnSampler::new(shares, self.sample.table.width(), rng);
        let heaviest = self
            .sample
            .weights
            .map_or(1.0, |w| w.iter().copied().fold(0.0, f32::max));
        let statistics = Statistics {
            packed: &self.packed,
            scale,
            most_hessian: f64::from(heaviest) / 4.0,
        };
        let grown = self.grower.grow(statistics, &mut columns)?;
        let mut tree = grown.tree;
        // A tree that finds nothing to split says nothing: its one step would only follow the rows that were drawn.
        let splits = grown.leaves.len() > 1;
        for (node, range, bounds) in grown.leaves {
            let value = if splits {
                self.leaf_value(range.clone(), bounds)
            } else {
                0.0
            };
            tree.nodes[node].value = value;
            tree.nodes[node].cover = range.len() as f32;
            for row in self.grower.partition.rows(range) {
                self.margins[*row as usize] += value;
            }
        }
        if let Some(drawn) = drawn {
            self.add_to_rows_left_out(&tree, &drawn);
        }
        tree.sum_up();
        Ok(tree)
    }

    /// The Newton step of a leaf's rows, from unrounded derivatives.
    fn leaf_value(&self, range: std::ops::Range<usize>, bounds: Bounds) -> f32 {
        let (mut gradient, mut hessian) = (0f64, 0f64);
        for row in self.grower.partition.rows(range) {
            let d = self.derivatives[*row as usize];
            gradient += f64::from(d.gradient);
            hessian += f64::from(d.hessian);
        }
        let shrunk = gradient.signum() * (gradient.abs() - self.boosting.l1).max(0.0);
        let step = -shrunk / (hessian + self.boosting.l2).max(f64::MIN_POSITIVE);
        (bounds.clamp(step.clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS)) * self.boosting.learning_rate) as f32
    }

    fn add_to_rows_left_out(&mut self, tree: &Tree, drawn: &[u32]) {
        let mut drawn = drawn.iter().copied().peekable();
        for (row, margin) in self.margins.iter_mut().enumerate() {
            if drawn.next_if_eq(&(row as u32)).is_some() {
                continue;
            }
            let values = self.sample.table.values.row(row);
            let leaf = match values.as_slice() {
                Some(values) => tree.leaf(values),
                None => tree.leaf(&values.to_vec()),
            };
            *margin += tree.nodes[leaf].value;
        }
    }
}

/// A monitor with the validation rows' scores.
struct Watch<'s, 'm> {
    monitor: Monitor<'m>,
    labels: &'s [bool],
    validation: Vec<f32>,
    best: Best,
}

impl<'s, 'm> Watch<'s, 'm> {
    fn new(monitor: Monitor<'m>, sample: &Sample<'s>, ensemble: &Ensemble) -> Self {
        Self {
            labels: sample.labels,
            validation: monitor.validation.map_or_else(Vec::new, |v| margins(&v, ensemble)),
            best: Best::new(monitor.larger_is_better),
            monitor,
        }
    }

    /// Takes a new tree in; answers whether it is time to stop.
    fn see(&mut self, tree: &Tree, train: &[f32], trees: usize, of: usize) -> bool {
        let train = (self.monitor.metric)(&probabilities(train), self.labels);
        let validation = self.monitor.validation.map(|v| {
            for (margin, row) in self.validation.iter_mut().zip(v.table.values.rows()) {
                let leaf = row
                    .as_slice()
                    .map_or_else(|| tree.leaf(&row.to_vec()), |r| tree.leaf(r));
                *margin += tree.nodes[leaf].value;
            }
            (self.monitor.metric)(&probabilities(&self.validation), v.labels)
        });
        (self.monitor.report)(Progress {
            trees,
            of,
            train,
            validation,
        });
        match (validation, self.monitor.patience) {
            (Some(value), Some(patience)) => self.best.stops(trees, value, patience),
            _ => false,
        }
    }

    /// Trees at the best validation value, if one was looked for.
    fn best_trees(&self) -> Option<usize> {
        let looked = self.monitor.validation.is_some() && self.monitor.patience.is_some();
        (looked && self.best.trees > 0).then_some(self.best.trees)
    }
}

fn probabilities(margins: &[f32]) -> Vec<f64> {
    margins.iter().map(|m| 1.0 / (1.0 + (-f64::from(*m)).exp())).collect()
}
