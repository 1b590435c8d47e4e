//! Owns the search for a node's best split on one column, from the sums of the column's bins.

use super::binning::{BinRule, ColumnBins};
use super::rules::{Gain, NodeRules};
use super::statistics::Packed;

/// A set of bins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BinSet([u64; 4]);

impl BinSet {
    /// Adds a bin.
    #[inline]
    pub fn insert(&mut self, bin: usize) {
        self.0[bin >> 6 & 3] |= 1 << (bin & 63);
    }

    /// Whether a bin is in.
    #[inline]
    pub fn contains(&self, bin: usize) -> bool {
        self.0[bin >> 6 & 3] >> (bin & 63) & 1 == 1
    }

    /// Its bins, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            std::iter::successors((*word != 0).then_some(*word), |w| {
                let rest = w & (w - 1);
                (rest != 0).then_some(rest)
            })
            .map(move |w| at * 64 + w.trailing_zeros() as usize)
        })
    }
}

/// Which bins go left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cut {
    /// Those up to this one; and the missing ones, if so.
    After {
        /// The last bin that goes left.
        bin: usize,
        /// Whether missing values do.
        missing_left: bool,
    },
    /// These.
    Set(BinSet),
}

/// A split that could be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// The column.
    pub column: usize,
    /// Which of its bins go left.
    pub cut: Cut,
    /// Sums of the rows that go left.
    pub left: Packed,
    /// Gain over no split, in real units.
    pub gain: f64,
}

/// Sums of a column's bins in a node.
#[derive(Clone, Copy)]
pub(super) struct ColumnSums<'a> {
    /// The column.
    pub column: usize,
    /// Its bins.
    pub bins: &'a ColumnBins,
    /// One a bin, the one of missing values last.
    pub cells: &'a [Packed],
    /// Rows a bin, where hessians say too little about them.
    pub counts: Option<&'a [u32]>,
}

/// The best found so far on a column.
struct Best {
    gain: Gain,
    found: Option<(Cut, Packed)>,
}

