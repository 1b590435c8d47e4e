//! Owns the check of `min` and `max`.

use crate::data::TypedRow;
use crate::schema::TypedCell;
use crate::validation::cells::{Cells, scan};
use crate::validation::error::ValidationError;
use crate::validation::report::CheckOutcome;

use super::{Batch, Check, Findings, Setup, SingleRow, Tally, Totals};

/// The limits of one column; times are compared as Unix seconds.
struct Limits {
    column: usize,
    bounds: Bounds,
    tally: Tally,
}

#[derive(Clone, Copy)]
struct Bounds {
    min: f64,
    max: f64,
}

/// Columns with limits.
struct Range(Vec<Limits>);

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    let limited = setup
        .columns()
        .filter(|(_, column)| column.min.is_some() || column.max.is_some());
    let limits: Vec<Limits> = limited
        .map(|(index, column)| {
            let reason = match (column.min, column.max) {
                (Some(min), Some(max)) => format!("outside {min} to {max}"),
                (Some(min), None) => format!("below {min}"),
                (None, max) => format!("above {}", max.unwrap_or(f64::INFINITY)),
            };
            Limits {
                column: index,
                bounds: Bounds {
                    min: column.min.unwrap_or(f64::NEG_INFINITY),
                    max: column.max.unwrap_or(f64::INFINITY),
                },
                tally: setup.tally("range", column.severity, Some(index), &reason),
            }
        })
        .collect();
    (!limits.is_empty()).then(|| Box::new(Range(limits)) as Box<dyn Check>)
}

impl Bounds {
    fn exclude(self, value: f64) -> bool {
        value < self.min || value > self.max
    }
}

impl SingleRow for Range {
    fn passes(&self, row: &TypedRow<'_>) -> bool {
        let within = |limits: &Limits| match row.cell(limits.column) {
            TypedCell::Int(value) => !limits.bounds.exclude(value as f64),
            TypedCell::Float(value) => !limits.bounds.exclude(value),
            TypedCell::Time(micros) => !limits.bounds.exclude(micros as f64 / 1e6),
            TypedCell::Missing | TypedCell::Bool(_) | TypedCell::Text(_) | TypedCell::Ip(_) => true,
        };
        self.0.iter().all(within)
    }
}

impl Check for Range {
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(self)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for limits in &mut self.0 {
            let bounds = limits.bounds;
            let outside = move |v: f64| bounds.exclude(v);
            let fail = |row| limits.tally.fail(batch, row, found);
            match batch.cells(limits.column) {
                Some(Cells::Int(cells)) => scan(cells, |v| outside(v as f64), fail),
                Some(Cells::Float(cells)) => scan(cells, outside, fail),
                Some(Cells::Time(cells)) => scan(cells, |micros| outside(micros as f64 / 1e6), fail),
                Some(Cells::Text(_) | Cells::Bool(_)) | None => {}
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.0.iter().map(|limits| &limits.tally))
    }
}
