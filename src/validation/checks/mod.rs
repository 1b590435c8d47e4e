//! Owns the contract between a check and the validator, and the list of checks: a new check is one file and one line
//! in [`plan`].

mod allowed;
mod batch;
mod cells;
mod constant;
mod future;
mod label;
mod leak;
mod missing_rate;
mod new_category;
mod nulls;
mod numeric_text;
mod pattern;
mod range;
mod repeats;
mod rules;
mod source;
mod tally;
mod totals;
mod unique;

use std::collections::BTreeMap;

use crate::data::{Layout, TypedRow};
use crate::schema::{Column, ColumnType, Role, Schema, Severity};

use super::drift::Reference;
use super::error::ValidationError;
use super::report::{CheckOutcome, Scope};
use super::settings::ValidationSettings;

pub use batch::{Accepted, Batch};
pub use tally::{Finding, Findings, Tally};
pub(super) use totals::{MALFORMED, REJECTED};

/// What the data is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To learn from it: every row needs a label, both classes must be there.
    Train,
    /// To look at it: as for training, but a file without a label column passes.
    Validate,
    /// To score it: cheap checks of single rows only; the label is not read.
    Score,
}

/// Everything a check may want to know before the first row.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// Where the source has the schema's columns.
    pub layout: &'a Layout,
    /// What the data is for.
    pub purpose: Purpose,
    /// Strictness and memory.
    pub settings: &'a ValidationSettings,
    /// What the training data looked like.
    pub reference: Option<&'a Reference>,
    /// The present moment in microseconds since 1970, UTC, where timestamps in the future are of interest.
    pub now: Option<i64>,
}

/// Counts known once all rows were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Every input row.
    pub rows: u64,
    /// Rejected rows, malformed ones included.
    pub rejected: u64,
    /// Rows that could not be cut into cells.
    pub malformed: u64,
    /// Accepted rows labelled malicious.
    pub malicious: u64,
    /// Accepted rows labelled benign.
    pub benign: u64,
}

impl Totals {
    /// Rows that were not rejected.
    pub fn accepted(&self) -> u64 {
        self.rows.saturating_sub(self.rejected)
    }
}

/// One check. It sees every batch twice: all its rows, where it may reject some, then those that no check rejected.
pub trait Check: Send + Sync {
    /// What tells of a single row whether it passes, where that can be told without a batch around it.
    fn single(&self) -> Option<&dyn SingleRow> {
        None
    }

    /// Looks at all well-formed rows of a batch; failing rows go through a [`Tally`] into `found`.
    ///
    /// # Errors
    /// The check could not be carried out.
    fn rows(&mut self, _batch: &Batch<'_>, _found: &mut Findings) -> Result<(), ValidationError> {
        Ok(())
    }

    /// Looks at the rows of a batch that no check rejected.
    ///
    /// # Errors
    /// The check could not be carried out.
    fn accepted(&mut self, _rows: &Accepted<'_>) -> Result<(), ValidationError> {
        Ok(())
    }

    /// What it found: one outcome for each failure, or one that says that it passed or was left out.
    fn outcomes(&mut self, totals: &Totals) -> Vec<CheckOutcome>;
}

/// Tells of single rows whether they pass a check; counts nothing.
pub trait SingleRow: Send + Sync {
    /// Whether [`Check::rows`] would find nothing wrong with this row.
    fn passes(&self, row: &TypedRow<'_>) -> bool;
}

/// For checks that see nothing wrong with any row that was typed.
struct EveryRow;

impl SingleRow for EveryRow {
    fn passes(&self, _row: &TypedRow<'_>) -> bool {
        true
    }
}

/// A check whose outcome is known before the first row.
struct Known(Vec<CheckOutcome>);

impl Check for Known {
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(&EveryRow)
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        std::mem::take(&mut self.0)
    }
}

/// Every check that the schema, the purpose and the reference ask for, in the order of the report.
pub(super) fn plan(setup: &Setup<'_>) -> Result<Vec<Box<dyn Check>>, ValidationError> {
    let mut checks: Vec<Box<dyn Check>> = vec![
        Box::new(Known(source::columns(setup))),
        Box::new(totals::RowCounts::new(setup)),
        Box::new(cells::Unreadable::new(setup)),
    ];
    let mut add = |check: Option<Box<dyn Check>>| checks.extend(check);
    add(nulls::plan(setup));
    add(range::plan(setup));
    add(allowed::plan(setup)?);
    add(pattern::plan(setup)?);
    add(unique::plan(setup));
    add(rules::plan(setup)?);
    add(future::plan(setup));
    add(label::plan(setup));
    add(constant::plan(setup));
    add(numeric_text::plan(setup));
    add(repeats::plan(setup));
    add(leak::plan(setup));
    add(new_category::plan(setup));
    add(missing_rate::plan(setup));
    add(not_when_scoring(setup));
    Ok(checks)
}

/// Says which checks scoring leaves out.
fn not_when_scoring(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    if setup.purpose != Purpose::Score {
        return None;
    }
    let mut ids = vec!["constant_column", "duplicate_rows", "label_leak"];
    if setup.columns().any(|(_, column)| column.unique) {
        ids.push("unique");
    }
    let skipped = |id: &&str| CheckOutcome::skipped(*id, Severity::Warn, Scope::File, "left out when scoring");
    Some(Box::new(Known(ids.iter().map(skipped).collect())))
}

/// The source column that holds a schema column.
fn source_of(layout: &Layout, column: usize) -> Option<usize> {
    layout.sources.get(column).copied().flatten()
}

impl<'a> Setup<'a> {
    /// The schema columns that the source has and that are read: not the label, not role `ignore`; with their index
    /// in the schema.
    pub fn columns(&self) -> impl Iterator<Item = (usize, &'a Column)> + use<'a> {
        let (schema, layout) = (self.schema, self.layout);
        schema.columns.iter().enumerate().filter(move |(index, column)| {
            column.role != Role::Ignore && !schema.is_label(&column.name) && source_of(layout, *index).is_some()
        })
    }

    /// Those of [`Setup::columns`] that models learn from.
    pub fn features(&self) -> impl Iterator<Item = (usize, &'a Column)> + use<'a> {
        self.columns()
            .filter(|(_, column)| column.role == Role::Feature && column.kind != ColumnType::Text)
    }

    /// An empty tally of rows that fail check `id` in this column, with the reason each rejected row is given.
    pub fn tally(&self, id: &str, severity: Severity, column: Option<usize>, reason: &str) -> Tally {
        let name = column
            .and_then(|at| self.schema.columns.get(at))
            .map(|c| c.name.clone());
        Tally::new(id, severity, column, name, reason, self.settings.max_examples)
    }

    /// The reference's entries by column name.
    fn references(&self) -> BTreeMap<&'a str, &'a super::drift::ColumnReference> {
        let all = self.reference.into_iter().flat_map(|r| &r.columns);
        all.map(|column| (column.name.as_str(), column)).collect()
    }
}
