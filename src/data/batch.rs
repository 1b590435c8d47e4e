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
    /// The cells' bytes, row by row, one separator byte after each cell. The separator may be any byte (readers leave
    /// the file's own delimiter there, so that a row without quotes is copied in one piece).
    bytes: Vec<u8>,
    /// Where each cell ends in `bytes` (its separator stands there), row by row.
    ends: Vec<u32>,
    /// 1-based physical line on which each row starts (for Parquet: row number + 1, as if it had a header line).
    lines: Vec<u64>,
    /// What stands between the cells of rows that were copied in one piece.
    delimiter: Option<u8>,
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

/// How much a batch held; the next one from the same source will hold about as much.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BatchSize {
    bytes: usize,
    rows: usize,
}

/// A place in a [`RawBatch`] to which a half-written row can be taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    bytes: usize,
    ends: usize,
}

/// A batch is closed once it holds about this many bytes of cells, or of cell ends.
const BATCH_BYTES: usize = 8 << 20;

impl RawBatch {
    /// An empty batch of rows with `columns` cells.
    pub fn new(columns: usize) -> Self {
        Self {
            columns,
            ..Self::default()
        }
    }

    /// An empty batch with room for as much as one of this size held.
    pub(super) fn with_room(columns: usize, size: BatchSize) -> Self {
        Self {
            columns,
            bytes: Vec::with_capacity(size.bytes),
            ends: Vec::with_capacity(size.rows * columns),
            lines: Vec::with_capacity(size.rows),
            delimiter: None,
            malformed: Vec::new(),
        }
    }

    pub(super) fn size(&self) -> BatchSize {
        BatchSize {
            bytes: self.bytes.len(),
            rows: self.lines.len(),
        }
    }

    /// The cells as column names, whatever the width; bytes that are not UTF-8 become U+FFFD.
    pub(super) fn names(&self) -> Vec<String> {
        (0..self.ends.len())
            .map(|at| String::from_utf8_lossy(self.cell_at(at)).into_owned())
            .collect()
    }

    /// Well-formed rows in it.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Cells a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Bytes of all cells, their separators included.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Rows in it, the malformed ones included.
    pub fn total_rows(&self) -> usize {
        self.lines.len() + self.malformed.len()
    }

    /// Whether a reader may add another row: fewer than `max_rows` so far, and about 8 MiB not yet reached.
    pub(super) fn has_room(&self, max_rows: usize) -> bool {
        self.total_rows() < max_rows.max(1)
            && self.bytes.len() < BATCH_BYTES
            && self.ends.len() < BATCH_BYTES / size_of::<u32>()
            && self.malformed.len() < BATCH_BYTES / MalformedRow::MAX_RAW
    }

    /// The raw bytes of one cell. Row and column are zero-based and in range.
    #[inline]
    pub fn cell(&self, row: usize, column: usize) -> &[u8] {
        self.cell_at(row * self.columns + column)
    }

