//! Owns the check of `unique`.

use std::collections::HashSet;

use crate::schema::Severity;
use crate::text::grouped;
use crate::validation::cells::Cells;
use crate::validation::error::ValidationError;
use crate::validation::report::CheckOutcome;

use super::{Batch, Check, Findings, Purpose, Setup, Tally, Totals};

/// One unique column. Values are remembered as 128 bits of their BLAKE3 hash: a chance collision, which would reject
/// a sound row, is out of reach for any file.
struct Seen {
    column: usize,
    values: HashSet<[u8; 16]>,
    full: bool,
    tally: Tally,
}

/// Columns in which a value may stand only once.
struct Unique {
    columns: Vec<Seen>,
    limit: usize,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    if setup.purpose == Purpose::Score {
        return None;
    }
    let columns: Vec<Seen> = setup
        .columns()
        .filter(|(_, column)| column.unique)
        .map(|(index, _)| Seen {
            column: index,
            values: HashSet::new(),
            full: false,
            tally: setup.tally(
                "unique",
                Severity::Block,
                Some(index),
                "a value that an earlier row has",
            ),
        })
        .collect();
    let limit = setup.settings.max_tracked_rows;
    (!columns.is_empty()).then(|| Box::new(Unique { columns, limit }) as Box<dyn Check>)
}

impl Seen {
    /// Remembers a value; false where it was there before.
    fn first_time(&mut self, value: &[u8], limit: usize) -> bool {
        let mut key = [0; 16];
        key.copy_from_slice(&blake3::hash(value).as_bytes()[..16]);
        if self.values.len() < limit {
            return self.values.insert(key);
        }
        let known = self.values.contains(&key);
        self.full |= !known;
        !known
    }
}

impl Check for Unique {
    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        let limit = self.limit;
        for seen in &mut self.columns {
            let Some(cells) = batch.cells(seen.column) else {
                continue;
            };
            for row in 0..cells.len() {
                let first = match cells {
                    Cells::Int(c) | Cells::Time(c) => c.get(row).map(|v| seen.first_time(&v.to_le_bytes(), limit)),
                    // Adding zero makes -0 and 0 one value.
                    Cells::Float(c) => c.get(row).map(|v| seen.first_time(&(v + 0.0).to_le_bytes(), limit)),
                    Cells::Text(c) => c.get(row).map(|v| seen.first_time(v.as_bytes(), limit)),
                    Cells::Bool(c) => c.get(row).map(|v| seen.first_time(&[u8::from(v)], limit)),
                };
                if first == Some(false) {
                    seen.tally.fail(batch, row, found);
                }
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        let mut outcomes = Tally::outcomes(self.columns.iter().map(|seen| &seen.tally));
        if self.columns.iter().any(|seen| seen.full) {
            let limit = grouped(self.limit as u64);
            for outcome in &mut outcomes {
                outcome.message.push_str("; only the first ");
                outcome.message.push_str(&limit);
                outcome
                    .message
                    .push_str(" values were remembered (`max_tracked_rows`), repeats of later ones are not found");
            }
        }
        outcomes
    }
}
