//! Owns opening a source: its format, its delimiter, its columns and what they hold, and its first rows.

use std::fs::File;
use std::io::{self, Cursor as MemoryReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, RwLock};

use super::contract::{ColumnInfo, ColumnKind};
use super::cursor::{Cursor, Step, Quotes};
use super::error::BrowseError;
use super::feed::{Feed, Gunzip, Rendered};
use super::index::{Index, Mark};
use super::indexing::Indexing;
use super::record::{Dialect, split};
use super::store::Store;
use super::table::{About, Inner, Outcome, PAGE_BLOCK, Table};
use super::value::{Number, number};
use super::zeek::{ZeekHead, read_head};
use crate::data::{DataError, EmbeddedTable, Format, NullTokens, ReadSettings, Source, format_of, open_error};

/// Bytes by which a format is told.
const SAMPLE: usize = 8 << 10;
/// Rows by which a column's kind is told.
const KIND_ROWS: usize = 100;
/// Bytes indexed before the table is handed out, so that the first rows are there at once.
const FIRST: u64 = 64 << 10;
/// More columns than this is no table.
const MOST_COLUMNS: usize = 100_000;
/// What may stand between cells where the settings' own does not.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Opens a file. What is left to do is handed back with the table, whose first rows can be read already.
///
/// # Errors
/// It is not there, cannot be read, is empty, or is in a format that is not read.
pub fn open_file(path: &Path, settings: &ReadSettings) -> Result<(Table, Indexing), BrowseError> {
    let name = path.display().to_string();
    let refused = |cause| BrowseError::Data(open_error(path, cause));
    let file = open_regular(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if metadata.len() == 0 {
        return Err(content(&name, "the file is empty; a header line with column names is needed"));
    }
    let mut sample = vec![0; metadata.len().min(SAMPLE as u64) as usize];
    let failed = |cause| BrowseError::Read { name: name.clone(), at: 0, cause };
    file.read_exact_at(&mut sample, 0).map_err(failed)?;
    let format = format_of(&sample);
    let lower = name.to_ascii_lowercase();
    if format != Format::Parquet && (lower.ends_with(".parquet") || lower.ends_with(".pq")) {
        return Err(content(&name, "is not Parquet although its name says so; if it is CSV, rename it"));
    }
    let opening = Opening {
        about: About {
            path: Some(path.to_path_buf()),
            name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            format: String::new(),
            bytes: Some(metadata.len()),
            rows_are_lines: false,
        },
        name: name.clone(),
        settings,
    };
    match format {
        Format::Gzip => opening.packed(Box::new(Gunzip::new(file, metadata.len()))),
        Format::Parquet => {
            let reader = crate::data::open(&Source::Path(path.to_path_buf()), settings)?;
            let store = Store::spool(name)?;
            opening.finish(store, Some(Box::new(Rendered::new(reader))), Format::Parquet, "Parquet")
        }
        Format::Unreadable(what) => Err(content(&name, what)),
        format => opening.finish(Store::file(name, path, file, &metadata)?, None, format, ""),
    }
}

/// Opens data inside the program.
///
/// # Errors
/// The data are damaged.
pub fn open_embedded(table: EmbeddedTable, settings: &ReadSettings) -> Result<(Table, Indexing), BrowseError> {
    let name = table.name.to_owned();
    let about = About { path: None, name: name.clone(), format: String::new(), bytes: None, rows_are_lines: false };
    let opening = Opening { about, name: name.clone(), settings };
    let mut bytes = Vec::new();
    match format_of(&table.bytes[..table.bytes.len().min(SAMPLE)]) {
        Format::Gzip => {
            let mut reader = flate2::read::MultiGzDecoder::new(MemoryReader::new(table.bytes));
            let failed = |cause| BrowseError::Packed { name: name.clone(), rows: 0, cause };
            reader.read_to_end(&mut bytes).map_err(failed)?;
        }
        _ => bytes.extend_from_slice(table.bytes),
    }
    let format = format_of(&bytes[..bytes.len().min(SAMPLE)]);
    opening.finish(Store::memory(name, bytes), None, format, "")
}

/// Opens a regular file; a pipe would not be waited for, nor could it be read twice.
fn open_regular(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::other("it is no regular file; save what it gives to one first"));
    }
    File::open(path)
}

fn content(name: &str, reason: impl Into<String>) -> BrowseError {
    BrowseError::Data(DataError::Content { source_name: name.to_owned(), reason: reason.into() })
}

/// A source on its way to a table.
struct Opening<'s> {
    about: About,
    /// As it stands in messages.
    name: String,
    settings: &'s ReadSettings,
}

/// What the top of a source says.
struct Head {
    dialect: Dialect,
    names: Vec<String>,
    kinds: Vec<Option<ColumnKind>>,
    nulls: NullTokens,
    /// Where the first row is looked for.
    first: Mark,
}

