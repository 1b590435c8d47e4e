//! Owns the check of categories that the training data did not have.

use std::collections::HashSet;

use crate::schema::{ColumnType, Severity};
use crate::validation::cells::{Cells, scan};
use crate::validation::drift::{Shape, reference_key};
use crate::validation::error::ValidationError;
use crate::validation::report::CheckOutcome;

use super::allowed::IntSet;
use super::{Batch, Check, Findings, Setup, Tally, Totals};

/// What training saw of one column.
enum Known {
    Int(IntSet),
    Text(HashSet<String>),
}

/// Columns of which training saw every category.
struct NewCategory(Vec<(usize, ColumnType, Known, Tally)>);

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    let references = setup.references();
    let mut columns = Vec::new();
    for (index, column) in setup.features() {
        let Some(reference) = references
            .get(column.name.as_str())
            .filter(|r| r.kind == column.kind && r.rows > 0)
        else {
            continue;
        };
        let Shape::Discrete(categories) = &reference.shape else {
            continue;
        };
        let Some(seen) = categories.complete() else { continue };
        let known = match column.kind {
            ColumnType::Int | ColumnType::Port => {
                Known::Int(IntSet::new(seen.filter_map(|v| v.parse().ok()).collect()))
            }
            ColumnType::Category => Known::Text(seen.map(str::to_owned).collect()),
            _ => continue,
        };
        let reason = "a value that the training data did not have";
        columns.push((
            index,
            column.kind,
            known,
            setup.tally("new_category", Severity::Warn, Some(index), reason),
        ));
    }
    (!columns.is_empty()).then(|| Box::new(NewCategory(columns)) as Box<dyn Check>)
}

impl Check for NewCategory {
    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for (column, kind, known, tally) in &mut self.0 {
            match (batch.cells(*column), known) {
                (Some(Cells::Int(cells)), Known::Int(set)) => {
                    scan(cells, |v| !set.contains(v), |row| tally.fail(batch, row, found));
                }
                (Some(Cells::Text(cells)), Known::Text(set)) => {
                    for (row, text) in cells.iter().enumerate() {
                        if text.is_some_and(|text| !set.contains(reference_key(*kind, text).as_ref())) {
                            tally.fail(batch, row, found);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.0.iter().map(|(.., tally)| tally))
    }
}
