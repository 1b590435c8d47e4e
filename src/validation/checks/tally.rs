//! Owns the counting of failing rows, and the list of rows to reject.

use std::sync::Arc;

use crate::schema::Severity;
use crate::text::grouped;
use crate::validation::report::{CheckOutcome, CheckStatus, Example, Scope};

use super::Batch;

/// One reason to reject one row.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Zero-based row of the batch.
    pub row: usize,
    /// Schema column, where it is about one.
    pub column: Option<usize>,
    /// Whether it is about the label.
    pub label: bool,
    /// The check's id.
    pub check: Arc<str>,
    /// What is wrong.
    pub reason: Arc<str>,
}

/// The reasons to reject rows of one batch, in the order in which checks find them.
#[derive(Debug, Default)]
pub struct Findings {
    pub(crate) list: Vec<Finding>,
    /// Lines of failing rows that each tally keeps, at most.
    pub(crate) most_lines: usize,
}

/// Rows that fail one check in one column: all counted, the first few kept as examples.
#[derive(Clone, Debug)]
pub struct Tally {
    id: Arc<str>,
    severity: Severity,
    column: Option<usize>,
    name: Option<String>,
    label: bool,
    reason: Arc<str>,
    failing_rows: u64,
    examples: Vec<Example>,
    most: usize,
    lines: Vec<u64>,
}

impl Tally {
    /// An empty tally of rows that fail check `id` in a schema column (index and name), with the reason each rejected
    /// row is given, keeping at most `most` examples. Within the plan of checks [`super::Setup::tally`] is shorter.
    pub fn new(
        id: &str,
        severity: Severity,
        column: Option<usize>,
        name: Option<String>,
        reason: &str,
        most: usize,
    ) -> Self {
        Self {
            id: id.into(),
            severity,
            column,
            name,
            label: false,
            reason: reason.into(),
            failing_rows: 0,
            examples: Vec::new(),
            most,
            lines: Vec::new(),
        }
    }

    /// The same tally, about the label.
    pub(super) fn of_label(self, name: &str) -> Self {
        Self {
            label: true,
            name: Some(name.to_owned()),
            ..self
        }
    }

    /// Counts a failing row; with severity `block` the row is rejected.
    pub fn fail(&mut self, batch: &Batch<'_>, row: usize, found: &mut Findings) {
        let reason = Arc::clone(&self.reason);
        self.fail_because(batch, row, found, &reason);
    }

    /// Counts a failing row that has a reason of its own.
    pub fn fail_because(&mut self, batch: &Batch<'_>, row: usize, found: &mut Findings, reason: &Arc<str>) {
        self.failing_rows += 1;
        if self.lines.len() < found.most_lines {
            self.lines.push(batch.line(row));
        }
        if self.examples.len() < self.most {
            let value = match self.column {
                _ if self.label => batch.label_value(row),
                Some(column) => batch.value(row, column),
                None => String::new(),
            };
            self.examples.push(Example {
                line: batch.line(row),
                value,
            });
        }
        if self.severity == Severity::Block {
            found.list.push(Finding {
                row,
                column: self.column,
                label: self.label,
                check: Arc::clone(&self.id),
                reason: Arc::clone(reason),
            });
        }
    }

    /// Whether any row failed.
    pub fn any(&self) -> bool {
        self.failing_rows > 0
    }

    /// How grave a failure is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The outcome of a tally that has failing rows; the message is the number of rows and the reason.
    pub fn outcome(&self) -> CheckOutcome {
        let rows = if self.failing_rows == 1 { "row" } else { "rows" };
        let message = format!("{} {rows}: {}", grouped(self.failing_rows), self.reason);
        CheckOutcome {
            status: CheckStatus::Failed,
            column: self.name.clone(),
            failing_rows: self.failing_rows,
            examples: self.examples.clone(),
            lines: self.lines.clone(),
            ..CheckOutcome::passed(&*self.id, self.severity, Scope::Row, message)
        }
    }

    /// The outcomes of the tallies that have failing rows, or one that says the check passed.
    pub fn outcomes<'t>(tallies: impl Iterator<Item = &'t Self> + Clone) -> Vec<CheckOutcome> {
        let failed: Vec<CheckOutcome> = tallies.clone().filter(|t| t.any()).map(Self::outcome).collect();
        if !failed.is_empty() {
            return failed;
        }
        let columns = tallies.clone().count();
        let message = if columns == 1 {
            "1 column".to_owned()
        } else {
            format!("{columns} columns")
        };
        let severity = tallies.clone().map(Self::severity).max();
        let first = tallies.clone().next();
        first
            .map(|t| CheckOutcome::passed(&*t.id, severity.unwrap_or_default(), Scope::Row, message))
            .into_iter()
            .collect()
    }
}
