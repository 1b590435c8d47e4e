//! Owns the check of `allowed`, and sets of values that are quick to ask.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::data::TypedRow;
use crate::schema::{Column, ColumnType, TypedCell};
use crate::text::{shortened, visible_text};
use crate::validation::cells::{Cells, scan};
use crate::validation::error::ValidationError;
use crate::validation::report::CheckOutcome;

use super::cells::type_name;
use super::{Batch, Check, Findings, Setup, SingleRow, Tally, Totals};

/// A set of whole numbers: a bit mask over 64 neighbours, a sorted list for the rest.
#[derive(Clone, Debug)]
pub(super) struct IntSet {
    base: i64,
    mask: u64,
    rest: Vec<i64>,
}

impl IntSet {
    pub(super) fn new(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        values.dedup();
        let base = values.first().copied().unwrap_or(0);
        let near = |v: &i64| v.wrapping_sub(base) as u64;
        let mask = values
            .iter()
            .map(near)
            .filter(|d| *d < 64)
            .fold(0, |mask, d| mask | (1 << d));
        let rest = values.iter().copied().filter(|v| near(v) >= 64).collect();
        Self { base, mask, rest }
    }

    #[inline]
    pub(super) fn contains(&self, value: i64) -> bool {
        let distance = value.wrapping_sub(self.base) as u64;
        if distance < 64 {
            (self.mask >> distance) & 1 == 1
        } else {
            !self.rest.is_empty() && self.rest.binary_search(&value).is_ok()
        }
    }
}

/// The allowed values of one column, as its cells have them in memory.
enum Values {
    Int(IntSet),
    Float(Vec<f64>),
    Text(HashSet<String>),
    Bool { yes: bool, no: bool },
}

impl Values {
    fn read(column: &Column, allowed: &[String]) -> Result<Option<Self>, ValidationError> {
        let bad = |value: &String| ValidationError::Allowed {
            column: visible_text(&column.name).into_owned(),
            value: visible_text(&shortened(value.as_bytes(), 80)).into_owned(),
            kind: type_name(column.kind),
        };
        Ok(Some(match column.kind {
            ColumnType::Int | ColumnType::Port => {
                let values: Result<_, _> = allowed.iter().map(|v| whole(v).ok_or_else(|| bad(v))).collect();
                Self::Int(IntSet::new(values?))
            }
            ColumnType::Float => {
                let read = |v: &String| {
                    v.trim()
                        .parse()
                        .ok()
                        .filter(|f: &f64| f.is_finite())
                        .ok_or_else(|| bad(v))
                };
                Self::Float(allowed.iter().map(read).collect::<Result<_, _>>()?)
            }
            ColumnType::Bool => {
                let values = allowed
                    .iter()
                    .map(|v| truth(v).ok_or_else(|| bad(v)))
                    .collect::<Result<Vec<_>, _>>()?;
                Self::Bool {
                    yes: values.contains(&true),
                    no: values.contains(&false),
                }
            }
            ColumnType::Ip => {
                let read = |v: &String| v.trim().parse().map(|ip: IpAddr| ip.to_string()).map_err(|_| bad(v));
                Self::Text(allowed.iter().map(read).collect::<Result<_, _>>()?)
            }
            ColumnType::Category | ColumnType::Text => Self::Text(allowed.iter().cloned().collect()),
            ColumnType::Timestamp => return Ok(None),
        }))
    }
}

/// `3`, `+3` and `3.0` as 3.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    // Whole floats below 2^53 convert exactly.
    let float = || {
        text.parse::<f64>()
            .ok()
            .filter(|f| f.fract() == 0.0 && f.abs() < 9e15)
            .map(|f| f as i64)
    };
    text.parse().ok().or_else(float)
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "1" => Some(true),
        "false" | "f" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// Columns with a list of allowed values.
struct Allowed(Vec<(usize, Values, Tally)>);

pub(super) fn plan(setup: &Setup<'_>) -> Result<Option<Box<dyn Check>>, ValidationError> {
    let mut columns = Vec::new();
    for (index, column) in setup.columns() {
        let Some(allowed) = &column.allowed else { continue };
        let Some(values) = Values::read(column, allowed)? else {
            continue;
        };
        let reason = format!("not among the allowed values ({})", listed(allowed));
        columns.push((
            index,
            values,
            setup.tally("allowed", column.severity, Some(index), &reason),
        ));
    }
    Ok((!columns.is_empty()).then(|| Box::new(Allowed(columns)) as Box<dyn Check>))
}

/// The first few values, for a message.
fn listed(values: &[String]) -> String {
    let short = |v: &String| visible_text(&shortened(v.as_bytes(), 40)).into_owned();
    let mut shown: Vec<String> = values.iter().take(8).map(short).collect();
    if values.len() > shown.len() {
        shown.push(format!("and {} more", values.len() - shown.len()));
    }
    shown.join(", ")
}

impl Values {
    /// Whether a cell is among them; a missing one is none of their business.
    fn contain(&self, cell: TypedCell<'_>) -> bool {
        match (cell, self) {
            (TypedCell::Int(value), Self::Int(set)) => set.contains(value),
            (TypedCell::Float(value), Self::Float(set)) => set.contains(&value),
            (TypedCell::Text(text), Self::Text(set)) => set.contains(text),
            (TypedCell::Ip(address), Self::Text(set)) => set.contains(&address.to_string()),
            (TypedCell::Bool(value), Self::Bool { yes, no }) => {
                if value {
                    *yes
                } else {
                    *no
                }
            }
            _ => true,
        }
    }
}

impl SingleRow for Allowed {
    fn passes(&self, row: &TypedRow<'_>) -> bool {
        let mut columns = self.0.iter();
        columns.all(|(column, values, _)| values.contain(row.cell(*column)))
    }
}

impl Check for Allowed {
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(self)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for (column, values, tally) in &mut self.0 {
            let mut fail = |row| tally.fail(batch, row, found);
            match (batch.cells(*column), values) {
                (Some(Cells::Int(cells)), Values::Int(set)) => scan(cells, |v| !set.contains(v), fail),
                (Some(Cells::Float(cells)), Values::Float(set)) => scan(cells, |v| !set.contains(&v), fail),
                (Some(Cells::Text(cells)), Values::Text(set)) => {
                    for (row, text) in cells.iter().enumerate() {
                        if text.is_some_and(|text| !set.contains(text)) {
                            fail(row);
                        }
                    }
                }
                (Some(Cells::Bool(cells)), Values::Bool { yes, no }) if !(*yes && *no) => {
                    for (row, value) in cells.iter().enumerate() {
                        if value.is_some_and(|value| !if value { *yes } else { *no }) {
                            fail(row);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.0.iter().map(|(_, _, tally)| tally))
    }
}
