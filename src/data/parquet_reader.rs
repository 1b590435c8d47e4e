//! Owns the Parquet reader: row groups in windows of bounded size, every column as canonical text cells.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::io::mmap::MmapBytesReader;
use polars::prelude::{
    DataFrame, DataType, FileMetadata, FileMetadataRef, ParallelStrategy, ParquetReader, PolarsError, SerReader,
};

use super::batch::{BatchSize, Header, RawBatch};
use super::error::DataError;
use super::header_check::check_names;
use super::input::read_error;
use super::parquet_cells::{Window, refusal};
use super::reader::{NullTokens, RowReader};

/// Uncompressed bytes that a window may come to, by the file's own account.
const WINDOW_BYTES: usize = 32 << 20;
/// Rows that a window may have.
const WINDOW_ROWS: usize = 128 << 10;

/// Reads Parquet window by window. Integers are rendered in decimal, floats as the shortest text that reads back
/// (whole ones as `1.0`), booleans as `true` and `false`, dates and times as ISO 8601 (with `Z` if the column has a time
/// zone), categories as text, nulls as empty cells.
///
/// The footer is checked before anything is decoded, and a panic of Polars' decoder becomes an error. One thing cannot be
/// contained: a forged run length inside a page can make the decoder ask for more memory than there is, which aborts.
pub(super) struct ParquetRows {
    name: String,
    bytes: Box<dyn MmapBytesReader>,
    metadata: FileMetadataRef,
    header: Header,
    nulls: NullTokens,
    windows: Windows,
    current: Option<Window>,
    size: BatchSize,
    failed: Option<DataError>,
}

impl ParquetRows {
    /// Opens a regular file.
    ///
    /// # Errors
    /// The file is damaged, or has a column whose type cannot be shown as a cell.
    pub(super) fn from_file(name: String, file: File, nulls: NullTokens) -> Result<Self, DataError> {
        Self::open(name, Box::new(file), nulls)
    }

    /// Opens a file's bytes.
    ///
    /// # Errors
    /// As [`Self::from_file`].
    pub(super) fn from_bytes(name: String, bytes: Cow<'static, [u8]>, nulls: NullTokens) -> Result<Self, DataError> {
        Self::open(name, Box::new(Cursor::new(bytes)), nulls)
    }

    fn open(name: String, mut bytes: Box<dyn MmapBytesReader>, nulls: NullTokens) -> Result<Self, DataError> {
        let size = bytes
            .seek(SeekFrom::End(0))
            .map_err(|cause| read_error(&name, 1, cause))?;
        let (metadata, columns) = contained(|| {
            let mut reader = ParquetReader::new(&mut bytes);
            let schema = reader.schema()?;
            let columns: Vec<(String, DataType)> = schema
                .iter_values()
                .map(|field| (field.name.to_string(), DataType::from_arrow_field(field)))
                .collect();
            Ok((reader.get_metadata()?.clone(), columns))
        })
        .map_err(|reason| DataError::content(&name, format!("damaged Parquet ({reason}); write the file again")))?;
        if columns.is_empty() {
            return Err(DataError::content(&name, "a Parquet file without columns"));
        }
        if let Some((column, why)) = columns.iter().find_map(|(column, kind)| Some((column, refusal(kind)?))) {
            let reason = format!("column {column:?} cannot be read as cells: {why}");
            return Err(DataError::content(&name, reason));
        }
        let names: Vec<String> = columns.into_iter().map(|(column, _)| column).collect();
        check_names(&name, &names, b',')?;
        check_footer(&metadata, size)
            .map_err(|reason| DataError::content(&name, format!("damaged Parquet ({reason}); write the file again")))?;
        let windows = Windows::new(&metadata);
        Ok(Self {
            name,
            bytes,
            metadata,
            header: Header { names },
            nulls,
            windows,
            current: None,
            size: BatchSize::default(),
            failed: None,
        })
    }

