//! Owns where rows come from: naming a source, finding out what it holds, and opening the right reader.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::collection::{CollectionReader, CollectionSource};
use super::csv_reader::CsvReader;
use super::error::DataError;
use super::input::{Input, read_error};
use super::parquet_reader::ParquetRows;
use super::reader::RowReader;
use super::settings::ReadSettings;
use super::sniff::{self, Format, SAMPLE};
use super::zeek_reader::ZeekReader;
use crate::mongo::Address;

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// A table inside the program.
    Embedded(EmbeddedTable),
    /// A collection of a MongoDB server.
    Collection(Box<CollectionSource>),
}

/// A table inside the program: the bytes of a file, plain or compressed with gzip.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EmbeddedTable {
    /// How messages name it.
    pub name: &'static str,
    /// The file's bytes.
    pub bytes: &'static [u8],
}

impl fmt::Debug for EmbeddedTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EmbeddedTable({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

impl Source {
    /// Reads a source as a person names it: a path, `-` for standard input, or `mongodb://HOST/DATABASE.COLLECTION`.
    ///
    /// # Errors
    /// An address that cannot be read, or of another scheme; only its scheme is repeated, never the rest, which may hold
    /// a password. An empty name is an error too.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if text.is_empty() {
            return Err(DataError::Unsupported {
                source_name: "no source".to_owned(),
                reason: "name a file, or - for standard input".to_owned(),
            });
        }
        if Address::is_meant(text) {
            return Ok(Self::Collection(Box::new(CollectionSource::parse(text)?)));
        }
        if let Some(scheme) = scheme_of(text) {
            return Err(DataError::Unsupported {
                source_name: format!("{scheme}:// address"),
                reason: "only files and mongodb:// are read; fetch the data and name the file".to_owned(),
            });
        }
        Ok(Self::Path(PathBuf::from(text)))
    }
}

impl Source {
    /// The source that a path names which a person typed: an address of a collection, else a file. An address that cannot
    /// be read is taken for a file, which is not there then.
    pub fn named(path: &Path) -> Self {
        let address = path.to_str().filter(|text| Address::is_meant(text));
        let parsed = address.and_then(|text| CollectionSource::parse(text).ok());
        parsed.map_or_else(
            || Self::Path(path.to_path_buf()),
            |collection| Self::Collection(Box::new(collection)),
        )
    }

    /// A short name for what comes of it: the file's name without its endings.
    pub fn stem(&self) -> String {
        let name = match self {
            Self::Path(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Stdin => "standard_input".to_owned(),
            Self::Embedded(table) => table.name.to_owned(),
            Self::Collection(collection) => collection.collection().to_owned(),
        };
        name.split('.')
            .find(|part| !part.is_empty())
            .unwrap_or("data")
            .to_owned()
    }
}

/// The scheme of an address, in lower case.
fn scheme_of(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once("://")?;
    let mut letters = scheme.chars();
    let sound = letters.next()?.is_ascii_alphabetic()
        && scheme.len() <= 20
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    sound.then(|| scheme.to_ascii_lowercase())
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(out),
            Self::Stdin => out.write_str("-"),
            Self::Embedded(table) => out.write_str(table.name),
            Self::Collection(collection) => collection.fmt(out),
        }
    }
}

/// Opens a source and reads its header. What it holds is told by its first bytes (Parquet, gzip, a Zeek log), else it
/// is CSV; a name ending in `.tsv` or `.tab` (before any `.gz`) makes a tab the delimiter. A file without rows opens.
///
/// # Errors
/// [`DataError`]: it is not there, may not be read, is a directory, is empty, has two columns of one name, seems to use
/// another delimiter, or is in a format that is not read.
pub fn open(source: &Source, settings: &ReadSettings) -> Result<Box<dyn RowReader>, DataError> {
    match source {
        Source::Path(path) => open_file(path, settings),
        Source::Stdin => Opening::new("standard input", settings).stream(Box::new(io::stdin())),
        Source::Embedded(table) => open_bytes(table.name, table.bytes, settings),
        Source::Collection(collection) => Ok(Box::new(CollectionReader::open(collection, settings.null_tokens())?)),
    }
}

/// Opens a file's bytes held in memory, by the same rules as [`open`]. `name` is used in messages and, by its ending,
/// for the delimiter.
///
/// # Errors
/// As [`open`].
pub fn open_bytes(
    name: &str,
    bytes: impl Into<Cow<'static, [u8]>>,
    settings: &ReadSettings,
) -> Result<Box<dyn RowReader>, DataError> {
    let bytes: Cow<'static, [u8]> = bytes.into();
    let opening = Opening::new(name, settings);
    match sniff::format_of(&bytes[..bytes.len().min(SAMPLE)]) {
        Format::Parquet => Ok(Box::new(ParquetRows::from_bytes(
            name.to_owned(),
            bytes,
            settings.null_tokens(),
        )?)),
        _ => opening.stream(Box::new(Cursor::new(bytes))),
    }
}

/// Opens what a reader gives, by the same rules as [`open`]. `name` is used in messages and, by its ending, for the delimiter.
///
/// # Errors
/// As [`open`]; Parquet cannot be read from a stream.
pub fn open_stream(
    name: &str,
    reader: Box<dyn Read + Send>,
    settings: &ReadSettings,
) -> Result<Box<dyn RowReader>, DataError> {
    Opening::new(name, settings).stream(reader)
}

