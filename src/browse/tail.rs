//! Owns the last rows of a file whose index is not ready: read from the end backwards, and told only where there is no doubt
//! which line ends end rows.

use super::contract::TableRow;
use super::cursor::{Cursor, Quotes, Step};
use super::error::BrowseError;
use super::record::split;
use super::table::{PAGE_BLOCK, Table};

/// Bytes looked at first.
const FIRST: u64 = 256 << 10;
/// Bytes looked at at most.
const MOST: u64 = 16 << 20;

impl Table {
    /// The last rows, `None` if only the index can tell them: the source is still being unpacked, or quotes or the number of
    /// cells leave a doubt.
    ///
    /// # Errors
    /// The file cannot be read, or has changed.
    pub fn last_rows(&self, count: usize, cell: usize) -> Result<Option<Vec<TableRow>>, BrowseError> {
        let known = self.row_count();
        if known.complete {
            let first = known.known.saturating_sub(count as u64);
            return self.read(first..known.known, cell).map(Some);
        }
        if !self.0.store.is_complete() {
            return Ok(None);
        }
        let length = self.0.store.len();
        let mut bytes = FIRST;
        loop {
            let from = length.saturating_sub(bytes);
            if from == 0 {
                return Ok(None);
            }
            match self.rows_behind(from, count, cell)? {
                Found::Rows(rows) => {
                    self.0.store.check()?;
                    return Ok(Some(rows));
                }
                Found::TooFew if bytes < MOST => bytes *= 4,
                _ => return Ok(None),
            }
        }
    }

    /// The last rows, as far as they start behind `from`.
    fn rows_behind(&self, from: u64, count: usize, cell: usize) -> Result<Found, BrowseError> {
        let length = self.0.store.len();
        let mut block = vec![0; (length - from) as usize];
        self.0.store.read(&mut block, from)?;
        // A line end outside quotes, if the block does not begin inside quotes.
        let Some(feed) = memchr::memchr(b'\n', &block) else {
            return Ok(Found::TooFew);
        };
        let outside = self.rows_from(from + feed as u64 + 1, count, cell)?;
        let quotes = self.0.dialect.quotes && memchr::memchr(b'"', &block).is_some();
        if !quotes {
            return Ok(outside);
        }
        // If it does begin inside quotes, the first quote closes them, and rows begin behind the line end after that.
        let inside = memchr::memchr(b'"', &block).and_then(|quote| {
            let behind = memchr::memchr(b'\n', &block[quote..])?;
            Some(from + (quote + behind) as u64 + 1)
        });
        let inside = match inside {
            Some(start) if start != from + feed as u64 + 1 => Some(self.rows_from(start, count, cell)?),
            _ => None,
        };
        Ok(match (outside, inside) {
            (Found::Rows(rows), Some(Found::Rows(other))) if rows != other => Found::Doubtful,
            (Found::Doubtful, _) => Found::Doubtful,
            (outside, _) => outside,
        })
    }

    /// The last rows from a place on, if all rows from there on are as wide as the header.
    fn rows_from(&self, start: u64, count: usize, cell: usize) -> Result<Found, BrowseError> {
        let columns = self.0.columns.len();
        let mut cursor = Cursor::new(self.0.dialect, start, 1, PAGE_BLOCK, Quotes::default());
        let mut rows = std::collections::VecDeque::with_capacity(count + 1);
        let mut seen = 0;
        while let Step::Row(row) = cursor.next(&self.0.store)? {
            let text = cursor.text(row);
            let found = split(text, self.0.dialect, |_, _| true);
            if found.cells != columns || found.unclosed || row.cut || columns < 2 {
                return Ok(Found::Doubtful);
            }
            seen += 1;
            if rows.len() == count {
                rows.pop_front();
            }
            rows.push_back(text.to_vec());
        }
        if seen < count {
            return Ok(Found::TooFew);
        }
        Ok(Found::Rows(
            rows.iter().map(|text| self.decode(text, false, None, cell)).collect(),
        ))
    }
}

#[derive(Debug, PartialEq)]
enum Found {
    Rows(Vec<TableRow>),
    /// They start further ahead.
    TooFew,
    /// Which they are cannot be told from here.
    Doubtful,
}
