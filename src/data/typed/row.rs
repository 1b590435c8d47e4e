//! Owns one row typed without a data frame: for whoever answers row by row, where making a frame costs more than scoring it.

use std::collections::BTreeSet;

use super::plan;
use crate::data::batch::RawBatch;
use crate::data::cell;
use crate::data::cell_value::cell_value;
use crate::data::layout::Layout;
use crate::data::reader::NullTokens;
use crate::schema::{ColumnType, Schema, TypedCell};

/// A row every cell of which could be read.
#[derive(Clone, Debug)]
pub struct TypedRow<'a> {
    /// By schema column, with the text they were read from.
    cells: Vec<(TypedCell<'a>, &'a [u8])>,
}

impl<'a> TypedRow<'a> {
    /// The cell of a schema column; the label's is always missing.
    pub fn cell(&self, column: usize) -> TypedCell<'a> {
        self.cells.get(column).map_or(TypedCell::Missing, |(cell, _)| *cell)
    }

    /// The text of a schema column's cell without the white space around it.
    pub fn text(&self, column: usize) -> &'a [u8] {
        self.cells.get(column).map_or(&[], |(_, text)| text.trim_ascii())
    }
}

/// Types rows of one header one by one, with the values that [`parse_batch`](super::parse_batch) gives.
#[derive(Clone, Debug)]
pub struct RowTyping {
    /// Schema column, source column and type of each cell that is read.
    columns: Vec<(usize, usize, ColumnType)>,
    /// Columns of the schema.
    width: usize,
    nulls: NullTokens,
    /// Whether a cell that reads as a number cannot be a null text.
    quick: bool,
}

impl RowTyping {
    /// For rows that stand as `layout` has it. `None` where two columns of the schema have one name, which only a frame
    /// tells apart.
    pub fn new(schema: &Schema, layout: &Layout, nulls: &NullTokens) -> Option<Self> {
        let mut names = BTreeSet::new();
        if !schema.columns.iter().all(|column| names.insert(column.name.as_str())) {
            return None;
        }
        let columns = plan(schema, layout, usize::MAX).into_iter();
        Some(Self {
            columns: columns
                .map(|planned| (planned.column, planned.source, schema.columns[planned.column].kind))
                .collect(),
            width: schema.columns.len(),
            nulls: nulls.clone(),
            quick: !nulls.any_numeric(),
        })
    }

    /// Types a row. `None` if a cell cannot be read, or the row is narrower than the header: what is wrong with it, a batch
    /// tells.
    pub fn read<'a>(&self, raw: &'a RawBatch, row: usize) -> Option<TypedRow<'a>> {
        let mut cells = vec![(TypedCell::Missing, &[][..]); self.width];
        for &(column, source, kind) in &self.columns {
            if source >= raw.columns() {
                return None;
            }
            let text = raw.cell(row, source);
            *cells.get_mut(column)? = (self.cell(kind, text)?, text);
        }
        Some(TypedRow { cells })
    }

    #[inline]
    fn cell<'a>(&self, kind: ColumnType, text: &'a [u8]) -> Option<TypedCell<'a>> {
        if self.quick
            && let Some(cell) = quick_cell(kind, text)
        {
            return Some(cell);
        }
        if self.nulls.is_null(text) {
            return Some(TypedCell::Missing);
        }
        cell_value(kind, text).ok()
    }
}

/// What most numbers are.
#[inline]
fn quick_cell<'a>(kind: ColumnType, text: &[u8]) -> Option<TypedCell<'a>> {
    match kind {
        ColumnType::Int => cell::short_int(text).map(TypedCell::Int),
        ColumnType::Port => {
            let port = cell::short_int(text).filter(|port| (0..=65_535).contains(port));
            port.map(TypedCell::Int)
        }
        ColumnType::Float => cell::short_float(text).map(TypedCell::Float),
        _ => None,
    }
}
