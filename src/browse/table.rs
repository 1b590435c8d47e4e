//! Owns the open table: what it is, how far its index is, and reading rows of it by number.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::contract::{ColumnInfo, RowCount, TableRow};
use super::cursor::{Cursor, Quotes, Row, Step};
use super::error::BrowseError;
use super::index::{Index, Mark, Segment};
use super::record::{Dialect, split};
use super::store::Store;
use crate::cancel::CancelToken;
use crate::data::NullTokens;
use crate::text::shortened;

/// Bytes read at once where a few rows are wanted.
pub(super) const PAGE_BLOCK: usize = 64 << 10;
/// How often somebody who waits for the index asks whether to stop.
const WAIT: Duration = Duration::from_millis(40);

/// An open table. Clones are the same table; all its methods may be called from several threads at once.
#[derive(Clone, Debug)]
pub struct Table(pub(super) Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) dialect: Dialect,
    pub(super) columns: Vec<ColumnInfo>,
    pub(super) nulls: NullTokens,
    pub(super) about: About,
    pub(super) index: RwLock<Index>,
    /// Rows there may be in all, by the bytes read; 0 where nothing is known.
    pub(super) estimate: AtomicU64,
    pub(super) outcome: Mutex<Outcome>,
    pub(super) changed: Condvar,
}

/// What a person wants to know of a source.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) path: Option<PathBuf>,
    pub(super) name: String,
    pub(super) format: String,
    pub(super) bytes: Option<u64>,
    /// Whether row n, counted from 0, is said to stand on line n + 2, whatever line ends are in its cells.
    pub(super) rows_are_lines: bool,
}

/// How indexing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Growing,
    Complete,
    Failed(String),
}

impl Table {
    /// The columns, in the source's order.
    pub fn columns(&self) -> &[ColumnInfo] {
        &self.0.columns
    }

    /// From now on the file is read on where another one takes its name, as when it is scored anew: what was opened is still what
    /// it was. Otherwise that is an error, so that nobody takes the old for the new.
    pub fn keep_when_replaced(&self) {
        self.0.store.keep_when_replaced();
    }

    /// Whether another file has taken the name of this one.
    pub fn is_replaced(&self) -> bool {
        self.0.store.is_replaced()
    }

    /// A short name.
    pub fn name(&self) -> &str {
        &self.0.about.name
    }

    /// What it is: `CSV, gzip`.
    pub fn format(&self) -> &str {
        &self.0.about.format
    }

    /// Its file; `None` for data inside the program.
    pub fn path(&self) -> Option<&Path> {
        self.0.about.path.as_deref()
    }

    /// The size of its file.
    pub fn bytes(&self) -> Option<u64> {
        self.0.about.bytes
    }

    /// How many rows it has, as far as is known.
    pub fn row_count(&self) -> RowCount {
        let index = self.0.index.read().unwrap_or_else(PoisonError::into_inner);
        let estimate = self.0.estimate.load(Ordering::Relaxed);
        RowCount {
            known: index.end.row,
            complete: index.complete,
            estimated: (!index.complete && estimate > 0).then(|| estimate.max(index.end.row)),
        }
    }

