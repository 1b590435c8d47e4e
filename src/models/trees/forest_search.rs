//! Owns the search for a forest node's split: a few columns drawn at random, each looked at through its own rows only.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::binned::{BinnedMatrix, LANE_CODES, SHARED_BINS};
use super::binning::BinRule;
use super::rules::{Gain, NodeRules};
use super::split::{BinSet, Candidate, ColumnSums, Cut};
use super::statistics::Packed;

/// Finds splits for the nodes of one tree after the other; keeps the memory that takes.
pub(super) struct ForestSearch<'a> {
    matrix: &'a BinnedMatrix,
    columns: Vec<usize>,
    /// Columns looked at in a node, at least.
    wanted: usize,
    /// Whether cuts are drawn instead of searched.
    random_cuts: bool,
    cells: [Packed; LANE_CODES],
}

impl<'a> ForestSearch<'a> {
    /// For nodes that look at `wanted` columns.
    pub fn new(matrix: &'a BinnedMatrix, wanted: usize, random_cuts: bool) -> Self {
        Self {
            matrix,
            columns: (0..matrix.width()).collect(),
            wanted: wanted.clamp(1, matrix.width().max(1)),
            random_cuts,
            cells: [Packed(0); LANE_CODES],
        }
    }

    /// Forgets the order in which columns were drawn, so that a tree does not depend on the trees before.
    pub fn restart(&mut self) {
        self.columns.clear();
        self.columns.extend(0..self.matrix.width());
    }

