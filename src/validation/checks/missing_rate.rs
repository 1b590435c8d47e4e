//! Owns the check of columns that are missing far more often than in the training data.

use crate::schema::Severity;
use crate::text::grouped;
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Batch, Check, Findings, Setup, Totals};

const ID: &str = "missing_rate";

/// Missing cells of one column, empty and unreadable ones alike, beside its share in training.
struct Missing {
    column: usize,
    name: String,
    before: f64,
    cells: u64,
}

/// The features that the reference knows.
struct MissingRate {
    columns: Vec<Missing>,
    rows: u64,
    jump: f64,
    min_rows: u64,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    let references = setup.references();
    let columns: Vec<Missing> = setup
        .features()
        .filter_map(|(column, feature)| {
            let reference = references.get(feature.name.as_str()).filter(|r| r.rows > 0)?;
            Some(Missing {
                column,
                name: feature.name.clone(),
                before: reference.missing_rate(),
                cells: 0,
            })
        })
        .collect();
    (!columns.is_empty()).then(|| {
        Box::new(MissingRate {
            columns,
            rows: 0,
            jump: setup.settings.missing_rate_jump,
            min_rows: setup.schema.drift.min_rows,
        }) as Box<dyn Check>
    })
}

impl Check for MissingRate {
    fn rows(&mut self, batch: &Batch<'_>, _found: &mut Findings) -> Result<(), ValidationError> {
        self.rows += batch.rows() as u64;
        for column in &mut self.columns {
            column.cells += batch.cells(column.column).map_or(0, |cells| cells.null_count() as u64);
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        if self.rows < self.min_rows.max(1) {
            let message = format!("fewer than {} rows (`drift.min_rows`)", grouped(self.min_rows.max(1)));
            return vec![CheckOutcome::skipped(ID, Severity::Warn, Scope::File, message)];
        }
        let mut found = Vec::new();
        for column in &self.columns {
            let now = column.cells as f64 / self.rows as f64;
            if now - column.before > self.jump {
                let message = format!(
                    "{:.1} % of the cells are missing, in training it was {:.1} %",
                    now * 100.0,
                    column.before * 100.0
                );
                let outcome = CheckOutcome::failed(ID, Severity::Warn, message);
                found.push(outcome.about(column.name.as_str()).touching(column.cells));
            }
        }
        if found.is_empty() {
            let message = format!("{} columns as in training", self.columns.len());
            found.push(CheckOutcome::passed(ID, Severity::Warn, Scope::File, message));
        }
        found
    }
}
