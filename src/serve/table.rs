//! Owns rows that came as JSON: their names, their values as they came, and the cells they are to the schema.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Number;

use super::names::{Fields, Names};
use crate::data::{Header, Layout, RawBatch};
use crate::schema::Schema;

/// Most cells of a table, places where a record lacks a field included.
pub(super) const MOST_CELLS: usize = 4_000_000;
/// Most fields of a table.
pub(super) const MOST_FIELDS: usize = 20_000;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// The record does not have the field.
    Absent,
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    /// A list or an object, as JSON: no cell of a column can hold it, but it can be carried along.
    Nested(String),
}

impl Value {
    /// Appends it as JSON.
    pub(super) fn push_json(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent | Self::Null => out.extend_from_slice(b"null"),
            Self::Nested(json) => out.extend_from_slice(json.as_bytes()),
            Self::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Number(number) => push_number(out, number),
            Self::Text(text) => push_json_text(out, text),
        }
    }

    /// Appends it as the text of a cell.
    pub(super) fn push_cell(&self, cell: &mut Vec<u8>) {
        match self {
            Self::Absent | Self::Null => {}
            Self::Nested(json) => cell.extend_from_slice(json.as_bytes()),
            Self::Bool(value) => cell.extend_from_slice(if *value { b"true" } else { b"false" }),
            Self::Number(number) => push_number(cell, number),
            Self::Text(text) => cell.extend_from_slice(text.as_bytes()),
        }
    }
}

/// Appends a number as JSON has it, which is also its text as a cell.
fn push_number(out: &mut Vec<u8>, number: &Number) {
    // A vector takes everything, and every number can be written.
    let _ = serde_json::to_writer(out, number);
}

/// Appends a text as a JSON string.
pub(super) fn push_json_text(out: &mut Vec<u8>, text: &str) {
    // A vector takes everything, and a text has no part that cannot be written.
    let _ = serde_json::to_writer(out, text);
}

/// Why a row cannot be scored, found before anything was scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) field: Option<String>,
    pub(super) reason: String,
}

/// Rows under names. A row may be shorter than the names; what it lacks is absent.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) fields: Fields,
    pub(super) rows: Vec<Vec<Value>>,
    /// The line of each row, where rows came as lines.
    pub(super) lines: Vec<u64>,
    /// Rows that cannot be scored, by place.
    pub(super) bad: BTreeMap<usize, Bad>,
    /// Whether fields that are not among the names are left out: the header of the answer is written already.
    pub(super) frozen: bool,
    /// Most cells, fewer than [`MOST_CELLS`] where only a small table is wanted.
    most_cells: Option<usize>,
    /// Whether it was too small for what was put into it.
    overflowed: bool,
    /// Whether some value is a list or an object.
    nested: bool,
}

/// Why a table takes no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Fields,
    Cells,
    /// A name that the row has already, or the header.
    Twice(String),
}

impl std::fmt::Display for Full {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fields => write!(out, "there are more than {MOST_FIELDS} fields"),
            Self::Cells => write!(out, "there are more than {MOST_CELLS} cells"),
            Self::Twice(name) => write!(out, "the field `{name}` is given twice"),
        }
    }
}

impl Table {
    /// A table under these names.
    ///
    /// # Errors
    /// A name stands twice among them, or there are too many.
    pub(super) fn with_names(names: Vec<String>) -> Result<Self, Full> {
        let mut table = Self::default();
        for name in names {
            if table.fields.find(&name).is_some() {
                return Err(Full::Twice(name));
            }
            table.place(&name)?;
        }
        Ok(table)
    }

    /// An empty table that is likely to come to have these names.
    pub(super) fn expecting(names: Arc<Names>) -> Self {
        Self {
            fields: Fields::expecting(names),
            ..Self::default()
        }
    }

    /// The same, with room for so many cells.
    pub(super) fn of_at_most(self, cells: usize) -> Self {
        Self {
            most_cells: Some(cells),
            ..self
        }
    }

    /// Whether a larger table may have room for what this one refused.
    pub(super) fn is_too_small(&self) -> bool {
        self.overflowed && self.most_cells.is_some()
    }

    /// An empty table of the same names, taking no others.
    pub(super) fn emptied(&mut self) {
        self.rows.clear();
        self.lines.clear();
        self.bad.clear();
        self.nested = false;
    }

