//! Owns which values the model's columns had in training: what a change to a row may be made of, and the measure by
//! which it is large or small.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::schema::{Column, ColumnType, Role};

use super::gower::Measure;
use super::value::Value;

/// Most values kept of a column of numbers.
pub const MOST_NUMBERS: usize = 32;

/// Most values kept of any other column.
pub const MOST_NAMES: usize = 64;

/// The values that the model's columns had in training, in the model's column order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeenValues {
    columns: Vec<SeenColumn>,
}

/// The values that one column had in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenColumn {
    /// The schema column.
    pub name: String,
    /// How its cells are compared.
    pub measure: Measure,
    /// Values of training rows, ascending, each once; all of them if `distinct` is no more. Of more numbers, half are
    /// at even ranks of the rows (so common ones are there) and half at even ranks of the distinct values (so that
    /// a value most rows share does not crowd out the rest), both with the least and the greatest. Of more names, the
    /// most frequent.
    pub values: Vec<Value>,
    /// How many distinct values there were.
    pub distinct: usize,
    /// Whether a change may be made here: not to what the schema calls an id, a time, or to be ignored.
    pub changeable: bool,
}

impl SeenValues {
    /// Adds the next of the model's columns, with its training cells.
    pub fn add(&mut self, column: &Column, cells: &[Option<Value>]) {
        let measure = Measure::of(column.kind, cells);
        let mut counts = BTreeMap::<&Value, usize>::new();
        for value in cells.iter().flatten() {
            *counts.entry(value).or_default() += 1;
        }
        let distinct = counts.len();
        let counts: Vec<(&Value, usize)> = counts.into_iter().collect();
        let values = match measure {
            Measure::Range(_) => quantiles(&counts),
            Measure::Equality => most_frequent(counts),
        };
        self.columns.push(SeenColumn {
            name: column.name.clone(),
            measure,
            values,
            distinct,
            changeable: column.role == Role::Feature && column.kind != ColumnType::Timestamp,
        });
    }

    /// The model's columns, in its order.
    pub fn columns(&self) -> &[SeenColumn] {
        &self.columns
    }
}

/// At most [`MOST_NUMBERS`] of ascending values with their counts.
fn quantiles(counts: &[(&Value, usize)]) -> Vec<Value> {
    if counts.len() <= MOST_NUMBERS {
        return counts.iter().map(|(value, _)| (*value).clone()).collect();
    }
    let half = MOST_NUMBERS / 2;
    let rows: usize = counts.iter().map(|(_, count)| count).sum();
    // The place of the distinct value that each of these ranks among the rows falls on.
    let mut chosen = BTreeSet::new();
    let mut ranks = even_ranks(rows, half).peekable();
    let mut end = 0;
    for (place, (_, count)) in counts.iter().enumerate() {
        end += count;
        while ranks.next_if(|&rank| rank < end).is_some() {
            chosen.insert(place);
        }
    }
    chosen.extend(even_ranks(counts.len(), half));
    let values = chosen.into_iter().filter_map(|place| counts.get(place));
    values.map(|(value, _)| (*value).clone()).collect()
}

/// `wanted` (at least 2) of the ranks `0..of`, evenly spaced, the first and the last among them.
fn even_ranks(of: usize, wanted: usize) -> impl Iterator<Item = usize> {
    (0..wanted).map(move |i| (i * of.saturating_sub(1)) / (wanted - 1).max(1))
}

/// The [`MOST_NAMES`] most frequent values, of equals the lesser, in ascending order.
fn most_frequent(mut counts: Vec<(&Value, usize)>) -> Vec<Value> {
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(MOST_NAMES);
    counts.sort_unstable();
    counts.into_iter().map(|(value, _)| value.clone()).collect()
}

#[cfg(test)]
mod tests;
