//! Owns the checks of a file's row counts: malformed rows, no rows, too many rejected.

use std::sync::Arc;

use crate::schema::Severity;
use crate::text::{grouped, percent};
use crate::text::{shortened, visible_text};
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, CheckStatus, Example, Scope};

use super::{Batch, Check, EveryRow, Findings, Purpose, Setup, SingleRow, Totals};

/// Id of the check of rows that could not be cut into cells.
pub(crate) const MALFORMED: &str = "malformed_row";
/// Id of the check of how many rows were rejected.
pub(crate) const REJECTED: &str = "rejected_fraction";

/// Counts rows; keeps examples of malformed ones.
pub(super) struct RowCounts {
    purpose: Purpose,
    max_rejected_fraction: f64,
    most: usize,
    /// Required columns are missing, so no row is read.
    unread: bool,
    examples: Vec<Example>,
    lines: Vec<u64>,
    first_reason: Option<Arc<str>>,
}

impl RowCounts {
    pub(super) fn new(setup: &Setup<'_>) -> Self {
        Self {
            purpose: setup.purpose,
            max_rejected_fraction: setup.settings.max_rejected_fraction,
            most: setup.settings.max_examples,
            unread: !setup.layout.missing.is_empty(),
            examples: Vec::new(),
            lines: Vec::new(),
            first_reason: None,
        }
    }

    fn malformed(&self, totals: &Totals) -> CheckOutcome {
        let Some(reason) = self.first_reason.as_deref().filter(|_| totals.malformed > 0) else {
            return CheckOutcome::passed(
                MALFORMED,
                Severity::Block,
                Scope::Row,
                "every row has the header's columns",
            );
        };
        let rows = if totals.malformed == 1 { "row" } else { "rows" };
        let first = if totals.malformed == 1 { "" } else { "the first: " };
        let message = format!("{} {rows}: {first}{}", grouped(totals.malformed), visible_text(reason));
        CheckOutcome {
            status: CheckStatus::Failed,
            failing_rows: totals.malformed,
            examples: self.examples.clone(),
            lines: self.lines.clone(),
            ..CheckOutcome::passed(MALFORMED, Severity::Block, Scope::Row, message)
        }
    }

    fn rejected(&self, totals: &Totals) -> CheckOutcome {
        let (rejected, rows) = (totals.rejected, totals.rows);
        let counts = format!(
            "{} of {} rows rejected ({})",
            grouped(rejected),
            grouped(rows),
            percent(rejected, rows)
        );
        if rows > 0 && rejected >= rows {
            let message = format!("{counts}: no row is left; see the failed checks of rows");
            return CheckOutcome::failed(REJECTED, Severity::Block, message).touching(rejected);
        }
        let limit = self.max_rejected_fraction;
        if self.purpose != Purpose::Score && rejected as f64 > limit * rows as f64 {
            let message = format!(
                "{counts}, at most {:.1} % may be; mend the data or the schema, or raise `max_rejected_fraction`",
                limit * 100.0
            );
            return CheckOutcome::failed(REJECTED, Severity::Block, message).touching(rejected);
        }
        CheckOutcome::passed(REJECTED, Severity::Block, Scope::File, counts)
    }
}

impl Check for RowCounts {
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(&EveryRow)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        let room = found.most_lines.saturating_sub(self.lines.len());
        self.lines
            .extend(batch.raw.malformed.iter().take(room).map(|row| row.line));
        for row in &batch.raw.malformed {
            if self.first_reason.is_none() {
                self.first_reason = Some(row.reason.as_str().into());
            }
            if self.examples.len() >= self.most {
                break;
            }
            self.examples.push(Example {
                line: row.line,
                value: shortened(&row.raw, 200),
            });
        }
        Ok(())
    }

    fn outcomes(&mut self, totals: &Totals) -> Vec<CheckOutcome> {
        let no_rows = if totals.rows == 0 && self.unread {
            let message = "not read: required columns are missing";
            CheckOutcome::skipped("no_rows", Severity::Block, Scope::File, message)
        } else if totals.rows == 0 {
            let message = "the file has no rows; check that it is the right one and has finished being written";
            CheckOutcome::failed("no_rows", Severity::Block, message)
        } else {
            CheckOutcome::passed(
                "no_rows",
                Severity::Block,
                Scope::File,
                format!("{} rows", grouped(totals.rows)),
            )
        };
        vec![no_rows, self.malformed(totals), self.rejected(totals)]
    }
}
