//! Owns typed access to one column of a batch, without a Polars look-up for each cell.

use polars::prelude::{
    BooleanChunked, ChunkedArray, Column, Float64Chunked, Int64Chunked, PolarsNumericType, StringChunked,
};

use crate::schema::ColumnType;

/// One column's cells by the shape they have in memory.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Whole numbers and ports.
    Int(&'a Int64Chunked),
    /// Floats.
    Float(&'a Float64Chunked),
    /// Categories, text and IP addresses.
    Text(&'a StringChunked),
    /// Booleans.
    Bool(&'a BooleanChunked),
    /// Timestamps: microseconds since 1970, UTC.
    Time(&'a Int64Chunked),
}

impl<'a> Cells<'a> {
    /// The cells of a column; `None` if its Polars type is not the one `kind` promises.
    pub fn of(kind: ColumnType, column: &'a Column) -> Option<Self> {
        match kind {
            ColumnType::Int | ColumnType::Port => column.i64().ok().map(Self::Int),
            ColumnType::Float => column.f64().ok().map(Self::Float),
            ColumnType::Category | ColumnType::Text | ColumnType::Ip => column.str().ok().map(Self::Text),
            ColumnType::Bool => column.bool().ok().map(Self::Bool),
            ColumnType::Timestamp => column.datetime().ok().map(|times| Self::Time(times.physical())),
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(c) | Self::Time(c) => c.len(),
            Self::Float(c) => c.len(),
            Self::Text(c) => c.len(),
            Self::Bool(c) => c.len(),
        }
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of nulls.
    pub fn null_count(&self) -> usize {
        match self {
            Self::Int(c) | Self::Time(c) => c.null_count(),
            Self::Float(c) => c.null_count(),
            Self::Text(c) => c.null_count(),
            Self::Bool(c) => c.null_count(),
        }
    }

    /// Calls `found` with each row that is null, in order.
    pub fn nulls(&self, found: impl FnMut(usize)) {
        fn each(nulls: impl Iterator<Item = bool>, mut found: impl FnMut(usize)) {
            nulls
                .enumerate()
                .filter(|(_, null)| *null)
                .for_each(|(row, _)| found(row));
        }
        if self.null_count() == 0 {
            return;
        }
        match self {
            Self::Int(c) | Self::Time(c) => each(c.iter().map(|v| v.is_none()), found),
            Self::Float(c) => each(c.iter().map(|v| v.is_none()), found),
            Self::Text(c) => each(c.iter().map(|v| v.is_none()), found),
            Self::Bool(c) => each(c.iter().map(|v| v.is_none()), found),
        }
    }

    /// The cell as a number (false 0, true 1, time in microseconds); `None` for null, for text and beyond the end.
    pub fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Int(c) | Self::Time(c) => c.get(row).map(|v| v as f64),
            Self::Float(c) => c.get(row),
            Self::Bool(c) => c.get(row).map(|v| f64::from(u8::from(v))),
            Self::Text(_) => None,
        }
    }
}

/// Calls `fail` with each row whose value is `bad`, in order; nulls are never bad. Chunks without a bad value cost one
/// tight pass over a plain slice.
pub fn scan<T: PolarsNumericType>(
    cells: &ChunkedArray<T>,
    bad: impl Fn(T::Native) -> bool,
    mut fail: impl FnMut(usize),
) {
    let mut start = 0;
    for chunk in cells.downcast_iter() {
        let values = chunk.values();
        // The slots of nulls hold arbitrary values, so this may be a false alarm, never a miss.
        if values.iter().fold(false, |any, value| any | bad(*value)) {
            for (row, value) in chunk.iter().enumerate() {
                if value.is_some_and(|value| bad(*value)) {
                    fail(start + row);
                }
            }
        }
        start += values.len();
    }
}
