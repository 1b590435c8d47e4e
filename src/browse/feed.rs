//! Owns unpacking a source into the temporary file in which it is looked at: gzip, and Parquet as delimited text.
//!
//! When the disk of temporary files is full, unpacking ends with an error that names the directory and `TMPDIR`; the rows
//! unpacked before can still be looked at, and what needs all rows (order, filter, counts) fails with the same words.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::error::BrowseError;
use super::record::write_cell;
use super::store::Store;
use crate::data::RowReader;

/// Bytes unpacked at once.
const PIECE: usize = 256 << 10;
/// Rows asked of a reader at once.
const ROWS: usize = 16 << 10;

/// Something that fills a store piece by piece.
pub(super) trait Feed: Send {
    /// Appends another piece; `false` at the end.
    fn pull(&mut self, store: &Store) -> Result<bool, BrowseError>;

    /// Bytes used of the packed source, and bytes of it in all, where that is known.
    fn used(&self) -> Option<(u64, u64)>;
}

/// A reader that counts.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Unpacks gzip, all members of it.
pub(super) struct Gunzip<R: Read> {
    reader: MultiGzDecoder<io::BufReader<Counted<R>>>,
    piece: Vec<u8>,
    used: Arc<AtomicU64>,
    total: u64,
    /// Met behind bytes that were sound, and told with the next piece.
    failure: Option<io::Error>,
}

impl<R: Read + Send> Gunzip<R> {
    pub(super) fn new(packed: R, total: u64) -> Self {
        let used = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner: packed,
            count: Arc::clone(&used),
        };
        let reader = MultiGzDecoder::new(io::BufReader::with_capacity(64 << 10, counted));
        Self {
            reader,
            piece: vec![0; PIECE],
            used,
            total,
            failure: None,
        }
    }
}

impl<R: Read + Send> Feed for Gunzip<R> {
    fn pull(&mut self, store: &Store) -> Result<bool, BrowseError> {
        let mut filled = 0;
        while filled < self.piece.len() && self.failure.is_none() {
            match self.reader.read(&mut self.piece[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
        if filled == 0
            && let Some(cause) = self.failure.take()
        {
            return Err(BrowseError::Packed {
                name: store.name().to_owned(),
                rows: 0,
                cause,
            });
        }
        store.append(&self.piece[..filled])?;
        Ok(filled > 0)
    }

    fn used(&self) -> Option<(u64, u64)> {
        Some((self.used.load(Ordering::Relaxed), self.total))
    }
}

/// Writes the rows of a reader as comma-separated text.
pub(super) struct Rendered {
    reader: Box<dyn RowReader>,
    piece: Vec<u8>,
}

impl Rendered {
    /// Starts with the names of the columns.
    pub(super) fn new(reader: Box<dyn RowReader>) -> Self {
        let mut piece = Vec::new();
        let names = &reader.header().names;
        write_row(names.iter().map(String::as_bytes), &mut piece);
        Self { reader, piece }
    }
}

impl Feed for Rendered {
    fn pull(&mut self, store: &Store) -> Result<bool, BrowseError> {
        // The names went out with the first piece.
        let batch = self.reader.next_batch(ROWS)?;
        let more = batch.is_some();
        if let Some(batch) = batch {
            for row in 0..batch.rows() {
                write_row(batch.row(row), &mut self.piece);
                if self.piece.len() >= PIECE {
                    store.append(&self.piece)?;
                    self.piece.clear();
                }
            }
        }
        store.append(&self.piece)?;
        self.piece.clear();
        Ok(more)
    }

    fn used(&self) -> Option<(u64, u64)> {
        None
    }
}

/// One row of text. A single empty cell is quoted, for a blank line is no row.
pub(super) fn write_row<'c>(cells: impl Iterator<Item = &'c [u8]>, out: &mut Vec<u8>) {
    let start = out.len();
    for (column, cell) in cells.enumerate() {
        if column > 0 {
            out.push(b',');
        }
        write_cell(cell, b',', out);
    }
    if out.len() == start {
        out.extend_from_slice(b"\"\"");
    }
    out.push(b'\n');
}
