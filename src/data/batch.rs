//! Owns the shapes in which rows travel: raw text cells as read, and typed columns as the schema sees them.

use std::sync::Arc;

use polars::prelude::DataFrame;

use crate::schema::LabelValue;

/// The column names of a source, as they stand in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Names in file order; an unnamed column is an empty string.
    pub names: Vec<String>,
}

/// A run of rows as raw cells: one byte buffer, `columns` cells a row, the source line each row starts on.
///
/// Cells are unquoted bytes exactly as the file has them (perhaps not UTF-8). Rows that do not have
/// `columns` cells are not here but in `malformed`.
#[derive(Clone, Debug, Default)]
pub struct RawBatch {
    columns: usize,
    bytes: Vec<u8>,
    /// End of each cell in `bytes`, row by row.
    ends: Vec<u32>,
    /// 1-based physical line on which each row starts (for Parquet: row number + 1, as if it had a header line).
    lines: Vec<u64>,
    /// Rows of this run that could not be cut into `columns` cells.
    pub malformed: Vec<MalformedRow>,
}

/// A row that could not be cut into the header's number of cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedRow {
    /// 1-based physical line on which it starts.
    pub line: u64,
    /// What is wrong: `12 fields, expected 31`.
    pub reason: String,
    /// Its text, shortened to 4 KiB.
    pub raw: Vec<u8>,
}

impl RawBatch {
    /// An empty batch of rows with `columns` cells.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// Well-formed rows in it.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Cells a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of all cells; readers close a batch when this grows large.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// The raw bytes of one cell. Row and column are zero-based and in range.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        let at = row * self.columns + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }

    /// The line on which a row starts.
    pub fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    /// Appends a row of `columns` cells.
    pub fn push<'a>(&mut self, line: u64, cells: impl IntoIterator<Item = &'a [u8]>) {
        let before = self.ends.len();
        for cell in cells {
            self.bytes.extend_from_slice(cell);
            self.ends.push(self.bytes.len() as u32);
        }
        debug_assert_eq!(self.ends.len() - before, self.columns, "a row of another width");
        self.lines.push(line);
    }
}

/// The same rows, typed by the schema.
#[derive(Clone, Debug)]
pub struct TypedBatch {
    /// One column for each schema column the source has, the label left out, under canonical names and in
    /// schema order; Polars types as [`crate::schema::ColumnType`] says. A cell that could not be read is null and
    /// stands in `issues`; an empty cell is null and does not.
    pub frame: DataFrame,
    /// The label of each row, where the source has the label column.
    pub labels: Option<Vec<LabelValue>>,
    /// Cells that are there but could not be read, in row order.
    pub issues: Vec<CellIssue>,
    /// Source line of each row.
    pub lines: Arc<[u64]>,
}

/// A cell that could not be read as its column's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellIssue {
    /// Zero-based row in the batch.
    pub row: usize,
    /// Index into `Schema::columns`.
    pub column: usize,
    /// What is wrong with it.
    pub problem: CellProblem,
    /// The cell's text, lossily decoded and shortened to 200 characters.
    pub value: String,
}

/// Why a cell could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellProblem {
    /// Not a value of the column's type.
    Unparsable,
    /// A number that is infinite or not a number, or too large for a float.
    NotFinite,
    /// Not an IPv4 or IPv6 address.
    InvalidIp,
    /// A number outside 0 to 65535.
    InvalidPort,
    /// Not a time in a form that is read.
    InvalidTimestamp,
    /// A text cell with bytes that are not UTF-8. The cell is kept with U+FFFD in their place.
    InvalidUtf8,
}