impl ColumnSums<'_> {
    /// The best split on this column, if one satisfies the rules.
    pub fn best(&self, node: &NodeRules<'_>) -> Option<Candidate> {
        let best = match &self.bins.rule {
            BinRule::Numeric { .. } => self.best_numeric(node),
            BinRule::Categorical { .. } => self.best_categorical(node),
        };
        let (cut, left) = best.found?;
        let gain = node.real_gain(best.gain.value() - node.parent_worth());
        (gain > node.rules.min_gain.max(0.0)).then_some(Candidate {
            column: self.column,
            cut,
            left,
            gain,
        })
    }

    fn missing(&self) -> Packed {
        self.bins.missing.map_or(Packed(0), |bin| self.cells[bin as usize])
    }

    fn best_numeric(&self, node: &NodeRules<'_>) -> Best {
        let mut best = Best {
            gain: Gain::LEAST,
            found: None,
        };
        let direction = node.monotone(self.column);
        if self.counts.is_some() || node.is_monotone() {
            self.scan_strictly(node, direction, false, &mut best);
        } else {
            self.scan(node, false, &mut best);
        }
        if !self.missing().is_empty() {
            if self.counts.is_some() || node.is_monotone() {
                self.scan_strictly(node, direction, true, &mut best);
            } else {
                self.scan(node, true, &mut best);
            }
        }
        best
    }

    /// Bins a numeric scan may cut after: not the last, unless that parts values from missing ones.
    fn last_cut(&self, missing_left: bool) -> usize {
        let parts_missing = !missing_left && !self.missing().is_empty();
        if parts_missing {
            self.bins.values
        } else {
            self.bins.values - 1
        }
    }

    fn scan(&self, node: &NodeRules<'_>, missing_left: bool, best: &mut Best) {
        let most = node.total.hessian() - node.least;
        let mut left = if missing_left { self.missing() } else { Packed(0) };
        for (bin, cell) in self.cells[..self.last_cut(missing_left)].iter().enumerate() {
            left.add(*cell);
            let hessian = left.hessian();
            if hessian < node.least || cell.is_empty() {
                continue;
            }
            if hessian > most {
                break;
            }
            let gain = node.worth(left);
            if gain.beats(best.gain) {
                best.gain = gain;
                best.found = Some((Cut::After { bin, missing_left }, left));
            }
        }
    }

    /// As [`Self::scan`], with rows counted and monotone bounds kept.
    fn scan_strictly(&self, node: &NodeRules<'_>, direction: i8, missing_left: bool, best: &mut Best) {
        let count = |bin: usize| self.counts.map_or(0, |c| c[bin] as usize);
        let missing_rows = self.bins.missing.map_or(0, |bin| count(bin as usize));
        let mut left = if missing_left { self.missing() } else { Packed(0) };
        let mut rows = if missing_left { missing_rows } else { 0 };
        for (bin, cell) in self.cells[..self.last_cut(missing_left)].iter().enumerate() {
            left.add(*cell);
            rows += count(bin);
            if !self.allows(node, left, rows) {
                continue;
            }
            let gain = if node.is_monotone() {
                node.bounded_worth(left, direction)
            } else {
                Some(node.worth(left))
            };
            if let Some(gain) = gain.filter(|g| g.beats(best.gain)) {
                best.gain = gain;
                best.found = Some((Cut::After { bin, missing_left }, left));
            }
        }
    }

    /// Whether both sides are large enough; by counted rows where there are counts, else by the estimate.
    fn allows(&self, node: &NodeRules<'_>, left: Packed, rows: usize) -> bool {
        let (hessian, rest) = (left.hessian(), node.total.less(left).hessian());
        if self.counts.is_none() {
            return hessian >= node.least && rest >= node.least;
        }
        let least = (node.rules.min_child_hessian * node.scale.hessian).max(0.5);
        let enough = |rows: usize| rows >= node.rules.min_rows;
        hessian >= least && rest >= least && enough(rows) && enough(node.rows - rows)
    }

    /// Few categories: each against the rest. Many: put in the order of gradient over hessian, the best run from either
    /// end, which for one node is the best subset of all (Fisher 1958); smoothed and penalised as in LightGBM.
    fn best_categorical(&self, node: &NodeRules<'_>) -> Best {
        let mut best = Best {
            gain: Gain::LEAST,
            found: None,
        };
        let mut present: Vec<usize> = (0..self.cells.len()).filter(|b| !self.cells[*b].is_empty()).collect();
        if present.len() <= node.rules.one_against_rest {
            for &bin in &present {
                self.run(node, std::iter::once(bin), &mut best);
            }
            return best;
        }
        let smoothing = node.rules.category_smoothing * node.scale.hessian;
        let key = |bin: &usize| self.cells[*bin].gradient() / (self.cells[*bin].hessian() + smoothing);
        present.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.cmp(b)));
        let rules = node.for_categories();
        let most = present.len().div_ceil(2).min(node.rules.most_categories);
        self.run(&rules, present.iter().copied().take(most), &mut best);
        self.run(&rules, present.iter().rev().copied().take(most), &mut best);
        best
    }

    /// Tries every beginning of a run of bins as the left side.
    fn run(&self, node: &NodeRules<'_>, bins: impl Iterator<Item = usize>, best: &mut Best) {
        let (mut left, mut rows, mut set) = (Packed(0), 0, BinSet::default());
        for bin in bins {
            left.add(self.cells[bin]);
            rows += self.counts.map_or(0, |c| c[bin] as usize);
            set.insert(bin);
            if !self.allows(node, left, rows) {
                continue;
            }
            let gain = if node.is_monotone() {
                node.bounded_worth(left, 0)
            } else {
                Some(node.worth(left))
            };
            if let Some(gain) = gain.filter(|g| g.beats(best.gain)) {
                best.gain = gain;
                best.found = Some((Cut::Set(set), left));
            }
        }
    }
}

#[cfg(test)]
mod tests;
