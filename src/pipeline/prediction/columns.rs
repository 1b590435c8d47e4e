//! Owns how the columns of one input relate to the model's, the schema's and the first input's.

use crate::data::{Header, Layout, Source};
use crate::pipeline::trained_model::TrainedModel;

use super::error::{MissingColumns, PredictionError};

/// Names that a message repeats at most; a file may have thousands of columns.
const NAMED: usize = 10;

/// The first names, and how many more there are.
pub(super) fn some_of<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The model needs every column it learned from, required by the schema or not. `source` is how the input is named.
pub(super) fn check_columns(model: &TrainedModel, source: &str, layout: &Layout) -> Result<(), MissingColumns> {
    let there = |name: &str| {
        let at = model.schema.columns.iter().position(|c| c.name == name);
        at.and_then(|at| layout.sources.get(at).copied().flatten()).is_some()
    };
    let lacking = model.preprocessor.columns().filter(|name| !there(name));
    missing(source, lacking.map(str::to_owned).collect(), layout)
}

/// As [`check_columns`], and every column that the schema requires: of a file a report says so, of single rows nothing else.
pub(super) fn check_all_columns(model: &TrainedModel, source: &str, layout: &Layout) -> Result<(), MissingColumns> {
    let required = |name: &str| layout.missing.iter().any(|m| m.name == name);
    let there = |at: usize| layout.sources.get(at).copied().flatten().is_some();
    let needed = |name: &str| model.preprocessor.columns().any(|needed| needed == name);
    let columns = model.schema.columns.iter().enumerate();
    let lacking = columns.filter(|(at, column)| !there(*at) && (required(&column.name) || needed(&column.name)));
    missing(source, lacking.map(|(_, column)| column.name.clone()).collect(), layout)
}

fn missing(source: &str, columns: Vec<String>, layout: &Layout) -> Result<(), MissingColumns> {
    if columns.is_empty() {
        return Ok(());
    }
    let hints = layout.missing.iter().filter(|m| columns.contains(&m.name));
    let hints = hints.filter_map(|m| Some((m.name.clone(), m.suggestion.clone()?)));
    Err(MissingColumns {
        source_name: source.to_owned(),
        hints: hints.collect(),
        columns,
    })
}

/// For a later input, where each of the first input's columns stands in it.
pub(super) fn column_order(
    first: &Header,
    this: &Header,
    source: &Source,
) -> Result<Option<Vec<usize>>, PredictionError> {
    if first.names == this.names {
        return Ok(None);
    }
    let order: Option<Vec<usize>> = first
        .names
        .iter()
        .map(|name| this.names.iter().position(|other| other == name))
        .collect();
    match order.filter(|order| order.len() == this.names.len()) {
        Some(order) => Ok(Some(order)),
        None => Err(PredictionError::Blocked(format!(
            "{source} has other columns than the first input; score it by itself, with its own --output"
        ))),
    }
}

/// What is said of an input's columns: renamed, in another order, more than the schema knows.
pub(super) fn layout_notes(source: &Source, layout: &Layout) -> Vec<String> {
    let mut notes = Vec::new();
    for (canonical, found) in &layout.renamed {
        notes.push(format!("{source}: column `{found}` is read as `{canonical}`"));
    }
    if layout.reordered {
        notes.push(format!(
            "{source}: columns stand in another order than in the schema; they are read by name"
        ));
    }
    if !layout.extra.is_empty() {
        notes.push(format!(
            "{source}: columns the schema does not know are carried along: {}",
            some_of(&layout.extra)
        ));
    }
    notes
}
