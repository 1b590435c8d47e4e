//! Owns reading the top of a source: its delimiter, its columns, and what their first cells look like.

use super::contract::ColumnKind;
use super::cursor::{Cursor, Quotes, Step};
use super::error::BrowseError;
use super::feed::Feed;
use super::index::Mark;
use super::open::{MOST_COLUMNS, SAMPLE, content};
use super::record::{Dialect, split};
use super::store::Store;
use super::table::PAGE_BLOCK;
use super::value::{Number, number};
use super::zeek::{ZeekHead, read_head};
use crate::data::NullTokens;

/// Rows by which a column's kind is told.
const KIND_ROWS: usize = 100;
/// What may stand between cells where the settings' own does not.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// What the top of a source says.
pub(super) struct Head {
    pub(super) dialect: Dialect,
    pub(super) names: Vec<String>,
    pub(super) kinds: Vec<Option<ColumnKind>>,
    pub(super) nulls: NullTokens,
    /// Where the first row is looked for.
    pub(super) first: Mark,
}

/// How a source is to be read, as far as its bytes do not say.
pub(super) struct Top<'t> {
    pub(super) name: &'t str,
    pub(super) delimiter: char,
    pub(super) nulls: NullTokens,
    /// Whether its text was written here, from Parquet.
    pub(super) rendered: bool,
}

impl Top<'_> {
    pub(super) fn zeek(&self, store: &Store, feed: &mut Option<Box<dyn Feed>>) -> Result<Head, BrowseError> {
        let mut length = SAMPLE as u64;
        loop {
            while store.len() < length && !store.is_complete() {
                pull(feed, store)?;
            }
            let whole = store.len() <= length && store.is_complete();
            let mut bytes = vec![0; length.min(store.len()) as usize];
            store.read(&mut bytes, 0)?;
            match read_head(&bytes, whole) {
                Some(Ok(ZeekHead {
                    start,
                    separator,
                    names,
                    kinds,
                    nulls,
                })) => {
                    let dialect = Dialect {
                        delimiter: separator,
                        quotes: false,
                    };
                    let first = Mark {
                        offset: start as u64,
                        row: 0,
                        line: 1,
                    };
                    return Ok(Head {
                        dialect,
                        names,
                        kinds,
                        nulls,
                        first,
                    });
                }
                Some(Err(reason)) => return Err(content(self.name, reason)),
                None if length > 64 << 20 => return Err(content(self.name, "its head does not end")),
                None => length *= 4,
            }
        }
    }

    pub(super) fn csv(&self, store: &Store, feed: &mut Option<Box<dyn Feed>>) -> Result<Head, BrowseError> {
        let lower = self.name.to_ascii_lowercase();
        let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
        let tabs = self.delimiter == ',' && [".tsv", ".tab"].iter().any(|end| plain.ends_with(end));
        let set = if self.rendered {
            b','
        } else if tabs {
            b'\t'
        } else {
            u8::try_from(self.delimiter).unwrap_or(b',')
        };
        let mut best = self.try_head(store, feed, set)?;
        if best.names.len() == 1 && !self.rendered {
            for delimiter in DELIMITERS.into_iter().filter(|&other| other != set) {
                let other = self.try_head(store, feed, delimiter)?;
                if other.names.len() > best.names.len() {
                    best = other;
                }
            }
        }
        Ok(best)
    }

    /// The head if cells are separated so.
    fn try_head(&self, store: &Store, feed: &mut Option<Box<dyn Feed>>, delimiter: u8) -> Result<Head, BrowseError> {
        let dialect = Dialect {
            delimiter,
            quotes: true,
        };
        while store.len() < 3 && !store.is_complete() {
            pull(feed, store)?;
        }
        let mut start = [0; 3];
        let marked = store.len() >= 3 && store.read(&mut start, 0).is_ok() && start == *b"\xef\xbb\xbf";
        let offset = if marked { 3 } else { 0 };
        let mut cursor = Cursor::new(dialect, offset, 1, PAGE_BLOCK, Quotes::default());
        let row = match next(&mut cursor, store, feed)? {
            Step::Row(row) if row.cut => {
                return Err(content(
                    self.name,
                    "the header is longer than 64 MiB; repair the first line",
                ));
            }
            Step::Row(row) => row,
            _ => {
                return Err(content(
                    self.name,
                    "there is no header line; a first line with column names is needed",
                ));
            }
        };
        let text = cursor.text(row);
        let (mut names, mut scratch) = (Vec::new(), Vec::new());
        let found = split(text, dialect, |_, cell| {
            names.push(String::from_utf8_lossy(cell.text(text, &mut scratch)).into_owned());
            names.len() <= MOST_COLUMNS
        });
        if found.unclosed {
            return Err(content(
                self.name,
                "a quote in the header never closes; repair the first line",
            ));
        }
        let kinds = vec![None; names.len()];
        let first = Mark {
            offset: cursor.offset(),
            row: 0,
            line: cursor.line(),
        };
        Ok(Head {
            dialect,
            names,
            kinds,
            nulls: self.nulls.clone(),
            first,
        })
    }
}

/// The next row, unpacking as much as that takes.
fn next(cursor: &mut Cursor, store: &Store, feed: &mut Option<Box<dyn Feed>>) -> Result<Step, BrowseError> {
    loop {
        match cursor.next(store)? {
            Step::Starved => pull(feed, store)?,
            step => return Ok(step),
        }
    }
}

fn pull(feed: &mut Option<Box<dyn Feed>>, store: &Store) -> Result<(), BrowseError> {
    let more = match feed {
        Some(feed) => feed.pull(store)?,
        None => false,
    };
    if !more {
        store.finish();
    }
    Ok(())
}

/// What the columns hold: as the source says, else as their first cells look.
pub(super) fn kinds(
    head: &Head,
    mut cursor: Cursor,
    store: &Store,
    feed: &mut Option<Box<dyn Feed>>,
) -> Result<Vec<ColumnKind>, BrowseError> {
    let columns = head.names.len();
    let mut seen: Vec<Option<ColumnKind>> = vec![None; columns];
    let mut scratch = Vec::new();
    for row in 0..KIND_ROWS {
        // The first row is waited for, the others only as far as they are there.
        let step = if row == 0 {
            next(&mut cursor, store, feed)?
        } else {
            cursor.next(store)?
        };
        let Step::Row(row) = step else { break };
        let text = cursor.text(row);
        split(text, head.dialect, |column, cell| {
            if column < columns {
                let cell = cell.text(text, &mut scratch);
                if !head.nulls.is_null(cell) {
                    let kind = match number(cell) {
                        Some(Number::Int(_)) => ColumnKind::Integer,
                        Some(Number::Float(_)) => ColumnKind::Number,
                        None => ColumnKind::Text,
                    };
                    seen[column] = Some(wider(seen[column].unwrap_or(kind), kind));
                }
            }
            column + 1 < columns
        });
    }
    Ok(head
        .kinds
        .iter()
        .zip(seen)
        .map(|(said, seen)| said.or(seen).unwrap_or(ColumnKind::Text))
        .collect())
}

/// The kind that both are of.
fn wider(a: ColumnKind, b: ColumnKind) -> ColumnKind {
    match (a, b) {
        (ColumnKind::Text, _) | (_, ColumnKind::Text) => ColumnKind::Text,
        (ColumnKind::Number, _) | (_, ColumnKind::Number) => ColumnKind::Number,
        _ => ColumnKind::Integer,
    }
}
