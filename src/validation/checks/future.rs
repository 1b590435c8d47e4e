//! Owns the check of timestamps that lie in the future.

use crate::schema::{ColumnType, Severity};
use crate::validation::cells::{Cells, scan};
use crate::validation::error::ValidationError;
use crate::validation::report::CheckOutcome;

use super::{Batch, Check, Findings, Setup, Tally, Totals};

/// Timestamp columns, and the latest moment that is fine, in microseconds since 1970.
struct Future {
    columns: Vec<(usize, Tally)>,
    latest: i64,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    let now = setup.now?;
    let times = setup
        .columns()
        .filter(|(_, column)| column.kind == ColumnType::Timestamp);
    let columns: Vec<_> = times
        .map(|(index, _)| {
            (
                index,
                setup.tally("future_timestamp", Severity::Warn, Some(index), "lies in the future"),
            )
        })
        .collect();
    let tolerance = i64::try_from(setup.settings.future_tolerance_seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000);
    let latest = now.saturating_add(tolerance);
    (!columns.is_empty()).then(|| Box::new(Future { columns, latest }) as Box<dyn Check>)
}

impl Check for Future {
    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        let latest = self.latest;
        for (column, tally) in &mut self.columns {
            if let Some(Cells::Time(cells)) = batch.cells(*column) {
                scan(cells, |time| time > latest, |row| tally.fail(batch, row, found));
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.columns.iter().map(|(_, tally)| tally))
    }
}
