//! Owns growing the index, and unpacking ahead of it, on a thread of its own.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::contract::RowCount;
use super::cursor::{Cursor, Step};
use super::error::BrowseError;
use super::feed::Feed;
use super::index::Mark;
use super::table::{Outcome, Table};
use crate::cancel::CancelToken;

/// Bytes indexed before others get to see it.
const STEP: u64 = 4 << 20;
/// Bytes that are looked at at once for being simple.
const CHUNK: usize = 32 << 10;
/// Time between two reports.
const REPORT: Duration = Duration::from_millis(34);

/// The rest of the work on a table that has just been opened.
pub struct Indexing {
    table: Table,
    feed: Option<Box<dyn Feed>>,
    cursor: Cursor,
    /// Up to here rows are looked at one by one.
    careful: u64,
    /// Why nothing more could be unpacked; what was unpacked before is indexed first.
    failure: Option<BrowseError>,
}

impl Indexing {
    pub(super) fn new(table: Table, feed: Option<Box<dyn Feed>>, cursor: Cursor) -> Self {
        Self {
            table,
            feed,
            cursor,
            careful: 0,
            failure: None,
        }
    }

    /// Goes on to the end of the source, telling the number of rows at most thirty times a second and at the end. How it
    /// ended is known to the table; an error meets whoever needs all rows.
    pub fn run(mut self, cancel: &CancelToken, rows: &dyn Fn(RowCount)) {
        let mut told = Instant::now();
        loop {
            if cancel.is_cancelled() {
                return;
            }
            match self.advance(STEP) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.fail(error);
                    break;
                }
            }
            if told.elapsed() >= REPORT {
                told = Instant::now();
                rows(self.table.row_count());
            }
        }
        rows(self.table.row_count());
    }

    /// Indexes so much that there is a row, if there is one at all.
    pub(super) fn first(&mut self, bytes: u64) {
        while self.table.row_count().known == 0 {
            match self.advance(bytes) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        *self.table.0.outcome.lock().unwrap_or_else(PoisonError::into_inner) != Outcome::Growing
    }

    /// Indexes about `bytes` more; `false` at the end.
    pub(super) fn advance(&mut self, bytes: u64) -> Result<bool, BrowseError> {
        if self.is_done() {
            return Ok(false);
        }
        let mut grown = Vec::new();
        let (mut until_mark, mut at) = {
            let index = self.table.0.index.read().unwrap_or_else(PoisonError::into_inner);
            (index.until_mark(), index.end)
        };
        let stride = until_mark.max(1);
        let goal = self.cursor.offset() + bytes;
        let mut more = true;
        let store = &self.table.0.store;
        while self.cursor.offset() < goal {
            let before = self.cursor.offset();
            let rows = if before >= self.careful {
                self.cursor
                    .skip_simple(store, CHUNK.min(until_mark.max(4096) as usize))?
            } else {
                None
            };
            if let Some(rows) = rows {
                at.row += rows;
            } else {
                if before >= self.careful {
                    self.careful = before + CHUNK as u64;
                }
                match self.cursor.next(store)? {
                    Step::Row(_) => at.row += 1,
                    Step::End => more = false,
                    Step::Starved => {
                        self.pull();
                        // What was unpacked is seen before more of it.
                        break;
                    }
                }
            }
            at = Mark {
                offset: self.cursor.offset(),
                row: at.row,
                line: self.cursor.line(),
            };
            let passed = at.offset - before;
            until_mark = until_mark.saturating_sub(passed);
            if until_mark == 0 {
                grown.push(at);
                until_mark = stride;
            }
            if !more {
                break;
            }
        }
        let failure = self.failure.take_if(|_| !more);
        self.publish(&grown, at, more || failure.is_some());
        match failure {
            Some(error) => return Err(error),
            None if !more => self.end(Outcome::Complete),
            None => {}
        }
        Ok(more)
    }

    /// Unpacks another piece.
    fn pull(&mut self) {
        let store = &self.table.0.store;
        let pulled = self.feed.as_mut().map_or(Ok(false), |feed| feed.pull(store));
        let more = pulled.unwrap_or_else(|error| {
            self.failure = Some(error);
            false
        });
        if !more {
            store.finish();
        }
    }

    fn publish(&self, grown: &[Mark], at: Mark, more: bool) {
        let mut index = self.table.0.index.write().unwrap_or_else(PoisonError::into_inner);
        for &mark in grown {
            index.reach(mark);
        }
        index.reach(at);
        index.quotes.clone_from(&self.cursor.quotes);
        index.complete = !more;
        let used = match &self.feed {
            Some(feed) => feed.used(),
            None => Some((self.cursor.offset(), self.table.0.store.len())),
        };
        if let Some((used, total)) = used.filter(|(used, _)| *used > 0) {
            let estimate = at.row as f64 * (total as f64 / used as f64);
            self.table.0.estimate.store(estimate as u64, Ordering::Relaxed);
        }
    }

    fn fail(&self, error: BrowseError) {
        let error = match error {
            BrowseError::Packed { name, cause, .. } => BrowseError::Packed {
                name,
                rows: self.table.row_count().known,
                cause,
            },
            other => other,
        };
        tracing::warn!("indexing ended early: {error}");
        self.end(Outcome::Failed(error.to_string()));
    }

    /// Says how it ended, once.
    fn end(&self, outcome: Outcome) {
        *self.table.0.outcome.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        self.table.0.changed.notify_all();
    }
}

impl Drop for Indexing {
    /// Nobody waits for an index that nobody makes.
    fn drop(&mut self) {
        if !self.is_done() {
            self.end(Outcome::Failed(
                "counting its rows was given up; open it again".to_owned(),
            ));
        }
    }
}
