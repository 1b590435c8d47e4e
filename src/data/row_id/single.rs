//! Owns the id of one typed row, the same as [`row_ids`](super::row_ids) gives the row of a frame.

use std::collections::BTreeSet;

use super::{NULL, RowId, RowText, first_bits, frame_bool, frame_float, frame_text, frame_time};
use crate::data::typed::TypedRow;
use crate::schema::{Schema, TypedCell};

/// Gives typed rows of a schema their ids.
#[derive(Clone, Debug)]
pub struct RowIds {
    /// The framed name of the schema.
    prefix: Vec<u8>,
    /// Columns that count, in order.
    columns: Vec<usize>,
}

impl RowIds {
    /// For rows of this schema.
    pub fn new(schema: &Schema) -> Self {
        let mut prefix = Vec::new();
        frame_text(&mut prefix, schema.name.as_bytes());
        let mut seen = BTreeSet::new();
        let columns = schema.columns.iter().enumerate();
        let columns = columns.filter(|(_, column)| !schema.is_label(&column.name) && seen.insert(column.name.as_str()));
        Self {
            columns: columns.map(|(at, _)| at).collect(),
            prefix,
        }
    }

    /// The id of a row.
    pub fn of(&self, row: &TypedRow<'_>) -> RowId {
        let mut text = RowText::new(&self.prefix);
        for &column in &self.columns {
            match row.cell(column) {
                TypedCell::Int(value) => text.int(value),
                TypedCell::Missing => text.append(|out| out.push(NULL)),
                TypedCell::Float(value) => text.append(|out| frame_float(out, value)),
                TypedCell::Bool(value) => text.append(|out| frame_bool(out, value)),
                TypedCell::Text(value) => text.append(|out| frame_text(out, value.as_bytes())),
                TypedCell::Ip(address) => text.append(|out| frame_text(out, address.to_string().as_bytes())),
                TypedCell::Time(micros) => text.append(|out| frame_time(out, micros)),
            }
        }
        RowId(first_bits(text.framed()))
    }
}
