//! Owns making a view by conditions and an order.

use std::sync::Arc;

use super::contract::SortKey;
use super::error::BrowseError;
use super::filter::{Filter, parse};
use super::scan::Work;
use super::select::{Question, select};
use super::sort::sort;
use super::table::Table;
use super::view::{Rows, View};

/// The rows that meet all conditions, in an order.
///
/// # Errors
/// A condition cannot be understood, a column is not there, not all rows can be read, or it was given up.
pub fn arrange(table: &Table, filters: &[String], keys: &[SortKey], control: Work<'_>) -> Result<View, BrowseError> {
    let parsed: Vec<Filter> = filters
        .iter()
        .map(|text| parse(text, table.columns()))
        .collect::<Result<_, _>>()?;
    let columns = table.columns().len();
    if let Some(key) = keys.iter().find(|key| key.column >= columns) {
        return Err(BrowseError::NoColumn {
            column: key.column,
            columns,
        });
    }
    let mut view = View::all();
    if !parsed.is_empty() {
        let bits = select(table, None, &Question::Filters(&parsed), control, "filtering")?;
        view = View(Rows::Some(Arc::new(bits)));
    }
    if !keys.is_empty() {
        view = sort(table, &view, keys, control)?;
    }
    Ok(view)
}

/// Whether conditions can be understood, without looking at any row.
///
/// # Errors
/// Where, and what was expected.
pub fn check_filter(table: &Table, filter: &str) -> Result<(), BrowseError> {
    parse(filter, table.columns())?;
    Ok(())
}