fn open_file(path: &Path, settings: &ReadSettings) -> Result<Box<dyn RowReader>, DataError> {
    let name = path.display().to_string();
    let refused = |cause: io::Error| open_error(path, cause);
    let mut file = File::open(path).map_err(refused)?;
    let kind = file.metadata().map_err(refused)?;
    if kind.is_dir() {
        return Err(open_error(path, io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let opening = Opening::new(&name, settings);
    if kind.is_file() {
        let mut magic = [0; 4];
        let is_parquet = match file.read_exact(&mut magic) {
            Ok(()) => magic == *b"PAR1",
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(error) => return Err(read_error(&name, 1, error)),
        };
        file.seek(SeekFrom::Start(0))
            .map_err(|cause| read_error(&name, 1, cause))?;
        if is_parquet {
            return Ok(Box::new(ParquetRows::from_file(name, file, settings.null_tokens())?));
        }
        if has_extension(&name, &["parquet", "pq"]) && kind.len() > 0 {
            let reason = "is not Parquet although its name says so; if it is CSV, rename it";
            return Err(DataError::content(&name, reason));
        }
    }
    opening.stream(Box::new(file))
}

/// A source on its way to a reader.
struct Opening<'a> {
    name: &'a str,
    settings: &'a ReadSettings,
}

impl<'a> Opening<'a> {
    fn new(name: &'a str, settings: &'a ReadSettings) -> Self {
        Self { name, settings }
    }

    /// Looks at the stream's first bytes, unpacks gzip, and opens the reader of what is inside.
    fn stream(&self, reader: Box<dyn Read + Send>) -> Result<Box<dyn RowReader>, DataError> {
        let (input, format) = self.sniff(reader)?;
        if format != Format::Gzip {
            // Browsers and mail programs unpack a file and keep its name.
            let misnamed = has_extension(self.name, &["gz"]);
            let notes = misnamed.then(|| "not compressed, although its name says so; read as it is".to_owned());
            return self.reader(input, format, notes.into_iter().collect());
        }
        let packed = Packed { input };
        let (input, format) = self.sniff(Box::new(MultiGzDecoder::new(packed)))?;
        self.reader(input, format, vec!["compressed with gzip".to_owned()])
    }

    fn sniff(&self, reader: Box<dyn Read + Send>) -> Result<(Input, Format), DataError> {
        let mut input = Input::new(reader);
        // A few bytes tell the magic; a pipe that is slow to fill the sample is not waited for.
        while input.available().len() < 16 && !input.at_end() {
            input.fill(16).map_err(|cause| read_error(self.name, 1, cause))?;
        }
        let sample = input.available();
        let format = sniff::format_of(&sample[..sample.len().min(SAMPLE)]);
        Ok((input, format))
    }

    fn reader(&self, input: Input, format: Format, notes: Vec<String>) -> Result<Box<dyn RowReader>, DataError> {
        let name = self.name.to_owned();
        match format {
            Format::Csv => {
                let plain = name.strip_suffix(".gz").unwrap_or(&name);
                let delimiter = self
                    .settings
                    .delimiter_for(&name, has_extension(plain, &["tsv", "tab"]))?;
                let nulls = self.settings.null_tokens();
                Ok(Box::new(CsvReader::open(name, input, delimiter, nulls, notes)?))
            }
            Format::Zeek => Ok(Box::new(ZeekReader::open(name, input, notes)?)),
            Format::Parquet => Err(DataError::Unsupported {
                source_name: name,
                reason: "Parquet cannot be read from a stream or inside gzip; name the unpacked file itself".to_owned(),
            }),
            Format::Gzip => Err(DataError::content(&name, "compressed with gzip twice; unpack it once")),
            Format::Unreadable(what) => Err(DataError::content(&name, what)),
        }
    }
}

/// The compressed bytes, those already looked at first.
struct Packed {
    input: Input,
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.available().is_empty() && !self.input.at_end() {
            self.input.fill(1)?;
        }
        let available = self.input.available();
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.input.consume(count);
        Ok(count)
    }
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    Path::new(name)
        .extension()
        .and_then(OsStr::to_str)
        .is_some_and(|found| extensions.iter().any(|e| found.eq_ignore_ascii_case(e)))
}

/// What a file that cannot be opened means to a person.
pub fn open_error(path: &Path, cause: io::Error) -> DataError {
    let reason = match cause.kind() {
        io::ErrorKind::NotFound => match nearest_file(path) {
            Some(near) => format!("no such file; did you mean {}?", near.display()),
            None => "no such file; check the path".to_owned(),
        },
        io::ErrorKind::IsADirectory => "is a directory; name a file in it".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "no permission to read it; ask its owner for read access, or run as a user who has it".to_owned()
        }
        _ => format!("cannot be opened ({cause})"),
    };
    DataError::Open {
        source_name: path.display().to_string(),
        reason,
        cause: Some(cause),
    }
}

/// The file in the same directory whose name is most like the one asked for.
fn nearest_file(path: &Path) -> Option<PathBuf> {
    /// Entries looked at; a spool directory may hold millions.
    const MOST: usize = 10_000;
    let wanted = path.file_name()?.to_string_lossy().to_lowercase();
    let parent = path.parent()?;
    let directory = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    let entries = std::fs::read_dir(directory).ok()?.take(MOST).flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()))
        .map(|entry| entry.file_name())
        .map(|name| {
            let likeness = strsim::normalized_damerau_levenshtein(&wanted, &name.to_string_lossy().to_lowercase());
            (likeness, name)
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
        .map(|(_, name)| parent.join(name))
}

#[cfg(test)]
mod tests;
