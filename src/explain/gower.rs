//! Owns Gower's distance (Gower 1971, "A General Coefficient of Similarity and Some of Its Properties"): how far apart
//! two cells of one column are, from 0 to 1. Two rows are as far apart as their cells on average.

use serde::{Deserialize, Serialize};

use crate::schema::ColumnType;

use super::value::Value;

/// How the cells of a column are compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// By their difference, in units of the range that training rows cover.
    Range(f64),
    /// Equal or not.
    Equality,
}

impl Measure {
    /// The measure of a column of this type with these training cells.
    ///
    /// Ports count as names: 443 is no nearer to 444 than to 80.
    pub(super) fn of(kind: ColumnType, cells: &[Option<Value>]) -> Self {
        match kind {
            ColumnType::Int | ColumnType::Float | ColumnType::Timestamp => {
                let numbers = cells.iter().flatten().filter_map(Value::number);
                let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                    (low.min(x), high.max(x))
                });
                // Without a value there is no range, and the difference of the extremes of f64 is infinite.
                Self::Range((high - low).clamp(0.0, f64::MAX))
            }
            ColumnType::Category | ColumnType::Bool | ColumnType::Text | ColumnType::Ip | ColumnType::Port => {
                Self::Equality
            }
        }
    }

    /// How far apart two cells are, 0 to 1. Missing and present: 1; both missing: 0. Beyond the training range: 1.
    pub fn gap(self, a: Option<&Value>, b: Option<&Value>) -> f64 {
        match (a, b) {
            (None, None) => 0.0,
            (Some(a), Some(b)) => match (self, a.number(), b.number()) {
                (Self::Range(range), Some(a), Some(b)) => number_gap(a, b, range),
                _ => unequal(a != b),
            },
            _ => 1.0,
        }
    }
}

/// 0 for equal, 1 for unequal.
pub(super) fn unequal(unequal: bool) -> f64 {
    f64::from(u8::from(unequal))
}

/// How far apart two numbers are in a column of this training range.
#[inline]
pub(super) fn number_gap(a: f64, b: f64, range: f64) -> f64 {
    let difference = (a - b).abs();
    if difference >= range {
        // Also where all training values are one: equal or not.
        unequal(difference > 0.0)
    } else {
        difference / range
    }
}

#[cfg(test)]
mod tests;