    /// Where a field stands; a new one is put at the end.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn place(&mut self, name: &str) -> Result<usize, Full> {
        match self.fields.find(name) {
            Some(place) => Ok(place),
            None => self.add(name),
        }
    }

    /// Adds a name that is not there yet; where it stands.
    fn add(&mut self, name: &str) -> Result<usize, Full> {
        let place = self.fields.len();
        if place == MOST_FIELDS {
            return Err(Full::Fields);
        }
        self.fields.push(name);
        self.check_room(self.rows.len())?;
        Ok(place)
    }

    /// Adds a field that no row has, whatever there is room for: what a model needs is never very much.
    pub(super) fn add_absent(&mut self, name: &str) {
        if self.fields.find(name).is_none() {
            self.fields.push(name);
        }
    }

    /// All rows are as wide as the widest, so that one wide row makes all of them cost more.
    fn check_room(&mut self, rows: usize) -> Result<(), Full> {
        if (rows + 1).saturating_mul(self.fields.len()) > self.most_cells.unwrap_or(MOST_CELLS) {
            self.overflowed = true;
            return Err(Full::Cells);
        }
        Ok(())
    }

    /// Puts a value into a row that is being made. Rows mostly have the same fields in the same order, so the next name is
    /// looked at first.
    ///
    /// # Errors
    /// The row has the field already, or there are too many.
    pub(super) fn put(&mut self, row: &mut Vec<Value>, name: &str, value: Value) -> Result<(), Full> {
        let likely = row.len();
        let place = if self.fields.are_likely(likely, name) {
            if likely == self.fields.len() {
                self.add(name)?;
            }
            likely
        } else if self.frozen && self.fields.find(name).is_none() {
            return Ok(());
        } else {
            self.place(name)?
        };
        if row.len() <= place {
            row.resize(place + 1, Value::Absent);
        }
        match row.get_mut(place) {
            Some(cell) if *cell == Value::Absent => *cell = value,
            _ => return Err(Full::Twice(name.to_owned())),
        }
        Ok(())
    }

    /// Adds a finished row.
    ///
    /// # Errors
    /// There are too many cells.
    pub(super) fn push(&mut self, row: Vec<Value>) -> Result<(), Full> {
        self.check_room(self.rows.len())?;
        self.nested |= row.iter().any(|value| matches!(value, Value::Nested(_)));
        self.rows.push(row);
        Ok(())
    }

    /// Marks a row that lacks a field which every record must have, unless something is wrong with it already.
    pub(super) fn mark_lacking(&mut self, row: usize, field: &str) {
        self.bad.entry(row).or_insert_with(|| Bad {
            field: Some(field.to_owned()),
            reason: "is missing; the model learned from it, or the schema requires it".to_owned(),
        });
    }

    /// Marks rows that have a list or an object where a column of the schema wants a value.
    pub(super) fn mark_nested(&mut self, schema: &Schema) {
        if !self.nested {
            return;
        }
        let claims = Layout::claims(schema, &self.header());
        let is_of_column = |place: usize| claims.get(place).copied().flatten().is_some();
        for (row, values) in self.rows.iter().enumerate() {
            let mut values = values.iter().enumerate();
            let found = values.find(|(place, value)| matches!(value, Value::Nested(_)) && is_of_column(*place));
            if let Some((place, _)) = found {
                let field = self.fields.list().get(place).cloned();
                let reason = "is a list or an object; a cell is one value".to_owned();
                self.bad.entry(row).or_insert(Bad { field, reason });
            }
        }
    }

    /// Adds an empty row that cannot be scored.
    pub(super) fn push_bad(&mut self, reason: String) {
        self.bad.insert(self.rows.len(), Bad { field: None, reason });
        self.rows.push(Vec::new());
    }

    /// One value of a row.
    pub(super) fn value(&self, row: usize, place: usize) -> &Value {
        self.rows
            .get(row)
            .and_then(|row| row.get(place))
            .unwrap_or(&Value::Absent)
    }

    /// The line of a row, from 1.
    pub(super) fn line(&self, row: usize) -> u64 {
        self.lines.get(row).copied().unwrap_or(row as u64 + 1)
    }

    /// The names.
    pub(super) fn header(&self) -> Header {
        Header {
            names: self.fields.list().to_vec(),
        }
    }

    /// The cells of those of these rows that can be scored, under all names or, where `kept` says so, under those at these
    /// places.
    pub(super) fn batch(&self, rows: Range<usize>, kept: Option<&[usize]>) -> RawBatch {
        let all: Vec<usize>;
        let kept = if let Some(kept) = kept {
            kept
        } else {
            all = (0..self.fields.len()).collect();
            &all
        };
        let mut batch = RawBatch::new(kept.len());
        let (mut text, mut ends) = (Vec::with_capacity(8 * kept.len()), Vec::with_capacity(kept.len()));
        for row in rows.filter(|row| !self.bad.contains_key(row)) {
            text.clear();
            ends.clear();
            for place in kept {
                self.value(row, *place).push_cell(&mut text);
                ends.push(text.len());
            }
            let starts = std::iter::once(0).chain(ends.iter().copied());
            let cells = starts.zip(&ends).map(|(start, end)| &text[start..*end]);
            batch.push(self.line(row), cells);
        }
        batch
    }
}
