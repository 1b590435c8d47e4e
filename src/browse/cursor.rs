//! Owns walking through rows from front to back: a window over the store, however long a row is.

use super::error::BrowseError;
use super::record::{Dialect, Found, scan};
use super::store::Store;

/// A row longer than this is shown by its beginning, and a quote that has not closed within it never does.
const MAX_ROW: usize = 64 << 20;
/// After so many quotes that never close, quoted cells do not span lines any more: each costs a look ahead.
const MAX_UNCLOSED: usize = 16;
/// A window that has grown past this is given back once a giant row has gone through it.
const KEEP: usize = 4 << 20;

/// What is odd about quotes: rows whose quote never closes, so that everybody cuts them as the index did.
#[derive(Clone, Debug, Default)]
pub(super) struct Quotes {
    /// Where such rows start, ascending.
    rows: Vec<u64>,
    /// From here on no quote reaches over its line's end.
    lines_from: Option<u64>,
    /// Whether some cell's text does not stand in the file in one piece, for text follows its closing quote.
    pub(super) torn: bool,
}

impl Quotes {
    fn is_line(&self, offset: u64) -> bool {
        self.lines_from.is_some_and(|from| offset >= from) || self.rows.binary_search(&offset).is_ok()
    }

    fn add(&mut self, offset: u64) {
        if let Err(at) = self.rows.binary_search(&offset) {
            self.rows.insert(at, offset);
        }
        if self.rows.len() >= MAX_UNCLOSED && self.lines_from.is_none() {
            self.lines_from = self.rows.last().copied();
        }
    }
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A row; [`Cursor::text`] has it.
    Row(Row),
    /// Nothing.
    End,
    /// Nothing yet: the store still grows.
    Starved,
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    from: usize,
    /// Where its text ends in the window.
    pub(super) to: usize,
    /// The physical line on which it starts.
    pub(super) line: u64,
    /// Whether only its first 64 MiB are there.
    pub(super) cut: bool,
}

/// Walks through rows.
#[derive(Debug)]
pub(super) struct Cursor {
    dialect: Dialect,
    window: Vec<u8>,
    /// Where the window starts in the store.
    base: u64,
    at: usize,
    filled: usize,
    line: u64,
    /// Nothing from here on is read.
    limit: u64,
    block: usize,
    /// Where to go on behind a row that was cut.
    behind: Option<u64>,
    pub(super) quotes: Quotes,
}

impl Cursor {
    /// At a row's start, which is on `line`, reading `block` bytes at once.
    pub(super) fn new(dialect: Dialect, offset: u64, line: u64, block: usize, quotes: Quotes) -> Self {
        Self {
            dialect,
            window: Vec::new(),
            base: offset,
            at: 0,
            filled: 0,
            line,
            limit: u64::MAX,
            block,
            behind: None,
            quotes,
        }
    }

    /// Goes to another row's start, keeping the window's memory; nothing from `limit` on, where a row starts, is read.
    pub(super) fn go_to(&mut self, offset: u64, line: u64, limit: u64) {
        (self.base, self.at, self.filled) = (offset, 0, 0);
        (self.line, self.limit, self.behind) = (line, limit, None);
    }

    /// Where it stands.
    pub(super) fn offset(&self) -> u64 {
        self.behind.unwrap_or(self.base + self.at as u64)
    }

    /// The physical line at which it stands.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// What is read of what comes next, and where it starts in the window.
    pub(super) fn ahead(&self) -> (&[u8], usize) {
        (&self.window[self.at..self.filled], self.at)
    }

    /// The bytes of the row that [`Self::next`] returned last.
    pub(super) fn text(&self, row: Row) -> &[u8] {
        &self.window[row.from..row.to]
    }

    /// The next row.
    pub(super) fn next(&mut self, store: &Store) -> Result<Step, BrowseError> {
        if let Some(offset) = self.behind.take() {
            self.window = Vec::new();
            (self.base, self.at, self.filled) = (offset, 0, 0);
        }
        loop {
            let at_end = self.at_end(store);
            let data = &self.window[self.at..self.filled];
            let (offset, length) = (self.base + self.at as u64, data.len());
            let found = match data {
                [] if at_end => return Ok(Step::End),
                [] => Found::Partial { quoted: false },
                data => scan(data, at_end, self.dialect, self.quotes.is_line(offset)),
            };
            match found {
                Found::Row {
                    text,
                    consumed,
                    lines,
                    torn,
                } => {
                    self.quotes.torn |= torn;
                    let row = Row {
                        from: self.at,
                        to: self.at + text,
                        line: self.line,
                        cut: false,
                    };
                    self.at += consumed;
                    self.line += lines;
                    return Ok(Step::Row(row));
                }
                Found::Skip { consumed } => {
                    self.at += consumed;
                    self.line += 1;
                }
                Found::Partial { quoted: true } if at_end || length >= MAX_ROW => self.quotes.add(offset),
                Found::Partial { .. } if length >= MAX_ROW => return self.cut_row(store),
                Found::Partial { .. } => {
                    if !self.fill(store)? {
                        return Ok(Step::Starved);
                    }
                }
            }
        }
    }

