//! Owns the Parquet export: the columns of the CSV export, typed, in row groups of bounded size.

use std::io::Write;

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Field, Float64Chunked, Int64Chunked, IntoColumn, NewChunkedArray,
    ParquetWriter, PlSmallStr, PolarsError, Schema, StringChunked, TimeUnit,
};

use super::csv::added_columns;
use super::error::ExportError;
use super::observables::Cell;
use super::row::{ExportHeader, ExportRow, Summary};
use super::write::Sink;
use crate::schema::{ColumnType, TypedCell};

/// Rows of a row group at most.
const GROUP_ROWS: usize = 1 << 16;
/// Bytes of text of a row group, about.
const GROUP_BYTES: usize = 32 << 20;

/// Cells of a column that wait to be written.
enum Values {
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Bool(Vec<Option<bool>>),
    /// Microseconds.
    Time(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
}

impl Values {
    fn of(kind: Option<ColumnType>) -> Self {
        match kind {
            Some(ColumnType::Int | ColumnType::Port) => Self::Int(Vec::new()),
            Some(ColumnType::Float) => Self::Float(Vec::new()),
            Some(ColumnType::Bool) => Self::Bool(Vec::new()),
            Some(ColumnType::Timestamp) => Self::Time(Vec::new()),
            Some(ColumnType::Ip | ColumnType::Category | ColumnType::Text) | None => Self::Text(Vec::new()),
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Int(_) => DataType::Int64,
            Self::Float(_) => DataType::Float64,
            Self::Bool(_) => DataType::Boolean,
            Self::Time(_) => DataType::Datetime(TimeUnit::Microseconds, None),
            Self::Text(_) => DataType::String,
        }
    }

    /// Takes a cell. What is not of the column's type is empty.
    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Self::Int(all), Cell::Value(TypedCell::Int(value)))
            | (Self::Time(all), Cell::Value(TypedCell::Time(value))) => all.push(Some(value)),
            (Self::Float(all), Cell::Value(TypedCell::Float(value))) => all.push(Some(value)),
            (Self::Bool(all), Cell::Value(TypedCell::Bool(value))) => all.push(Some(value)),
            (Self::Text(all), Cell::Text(text)) => all.push(Some(text.to_owned())),
            (Self::Text(all), Cell::Value(TypedCell::Ip(address))) => all.push(Some(address.to_string())),
            (Self::Int(all) | Self::Time(all), _) => all.push(None),
            (Self::Float(all), _) => all.push(None),
            (Self::Bool(all), _) => all.push(None),
            (Self::Text(all), _) => all.push(None),
        }
    }

    /// The column, and nothing is left here.
    fn take(&mut self, name: &PlSmallStr) -> Result<Column, PolarsError> {
        let name = name.clone();
        Ok(match self {
            Self::Int(all) => Int64Chunked::from_iter_options(name, all.drain(..)).into_column(),
            Self::Float(all) => Float64Chunked::from_iter_options(name, all.drain(..)).into_column(),
            Self::Bool(all) => BooleanChunked::from_iter_options(name, all.drain(..)).into_column(),
            Self::Time(all) => {
                let micros = Int64Chunked::from_iter_options(name, all.drain(..)).into_column();
                micros.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?
            }
            Self::Text(all) => StringChunked::from_iter_options(name, all.drain(..)).into_column(),
        })
    }
}

pub(super) struct ParquetSink<'a, W: Write> {
    header: &'a ExportHeader,
    writer: BatchedWriter<W>,
    names: Vec<PlSmallStr>,
    columns: Vec<Values>,
    rows: usize,
    bytes: usize,
}

fn failed(error: PolarsError) -> ExportError {
    ExportError::Table(error.to_string())
}

impl<'a, W: Write> ParquetSink<'a, W> {
    pub(super) fn new(header: &'a ExportHeader, out: W) -> Result<Self, ExportError> {
        let added = added_columns(header);
        let names: Vec<PlSmallStr> = header.columns.iter().chain(&added).map(PlSmallStr::from).collect();
        let mut columns: Vec<Values> = (0..header.columns.len())
            .map(|at| Values::of(header.types.get(at).copied().flatten()))
            .collect();
        columns.extend((0..added.len()).map(|at| match at {
            PROBABILITY | CONFIDENCE => Values::Float(Vec::new()),
            REVIEWED_AT => Values::Time(Vec::new()),
            _ => Values::Text(Vec::new()),
        }));
        let mut schema = Schema::with_capacity(names.len());
        for (name, values) in names.iter().zip(&columns) {
            let field = Field::new(name.clone(), values.data_type());
            schema.try_insert(field.name, field.dtype).map_err(failed)?;
        }
        let writer = ParquetWriter::new(out).batched(&schema).map_err(failed)?;
        Ok(Self {
            header,
            writer,
            names,
            columns,
            rows: 0,
            bytes: 0,
        })
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        let columns: Result<Vec<Column>, PolarsError> = self
            .names
            .iter()
            .zip(&mut self.columns)
            .map(|(name, values)| values.take(name))
            .collect();
        let frame = DataFrame::new(self.rows, columns.map_err(failed)?).map_err(failed)?;
        (self.rows, self.bytes) = (0, 0);
        self.writer.write_batch(&frame).map_err(failed)
    }
}

/// A cell of text; an empty one has no value.
fn text(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text) }
}

/// Places of the numbers and the time among the added columns.
const PROBABILITY: usize = 2;
const CONFIDENCE: usize = 3;
const REVIEWED_AT: usize = 12;

impl<W: Write> Sink for ParquetSink<'_, W> {
    fn row(&mut self, row: &ExportRow, summary: &mut Summary) -> Result<(), ExportError> {
        let (ours, input) = (row.cells.len(), &row.cells);
        for (at, (text, values)) in input.iter().zip(&mut self.columns).enumerate() {
            let cell = Cell::of(self.header, at, text);
            summary.unreadable_cells += u64::from(matches!(cell, Cell::Unreadable(_)));
            self.bytes += text.len() + 8;
            values.push(cell);
        }
        let judged = row.state.verdict.as_ref();
        let id = row.case.row.to_string();
        let number = |number: f64| Cell::Value(TypedCell::Float(number));
        let at = judged.map_or(Cell::Empty, |j| Cell::Value(TypedCell::Time(j.at.micros())));
        let added = [
            Cell::Text(&id),
            Cell::Text(row.classification()),
            number(row.probability),
            number(row.confidence),
            Cell::Text(row.risk.name()),
            Cell::Text(row.action.name()),
            text(&row.reasons),
            text(&row.run),
            judged.map_or(Cell::Empty, |j| Cell::Text(j.verdict.name())),
            judged.and_then(|j| j.reason.as_deref()).map_or(Cell::Empty, text),
            text(&row.state.note),
            judged.map_or(Cell::Empty, |j| Cell::Text(&j.analyst)),
            at,
            row.suppressed.as_deref().map_or(Cell::Empty, text),
        ];
        let places = self.columns.iter_mut().skip(ours);
        for (values, cell) in places.zip(added) {
            values.push(cell);
        }
        self.bytes += row.reasons.len() + row.state.note.len() + 128;
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &mut Summary) -> Result<(), ExportError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        self.writer.finish().map(|_| ()).map_err(failed)
    }
}
