//! Owns opening a source: its format, its delimiter, its columns and what they hold, and its first rows.

use std::fs::File;
use std::io::{self, Cursor as MemoryReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, RwLock};

use super::contract::ColumnInfo;
use super::cursor::{Cursor, Quotes};
use super::error::BrowseError;
use super::feed::{Feed, Gunzip, Rendered};
use super::head::{Top, kinds};
use super::index::Index;
use super::indexing::Indexing;
use super::store::Store;
use super::table::{About, Inner, Outcome, PAGE_BLOCK, Table};
use crate::data::{CollectionSource, DataError, EmbeddedTable, Format, ReadSettings, Source, format_of, open_error};

/// Bytes by which a format is told.
pub(super) const SAMPLE: usize = 8 << 10;
/// Bytes indexed before the table is handed out, so that the first rows are there at once.
const FIRST: u64 = 64 << 10;
/// More columns than this is no table.
pub(super) const MOST_COLUMNS: usize = 100_000;

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
        return Err(content(
            &name,
            "the file is empty; a header line with column names is needed",
        ));
    }
    let mut sample = vec![0; metadata.len().min(SAMPLE as u64) as usize];
    let failed = |cause| BrowseError::Read {
        name: name.clone(),
        at: 0,
        cause,
    };
    file.read_exact_at(&mut sample, 0).map_err(failed)?;
    let format = format_of(&sample);
    let lower = name.to_ascii_lowercase();
    if format != Format::Parquet && [".parquet", ".pq"].iter().any(|end| lower.ends_with(end)) {
        return Err(content(
            &name,
            "is not Parquet although its name says so; if it is CSV, rename it",
        ));
    }
    let opening = Opening {
        about: About {
            path: Some(path.to_path_buf()),
            name: path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
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

/// Opens a collection of a MongoDB server; its rows are kept in a temporary file as they come.
///
/// # Errors
/// The server cannot be used, or there is no such collection.
pub fn open_collection(source: &CollectionSource, settings: &ReadSettings) -> Result<(Table, Indexing), BrowseError> {
    let reader = crate::data::open(&Source::Collection(Box::new(source.clone())), settings)?;
    let name = source.to_string();
    let opening = Opening {
        about: About {
            // What names it again, but for the password.
            path: Some(source.address().without_password().into()),
            name: source.collection().to_owned(),
            format: String::new(),
            bytes: None,
            rows_are_lines: false,
        },
        name: name.clone(),
        settings,
    };
    let store = Store::spool(name)?;
    opening.finish(store, Some(Box::new(Rendered::new(reader))), Format::Parquet, "MongoDB")
}

/// Opens data inside the program.
///
/// # Errors
/// The data are damaged.
pub fn open_embedded(table: EmbeddedTable, settings: &ReadSettings) -> Result<(Table, Indexing), BrowseError> {
    let name = table.name.to_owned();
    let about = About {
        path: None,
        name: name.clone(),
        format: String::new(),
        bytes: None,
        rows_are_lines: false,
    };
    let opening = Opening {
        about,
        name: name.clone(),
        settings,
    };
    let mut bytes = Vec::new();
    match format_of(&table.bytes[..table.bytes.len().min(SAMPLE)]) {
        Format::Gzip => {
            let mut reader = flate2::read::MultiGzDecoder::new(MemoryReader::new(table.bytes));
            let failed = |cause| BrowseError::Packed {
                name: name.clone(),
                rows: 0,
                cause,
            };
            reader.read_to_end(&mut bytes).map_err(failed)?;
        }
        _ => bytes.extend_from_slice(table.bytes),
    }
    let format = format_of(&bytes[..bytes.len().min(SAMPLE)]);
    opening.finish(Store::memory(name, bytes), None, format, "")
}

/// Opens CSV text that is in memory; `name` stands in messages.
///
/// # Errors
/// It is no table.
pub fn open_text(name: &str, text: Vec<u8>, settings: &ReadSettings) -> Result<(Table, Indexing), BrowseError> {
    let about = About {
        path: None,
        name: name.to_owned(),
        format: String::new(),
        bytes: Some(text.len() as u64),
        rows_are_lines: false,
    };
    let opening = Opening {
        about,
        name: name.to_owned(),
        settings,
    };
    opening.finish(Store::memory(name.to_owned(), text), None, Format::Csv, "")
}

/// Opens a regular file; a pipe would not be waited for, nor could it be read twice.
fn open_regular(path: &Path) -> io::Result<File> {
    let kind = std::fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::other(
            "it is no regular file; save what it gives to one first",
        ));
    }
    File::open(path)
}

pub(super) fn content(name: &str, reason: impl Into<String>) -> BrowseError {
    BrowseError::Data(DataError::Content {
        source_name: name.to_owned(),
        reason: reason.into(),
    })
}

/// A source on its way to a table.
struct Opening<'s> {
    about: About,
    /// As it stands in messages.
    name: String,
    settings: &'s ReadSettings,
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
            _ if sample.is_empty() => Err(content(
                &self.name,
                "empty inside; a header line with column names is needed",
            )),
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
        let top = Top {
            name: &self.name,
            delimiter: self.settings.delimiter,
            nulls: self.settings.null_tokens(),
            rendered: format == Format::Parquet,
        };
        let head = match format {
            Format::Zeek => {
                self.about.format = format!("Zeek log{packing}");
                top.zeek(&store, &mut feed)?
            }
            Format::Parquet => {
                packing.clone_into(&mut self.about.format);
                self.about.rows_are_lines = true;
                top.csv(&store, &mut feed)?
            }
            _ => {
                self.about.format = format!("CSV{packing}");
                top.csv(&store, &mut feed)?
            }
        };
        if head.names.len() > MOST_COLUMNS {
            let reason = format!(
                "the header has {} columns, more than {MOST_COLUMNS}; is this a table?",
                head.names.len()
            );
            return Err(content(&self.name, reason));
        }
        let cursor = Cursor::new(
            head.dialect,
            head.first.offset,
            head.first.line,
            PAGE_BLOCK,
            Quotes::default(),
        );
        let kinds = kinds(&head, cursor, &store, &mut feed)?;
        let columns = head
            .names
            .into_iter()
            .zip(kinds)
            .map(|(name, kind)| ColumnInfo { name, kind })
            .collect();
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
        let cursor = Cursor::new(
            head.dialect,
            head.first.offset,
            head.first.line,
            256 << 10,
            Quotes::default(),
        );
        let mut indexing = Indexing::new(table.clone(), feed, cursor);
        indexing.first(FIRST);
        Ok((table, indexing))
    }
}
