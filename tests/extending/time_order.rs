//! Owns the check of rows out of time order: a timestamp before that of the row above.

use crate::schema::{ColumnType, Severity};
use crate::validation::{Batch, Cells, Check, CheckOutcome, Findings, Setup, Tally, Totals, ValidationError};

/// One timestamp column.
struct Watched {
    column: usize,
    /// The last time seen, in microseconds since 1970; it lives from batch to batch.
    last: Option<i64>,
    tally: Tally,
}

/// All of them.
struct TimeOrder(Vec<Watched>);

/// The check, where the source has a timestamp.
pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    let times = setup
        .columns()
        .filter(|(_, column)| column.kind == ColumnType::Timestamp);
    let watched: Vec<Watched> = times
        .map(|(column, _)| Watched {
            column,
            last: None,
            tally: setup.tally("time_order", Severity::Warn, Some(column), "lies before the row above"),
        })
        .collect();
    (!watched.is_empty()).then(|| Box::new(TimeOrder(watched)) as Box<dyn Check>)
}

impl Check for TimeOrder {
    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for Watched { column, last, tally } in &mut self.0 {
            let Some(Cells::Time(times)) = batch.cells(*column) else {
                continue;
            };
            for (row, time) in times.iter().enumerate() {
                let Some(time) = time else { continue };
                if last.is_some_and(|last| time < last) {
                    tally.fail(batch, row, found);
                }
                *last = Some(time);
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.0.iter().map(|watched| &watched.tally))
    }
}
