//! Owns labelled training rows by which a row can be told what it is like: the nearest ones by Gower's distance.

mod cells;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::schema::Column;

use self::cells::{Cells, Probe};
use super::gower::Measure;
use super::value::Value;

/// Most training rows that are kept to search.
pub const MOST_ROWS: usize = 100_000;

/// Rows that are compared together, and given up together.
const BLOCK_ROWS: usize = 64;

/// Columns that are compared between two looks at whether a block can still hold a near row.
const COLUMNS_BETWEEN: usize = 3;

/// Which rows of a training split are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChoice {
    /// Their places in the split, ascending.
    pub rows: Vec<usize>,
    /// Rows of the whole split.
    pub of: usize,
}

impl RowChoice {
    /// All of `of` rows if they are at most `most`; else one row at random out of each of `most` equal stretches, so that
    /// the whole length is covered and no pattern in the order of the rows is taken for one in the data. The same
    /// rows every time.
    pub fn at_most(most: usize, of: usize) -> Self {
        let rows = if of <= most {
            (0..of).collect()
        } else {
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            let start = |stretch: usize| (stretch as u128 * of as u128 / most as u128) as usize;
            let draw = |stretch| rng.random_range(start(stretch)..start(stretch + 1));
            (0..most).map(draw).collect()
        };
        Self { rows, of }
    }
}

/// Training rows with their labels, column by column in the model's column order.
#[derive(Clone, Debug)]
pub struct ReferenceRows {
    choice: RowChoice,
    labels: Vec<bool>,
    columns: Vec<ReferenceColumn>,
    /// For each row as it lies here its place in `choice` and `labels`; empty while they are the same.
    places: Vec<u32>,
}

/// One column of the rows.
#[derive(Clone, Debug)]
struct ReferenceColumn {
    name: String,
    cells: Cells,
}

/// A training row near to the row at hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// Its place in the training split, from 0.
    pub row: usize,
    /// Gower's distance over the model's columns: 0 for identical rows, 1 at most.
    pub distance: f64,
    /// Its label.
    pub malicious: bool,
    /// Its cells in the model's column order. Whole numbers beyond 2^53 are rounded.
    pub values: Vec<Option<Value>>,
}

impl ReferenceRows {
    /// Rows without columns yet: those of `choice`, with one label each.
    pub fn new(choice: RowChoice, labels: Vec<bool>) -> Self {
        Self {
            choice,
            labels,
            columns: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Adds the next of the model's columns: one cell a row. Cells that are lacking count as missing.
    pub fn add(&mut self, column: &Column, cells: &[Option<Value>]) {
        let cell = |row: usize| cells.get(self.place(row)).and_then(Option::as_ref);
        let rows: Vec<Option<&Value>> = (0..self.labels.len()).map(cell).collect();
        self.columns.push(ReferenceColumn {
            name: column.name.clone(),
            cells: Cells::of(column.kind, &rows, Measure::of(column.kind, cells)),
        });
    }

    /// Lays rows that are alike beside each other, so that whole blocks are too far from a row to be looked at. Changes no
    /// answer.
    pub fn arrange(&mut self) {
        let few: Vec<&[u8]> = self.columns.iter().filter_map(|column| column.cells.few()).collect();
        let mut order: Vec<u32> = (0..self.labels.len() as u32).collect();
        let codes = |row: u32| few.iter().map(move |codes| codes.get(row as usize));
        order.sort_by(|a, b| codes(*a).cmp(codes(*b)).then(a.cmp(b)));
        for column in &mut self.columns {
            column.cells.put_in_order(&order);
        }
        self.places = order.iter().map(|row| self.place(*row as usize) as u32).collect();
    }

    /// The place in `choice` of a row as it lies here.
    fn place(&self, row: usize) -> usize {
        self.places.get(row).map_or(row, |place| *place as usize)
    }

    /// Names of the columns, in the model's order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Which training rows these are, and of how many.
    pub fn choice(&self) -> &RowChoice {
        &self.choice
    }

    /// The `k` rows nearest to `row`, nearest first; equally near ones in their order. `row` has its cells in the
    /// order of [`ReferenceRows::columns`]; those that are lacking count as missing.
    ///
    /// Work of rows x columns at most, memory for `k` rows. A block of rows is given up as soon as all of it is farther than the
    /// `k` nearest so far.
    pub fn nearest(&self, row: &[Option<Value>], k: usize) -> Vec<Neighbour> {
        if k == 0 {
            return Vec::new();
        }
        let probes: Vec<Probe<'_>> = (self.columns.iter().enumerate())
            .map(|(at, column)| column.cells.probe(row.get(at).and_then(Option::as_ref)))
            .collect();
        let rows = self.labels.len();
        let mut best = BinaryHeap::<Near>::with_capacity(k.min(rows) + 1);
        for first in self.likely_blocks(&probes) {
            let limit = match best.peek() {
                Some(worst) if best.len() >= k => worst.sum,
                _ => f64::INFINITY,
            };
            let mut sums = [0.0; BLOCK_ROWS];
            let sums = &mut sums[..BLOCK_ROWS.min(rows - first)];
            if !add_up_to(&probes, first, sums, limit) {
                continue;
            }
            for (row, &sum) in (first..).zip(sums.iter()) {
                let near = Near {
                    sum,
                    place: self.place(row),
                    row,
                };
                if best.len() < k {
                    best.push(near);
                } else if let Some(mut worst) = best.peek_mut()
                    && near < *worst
                {
                    *worst = near;
                }
            }
        }
        let nearest = best.into_sorted_vec().into_iter();
        nearest.map(|near| self.neighbour(&near)).collect()
    }

    /// The first row of each block, blocks that begin with the nearest rows first.
    fn likely_blocks(&self, probes: &[Probe<'_>]) -> Vec<usize> {
        let first = (0..self.labels.len()).step_by(BLOCK_ROWS);
        let mut blocks: Vec<(f64, usize)> = first.map(|first| (0.0, first)).collect();
        for probe in probes {
            for (sum, first) in &mut blocks {
                probe.add_gaps(*first, std::slice::from_mut(sum));
            }
        }
        blocks.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        blocks.into_iter().map(|(_, first)| first).collect()
    }

    fn neighbour(&self, near: &Near) -> Neighbour {
        Neighbour {
            row: self.choice.rows.get(near.place).copied().unwrap_or(near.place),
            distance: near.sum / self.columns.len().max(1) as f64,
            malicious: self.labels.get(near.place).copied().unwrap_or_default(),
            values: self.columns.iter().map(|column| column.cells.value(near.row)).collect(),
        }
    }
}

/// Sums the gaps of a block of rows, column by column; false once all of them are above `limit`. Gaps are not negative, so
/// they stay above it.
fn add_up_to(probes: &[Probe<'_>], first: usize, sums: &mut [f64], limit: f64) -> bool {
    for some in probes.chunks(COLUMNS_BETWEEN) {
        for probe in some {
            probe.add_gaps(first, sums);
        }
        if sums.iter().all(|sum| *sum > limit) {
            return false;
        }
    }
    true
}

/// A row and the sum of its gaps. The nearer is the lesser; of equals, the earlier.
#[derive(Clone, Copy, Debug)]
struct Near {
    sum: f64,
    /// Its place in `choice`.
    place: usize,
    /// Where it lies.
    row: usize,
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sum.total_cmp(&other.sum).then(self.place.cmp(&other.place))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Near {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Near {}

#[cfg(test)]
mod tests;
