//! Owns the last five columns of a scored row: what was decided about its case before it was scored.

use std::collections::HashMap;

use crate::data::RowId;
use crate::pipeline::csv_text::{push_cell, push_guarded};
use crate::triage::{CaseId, CaseState};

/// What is known of cases of one schema.
#[derive(Clone, Debug, Default)]
pub struct KnownVerdicts(HashMap<RowId, CaseState>);

impl KnownVerdicts {
    /// Nothing is known.
    pub fn none() -> Self {
        Self::default()
    }

    /// The cases of `schema` that have a verdict or a note.
    pub fn of<'a>(schema: &str, cases: impl IntoIterator<Item = (&'a CaseId, &'a CaseState)>) -> Self {
        let said = |state: &CaseState| state.verdict.is_some() || !state.note.is_empty();
        let known = cases
            .into_iter()
            .filter(|(case, state)| case.schema == schema && said(state));
        Self(known.map(|(case, state)| (case.row, state.clone())).collect())
    }

    /// Appends the five columns of a case, the comma before each included; empty ones where nothing is known.
    pub(super) fn push(&self, line: &mut Vec<u8>, case: RowId, guard: bool) {
        match self.0.get(&case) {
            Some(state) => {
                line.push(b',');
                push_verdict(line, state, guard);
            }
            None => line.extend_from_slice(b",,,,,"),
        }
    }

    /// What is known of a case.
    pub fn of_case(&self, case: RowId) -> Option<&CaseState> {
        self.0.get(&case)
    }

    /// The text of the columns for each case, as [`push_verdict`] writes it.
    pub(super) fn written(&self, guard: bool) -> HashMap<RowId, Vec<u8>> {
        let text = |state: &CaseState| {
            let mut text = Vec::new();
            push_verdict(&mut text, state, guard);
            text
        };
        self.0.iter().map(|(row, state)| (*row, text(state))).collect()
    }
}

/// Appends verdict, its reason, note, reviewer and time, separated by commas, without a comma at either end. Where analysts
/// contradict each other it is the verdict that was given last.
pub fn push_verdict(line: &mut Vec<u8>, state: &CaseState, guard: bool) {
    let push = if guard { push_guarded } else { push_cell };
    let judged = state.verdict.as_ref();
    line.extend_from_slice(judged.map_or("", |j| j.verdict.name()).as_bytes());
    line.push(b',');
    push(
        line,
        judged.and_then(|j| j.reason.as_deref()).unwrap_or_default().as_bytes(),
    );
    line.push(b',');
    // A note can stand without a verdict.
    push(line, state.note.as_bytes());
    line.push(b',');
    push(line, judged.map_or("", |j| j.analyst.as_str()).as_bytes());
    line.push(b',');
    line.extend_from_slice(judged.map(|j| j.at.to_string()).unwrap_or_default().as_bytes());
}
