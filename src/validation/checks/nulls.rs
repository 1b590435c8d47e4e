//! Owns the check of empty cells in columns that do not allow them.

use crate::data::TypedRow;
use crate::schema::{Severity, TypedCell};
use crate::validation::error::ValidationError;
use crate::validation::report::CheckOutcome;

use super::{Batch, Check, Findings, Setup, SingleRow, Tally, Totals};

/// Columns that must not be empty.
struct Nulls(Vec<(usize, Tally)>);

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    const REASON: &str = "empty, which the schema does not allow here (`nullable: true` would)";
    let strict = setup.columns().filter(|(_, column)| !column.nullable);
    let columns: Vec<_> = strict
        .map(|(index, _)| (index, setup.tally("null", Severity::Block, Some(index), REASON)))
        .collect();
    (!columns.is_empty()).then(|| Box::new(Nulls(columns)) as Box<dyn Check>)
}

impl SingleRow for Nulls {
    fn passes(&self, row: &TypedRow<'_>) -> bool {
        let there = |column: &usize| row.cell(*column) != TypedCell::Missing;
        self.0.iter().all(|(column, _)| there(column))
    }
}

impl Check for Nulls {
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(self)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for (column, tally) in &mut self.0 {
            let Some(cells) = batch.cells(*column) else { continue };
            // A cell that could not be read is null too, and already counted as that.
            let mut unreadable = batch.unreadable(*column).iter().peekable();
            cells.nulls(|row| {
                while unreadable.next_if(|other| **other < row).is_some() {}
                if unreadable.peek().is_none_or(|other| **other != row) {
                    tally.fail(batch, row, found);
                }
            });
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.0.iter().map(|(_, tally)| tally))
    }
}
