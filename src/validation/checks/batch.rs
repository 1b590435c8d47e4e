//! Owns the two views of a batch that checks see: all well-formed rows, and the accepted ones.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use crate::data::{CellProblem, Layout, RawBatch, TypedBatch, feature_groups};
use crate::schema::{LabelValue, Schema};
use crate::text::shortened;
use crate::validation::cells::Cells;
use crate::validation::drift::Places;

/// Longest value shown, in characters.
const LONGEST_VALUE: usize = 200;

/// All well-formed rows of a batch.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The cells as read.
    pub raw: &'a RawBatch,
    /// The cells as typed.
    pub typed: &'a TypedBatch,
    columns: Vec<Option<Cells<'a>>>,
    layout: &'a Layout,
    label: Option<usize>,
    /// Rows of cells that became null because they could not be read, by schema column, ascending.
    unreadable: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Batch<'a> {
    /// Puts both shapes of the same rows together.
    pub(crate) fn new(schema: &Schema, layout: &'a Layout, raw: &'a RawBatch, typed: &'a TypedBatch) -> Self {
        let mut unreadable: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for issue in typed.issues.iter().filter(|i| i.problem != CellProblem::InvalidUtf8) {
            unreadable.entry(issue.column).or_default().push(issue.row);
        }
        Self {
            raw,
            typed,
            columns: by_schema(schema, &typed.frame),
            layout,
            label: layout.label,
            unreadable,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.raw.rows()
    }

    /// The typed cells of a schema column; `None` where the source lacks it.
    pub fn cells(&self, column: usize) -> Option<&Cells<'a>> {
        self.columns.get(column).and_then(Option::as_ref)
    }

    /// The line on which a row starts.
    pub fn line(&self, row: usize) -> u64 {
        if row < self.raw.rows() { self.raw.line(row) } else { 0 }
    }

    /// The raw bytes of a cell, trimmed of ASCII white space; empty where there is none.
    pub fn raw_cell(&self, row: usize, column: usize) -> &'a [u8] {
        super::source_of(self.layout, column).map_or(&[], |source| self.source_cell(row, source))
    }

    /// The raw bytes of a row's label, trimmed; empty where there is none.
    pub fn label_cell(&self, row: usize) -> &'a [u8] {
        self.label.map_or(&[], |source| self.source_cell(row, source))
    }

    fn source_cell(&self, row: usize, source: usize) -> &'a [u8] {
        let there = row < self.raw.rows() && source < self.raw.columns();
        if there {
            self.raw.cell(row, source).trim_ascii()
        } else {
            &[]
        }
    }

    /// A cell's text for people: decoded lossily, shortened.
    pub fn value(&self, row: usize, column: usize) -> String {
        shortened(self.raw_cell(row, column), LONGEST_VALUE)
    }

    /// A row's label for people.
    pub fn label_value(&self, row: usize) -> String {
        shortened(self.label_cell(row), LONGEST_VALUE)
    }

    /// Rows of this column that are null because they could not be read, ascending.
    pub fn unreadable(&self, column: usize) -> &[usize] {
        self.unreadable.get(&column).map_or(&[], Vec::as_slice)
    }
}

/// The rows of a batch that no check rejected.
#[derive(Debug)]
pub struct Accepted<'a> {
    columns: Vec<Option<Cells<'a>>>,
    /// Their labels, where the source has them and the purpose reads them.
    pub labels: Option<&'a [LabelValue]>,
    schema: &'a Schema,
    frame: &'a DataFrame,
    rows: usize,
}

impl<'a> Accepted<'a> {
    /// The accepted rows' frame by schema column.
    pub(crate) fn new(schema: &'a Schema, frame: &'a DataFrame, rows: usize, labels: Option<&'a [LabelValue]>) -> Self {
        Self {
            columns: by_schema(schema, frame),
            labels,
            schema,
            frame,
            rows,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The typed cells of a schema column; `None` where the source lacks it.
    pub fn cells(&self, column: usize) -> Option<&Cells<'a>> {
        self.columns.get(column).and_then(Option::as_ref)
    }

    /// A hash of each row's features: rows with the same features have the same one, as in a grouped split.
    pub fn feature_groups(&self) -> Vec<u64> {
        feature_groups(self.schema, self.frame)
    }
}

/// A frame's columns in the schema's order.
fn by_schema<'a>(schema: &Schema, frame: &'a DataFrame) -> Vec<Option<Cells<'a>>> {
    let mut places = Places::new(frame);
    let of = |column: &crate::schema::Column| {
        let at = places.find(&column.name)?;
        frame.columns().get(at).and_then(|cells| Cells::of(column.kind, cells))
    };
    schema.columns.iter().map(of).collect()
}