    /// Waits until all rows are known.
    ///
    /// # Errors
    /// The rest of the source cannot be read, or the wait was given up.
    pub fn wait(&self, cancel: &CancelToken, progress: &dyn Fn(u64, Option<u64>, &str)) -> Result<u64, BrowseError> {
        let mut outcome = self.0.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*outcome {
                Outcome::Complete => return Ok(self.row_count().known),
                Outcome::Failed(why) => return Err(BrowseError::Incomplete(why.clone())),
                Outcome::Growing => {}
            }
            cancel.check()?;
            let rows = self.row_count();
            progress(rows.known, rows.estimated, "counting rows");
            outcome = match self.0.changed.wait_timeout(outcome, WAIT) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The rows asked for, each cell shortened to `cell` characters. Those that are not known yet are left out.
    ///
    /// # Errors
    /// The file cannot be read, or has changed.
    pub fn read(&self, rows: impl IntoIterator<Item = u64>, cell: usize) -> Result<Vec<TableRow>, BrowseError> {
        let mut seeker = Seeker::new(self);
        let mut found = Vec::new();
        for row in rows {
            if let Some(at) = seeker.seek(row)? {
                found.push(self.decode(seeker.text(at), at.cut, Some(row), cell));
            }
        }
        self.0.store.check()?;
        Ok(found)
    }

    /// The rows that stand on lines, or that reach over them. Lines on which no row stands are left out.
    ///
    /// # Errors
    /// The file cannot be read, or has changed.
    pub fn rows_at_lines(&self, lines: &[u64]) -> Result<Vec<u64>, BrowseError> {
        let known = self.row_count().known;
        let mut rows: Vec<u64> = Vec::with_capacity(lines.len());
        if self.0.about.rows_are_lines {
            rows.extend(
                lines
                    .iter()
                    .filter_map(|line| line.checked_sub(2))
                    .filter(|row| *row < known),
            );
        } else {
            let mut seeker = Seeker::new(self);
            for &line in lines {
                rows.extend(seeker.row_at_line(line)?);
            }
        }
        rows.sort_unstable();
        rows.dedup();
        self.0.store.check()?;
        Ok(rows)
    }

    /// All rows known, cut into runs.
    pub(super) fn segments(&self, bytes: u64) -> Vec<Segment> {
        self.0
            .index
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .segments(bytes)
    }

    pub(super) fn quotes(&self) -> Quotes {
        self.0
            .index
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .quotes
            .clone()
    }

    /// A row as it is shown.
    pub(super) fn decode(&self, text: &[u8], cut: bool, ordinal: Option<u64>, most: usize) -> TableRow {
        let columns = self.0.columns.len();
        let mut cells = Vec::with_capacity(columns);
        let mut scratch = Vec::new();
        let found = split(text, self.0.dialect, |column, cell| {
            if column < columns {
                cells.push(shortened(cell.text(text, &mut scratch), most));
            }
            true
        });
        cells.resize(columns, String::new());
        let trouble = if cut {
            Some("longer than 64 MiB; its end is not shown".to_owned())
        } else if found.unclosed {
            Some("a quote opens and never closes".to_owned())
        } else if found.cells != columns {
            Some(format!("{} cells of {columns}", found.cells))
        } else {
            None
        };
        TableRow {
            ordinal,
            cells,
            trouble,
        }
    }
}

/// Reads rows here and there, each from the mark before it, or onwards from the row read last.
pub(super) struct Seeker<'t> {
    table: &'t Inner,
    cursor: Cursor,
    /// The row at which the cursor stands.
    next: Option<u64>,
}

impl<'t> Seeker<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        let quotes = table.quotes();
        let cursor = Cursor::new(table.0.dialect, 0, 1, PAGE_BLOCK, quotes);
        Self {
            table: &table.0,
            cursor,
            next: None,
        }
    }

    /// A row, if it is known.
    pub(super) fn seek(&mut self, row: u64) -> Result<Option<Row>, BrowseError> {
        let (mark, end) = {
            let index = self.table.index.read().unwrap_or_else(PoisonError::into_inner);
            if row >= index.end.row {
                return Ok(None);
            }
            (index.before_row(row), index.end)
        };
        let mut at = match self.next {
            Some(next) if next <= row && next >= mark.row => next,
            _ => {
                self.go_to(mark, end)?;
                mark.row
            }
        };
        loop {
            let Step::Row(found) = self.cursor.next(&self.table.store)? else {
                return Err(self.table.store.changed("was rewritten"));
            };
            at += 1;
            if at > row {
                self.next = Some(at);
                return Ok(Some(found));
            }
        }
    }

    /// The row that stands on a line.
    fn row_at_line(&mut self, line: u64) -> Result<Option<u64>, BrowseError> {
        let (mark, end) = {
            let index = self.table.index.read().unwrap_or_else(PoisonError::into_inner);
            (index.before_line(line), index.end)
        };
        self.go_to(mark, end)?;
        let mut row = mark.row;
        loop {
            match self.cursor.next(&self.table.store)? {
                Step::Row(found) if found.line > line => return Ok(None),
                Step::Row(_) if self.cursor.line() > line => return Ok(Some(row)),
                Step::Row(_) => row += 1,
                _ => return Ok(None),
            }
        }
    }

    fn go_to(&mut self, mark: Mark, end: Mark) -> Result<(), BrowseError> {
        // Where a row was, a row must still be: a line ends before it.
        if mark.offset > 3 {
            let mut before = [0];
            self.table.store.read(&mut before, mark.offset - 1)?;
            if !matches!(before[0], b'\n' | b'\r') {
                return Err(self.table.store.changed("was rewritten"));
            }
        }
        self.cursor.go_to(mark.offset, mark.line, end.offset);
        Ok(())
    }

    pub(super) fn text(&self, row: Row) -> &[u8] {
        self.cursor.text(row)
    }
}
