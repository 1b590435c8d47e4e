//! Owns the check of features that have the same value in every row.

use crate::schema::Severity;
use crate::text::{shortened, visible_text};
use crate::validation::cells::{Cells, scan};
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Accepted, Check, Purpose, Setup, Totals};

const ID: &str = "constant_column";

/// The one value a column has had so far.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
    Bool(bool),
}

/// One column that has had at most one value so far.
struct Candidate {
    column: usize,
    name: String,
    value: Option<Value>,
}

/// Features that may be constant; each leaves the list at its second value.
struct Constant {
    candidates: Vec<Candidate>,
    columns: usize,
}

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    if setup.purpose == Purpose::Score {
        return None;
    }
    let candidates: Vec<Candidate> = setup
        .features()
        .map(|(column, feature)| Candidate {
            column,
            name: feature.name.clone(),
            value: None,
        })
        .collect();
    let columns = candidates.len();
    (columns > 0).then(|| Box::new(Constant { candidates, columns }) as Box<dyn Check>)
}

fn first(cells: &Cells<'_>) -> Value {
    match cells {
        Cells::Int(c) | Cells::Time(c) => c.get(0).map(Value::Int),
        Cells::Float(c) => c.get(0).map(Value::Float),
        Cells::Text(c) => c.get(0).map(|text| Value::Text(text.to_owned())),
        Cells::Bool(c) => c.get(0).map(Value::Bool),
    }
    .unwrap_or(Value::Null)
}

/// Whether every cell has this value.
fn all(cells: &Cells<'_>, value: &Value) -> bool {
    if *value == Value::Null {
        return cells.null_count() == cells.len();
    }
    let mut same = cells.null_count() == 0;
    match (cells, value) {
        (Cells::Int(c) | Cells::Time(c), Value::Int(v)) => scan(c, |x| x != *v, |_| same = false),
        (Cells::Float(c), Value::Float(v)) => scan(c, |x| x != *v, |_| same = false),
        (Cells::Text(c), Value::Text(v)) => same = same && c.iter().all(|x| x == Some(v)),
        (Cells::Bool(c), Value::Bool(v)) => same = same && c.iter().all(|x| x == Some(*v)),
        _ => same = false,
    }
    same
}

impl Check for Constant {
    fn accepted(&mut self, rows: &Accepted<'_>) -> Result<(), ValidationError> {
        if rows.rows() == 0 {
            return Ok(());
        }
        self.candidates.retain_mut(|candidate| {
            let Some(cells) = rows.cells(candidate.column).filter(|c| !c.is_empty()) else {
                return false;
            };
            all(cells, candidate.value.get_or_insert_with(|| first(cells)))
        });
        Ok(())
    }

    fn outcomes(&mut self, totals: &Totals) -> Vec<CheckOutcome> {
        if totals.accepted() < 2 {
            return vec![CheckOutcome::skipped(
                ID,
                Severity::Warn,
                Scope::File,
                "fewer than two rows",
            )];
        }
        let outcome = |candidate: &Candidate| {
            let value = match candidate.value.as_ref()? {
                Value::Null => "empty".to_owned(),
                Value::Int(v) => v.to_string(),
                Value::Float(v) => v.to_string(),
                Value::Bool(v) => v.to_string(),
                Value::Text(v) => format!("`{}`", visible_text(&shortened(v.as_bytes(), 80))),
            };
            let message = format!("every row has the same value, {value}: nothing can be learned from it");
            Some(CheckOutcome::failed(ID, Severity::Warn, message).about(candidate.name.as_str()))
        };
        let found: Vec<CheckOutcome> = self.candidates.iter().filter_map(outcome).collect();
        if found.is_empty() {
            let message = format!("{} features vary", self.columns);
            return vec![CheckOutcome::passed(ID, Severity::Warn, Scope::File, message)];
        }
        found
    }
}
