//! Putting the rows of a view in order: numbers before texts, numbers by value, texts byte by byte, cells without a value
//! last, equal ones in the source's order.
//!
//! Where all keys are numbers of few enough digits, keys and places are packed into eight bytes a row and put in order in
//! memory. Else keys of any length are put in order in runs that go to a temporary file, and the runs are merged.

mod bytes;
mod merge;
mod packed;
mod radix;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::bits::Bits;
use super::contract::SortKey;
use super::error::BrowseError;
use super::scan::Work;
use super::table::Table;
use super::view::{Rows, View};

/// The rows of a view in the order of the keys. The view's own order decides between equal rows only if it is the
/// source's.
pub(super) fn sort(table: &Table, view: &View, keys: &[SortKey], control: Work<'_>) -> Result<View, BrowseError> {
    table.wait(control.cancel, control.progress)?;
    let rows = view.len(table);
    if u32::try_from(table.row_count().known).is_err() {
        return Err(BrowseError::TooMany {
            rows: table.row_count().known,
        });
    }
    let among = view.set(table);
    let job = Job {
        table,
        among: among.as_ref(),
        rows,
        keys,
        control,
    };
    let order = match packed::order(&job)? {
        Some(order) => order,
        None => merge::order(&job, merge::RUN_ROWS)?,
    };
    Ok(View(Rows::Ordered(Arc::new(order))))
}

/// What is put in order.
#[derive(Clone, Copy)]
struct Job<'j> {
    table: &'j Table,
    /// `None` for all rows.
    among: Option<&'j Arc<Bits>>,
    /// How many rows that are.
    rows: u64,
    keys: &'j [SortKey],
    control: Work<'j>,
}

/// Which key looks at which place among the columns in ascending order.
fn slots(keys: &[SortKey]) -> (Vec<usize>, Vec<usize>) {
    let mut columns: Vec<usize> = keys.iter().map(|key| key.column).collect();
    columns.sort_unstable();
    columns.dedup();
    let slots = keys
        .iter()
        .map(|key| columns.partition_point(|&column| column < key.column))
        .collect();
    (columns, slots)
}