    fn end(&self, store: &Store) -> u64 {
        self.limit.min(store.len())
    }

    fn at_end(&self, store: &Store) -> bool {
        // Complete first: bytes may be appended between the two questions, never after the first is answered with yes.
        (store.is_complete() || self.limit <= store.len()) && self.base + self.filled as u64 >= self.end(store)
    }

    /// Reads on, at least doubling what is unread, so that looking again at a long row costs no more than reading it.
    fn fill(&mut self, store: &Store) -> Result<bool, BrowseError> {
        let left = self.end(store).saturating_sub(self.base + self.filled as u64);
        if left == 0 {
            return Ok(false);
        }
        self.window.copy_within(self.at..self.filled, 0);
        self.base += self.at as u64;
        self.filled -= self.at;
        self.at = 0;
        let wanted = if self.filled * 2 <= self.block {
            self.block
        } else {
            (self.filled * 2).min(MAX_ROW + self.block)
        };
        let wanted = wanted.min(self.filled.saturating_add(usize::try_from(left).unwrap_or(usize::MAX)));
        if self.window.len() < wanted {
            self.window.resize(wanted, 0);
        } else if self.window.len() > KEEP && wanted <= KEEP {
            self.window.truncate(wanted);
            self.window.shrink_to_fit();
        }
        store.read(&mut self.window[self.filled..wanted], self.base + self.filled as u64)?;
        self.filled = wanted;
        Ok(true)
    }

    /// A row of more than [`MAX_ROW`] bytes without an end: what is in the window is its text, and it is looked for its end.
    fn cut_row(&mut self, store: &Store) -> Result<Step, BrowseError> {
        let mut piece = vec![0; self.block];
        let mut offset = self.base + self.filled as u64;
        let lone_returns = self.dialect.quotes;
        loop {
            let left = self.end(store).saturating_sub(offset);
            if left == 0 && !(store.is_complete() || self.limit <= store.len()) {
                return Ok(Step::Starved);
            }
            let length = (piece.len() as u64).min(left) as usize;
            store.read(&mut piece[..length], offset)?;
            let feed = memchr::memchr(b'\n', &piece[..length]);
            let lone = if lone_returns {
                memchr::memchr(b'\r', &piece[..feed.unwrap_or(length)])
            } else {
                None
            };
            let end = match (lone, feed) {
                (Some(lone), Some(feed)) if lone + 1 == feed => Some(feed + 1),
                // The piece ends between the two bytes of a line end.
                (Some(lone), None) if lone + 1 == length && length > 1 && left > length as u64 => {
                    offset += lone as u64;
                    continue;
                }
                (Some(lone), _) => Some(lone + 1),
                (None, Some(feed)) => Some(feed + 1),
                (None, None) if length == 0 => Some(0),
                (None, None) => None,
            };
            offset += end.unwrap_or(length) as u64;
            if end.is_some() {
                self.behind = Some(offset);
                let row = Row {
                    from: self.at,
                    to: self.filled,
                    line: self.line,
                    cut: true,
                };
                self.line += 1;
                return Ok(Step::Row(row));
            }
        }
    }

    /// Goes over whole rows among the next `most` bytes at once, if they are simple: no quote, no carriage return, no blank
    /// line, no comment. Returns how many rows that were.
    pub(super) fn skip_simple(&mut self, store: &Store, most: usize) -> Result<Option<u64>, BrowseError> {
        if self.behind.is_some() {
            return Ok(None);
        }
        if self.filled - self.at < most.min(self.block) && !self.at_end(store) {
            self.fill(store)?;
        }
        let data = &self.window[self.at..self.filled];
        let data = &data[..data.len().min(most)];
        let Some(last) = memchr::memrchr(b'\n', data) else {
            return Ok(None);
        };
        let data = &data[..=last];
        let special = if self.dialect.quotes {
            data[0] == b'\n' || memchr::memchr2(b'"', b'\r', data).is_some()
        } else {
            matches!(data[0], b'\n' | b'#' | b'\r')
                || memchr::memmem::find(data, b"\n#").is_some()
                || memchr::memmem::find(data, b"\n\r").is_some()
        };
        if special || memchr::memmem::find(data, b"\n\n").is_some() {
            return Ok(None);
        }
        let rows = memchr::memchr_iter(b'\n', data).count() as u64;
        self.at += last + 1;
        self.line += rows;
        Ok(Some(rows))
    }

    /// What is left before the limit as one piece, read whole, if it is at most `most` bytes. Nothing is passed.
    pub(super) fn whole(&mut self, store: &Store, most: usize) -> Result<Option<&[u8]>, BrowseError> {
        while self.behind.is_none() && self.filled - self.at <= most && !self.at_end(store) {
            if !self.fill(store)? {
                return Ok(None);
            }
        }
        let read = self.behind.is_none() && self.at_end(store) && self.filled - self.at <= most;
        Ok(read.then(|| &self.window[self.at..self.filled]))
    }
}
