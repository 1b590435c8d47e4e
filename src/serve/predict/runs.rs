//! Owns scoring the rows of a table, which stand under the names of all of them together. A row's result does not depend on the
//! rows beside it: where it matters whether a column is absent or empty, rows that lack it are scored under a header that
//! lacks it, too.

use std::ops::Range;
use std::sync::Arc;

use super::refusal_of;
use crate::cancel::CancelToken;
use crate::data::Header;
use crate::pipeline::prediction::{PredictionError, RowOptions, RowScorer, ScoredRows};
use crate::serve::refusal::Refusal;
use crate::serve::served::Served;
use crate::serve::shape::Shape;
use crate::serve::table::{Table, Value};

/// A table's results, run by run.
pub(in crate::serve) struct ScoredTable {
    pub(in crate::serve) shape: Arc<Shape>,
    pub(in crate::serve) runs: Vec<(Range<usize>, ScoredRows)>,
}

/// Scores the rows of a table. Rows that lack a field that is needed are marked; where `lenient`, also if all of them lack it,
/// which is an error otherwise.
pub(in crate::serve) fn score_table(
    served: &Served,
    table: &mut Table,
    lenient: bool,
    options: &RowOptions,
    cancel: &CancelToken,
) -> Result<ScoredTable, Refusal> {
    let shape = Shape::of(served, table, lenient)?;
    let mut runs = Vec::new();
    for (rows, absent) in alike(&shape, table) {
        let scored = if absent.is_empty() {
            shape.mark_lacking(table, rows.clone());
            score(&shape.scorer, table, rows.clone(), None, options, cancel)?
        } else {
            narrow(served, &shape, table, (rows.clone(), &absent), options, cancel)?
        };
        runs.push((rows, scored));
    }
    Ok(ScoredTable { shape, runs })
}

/// Runs of rows that lack the same of the columns for which that matters, with the places of these.
fn alike(shape: &Shape, table: &Table) -> Vec<(Range<usize>, Vec<usize>)> {
    let lacks = |row: usize| -> Vec<usize> {
        let places = shape.sensitive.iter().copied();
        places
            .filter(|place| *table.value(row, *place) == Value::Absent)
            .collect()
    };
    if shape.sensitive.is_empty() {
        return vec![(0..table.rows.len(), Vec::new())];
    }
    let mut runs: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
    for row in 0..table.rows.len() {
        // A row that is not scored belongs to any run.
        let absent = if table.bad.contains_key(&row) {
            None
        } else {
            Some(lacks(row))
        };
        match (runs.last_mut(), absent) {
            (Some((rows, _)), None) => rows.end = row + 1,
            (Some((rows, last)), Some(absent)) if *last == absent => rows.end = row + 1,
            (_, absent) => runs.push((row..row + 1, absent.unwrap_or_default())),
        }
    }
    runs
}

fn score(
    scorer: &RowScorer,
    table: &Table,
    rows: Range<usize>,
    kept: Option<&[usize]>,
    options: &RowOptions,
    cancel: &CancelToken,
) -> Result<ScoredRows, Refusal> {
    scorer
        .score(table.batch(rows, kept), options, cancel)
        .map_err(|error| refusal_of(&error))
}

/// Scores a run under the names that its rows have.
fn narrow(
    served: &Served,
    shape: &Shape,
    table: &mut Table,
    (rows, absent): (Range<usize>, &[usize]),
    options: &RowOptions,
    cancel: &CancelToken,
) -> Result<ScoredRows, Refusal> {
    let kept: Vec<usize> = (0..table.fields.len())
        .filter(|place| !absent.contains(place))
        .collect();
    let names = kept.iter().filter_map(|place| table.fields.list().get(*place).cloned());
    let header = Header { names: names.collect() };
    match served.rows.for_header("the body", &header) {
        Ok(scorer) => {
            let needed = Shape::needed_places(served, &scorer);
            for row in rows.clone() {
                let lacking = needed.iter().find(|(_, at)| {
                    kept.get(*at)
                        .is_none_or(|place| *table.value(row, *place) == Value::Absent)
                });
                if let Some((name, _)) = lacking {
                    table.mark_lacking(row, name);
                }
            }
            score(&scorer, table, rows, Some(&kept), options, cancel)
        }
        Err(PredictionError::MissingColumns(missing)) => {
            for row in rows.clone() {
                table.mark_lacking(row, missing.columns.first().map_or("", String::as_str));
            }
            score(&shape.scorer, table, rows, None, options, cancel)
        }
        Err(error) => Err(refusal_of(&error)),
    }
}
