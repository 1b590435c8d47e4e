//! Owns the check of cells that could not be read as their column's type.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::CellProblem;
use crate::schema::{ColumnType, Role, Severity};
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Batch, Check, EveryRow, Findings, Setup, SingleRow, Tally, Totals};

/// Collects the issues that typing found.
pub(super) struct Unreadable {
    /// By problem (its place in [`PROBLEMS`]) and schema column.
    tallies: BTreeMap<(usize, usize), Tally>,
    columns: Vec<Option<(String, ColumnType)>>,
    most: usize,
    /// Which problems the schema's types can have.
    possible: Vec<bool>,
}

/// Every problem a cell can have, with the id of its check and its severity.
const PROBLEMS: [(CellProblem, &str, Severity); 6] = [
    (CellProblem::Unparsable, "unparsable", Severity::Block),
    (CellProblem::NotFinite, "not_finite", Severity::Block),
    (CellProblem::InvalidIp, "invalid_ip", Severity::Block),
    (CellProblem::InvalidPort, "invalid_port", Severity::Block),
    (CellProblem::InvalidTimestamp, "invalid_timestamp", Severity::Block),
    (CellProblem::InvalidUtf8, "invalid_utf8", Severity::Warn),
];

impl Unreadable {
    pub(super) fn new(setup: &Setup<'_>) -> Self {
        let of = |(index, column): (usize, &crate::schema::Column)| {
            let read = column.role != Role::Ignore && !setup.schema.is_label(&column.name);
            (read && super::source_of(setup.layout, index).is_some()).then(|| (column.name.clone(), column.kind))
        };
        let columns: Vec<_> = setup.schema.columns.iter().enumerate().map(of).collect();
        let has = |kinds: &[ColumnType]| columns.iter().flatten().any(|(_, kind)| kinds.contains(kind));
        let possible = PROBLEMS.iter().map(|(problem, ..)| match problem {
            CellProblem::Unparsable => true,
            CellProblem::NotFinite => has(&[ColumnType::Float]),
            CellProblem::InvalidIp => has(&[ColumnType::Ip]),
            CellProblem::InvalidPort => has(&[ColumnType::Port]),
            CellProblem::InvalidTimestamp => has(&[ColumnType::Timestamp]),
            CellProblem::InvalidUtf8 => has(&[ColumnType::Category, ColumnType::Text]),
        });
        Self {
            tallies: BTreeMap::new(),
            possible: possible.collect(),
            columns,
            most: setup.settings.max_examples,
        }
    }
}

fn reason(problem: CellProblem, kind: ColumnType) -> String {
    match problem {
        CellProblem::NotFinite => "infinite, not a number, or too large".to_owned(),
        CellProblem::InvalidIp => "not an IPv4 or IPv6 address".to_owned(),
        CellProblem::InvalidPort => "not a port, 0 to 65535".to_owned(),
        CellProblem::InvalidTimestamp => {
            "not a time; RFC 3339, `YYYY-MM-DD HH:MM:SS` and Unix seconds are read".to_owned()
        }
        CellProblem::InvalidUtf8 => "bytes that are not UTF-8, read as U+FFFD".to_owned(),
        CellProblem::Unparsable => format!("cannot be read as {}", type_name(kind)),
    }
}

/// A column type's name in the schema.
pub(super) fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int => "int",
        ColumnType::Float => "float",
        ColumnType::Category => "category",
        ColumnType::Bool => "bool",
        ColumnType::Text => "text",
        ColumnType::Ip => "ip",
        ColumnType::Port => "port",
        ColumnType::Timestamp => "timestamp",
    }
}

impl Check for Unreadable {
    /// A row that was typed had no cell that could not be read.
    fn single(&self) -> Option<&dyn SingleRow> {
        Some(&EveryRow)
    }

    fn rows(&mut self, batch: &Batch<'_>, found: &mut Findings) -> Result<(), ValidationError> {
        for issue in &batch.typed.issues {
            let Some((name, kind)) = self.columns.get(issue.column).and_then(Option::as_ref) else {
                continue;
            };
            let Some(at) = PROBLEMS.iter().position(|(problem, ..)| *problem == issue.problem) else {
                continue;
            };
            let (problem, id, severity) = PROBLEMS[at];
            let tally = self.tallies.entry((at, issue.column)).or_insert_with(|| {
                let reason: Arc<str> = reason(problem, *kind).into();
                Tally::new(id, severity, Some(issue.column), Some(name.clone()), &reason, self.most)
            });
            tally.fail(batch, issue.row, found);
        }
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        let mut found = Vec::new();
        for (at, (_, id, severity)) in PROBLEMS.iter().enumerate() {
            let failed: Vec<_> = self
                .tallies
                .range((at, 0)..(at + 1, 0))
                .map(|(_, tally)| tally.outcome())
                .collect();
            if failed.is_empty() && self.possible.get(at).copied().unwrap_or(false) {
                found.push(CheckOutcome::passed(*id, *severity, Scope::Row, "every cell"));
            }
            found.extend(failed);
        }
        found
    }
}
