//! Owns what tests of this part share: tables from texts, and rows read the slow and plain way.

use std::io::Write;

use tempfile::NamedTempFile;

use super::scan::Work;
use super::table::Table;
use super::value::{Number, number};
use super::{Indexing, SortKey, TableRow, View, open_file};
use crate::cancel::CancelToken;
use crate::data::ReadSettings;

/// A file with this in it.
pub(super) fn file(bytes: &[u8], suffix: &str) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}

/// A file just opened, its index not finished.
pub(super) fn just_opened(file: &NamedTempFile) -> (Table, Indexing) {
    open_file(file.path(), &ReadSettings::default()).unwrap()
}

/// A file, opened and indexed.
pub(super) fn opened(file: &NamedTempFile) -> Table {
    let (table, indexing) = just_opened(file);
    indexing.run(&CancelToken::new(), &|_| {});
    table
}

/// CSV text of cells with a header `a,b,c,…`.
pub(super) fn csv_of(rows: &[Vec<String>], columns: usize) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer
        .write_record((0..columns).map(|at| char::from(b'a' + at as u8).to_string()))
        .unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Does long work without anybody watching.
pub(super) fn quietly<T>(work: impl FnOnce(Work<'_>) -> T) -> T {
    work(Work {
        cancel: &CancelToken::new(),
        progress: &|_, _, _| {},
    })
}

/// All rows of a view, whole.
pub(super) fn rows(table: &Table, view: &View) -> Vec<TableRow> {
    let count = view.len(table) as usize;
    table.read(view.rows(0, count), usize::MAX >> 4).unwrap()
}

/// Their numbers.
pub(super) fn ordinals(view: &View, table: &Table) -> Vec<u64> {
    view.rows(0, view.len(table) as usize).collect()
}

/// The texts that mean "no value" by default.
pub(super) fn is_null(cell: &str) -> bool {
    let cell = cell.trim_ascii();
    cell.is_empty() || ["NA", "na", "N/A", "NaN", "nan", "null", "NULL", "None"].contains(&cell)
}

/// The order of rows by keys, by a stable sort with a plain comparison.
pub(super) fn sorted(cells: &[Vec<String>], keys: &[SortKey]) -> Vec<u64> {
    let mut order: Vec<u64> = (0..cells.len() as u64).collect();
    order.sort_by(|&x, &y| {
        let mut result = std::cmp::Ordering::Equal;
        for key in keys {
            let (a, b) = (&cells[x as usize][key.column], &cells[y as usize][key.column]);
            let order = match (is_null(a), is_null(b)) {
                (true, true) => std::cmp::Ordering::Equal,
                (true, false) => std::cmp::Ordering::Greater,
                (false, true) => std::cmp::Ordering::Less,
                (false, false) => {
                    let order = by_value(a, b);
                    if key.descending { order.reverse() } else { order }
                }
            };
            result = result.then(order);
        }
        result
    });
    order
}

fn by_value(a: &str, b: &str) -> std::cmp::Ordering {
    match (number(a.as_bytes()), number(b.as_bytes())) {
        (Some(a), Some(b)) => Number::order(a, b),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => a.as_bytes().cmp(b.as_bytes()),
    }
}
