//! Owns the check of categories that look like numbers.

use crate::schema::{ColumnType, Severity};
use crate::validation::cells::Cells;
use crate::validation::error::ValidationError;
use crate::validation::report::{CheckOutcome, Scope};

use super::{Accepted, Check, Purpose, Setup, Totals};

const ID: &str = "numeric_category";

/// Distinct-looking numbers needed before a column is called numeric: `0`/`1` flags are fine as categories.
const VALUES: usize = 10;

/// A category column of which every value so far is a number.
struct Candidate {
    column: usize,
    name: String,
    values: Vec<u64>,
}

/// Category columns without a list of allowed values; each leaves the list at its first text.
struct NumericText(Vec<Candidate>);

pub(super) fn plan(setup: &Setup<'_>) -> Option<Box<dyn Check>> {
    if setup.purpose == Purpose::Score {
        return None;
    }
    let open = setup
        .features()
        .filter(|(_, c)| c.kind == ColumnType::Category && c.allowed.is_none());
    let candidates: Vec<Candidate> = open
        .map(|(column, feature)| Candidate {
            column,
            name: feature.name.clone(),
            values: Vec::new(),
        })
        .collect();
    (!candidates.is_empty()).then(|| Box::new(NumericText(candidates)) as Box<dyn Check>)
}

impl Candidate {
    /// Whether the text is a number; notes it while there are few.
    fn takes(&mut self, text: &str) -> bool {
        let Ok(number) = text.trim().parse::<f64>() else {
            return false;
        };
        let bits = number.to_bits();
        if self.values.len() < VALUES && !self.values.contains(&bits) {
            self.values.push(bits);
        }
        true
    }
}

impl Check for NumericText {
    fn accepted(&mut self, rows: &Accepted<'_>) -> Result<(), ValidationError> {
        self.0.retain_mut(|candidate| match rows.cells(candidate.column) {
            Some(Cells::Text(cells)) => cells.iter().flatten().all(|text| candidate.takes(text)),
            _ => false,
        });
        Ok(())
    }

    fn outcomes(&mut self, _totals: &Totals) -> Vec<CheckOutcome> {
        let numeric = self.0.iter().filter(|candidate| candidate.values.len() >= VALUES);
        let found: Vec<CheckOutcome> = numeric
            .map(|candidate| {
                let message = "every category is a number; if they have an order, `type: int` or `float` serves better";
                CheckOutcome::failed(ID, Severity::Warn, message).about(candidate.name.as_str())
            })
            .collect();
        if found.is_empty() {
            return vec![CheckOutcome::passed(
                ID,
                Severity::Warn,
                Scope::File,
                "no category looks like a number",
            )];
        }
        found
    }
}