impl Opening<'_> {
    fn packed(self, mut feed: Box<dyn Feed>) -> Result<(Table, Indexing), BrowseError> {
        let store = Store::spool(self.name.clone())?;
        if !feed.pull(&store)? {
            store.finish();
        }
        let mut sample = vec![0; store.len().min(SAMPLE as u64) as usize];
        store.read(&mut sample, 0)?;
        match format_of(&sample) {
            _ if sample.is_empty() => Err(content(&self.name, "empty inside; a header line with column names is needed")),
            Format::Gzip => Err(content(&self.name, "compressed with gzip twice; unpack it once")),
            Format::Parquet => Err(content(&self.name, "Parquet inside gzip; unpack it first")),
            Format::Unreadable(what) => Err(content(&self.name, what)),
            format => self.finish(store, Some(feed), format, ", gzip"),
        }
    }

    fn finish(
        mut self,
        store: Store,
        mut feed: Option<Box<dyn Feed>>,
        format: Format,
        packing: &str,
    ) -> Result<(Table, Indexing), BrowseError> {
        let head = match format {
            Format::Zeek => {
                self.about.format = format!("Zeek log{packing}");
                self.zeek_head(&store, &mut feed)?
            }
            Format::Parquet => {
                self.about.format = packing.to_owned();
                self.about.rows_are_lines = true;
                self.csv_head(&store, &mut feed)?
            }
            _ => {
                self.about.format = format!("CSV{packing}");
                self.csv_head(&store, &mut feed)?
            }
        };
        if head.names.len() > MOST_COLUMNS {
            let reason = format!("the header has {} columns, more than {MOST_COLUMNS}; is this a table?", head.names.len());
            return Err(content(&self.name, reason));
        }
        let cursor = Cursor::new(head.dialect, head.first.offset, head.first.line, PAGE_BLOCK, Quotes::default());
        let kinds = kinds(&head, cursor, &store, &mut feed)?;
        let columns = head.names.into_iter().zip(kinds).map(|(name, kind)| ColumnInfo { name, kind }).collect();
        let table = Table(Arc::new(Inner {
            store,
            dialect: head.dialect,
            columns,
            nulls: head.nulls,
            about: self.about,
            index: RwLock::new(Index::new(head.first)),
            estimate: AtomicU64::new(0),
            outcome: Mutex::new(Outcome::Growing),
            changed: Condvar::new(),
        }));
        let cursor = Cursor::new(head.dialect, head.first.offset, head.first.line, 256 << 10, Quotes::default());
        let mut indexing = Indexing::new(table.clone(), feed, cursor);
        indexing.first(FIRST);
        Ok((table, indexing))
    }

    fn zeek_head(&self, store: &Store, feed: &mut Option<Box<dyn Feed>>) -> Result<Head, BrowseError> {
        let mut length = SAMPLE as u64;
        loop {
            while store.len() < length && !store.is_complete() {
                pull(feed, store)?;
            }
            let whole = store.len() <= length && store.is_complete();
            let mut bytes = vec![0; length.min(store.len()) as usize];
            store.read(&mut bytes, 0)?;
            match read_head(&bytes, whole) {
                Some(Ok(ZeekHead { start, separator, names, kinds, nulls })) => {
                    let dialect = Dialect { delimiter: separator, quotes: false };
                    let first = Mark { offset: start as u64, row: 0, line: 1 };
                    return Ok(Head { dialect, names, kinds, nulls, first });
                }
                Some(Err(reason)) => return Err(content(&self.name, reason)),
                None if length > 64 << 20 => return Err(content(&self.name, "its head does not end")),
                None => length *= 4,
            }
        }
    }

    fn csv_head(&self, store: &Store, feed: &mut Option<Box<dyn Feed>>) -> Result<Head, BrowseError> {
        let lower = self.name.to_ascii_lowercase();
        let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
        let tabs = self.settings.delimiter == ',' && (plain.ends_with(".tsv") || plain.ends_with(".tab"));
        let set = if self.about.rows_are_lines {
            b','
        } else if tabs {
            b'\t'
        } else {
            u8::try_from(self.settings.delimiter).unwrap_or(b',')
        };
        let mut best = self.try_head(store, feed, set)?;
        if best.names.len() == 1 && !self.about.rows_are_lines {
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
        let dialect = Dialect { delimiter, quotes: true };
        while store.len() < 3 && !store.is_complete() {
            pull(feed, store)?;
        }
        let mut start = [0; 3];
        let marked = store.len() >= 3 && store.read(&mut start, 0).is_ok() && start == *b"\xef\xbb\xbf";
        let offset = if marked { 3 } else { 0 };
        let mut cursor = Cursor::new(dialect, offset, 1, PAGE_BLOCK, Quotes::default());
        let row = match next(&mut cursor, store, feed)? {
            Step::Row(row) if row.cut => return Err(content(&self.name, "the header is longer than 64 MiB; repair the first line")),
            Step::Row(row) => row,
            _ => return Err(content(&self.name, "there is no header line; a first line with column names is needed")),
        };
        let text = cursor.text(row);
        let (mut names, mut scratch) = (Vec::new(), Vec::new());
        let found = split(text, dialect, |_, cell| {
            names.push(String::from_utf8_lossy(cell.text(text, &mut scratch)).into_owned());
            names.len() <= MOST_COLUMNS
        });
        if found.unclosed {
            return Err(content(&self.name, "a quote in the header never closes; repair the first line"));
        }
        let kinds = vec![None; names.len()];
        let first = Mark { offset: cursor.offset(), row: 0, line: cursor.line() };
        Ok(Head { dialect, names, kinds, nulls: self.settings.null_tokens(), first })
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
fn kinds(
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
        let step = if row == 0 { next(&mut cursor, store, feed)? } else { cursor.next(store)? };
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
    Ok(head.kinds.iter().zip(seen).map(|(said, seen)| said.or(seen).unwrap_or(ColumnKind::Text)).collect())
}

/// The kind that both are of.
fn wider(a: ColumnKind, b: ColumnKind) -> ColumnKind {
    match (a, b) {
        (ColumnKind::Text, _) | (_, ColumnKind::Text) => ColumnKind::Text,
        (ColumnKind::Number, _) | (_, ColumnKind::Number) => ColumnKind::Number,
        _ => ColumnKind::Integer,
    }
}
