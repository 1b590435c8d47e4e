//! Owns how the columns of several inputs become those of one output, and what is said of an input's columns.

use crate::data::{Header, Layout, Source};

use super::error::PredictionError;

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

/// What a person should know of an input's columns: renamed, in another order, not in the schema.
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
