//! Owns the check of `pattern`: a regular expression that the whole cell must match.

use regex::bytes::Regex;

use crate::data::TypedRow;
use crate::schema::{ColumnType, TypedCell};
use crate::text::{shortened, visible_text};
use crate::validation::cells::Cells;
use crate::validation::error::{ValidationError, one_line};
use crate::validation::report::CheckOutcome;

use super::{Batch, Check, Findings, Setup, SingleRow, Tally, Totals};

/// One column with a pattern.
struct Patterned {
    column: usize,
    /// Whether the typed cell is another text than the one in the file: then the file's is matched, trimmed.
    canonical: bool,
    pattern: Regex,
    tally: Tally,
}

/// Columns with a pattern.
struct Pattern(Vec<Patterned>);

pub(super) fn plan(setup: &Setup<'_>) -> Result<Option<Box<dyn Check>>, ValidationError> {
    let mut columns = Vec::new();
    for (index, column) in setup.columns() {
        let Some(pattern) = &column.pattern else { continue };
        // Alone first: `a)|(b` is an error, though it would fit between the parentheses.
        let compiled = Regex::new(pattern).and_then(|_| Regex::new(&format!(r"\A(?:{pattern})\z")));
        let whole = compiled.map_err(|e| ValidationError::Pattern {
            column: visible_text(&column.name).into_owned(),
            reason: visible_text(&one_line(&e)).into_owned(),
        })?;
        let shown = visible_text(&shortened(pattern.as_bytes(), 80)).into_owned();
        let reason = format!("does not match the pattern {shown}");
        columns.push(Patterned {
            column: index,
            canonical: !matches!(column.kind, ColumnType::Category | ColumnType::Text),
            pattern: whole,
            tally: setup.tally("pattern", column.severity, Some(index), &reason),
        });
    }
    Ok((!columns.is_empty()).then(|| Box::new(Pattern(columns)) as Box<dyn Check>))
}

impl SingleRow for Pattern {
    fn passes(&self, row: &TypedRow<'_>) -> bool {
        let matches = |patterned: &Patterned| match row.cell(patterned.column) {
            TypedCell::Missing => true,
            TypedCell::Text(text) => patterned.pattern.is_match(text.as_bytes()),
            _ => patterned.pattern.is_match(row.text(patterned.column)),
        };
        self.0.iter().all(matches)
    }
}

impl Check for Pattern {
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(self)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for Patterned {
            column,
            canonical,
            pattern,
            tally,
        } in &mut self.0
        {
            let Some(cells) = batch.cells(*column) else { continue };
            // Empty and unreadable cells are other checks' business.
            if let (Cells::Text(texts), false) = (cells, *canonical) {
                for (row, text) in texts.iter().enumerate() {
                    if text.is_some_and(|text| !pattern.is_match(text.as_bytes())) {
                        tally.fail(batch, row, found);
                    }
                }
                continue;
            }
            let mut null = vec![false; if cells.null_count() > 0 { batch.rows() } else { 0 }];
            cells.nulls(|row| {
                if let Some(null) = null.get_mut(row) {
                    *null = true;
                }
            });
            for row in 0..batch.rows() {
                let there = null.get(row).is_none_or(|null| !null);
                if there && !pattern.is_match(batch.raw_cell(row, *column)) {
                    tally.fail(batch, row, found);
                }
            }
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        Tally::outcomes(self.0.iter().map(|patterned| &patterned.tally))
    }
}
