//! Owns the way from a row's text to typed cells: the readers' own parsing, on rows that are in memory.

use std::sync::Arc;

use polars::prelude::DataFrame;

use crate::data::{Header, Layout, NullTokens, RawBatch, parse_batch};
use crate::schema::Schema;

/// Types rows as the reader of their file did.
pub(super) struct RowText {
    schema: Arc<Schema>,
    /// The schema's own columns, one cell each.
    layout: Layout,
    nulls: NullTokens,
}

impl RowText {
    pub(super) fn new(schema: Arc<Schema>, nulls: NullTokens) -> Self {
        let names = schema.columns.iter().map(|column| column.name.clone()).collect();
        let layout = Layout::resolve(&schema, &Header { names });
        Self { schema, layout, nulls }
    }

    /// For each schema column the place of its cell.
    pub(super) fn places(&self, cells: &[(String, String)]) -> Vec<Option<usize>> {
        self.places_in(cells.iter().map(|(name, _)| name.clone()).collect())
    }

    fn places_in(&self, names: Vec<String>) -> Vec<Option<usize>> {
        // The usual case: a file that names its columns as the schema does, in its order.
        let own = self.schema.columns.iter().map(|column| &column.name);
        if own.eq(&names) {
            return self.layout.sources.clone();
        }
        Layout::resolve(&self.schema, &Header { names }).sources
    }

    /// A schema column's place in the schema.
    pub(super) fn place_of(&self, column: &str) -> Option<usize> {
        self.schema.columns.iter().position(|known| known.name == column)
    }

    /// One row as a typed frame with every schema column but the label's. A column that the row lacks is missing.
    pub(super) fn frame(&self, cells: &[(String, String)]) -> DataFrame {
        let places = self.places(cells);
        self.typed(
            &places,
            std::iter::once(cells.iter().map(|(_, text)| text.as_str()).collect()),
        )
    }

    /// Rows of these columns as a typed frame; a cell that is lacking is missing.
    pub(super) fn frame_of(&self, columns: &[String], rows: &[Vec<String>]) -> DataFrame {
        let places = self.places_in(columns.to_vec());
        self.typed(&places, rows.iter().map(|row| row.iter().map(String::as_str).collect()))
    }

    fn typed<'a>(&self, places: &[Option<usize>], rows: impl Iterator<Item = Vec<&'a str>>) -> DataFrame {
        let mut raw = RawBatch::new(self.schema.columns.len());
        for (line, row) in (1..).zip(rows) {
            let cell = |place: &Option<usize>| place.and_then(|at| row.get(at)).map_or(&[][..], |text| text.as_bytes());
            raw.push(line, places.iter().map(cell));
        }
        parse_batch(&self.schema, &self.layout, &raw, &self.nulls).frame
    }
}
