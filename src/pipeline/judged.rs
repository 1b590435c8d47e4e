//! Owns judged cases as the stages take them: what was settled about each, and its stored cells as typed rows.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use polars::prelude::DataFrame;

use crate::artifacts::manifest::hash_bytes;
use crate::cancel::CancelToken;
use crate::data::{DataError, Header, NullTokens, RawBatch, RowId, RowReader, feature_groups, row_ids};
use crate::schema::Schema;
use crate::triage::{CaseId, Cases, Cells, Lane, Verdict};
use crate::validation::{Purpose, ValidationSettings};

use super::checking::{CheckedBatch, Checking, IngestionError};
use super::ingestion::{keep, times};

/// One case whose verdict nobody contradicts.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedCase {
    /// The case.
    pub row: RowId,
    /// What was settled.
    pub verdict: Verdict,
    /// How the analyst came to it.
    pub lane: Lane,
    /// Who.
    pub analyst: String,
    /// Its cells as they stood in the file it was judged in; `None` where the store has none.
    pub cells: Option<Cells>,
}

/// What a store says of a schema's cases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgedCases {
    /// Settled cases, by row id.
    pub cases: Vec<JudgedCase>,
    /// Cases on which analysts contradict each other; they are in no list.
    pub conflicting: u64,
}

impl JudgedCases {
    /// The cases of a schema out of all that a store has, with their cells.
    pub fn of(schema: &str, cases: &Cases, cells: impl IntoIterator<Item = (CaseId, Cells)>) -> Self {
        let mut cells: HashMap<RowId, Cells> = cells
            .into_iter()
            .filter(|(case, _)| case.schema == schema)
            .map(|(case, cells)| (case.row, cells))
            .collect();
        let mut judged = Self::default();
        for (case, state) in cases.iter().filter(|(case, _)| case.schema == schema) {
            let Some(judgement) = &state.verdict else { continue };
            if state.settled().is_none() {
                judged.conflicting += 1;
                continue;
            }
            judged.cases.push(JudgedCase {
                row: case.row,
                verdict: judgement.verdict,
                lane: judgement.lane,
                analyst: judgement.analyst.clone(),
                cells: cells.remove(&case.row),
            });
        }
        judged.cases.sort_unstable_by_key(|case| case.row);
        judged
    }

    /// Whether nobody has judged anything.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.conflicting == 0
    }

    /// SHA-256, in hex, of everything about them that training may use.
    pub fn hash(&self) -> String {
        let mut bytes = Vec::new();
        let mut part = |text: &[u8]| {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text);
        };
        part(&self.conflicting.to_le_bytes());
        for case in &self.cases {
            part(&case.row.0.to_le_bytes());
            part(case.verdict.name().as_bytes());
            part(&[case.lane as u8]);
            let cells = case.cells.as_deref().unwrap_or_default();
            part(&(cells.len() as u64).to_le_bytes());
            for (name, text) in cells {
                part(name.as_bytes());
                part(text.as_bytes());
            }
        }
        hash_bytes(&bytes)
    }
}

/// Stored cases as the schema sees them.
pub struct TypedCases {
    /// Typed columns, one row a case that can be used.
    pub frame: DataFrame,
    /// For each row, its place among the cases that were given.
    pub places: Vec<usize>,
    /// Row ids by the cells themselves; other ones than the case's where the schema has changed since.
    pub rows: Vec<RowId>,
    /// Hashes of the features, comparable with those of frames of the same columns.
    pub groups: Vec<u64>,
    /// Microseconds since 1970 UTC, as [`super::ingestion::Dataset::times`].
    pub times: Option<Vec<Option<i64>>>,
    /// Cases that cannot be used.
    pub unusable: u64,
    /// Why the first of them cannot.
    pub why: Option<String>,
    /// Columns of stored cells that the schema does not have, by name.
    pub unknown: BTreeSet<String>,
}

/// Types the stored cells of cases by the schema's own rules. `columns` are the schema columns wanted; a case that has no
/// cell for one has it empty, cells of other columns are left out.
///
/// # Errors
/// A check cannot run, or cancellation. A case that does not pass is counted.
pub fn type_cases(
    cases: &[&JudgedCase],
    columns: &[&str],
    schema: &Arc<Schema>,
    nulls: &NullTokens,
    settings: &ValidationSettings,
    cancel: &CancelToken,
) -> Result<TypedCases, IngestionError> {
    let mut raw = RawBatch::new(columns.len());
    let mut unknown = BTreeSet::new();
    let (mut without, mut why) = (0, None);
    let mut given = Vec::new();
    for (place, case) in cases.iter().enumerate() {
        let Some(cells) = &case.cells else {
            without += 1;
            why.get_or_insert_with(|| format!("case {}: its cells were not kept", case.row));
            continue;
        };
        let known = |name: &str| schema.column(name).is_some() || schema.is_label(name);
        unknown.extend(cells.iter().map(|(name, _)| name).filter(|name| !known(name)).cloned());
        let cell = |column: &&str| {
            cells
                .iter()
                .find(|(name, _)| name == column)
                .map_or("", |(_, text)| text)
        };
        // The line is the row's place, for messages.
        raw.push(given.len() as u64, columns.iter().map(|column| cell(column).as_bytes()));
        given.push(place);
    }
    let reader = Remembered {
        header: Header {
            names: columns.iter().map(|name| (*name).to_owned()).collect(),
        },
        rows: Some(raw).filter(|raw| raw.rows() > 0),
        nulls: nulls.clone(),
    };
    let checking = Checking {
        schema,
        purpose: Purpose::Score,
        settings,
        reference: None,
        failing_lines: 0,
        cancel,
    };
    let mut frame: Option<DataFrame> = None;
    let mut places = Vec::new();
    let mut seen = 0;
    checking.run::<IngestionError>(Box::new(reader), |batch, _| {
        let CheckedBatch { typed, verdict, .. } = batch;
        let here = verdict.accepted.iter().enumerate().filter(|(_, accepted)| **accepted);
        places.extend(here.filter_map(|(row, _)| given.get(seen + row).copied()));
        seen += verdict.accepted.len();
        if let (None, Some(reject)) = (&why, verdict.rejects.first()) {
            let case = given.get(reject.line as usize).and_then(|place| cases.get(*place));
            let row = case.map_or_else(String::new, |case| format!("case {}: ", case.row));
            let column = reject
                .column
                .as_ref()
                .map_or_else(String::new, |column| format!("{column}: "));
            why = Some(format!("{row}{column}{}", reject.reason));
        }
        let accepted = keep(&typed.frame, &verdict.accepted)?;
        match &mut frame {
            Some(all) => _ = all.vstack_mut(&accepted)?,
            None => frame = Some(accepted),
        }
        Ok(())
    })?;
    let mut frame = frame.unwrap_or_default();
    frame.rechunk_mut();
    let refused = (given.len() - places.len()) as u64;
    if refused > 0 && why.is_none() {
        why = Some("the stored cells lack a column that the schema requires".to_owned());
    }
    Ok(TypedCases {
        rows: row_ids(schema, &frame),
        groups: feature_groups(schema, &frame),
        times: times(schema, &frame)?,
        frame,
        places,
        unusable: without + refused,
        why,
        unknown,
    })
}

/// Rows in memory, as a source.
struct Remembered {
    header: Header,
    rows: Option<RawBatch>,
    nulls: NullTokens,
}

impl RowReader for Remembered {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, _: usize) -> Result<Option<RawBatch>, DataError> {
        Ok(self.rows.take())
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }
}

#[cfg(test)]
mod tests;
