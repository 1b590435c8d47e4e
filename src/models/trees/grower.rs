//! Owns the growth of one boosting tree over histograms of all columns: which leaf is split next, and its children.

use std::ops::Range;

use rayon::prelude::*;

use super::binned::{BinnedMatrix, LANE_CODES};
use super::cut::{finished_split, left_codes};
use super::error::TreeError;
use super::histogram::Histogram;
use super::partition::RowPartition;
use super::rules::{Bounds, NodeRules, SplitRules};
use super::sampling::ColumnSampler;
use super::split::{Candidate, ColumnSums};
use super::statistics::{Packed, Scale};
use super::tree::{Node, Tree};
use crate::cancel::CancelToken;

/// Lanes from which a node's columns are searched on several threads.
const WORTH_THREADS: usize = 64;

/// Which leaf is split next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// The one with the largest gain, wherever it is.
    LeafWise,
    /// The one nearest the root.
    DepthWise,
}

/// How far trees grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Which leaf is split next.
    pub growth: Growth,
    /// Most leaves.
    pub most_leaves: usize,
    /// Most splits on a path.
    pub most_depth: usize,
}

/// Grows trees on one matrix, and keeps the memory they need from one to the next.
pub(super) struct Grower<'a> {
    /// The training matrix.
    pub matrix: &'a BinnedMatrix,
    /// What splits must satisfy.
    pub rules: &'a SplitRules,
    /// How far to grow.
    pub extent: Extent,
    /// Threads for one node.
    pub threads: usize,
    /// Asks to stop.
    pub cancel: &'a CancelToken,
    /// The rows of each leaf.
    pub partition: RowPartition,
    spare: Vec<Histogram>,
    ordered: Vec<Packed>,
    allowed: Vec<bool>,
}

/// A leaf of a tree that grows.
struct Leaf {
    node: usize,
    rows: Range<usize>,
    depth: usize,
    total: Packed,
    bounds: Bounds,
    histogram: Option<Histogram>,
    best: Option<Candidate>,
}

/// A grown tree with the rows of its leaves.
pub(super) struct Grown {
    /// The tree; values and covers are still 0.
    pub tree: Tree,
    /// Node, stretch of the partition and bounds of each leaf.
    pub leaves: Vec<(usize, Range<usize>, Bounds)>,
}

/// The statistics of all rows, in fixed point.
#[derive(Clone, Copy)]
pub(super) struct Statistics<'a> {
    /// One a row of the matrix.
    pub packed: &'a [Packed],
    /// Their units.
    pub scale: Scale,
    /// The largest hessian a row can have: tells how many rows a sum stands for at least.
    pub most_hessian: f64,
}

impl<'a> Grower<'a> {
    /// A grower without rows.
    pub fn new(
        matrix: &'a BinnedMatrix,
        rules: &'a SplitRules,
        extent: Extent,
        threads: usize,
        cancel: &'a CancelToken,
    ) -> Self {
        Self {
            matrix,
            rules,
            extent,
            threads,
            cancel,
            partition: RowPartition::default(),
            spare: Vec::new(),
            ordered: Vec::new(),
            allowed: vec![true; matrix.width()],
        }
    }

    /// Grows a tree on the partition's rows.
    ///
    /// # Errors
    /// Cancellation.
    pub fn grow(&mut self, statistics: Statistics<'_>, columns: &mut ColumnSampler) -> Result<Grown, TreeError> {
        let mut tree = Tree {
            nodes: vec![Node::default()],
            sets: Vec::new(),
        };
        let mut root = Leaf {
            node: 0,
            rows: 0..self.partition.len(),
            depth: 0,
            total: Packed(0),
            bounds: Bounds::NONE,
            histogram: None,
            best: None,
        };
        for row in self.partition.rows(root.rows.clone()) {
            root.total.add(statistics.packed[*row as usize]);
        }
        let mut leaves = vec![root];
        if self.grows_on(1, 0) {
            let histogram = self.histogram(leaves[0].rows.clone(), statistics);
            leaves[0].histogram = Some(histogram);
            self.judge(&mut leaves[0], statistics, columns);
        }
        while leaves.len() < self.extent.most_leaves {
            self.cancel.check()?;
            let Some((next, best)) = self.next(&leaves) else { break };
            let after = leaves.len() + 1;
            let (left, right) = self.split(&mut leaves[next], &best, &mut tree, after, statistics, columns);
            leaves[next] = left;
            leaves.push(right);
        }
        let leaves = leaves.into_iter().map(|leaf| {
            self.spare.extend(leaf.histogram);
            (leaf.node, leaf.rows, leaf.bounds)
        });
        Ok(Grown {
            leaves: leaves.collect(),
            tree,
        })
    }

