//! Owns labelled training rows by which a row can be told what it is like: the nearest ones by Gower's distance.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::schema::{Column, ColumnType};

use super::gower::{Measure, number_gap, unequal};
use super::value::Value;

/// Most training rows that are kept to search.
pub const MOST_ROWS: usize = 100_000;

/// The code of a missing cell.
const MISSING: u32 = u32::MAX;

/// Rows whose distances are summed together: few enough that the sums stay in the inner cache.
const BLOCK_ROWS: usize = 2048;

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
}

/// One column of the rows.
#[derive(Clone, Debug)]
struct ReferenceColumn {
    name: String,
    kind: ColumnType,
    cells: Cells,
}

/// Cells in little space.
#[derive(Clone, Debug)]
enum Cells {
    /// Numbers and times, NaN for missing, and the range they cover.
    Numbers { numbers: Vec<f64>, range: f64 },
    /// Everything else: places in `names`, or [`MISSING`].
    Codes { codes: Vec<u32>, names: Vec<Value> },
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
        }
    }

    /// Adds the next of the model's columns: one cell a row. Cells that are lacking count as missing.
    pub fn add(&mut self, column: &Column, cells: &[Option<Value>]) {
        let cells = match Measure::of(column.kind, cells) {
            Measure::Range(range) => Cells::numbers(cells, self.labels.len(), range),
            Measure::Equality => Cells::codes(cells, self.labels.len()),
        };
        self.columns.push(ReferenceColumn {
            name: column.name.clone(),
            kind: column.kind,
            cells,
        });
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
    /// One pass over the rows: work of rows x columns, memory for `k` rows.
    pub fn nearest(&self, row: &[Option<Value>], k: usize) -> Vec<Neighbour> {
        let probes: Vec<Probe<'_>> = (self.columns.iter().enumerate())
            .map(|(at, column)| column.probe(row.get(at).and_then(Option::as_ref)))
            .collect();
        let rows = self.labels.len();
        let mut best = BinaryHeap::<Near>::with_capacity(k.min(rows));
        let mut sums = Vec::with_capacity(BLOCK_ROWS);
        for first in (0..rows).step_by(BLOCK_ROWS) {
            sums.clear();
            sums.resize(BLOCK_ROWS.min(rows - first), 0.0);
            for probe in &probes {
                probe.add_gaps(first, &mut sums);
            }
            for (place, &sum) in (first..).zip(&sums) {
                let near = Near { sum, place };
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

    fn neighbour(&self, near: &Near) -> Neighbour {
        Neighbour {
            row: self.choice.rows.get(near.place).copied().unwrap_or(near.place),
            distance: near.sum / self.columns.len().max(1) as f64,
            malicious: self.labels.get(near.place).copied().unwrap_or_default(),
            values: self.columns.iter().map(|column| column.value(near.place)).collect(),
        }
    }
}

/// A row and the sum of its gaps. The nearer is the lesser; of equals, the earlier.
#[derive(Clone, Copy, Debug)]
struct Near {
    sum: f64,
    place: usize,
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

impl Cells {
    fn numbers(cells: &[Option<Value>], rows: usize, range: f64) -> Self {
        let mut numbers: Vec<f64> = cells
            .iter()
            .take(rows)
            .map(|cell| cell.as_ref().and_then(Value::number).unwrap_or(f64::NAN))
            .collect();
        numbers.resize(rows, f64::NAN);
        Self::Numbers { numbers, range }
    }

    fn codes(cells: &[Option<Value>], rows: usize) -> Self {
        let mut code_of = BTreeMap::<&Value, u32>::new();
        let mut names = Vec::new();
        let mut codes: Vec<u32> = cells
            .iter()
            .take(rows)
            .map(|cell| match cell {
                None => MISSING,
                Some(value) => *code_of.entry(value).or_insert_with(|| {
                    names.push(value.clone());
                    names.len() as u32 - 1
                }),
            })
            .collect();
        codes.resize(rows, MISSING);
        Self::Codes { codes, names }
    }
}

impl ReferenceColumn {
    /// The value of a row's cell.
    fn value(&self, place: usize) -> Option<Value> {
        match &self.cells {
            Cells::Numbers { numbers, .. } => {
                let number = numbers.get(place).copied().filter(|number| !number.is_nan())?;
                Some(match self.kind {
                    ColumnType::Float => Value::Float(number),
                    ColumnType::Timestamp => Value::Time(number as i64),
                    _ => Value::Int(number as i64),
                })
            }
            Cells::Codes { codes, names } => names.get(*codes.get(place)? as usize).cloned(),
        }
    }

    /// The column made ready to be compared with one cell.
    fn probe(&self, cell: Option<&Value>) -> Probe<'_> {
        match &self.cells {
            Cells::Numbers { numbers, range } => Probe::Numbers {
                numbers,
                range: *range,
                number: cell.and_then(Value::number).unwrap_or(f64::NAN),
            },
            Cells::Codes { codes, names } => Probe::Codes {
                codes,
                // A value that training did not have is like no code at all.
                code: cell.map_or(Some(MISSING), |value| {
                    names.iter().position(|name| name == value).map(|code| code as u32)
                }),
            },
        }
    }
}

/// One column and the cell that its rows are compared with.
enum Probe<'a> {
    Numbers {
        numbers: &'a [f64],
        range: f64,
        number: f64,
    },
    Codes {
        codes: &'a [u32],
        code: Option<u32>,
    },
}

impl Probe<'_> {
    /// Adds each row's gap, from row `first` on, to its sum.
    fn add_gaps(&self, first: usize, sums: &mut [f64]) {
        match self {
            Self::Numbers { numbers, range, number } => {
                let numbers = numbers.get(first..).unwrap_or_default();
                for (sum, other) in sums.iter_mut().zip(numbers) {
                    *sum += match (number.is_nan(), other.is_nan()) {
                        (false, false) => number_gap(*number, *other, *range),
                        (missing, other_missing) => unequal(missing != other_missing),
                    };
                }
            }
            Self::Codes { codes, code } => {
                let codes = codes.get(first..).unwrap_or_default();
                for (sum, other) in sums.iter_mut().zip(codes) {
                    *sum += unequal(Some(*other) != *code);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
