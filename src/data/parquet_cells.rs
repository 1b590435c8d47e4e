//! Owns rendering Parquet columns as canonical text cells.

use polars::prelude::{
    BinaryChunked, BooleanChunked, Column, DataFrame, DataType, Float32Chunked, Float64Chunked, Int64Chunked,
    PolarsError, StringChunked, TimeUnit, UInt64Chunked,
};

use super::batch::RawBatch;
use super::canonical::{write_date, write_float, write_float32, write_int, write_timestamp, write_uint};

/// Why a column type cannot be rendered, or `None` if it can.
pub(super) fn refusal(kind: &DataType) -> Option<String> {
    match kind {
        kind if kind.is_integer() || kind.is_categorical() => None,
        DataType::Boolean
        | DataType::Float32
        | DataType::Float64
        | DataType::String
        | DataType::Binary
        | DataType::Date
        | DataType::Datetime(..)
        | DataType::Null => None,
        other => Some(format!("type {other}; cast it to text or a number, or drop it")),
    }
}

/// One column, ready to be rendered row by row.
pub(super) enum Cells {
    Bool(BooleanChunked),
    Int(Int64Chunked),
    Uint(UInt64Chunked),
    Float32(Float32Chunked),
    Float64(Float64Chunked),
    Text(StringChunked),
    Binary(BinaryChunked),
    Date(Int64Chunked),
    Time {
        values: Int64Chunked,
        /// Units in a second.
        scale: i64,
        utc: bool,
    },
    Null,
}

impl Cells {
    fn of(column: &Column) -> Result<Self, PolarsError> {
        let as_int = |column: &Column| -> Result<Int64Chunked, PolarsError> {
            Ok(column
                .to_physical_repr()
                .cast(&DataType::Int64)?
                .i64()?
                .rechunk()
                .into_owned())
        };
        Ok(match column.dtype() {
            DataType::Boolean => Self::Bool(column.bool()?.rechunk().into_owned()),
            DataType::Float32 => Self::Float32(column.f32()?.rechunk().into_owned()),
            DataType::Float64 => Self::Float64(column.f64()?.rechunk().into_owned()),
            DataType::String => Self::Text(column.str()?.rechunk().into_owned()),
            DataType::Binary => Self::Binary(column.binary()?.rechunk().into_owned()),
            DataType::Null => Self::Null,
            DataType::Date => Self::Date(as_int(column)?),
            DataType::Datetime(unit, zone) => Self::Time {
                values: as_int(column)?,
                scale: match unit {
                    TimeUnit::Milliseconds => 1000,
                    TimeUnit::Microseconds => 1_000_000,
                    TimeUnit::Nanoseconds => 1_000_000_000,
                },
                utc: zone.is_some(),
            },
            kind if kind.is_unsigned_integer() => {
                Self::Uint(column.cast(&DataType::UInt64)?.u64()?.rechunk().into_owned())
            }
            kind if kind.is_integer() => Self::Int(as_int(column)?),
            _ => Self::Text(column.cast(&DataType::String)?.str()?.rechunk().into_owned()),
        })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Bool(values) => {
                if let Some(value) = values.get(row) {
                    out.extend_from_slice(if value { b"true" } else { b"false" });
                }
            }
            Self::Int(values) => values.get(row).into_iter().for_each(|value| write_int(out, value)),
            Self::Uint(values) => values.get(row).into_iter().for_each(|value| write_uint(out, value)),
            Self::Float32(values) => values.get(row).into_iter().for_each(|value| write_float32(out, value)),
            Self::Float64(values) => values.get(row).into_iter().for_each(|value| write_float(out, value)),
            Self::Text(values) => out.extend_from_slice(values.get(row).unwrap_or_default().as_bytes()),
            Self::Binary(values) => out.extend_from_slice(values.get(row).unwrap_or_default()),
            Self::Date(values) => values.get(row).into_iter().for_each(|days| write_date(out, days)),
            Self::Time { values, scale, utc } => {
                if let Some(value) = values.get(row) {
                    let nanos = value.rem_euclid(*scale) * (1_000_000_000 / scale);
                    write_timestamp(out, value.div_euclid(*scale), nanos as u32, *utc);
                }
            }
            Self::Null => {}
        }
    }
}

/// A run of rows as columns that can be rendered.
pub(super) struct Window {
    columns: Vec<Cells>,
    rows: usize,
    next: usize,
    first_line: u64,
}

impl Window {
    /// Takes a frame over. `first_line` is the line number of its first row.
    ///
    /// # Errors
    /// A column cannot be cast, or is not as long as the others.
    pub(super) fn new(frame: &DataFrame, first_line: u64) -> Result<Self, PolarsError> {
        let rows = frame.height();
        if frame.columns().iter().any(|column| column.len() != rows) {
            return Err(PolarsError::ComputeError("columns of unequal length".into()));
        }
        let columns = frame.columns().iter().map(Cells::of).collect::<Result<_, _>>()?;
        Ok(Self {
            columns,
            rows,
            next: 0,
            first_line,
        })
    }

    /// Whether all rows have been rendered.
    pub(super) fn is_spent(&self) -> bool {
        self.next >= self.rows
    }

    /// Renders rows until the batch is full or the window spent.
    pub(super) fn render(&mut self, batch: &mut RawBatch, max_rows: usize) {
        while !self.is_spent() && batch.has_room(max_rows) {
            for column in &self.columns {
                column.write(self.next, batch.bytes_mut());
                batch.end_cell();
            }
            batch.end_row(self.first_line + self.next as u64);
            self.next += 1;
        }
    }
}