    #[inline]
    fn cell_at(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize + 1 };
        &self.bytes[start..self.ends[at] as usize]
    }

    /// The cells of one row, in file order.
    pub fn row(&self, row: usize) -> impl Iterator<Item = &[u8]> {
        let first = row * self.columns;
        (first..first + self.columns).map(|at| self.cell_at(at))
    }

    /// The cells of one column in a run of rows.
    #[inline]
    pub fn column(&self, column: usize, rows: std::ops::Range<usize>) -> impl Iterator<Item = &[u8]> {
        rows.map(move |row| self.cell(row, column))
    }

    /// The bytes of a run of rows if commas are what a row copied in one piece has between its cells: such a row is its
    /// cells with a comma after each but the last, and a line feed at the end. Rows that had quotes have a line feed after
    /// every cell instead. `None` for other sources, and for rows of a single cell, where the two look the same.
    pub fn comma_separated(&self, rows: std::ops::Range<usize>) -> Option<&[u8]> {
        if self.delimiter != Some(b',') || self.columns < 2 || rows.is_empty() || rows.end > self.rows() {
            return None;
        }
        let first = rows.start * self.columns;
        let start = if first == 0 {
            0
        } else {
            self.ends[first - 1] as usize + 1
        };
        let end = self.ends[rows.end * self.columns - 1] as usize;
        self.bytes.get(start..=end)
    }

    /// The line on which a row starts.
    pub fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    /// The line on which each row starts.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// Appends a row of `columns` cells; one of another width goes to `malformed` instead.
    pub fn push<'a>(&mut self, line: u64, cells: impl IntoIterator<Item = &'a [u8]>) {
        let mark = self.mark();
        for cell in cells {
            self.bytes.extend_from_slice(cell);
            self.end_cell();
        }
        let found = self.cells_since(mark);
        if found == self.columns {
            self.lines.push(line);
            return;
        }
        let raw = self.bytes[mark.bytes..].to_vec();
        self.roll_back(mark);
        let reason = MalformedRow::width_reason(found, self.columns);
        self.malformed.push(MalformedRow::new(line, reason, &raw));
    }

    /// Appends all rows of a batch of the same width; its malformed rows too.
    ///
    /// A batch holds at most 4 GiB of cells; one that would grow past that, or one of another width, is handed back.
    pub fn extend(&mut self, other: Self) -> Result<(), Self> {
        let Ok(base) = u32::try_from(self.bytes.len()) else {
            return Err(other);
        };
        if other.columns != self.columns || u32::try_from(self.bytes.len() + other.bytes.len()).is_err() {
            return Err(other);
        }
        self.delimiter = match (self.delimiter, other.delimiter) {
            // A line feed, which delimits nothing, for rows of two kinds.
            (Some(own), Some(others)) if own != others => Some(b'\n'),
            (own, others) => own.or(others),
        };
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| end + base));
        self.lines.extend_from_slice(&other.lines);
        self.malformed.extend(other.malformed);
        Ok(())
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            ends: self.ends.len(),
        }
    }

    pub(super) fn roll_back(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.ends.truncate(mark.ends);
    }

    pub(super) fn cells_since(&self, mark: Mark) -> usize {
        self.ends.len() - mark.ends
    }

    /// The buffer to which the current cell's bytes are appended.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the current cell.
    #[inline]
    pub(super) fn end_cell(&mut self) {
        self.ends.push(self.bytes.len() as u32);
        self.bytes.push(b'\n');
    }

    /// Ends the current row; the caller has checked its width.
    #[inline]
    pub(super) fn end_row(&mut self, line: u64) {
        debug_assert_eq!(self.ends.len(), (self.lines.len() + 1) * self.columns);
        self.lines.push(line);
    }

    /// Appends the cells of a row without quotes in one piece. Returns how many cells it has; past `limit` they are
    /// only counted.
    #[inline]
    pub(super) fn copy_delimited(&mut self, row: &[u8], delimiter: u8, limit: usize) -> usize {
        let base = self.bytes.len();
        let before = self.ends.len();
        self.delimiter = Some(delimiter);
        self.bytes.extend_from_slice(row);
        self.bytes.push(b'\n');
        let spread = u64::from(delimiter) * LOW_BITS;
        let mut words = row.chunks_exact(8);
        let mut at = base;
        for word in words.by_ref() {
            let mut hits = zero_bytes(u64::from_le_bytes(word.try_into().unwrap_or_default()) ^ spread);
            while hits != 0 {
                self.ends.push((at + hits.trailing_zeros() as usize / 8) as u32);
                hits &= hits - 1;
            }
            at += 8;
            if self.ends.len() - before > limit {
                let rest = &row[at - base..];
                return self.ends.len() - before + 1 + memchr::memchr_iter(delimiter, rest).count();
            }
        }
        for (offset, &byte) in words.remainder().iter().enumerate() {
            if byte == delimiter {
                self.ends.push((at + offset) as u32);
            }
        }
        self.ends.push((base + row.len()) as u32);
        self.ends.len() - before
    }
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;

/// The top bit of every byte of `word` that is zero, exactly (no carries between bytes).
#[inline]
fn zero_bytes(word: u64) -> u64 {
    const SEVEN: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & SEVEN) + SEVEN) | word | SEVEN)
}

impl MalformedRow {
    /// Bytes of its text that are kept.
    pub const MAX_RAW: usize = 4096;

    /// A row that starts on `line`; of its text as much is kept as [`MalformedRow::MAX_RAW`] says.
    pub fn new(line: u64, reason: String, raw: &[u8]) -> Self {
        Self {
            line,
            reason,
            raw: raw[..raw.len().min(Self::MAX_RAW)].to_vec(),
        }
    }

    /// `12 fields, expected 31`.
    pub fn width_reason(found: usize, expected: usize) -> String {
        let noun = if found == 1 { "field" } else { "fields" };
        format!("{found} {noun}, expected {expected}")
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

#[cfg(test)]
mod tests;