    /// Whether a tree of this many leaves may split one of this depth.
    fn grows_on(&self, leaves: usize, depth: usize) -> bool {
        leaves < self.extent.most_leaves && depth < self.extent.most_depth
    }

    /// The leaf to split, and how: of equals the older.
    fn next(&self, leaves: &[Leaf]) -> Option<(usize, Candidate)> {
        let open = leaves.iter().enumerate().filter_map(|(at, l)| Some((at, l, l.best?)));
        let next = match self.extent.growth {
            Growth::LeafWise => open.max_by(|(_, a, x), (_, b, y)| x.gain.total_cmp(&y.gain).then(b.node.cmp(&a.node))),
            Growth::DepthWise => open.min_by_key(|(_, leaf, _)| (leaf.depth, leaf.node)),
        };
        next.map(|(at, _, best)| (at, best))
    }

    fn histogram(&mut self, rows: Range<usize>, statistics: Statistics<'_>) -> Histogram {
        let mut histogram = self.spare.pop().unwrap_or_else(|| Histogram::new(self.matrix));
        let rows = self.partition.rows(rows);
        self.ordered.clear();
        self.ordered
            .extend(rows.iter().map(|row| statistics.packed[*row as usize]));
        histogram.fill(self.matrix, rows, &self.ordered, self.threads);
        histogram
    }

    /// Splits a leaf, which leaves the tree with `leaves` leaves.
    fn split(
        &mut self,
        leaf: &mut Leaf,
        best: &Candidate,
        tree: &mut Tree,
        leaves: usize,
        statistics: Statistics<'_>,
        columns: &mut ColumnSampler,
    ) -> (Leaf, Leaf) {
        let node = leaf.node;
        let codes = &self.matrix.codes[self.matrix.places[best.column].lane];
        let left = left_codes(self.matrix, best);
        let goes_left = |code| left[usize::from(code)];
        let middle = self.partition.split(leaf.rows.clone(), codes, goes_left);
        let (left_bounds, right_bounds) = self.child_bounds(leaf, best, statistics.scale);
        let child = |at: usize, rows: Range<usize>, total: Packed, bounds: Bounds| Leaf {
            node: tree.nodes.len() + at,
            rows,
            depth: leaf.depth + 1,
            total,
            bounds,
            histogram: None,
            best: None,
        };
        let mut left = child(0, leaf.rows.start..middle, best.left, left_bounds);
        let mut right = child(1, middle..leaf.rows.end, leaf.total.less(best.left), right_bounds);
        let most_left = left.rows.len() >= right.rows.len();
        let present = self.present(leaf, best.column);
        tree.nodes[node].split = Some(finished_split(
            &self.matrix.columns[best.column],
            best,
            left.node as u32,
            most_left,
            |bin| present[bin],
            &mut tree.sets,
        ));
        tree.nodes.extend([Node::default(); 2]);
        if let Some(mut parent) = leaf.histogram.take() {
            if self.grows_on(leaves, left.depth) {
                let (small, large) = if most_left {
                    (&mut right, &mut left)
                } else {
                    (&mut left, &mut right)
                };
                let filled = self.histogram(small.rows.clone(), statistics);
                parent.take_away(self.matrix, &filled);
                small.histogram = Some(filled);
                large.histogram = Some(parent);
                self.judge(&mut left, statistics, columns);
                self.judge(&mut right, statistics, columns);
            } else {
                self.spare.push(parent);
            }
        }
        (left, right)
    }

    /// Which bins of a column have rows in the leaf.
    fn present(&self, leaf: &Leaf, column: usize) -> [bool; LANE_CODES] {
        let mut present = [false; LANE_CODES];
        let place = self.matrix.places[column];
        if let Some(histogram) = &leaf.histogram {
            let cells = histogram.lane(place.lane).cells();
            for (code, cell) in cells[..self.matrix.lanes[place.lane].codes].iter().enumerate() {
                present[place.bin(code)] |= !cell.is_empty();
            }
        }
        present
    }