    /// The best split on the columns drawn, which go on being drawn until one can be split at all. Answers also
    /// which bins of its column have rows.
    pub fn best(
        &mut self,
        rows: &[u32],
        ordered: &[Packed],
        node: &NodeRules<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Option<(Candidate, BinSet)> {
        let mut best: Option<(Candidate, BinSet)> = None;
        let width = self.columns.len();
        for drawn in 0..width {
            if drawn >= self.wanted && best.is_some() {
                break;
            }
            let other = rng.random_range(drawn..width);
            self.columns.swap(drawn, other);
            let column = self.columns[drawn];
            let present = self.fill(column, rows, ordered);
            let found = self.judge(column, &present, node, rng);
            for bin in present.iter() {
                self.cells[bin] = Packed(0);
            }
            if let Some(found) = found
                && best.as_ref().is_none_or(|(b, _)| found.gain > b.gain)
            {
                best = Some((found, present));
            }
        }
        best
    }

    /// Sums the rows' statistics by the column's bins. Costs the rows, however many bins there are.
    fn fill(&mut self, column: usize, rows: &[u32], ordered: &[Packed]) -> BinSet {
        let codes = &self.matrix.codes[self.matrix.places[column].lane];
        let mut present = BinSet::default();
        match self.matrix.digits(column) {
            Some(digits) => {
                let bin_of = |row: u32| usize::from(digits[usize::from(codes[row as usize])]) % SHARED_BINS;
                // Rows in a row often share a bin: four sums of each, so that one need not wait for the last.
                let mut sums = [[Packed(0); SHARED_BINS]; 4];
                let (fours, rest) = rows.as_chunks::<4>();
                let (statistics, statistics_rest) = ordered.as_chunks::<4>();
                for (rows, statistics) in fours.iter().zip(statistics) {
                    for at in 0..4 {
                        sums[at][bin_of(rows[at])].add(statistics[at]);
                    }
                }
                for (row, statistics) in rest.iter().zip(statistics_rest) {
                    sums[0][bin_of(*row)].add(*statistics);
                }
                for bin in 0..self.matrix.places[column].bins {
                    for sums in &sums {
                        self.cells[bin].add(sums[bin]);
                    }
                    if !self.cells[bin].is_empty() {
                        present.insert(bin);
                    }
                }
            }
            None => {
                for (row, statistics) in rows.iter().zip(ordered) {
                    let bin = codes[*row as usize] as usize;
                    self.cells[bin].add(*statistics);
                    present.insert(bin);
                }
            }
        }
        present
    }

    fn judge(&self, column: usize, present: &BinSet, node: &NodeRules<'_>, rng: &mut ChaCha8Rng) -> Option<Candidate> {
        let bins = &self.matrix.columns[column];
        match bins.rule {
            BinRule::Numeric { .. } if self.random_cuts => self.random_cut(column, present, node, rng),
            BinRule::Numeric { .. } => self.best_cut(column, present, node),
            BinRule::Categorical { .. } if self.random_cuts => self.random_set(column, present, node, rng),
            BinRule::Categorical { .. } => {
                let cells = &self.cells[..bins.total()];
                let sums = ColumnSums {
                    column,
                    bins,
                    cells,
                    counts: None,
                };
                sums.best(node)
            }
        }
    }

    fn candidate(column: usize, cut: Cut, left: Packed, gain: Gain, node: &NodeRules<'_>) -> Option<Candidate> {
        let gain = node.real_gain(gain.value() - node.parent_worth());
        // Equal children are no split, whatever rounding says; a gain of exactly 0 may still part rows to be split well later.
        (gain > -1e-9 && gain >= node.rules.min_gain - 1e-9).then_some(Candidate {
            column,
            cut,
            left,
            gain: gain.max(0.0),
        })
    }

    fn missing(&self, column: usize) -> (Option<usize>, Packed) {
        let bin = self.matrix.columns[column].missing.map(usize::from);
        (bin, bin.map_or(Packed(0), |b| self.cells[b]))
    }

    /// The best cut between neighbouring bins that have rows, in the middle of the empty bins between them.
    fn best_cut(&self, column: usize, present: &BinSet, node: &NodeRules<'_>) -> Option<Candidate> {
        let (missing_bin, missing) = self.missing(column);
        let most = node.total.hessian() - node.least;
        let mut best: Option<(Gain, Cut, Packed)> = None;
        let sides: &[bool] = if missing.is_empty() { &[false] } else { &[false, true] };
        for &missing_left in sides {
            let mut left = if missing_left { missing } else { Packed(0) };
            let mut values = present.iter().filter(|b| Some(*b) != missing_bin).peekable();
            while let Some(bin) = values.next() {
                left.add(self.cells[bin]);
                let next = values.peek().copied();
                let parts_missing = !missing.is_empty() && !missing_left;
                if next.is_none() && !parts_missing {
                    break;
                }
                let hessian = left.hessian();
                if hessian < node.least || hessian > most {
                    continue;
                }
                let gain = node.worth(left);
                if best.is_none_or(|(b, ..)| gain.beats(b)) {
                    let bin = next.map_or(self.matrix.columns[column].values - 1, |next| bin.midpoint(next));
                    best = Some((gain, Cut::After { bin, missing_left }, left));
                }
            }
        }
        let (gain, cut, left) = best?;
        Self::candidate(column, cut, left, gain, node)
    }

    /// A cut drawn evenly from the bins between the node's lowest and highest value; missing values go to a side drawn
    /// too. (Geurts, Ernst and Wehenkel 2006 draw from the values; drawing from bins of equal frequency does not depend
    /// on how a column is scaled.)
    fn random_cut(
        &self,
        column: usize,
        present: &BinSet,
        node: &NodeRules<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Candidate> {
        let (missing_bin, missing) = self.missing(column);
        let mut values = present.iter().filter(|b| Some(*b) != missing_bin);
        let low = values.next()?;
        let high = values.last().unwrap_or(low);
        let parts_missing = !missing.is_empty();
        if low == high && !parts_missing {
            return None;
        }
        let (bin, missing_left) = if low == high {
            (self.matrix.columns[column].values - 1, false)
        } else {
            (rng.random_range(low..high), parts_missing && rng.random_bool(0.5))
        };
        let mut left = if missing_left { missing } else { Packed(0) };
        for value in present.iter().filter(|b| Some(*b) != missing_bin && *b <= bin) {
            left.add(self.cells[value]);
        }
        Self::if_large_enough(column, Cut::After { bin, missing_left }, left, node)
    }

    /// Each category that has rows goes to a side drawn, at least one to each.
    fn random_set(
        &self,
        column: usize,
        present: &BinSet,
        node: &NodeRules<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Option<Candidate> {
        let bins: Vec<usize> = present.iter().collect();
        if bins.len() < 2 {
            return None;
        }
        let (stays, goes) = (rng.random_range(0..bins.len()), rng.random_range(0..bins.len() - 1));
        let goes = if goes >= stays { goes + 1 } else { goes };
        let (mut set, mut left) = (BinSet::default(), Packed(0));
        for (at, bin) in bins.into_iter().enumerate() {
            let drawn = rng.random_bool(0.5);
            if at == goes || (drawn && at != stays) {
                set.insert(bin);
                left.add(self.cells[bin]);
            }
        }
        Self::if_large_enough(column, Cut::Set(set), left, node)
    }

    fn if_large_enough(column: usize, cut: Cut, left: Packed, node: &NodeRules<'_>) -> Option<Candidate> {
        let (hessian, rest) = (left.hessian(), node.total.less(left).hessian());
        (hessian >= node.least && rest >= node.least)
            .then(|| Self::candidate(column, cut, left, node.worth(left), node))
            .flatten()
    }
}