    /// Reads the next window, if there is one.
    fn load(&mut self) -> Result<bool, DataError> {
        let Some((first, length)) = self.windows.next() else {
            return Ok(false);
        };
        // Row n, counted from 1, stands on line n + 1.
        let line = first as u64 + 2;
        let (bytes, metadata) = (&mut self.bytes, self.metadata.clone());
        let window = contained(|| {
            let mut reader = ParquetReader::new(bytes)
                .read_parallel(ParallelStrategy::None)
                .with_slice(Some((first, length)));
            reader.set_metadata(metadata);
            let frame: DataFrame = reader.finish()?;
            if frame.height() != length {
                return Err(PolarsError::ComputeError("fewer rows than the file says".into()));
            }
            Window::new(&frame, line)
        });
        match window {
            Ok(window) => {
                self.current = Some(window);
                Ok(true)
            }
            Err(reason) => {
                self.windows.groups.clear();
                let reason = format!("damaged Parquet ({reason}); write the file again");
                Err(DataError::read(&self.name, line, reason, None))
            }
        }
    }

    fn fill(&mut self, batch: &mut RawBatch, max_rows: usize) -> Result<(), DataError> {
        while batch.has_room(max_rows) {
            if self.current.as_ref().is_none_or(Window::is_spent) && !self.load()? {
                break;
            }
            if let Some(window) = &mut self.current {
                window.render(batch, max_rows);
            }
        }
        Ok(())
    }
}

/// The windows still to be read: what is left of each row group, cut into parts of about [`WINDOW_BYTES`]. A window
/// never spans two groups.
struct Windows {
    /// First row, rows left and rows a window of each group, the last group first.
    groups: Vec<(usize, usize, usize)>,
}

impl Windows {
    fn new(metadata: &FileMetadata) -> Self {
        let mut groups = Vec::with_capacity(metadata.row_groups.len());
        let mut first = 0;
        for group in &metadata.row_groups {
            let rows = group.num_rows();
            let parts = (group.total_byte_size() / WINDOW_BYTES + 1).max(rows.div_ceil(WINDOW_ROWS));
            groups.push((first, rows, rows.div_ceil(parts).max(1)));
            first += rows;
        }
        groups.reverse();
        Self { groups }
    }

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let (first, left, window) = self.groups.last_mut()?;
            if *left == 0 {
                self.groups.pop();
                continue;
            }
            let (start, length) = (*first, (*window).min(*left));
            *first += length;
            *left -= length;
            return Some((start, length));
        }
    }
}

/// Refuses a footer whose counts and places contradict one another or the file's size, before anything is decoded or
/// memory asked for by them.
fn check_footer(metadata: &FileMetadata, size: u64) -> Result<(), String> {
    let mut total = 0_usize;
    for (at, group) in metadata.row_groups.iter().enumerate() {
        let rows = group.num_rows();
        total = total.checked_add(rows).ok_or("more rows than can be counted")?;
        if u32::try_from(total).is_err() || group.total_byte_size() > isize::MAX as usize {
            return Err(format!("row group {at} claims too many rows"));
        }
        for chunk in group.parquet_columns() {
            let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
            let end = start.checked_add(chunk.compressed_size());
            let inside = start >= 0 && chunk.compressed_size() >= 0 && end.is_some_and(|end| end as u64 <= size);
            if !inside || chunk.uncompressed_size() < 0 || chunk.num_values() != rows as i64 {
                return Err(format!("a column of row group {at} contradicts the file's footer"));
            }
        }
    }
    Ok(())
}

/// Runs Polars' decoder, which panics on some damaged files; a panic becomes an error in one line.
fn contained<T>(work: impl FnOnce() -> Result<T, PolarsError>) -> Result<T, String> {
    let one_line = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(160)
            .collect()
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(one_line(&error.to_string())),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(one_line(text.unwrap_or("its parts do not fit together")))
        }
    }
}

impl RowReader for ParquetRows {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut batch = RawBatch::with_room(self.header.names.len(), self.size);
        if let Err(error) = self.fill(&mut batch, max_rows) {
            if batch.total_rows() == 0 {
                return Err(error);
            }
            self.failed = Some(error);
        }
        self.size = batch.size();
        Ok((batch.total_rows() > 0).then_some(batch))
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }

    fn row_count(&self) -> Option<u64> {
        Some(
            self.metadata
                .row_groups
                .iter()
                .map(|group| group.num_rows() as u64)
                .sum(),
        )
    }
}

#[cfg(test)]
mod tests;