    /// Finds the leaf's best candidate.
    fn judge(&mut self, leaf: &mut Leaf, statistics: Statistics<'_>, columns: &mut ColumnSampler) {
        columns.node(leaf.depth, &mut self.allowed);
        let Some(histogram) = &leaf.histogram else { return };
        let node = NodeRules::new(self.rules, statistics.scale, leaf.total, leaf.rows.len(), leaf.bounds);
        let mut counted: Vec<Option<Vec<u32>>> = Vec::new();
        loop {
            let best = self.search(histogram, &node, &counted);
            let sure = best.is_none_or(|b| self.surely_enough_rows(&b, leaf, statistics));
            let column = best.map_or(0, |b| b.column);
            if sure || counted.get(column).is_some_and(Option::is_some) {
                leaf.best = best;
                return;
            }
            // The hessians leave it open whether both sides have enough rows: count this column's and look again.
            counted.resize(self.matrix.width(), None);
            counted[column] = Some(self.count(leaf, column));
        }
    }

    fn search(&self, histogram: &Histogram, node: &NodeRules<'_>, counted: &[Option<Vec<u32>>]) -> Option<Candidate> {
        let lane = |at: usize| {
            let lane = &self.matrix.lanes[at];
            let mut best: Option<Candidate> = None;
            if !lane.columns.iter().any(|c| self.allowed[*c]) {
                return None;
            }
            lane.split_up(&self.matrix.places, histogram.lane(at).cells(), |column, cells| {
                if self.allowed[column] {
                    let sums = ColumnSums {
                        column,
                        bins: &self.matrix.columns[column],
                        cells,
                        counts: counted.get(column).and_then(Option::as_deref),
                    };
                    best = better(best, sums.best(node));
                }
            });
            best
        };
        let lanes = self.matrix.lanes.len();
        if self.threads > 1 && lanes >= WORTH_THREADS {
            (0..lanes)
                .into_par_iter()
                .with_min_len(16)
                .map(lane)
                .reduce(|| None, better)
        } else {
            (0..lanes).map(lane).fold(None, better)
        }
    }

    /// Whether hessians alone prove that both sides have the rows asked for.
    fn surely_enough_rows(&self, best: &Candidate, leaf: &Leaf, statistics: Statistics<'_>) -> bool {
        let smaller = best.left.hessian().min(leaf.total.less(best.left).hessian());
        // Rounding may have added a unit a row.
        let most = statistics.most_hessian * statistics.scale.hessian + 1.0;
        self.rules.min_rows <= 1 || smaller > most * (self.rules.min_rows - 1) as f64
    }

    fn count(&self, leaf: &Leaf, column: usize) -> Vec<u32> {
        let place = self.matrix.places[column];
        let codes = &self.matrix.codes[place.lane];
        let mut by_code = [0u32; LANE_CODES];
        for row in self.partition.rows(leaf.rows.clone()) {
            by_code[codes[*row as usize] as usize] += 1;
        }
        let mut counts = vec![0; place.bins];
        for (code, rows) in by_code.iter().enumerate() {
            counts[place.bin(code)] += rows;
        }
        counts
    }

    /// Under a split on a monotone column neither side may pass the middle between the two values.
    fn child_bounds(&self, leaf: &Leaf, best: &Candidate, scale: Scale) -> (Bounds, Bounds) {
        let direction = self.rules.monotone.get(best.column).copied().unwrap_or(0);
        if direction == 0 {
            return (leaf.bounds, leaf.bounds);
        }
        let node = NodeRules::new(self.rules, scale, leaf.total, leaf.rows.len(), leaf.bounds);
        let middle = f64::midpoint(node.leaf_value(best.left), node.leaf_value(leaf.total.less(best.left)));
        let (below, above) = (
            Bounds {
                high: middle,
                ..leaf.bounds
            },
            Bounds {
                low: middle,
                ..leaf.bounds
            },
        );
        if direction > 0 { (below, above) } else { (above, below) }
    }
}

/// The better of two; of equals the one on the earlier column.
fn better(a: Option<Candidate>, b: Option<Candidate>) -> Option<Candidate> {
    match (a, b) {
        (Some(x), Some(y)) => {
            let second = y.gain > x.gain || (y.gain == x.gain && y.column < x.column);
            Some(if second { y } else { x })
        }
        (found, None) | (None, found) => found,
    }
}

#[cfg(test)]
mod tests;
