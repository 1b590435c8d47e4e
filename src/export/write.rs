//! Owns the way of rows from the caller to a file: checked, counted, handed to the format, and put in place whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use super::error::{ExportError, RowError};
use super::format::Format;
use super::row::{ExportHeader, ExportRow, Summary};
use super::{csv, handover, ndjson, parquet, stix};
use crate::artifacts::atomic::{AtomicFile, WriteError};
use crate::text::visible_text;

/// A format at work.
pub(super) trait Sink {
    /// Takes a row. Its width has been checked.
    fn row(&mut self, row: &ExportRow, summary: &mut Summary) -> Result<(), ExportError>;

    /// Writes what is still to come.
    fn finish(self: Box<Self>, summary: &mut Summary) -> Result<(), ExportError>;
}

/// Writes rows in a format, one after the other; only Parquet holds some of them (a row group), STIX and the hand-over the names
/// of cases.
///
/// # Errors
/// A row cannot be had, does not fit the header, or `out` fails. What was written until then is no whole file.
pub fn write(
    format: Format,
    header: &ExportHeader,
    rows: &mut dyn Iterator<Item = Result<ExportRow, RowError>>,
    out: &mut dyn Write,
) -> Result<Summary, ExportError> {
    let mut counted = Counted {
        out,
        bytes: 0,
        failure: None,
    };
    let written = write_all(format, header, rows, &mut counted);
    // Polars tells of a full disk as of a damaged file, so the cause is remembered here.
    if let Some(cause) = counted.failure {
        return Err(ExportError::Io(cause));
    }
    let mut summary = written?;
    summary.bytes = counted.bytes;
    Ok(summary)
}

fn write_all(
    format: Format,
    header: &ExportHeader,
    rows: &mut dyn Iterator<Item = Result<ExportRow, RowError>>,
    out: &mut Counted<'_>,
) -> Result<Summary, ExportError> {
    let mut summary = Summary::default();
    let mut sink: Box<dyn Sink + '_> = match format {
        Format::Csv => Box::new(csv::CsvSink::new(header, &mut *out)?),
        Format::Ndjson => Box::new(ndjson::NdjsonSink::new(header, &mut *out)),
        Format::Stix => Box::new(stix::StixSink::new(header, &mut *out)?),
        Format::Parquet => Box::new(parquet::ParquetSink::new(header, &mut *out)?),
        Format::Markdown => Box::new(handover::HandoverSink::new(header, &mut *out)),
    };
    for row in rows {
        let number = summary.rows + 1;
        let row = row.map_err(|cause| ExportError::Row { row: number, cause })?;
        check(header, &row, number)?;
        summary.rows = number;
        summary.judged += u64::from(!row.state.is_unreviewed());
        summary.suppressed += u64::from(row.suppressed.is_some());
        sink.row(&row, &mut summary)?;
    }
    sink.finish(&mut summary)?;
    out.flush()?;
    Ok(summary)
}

/// Writes rows to a file, whole or not at all. A device or a pipe is written to as it stands.
///
/// # Errors
/// As [`write()`]; there is a file already and `replace` is not set; the file cannot be written.
pub fn write_file(
    format: Format,
    path: &Path,
    replace: bool,
    header: &ExportHeader,
    rows: &mut dyn Iterator<Item = Result<ExportRow, RowError>>,
) -> Result<Summary, ExportError> {
    refuse_existing(path, replace)?;
    let mut file = AtomicFile::create_with_parents(path)?;
    let summary = write(format, header, rows, &mut file).map_err(|error| match error {
        ExportError::Io(cause) => WriteError::writing(path, cause).into(),
        other => other,
    })?;
    // Rows can take long to come, and somebody may have made the file since.
    refuse_existing(path, replace)?;
    file.commit()?;
    Ok(summary)
}

fn refuse_existing(path: &Path, replace: bool) -> Result<(), ExportError> {
    let is_file = std::fs::metadata(path).is_ok_and(|there| there.is_file());
    if is_file && !replace {
        return Err(ExportError::Exists(path.to_path_buf()));
    }
    Ok(())
}

fn check(header: &ExportHeader, row: &ExportRow, number: u64) -> Result<(), ExportError> {
    if row.cells.len() != header.columns.len() {
        return Err(ExportError::Width {
            row: number,
            expected: header.columns.len(),
            found: row.cells.len(),
        });
    }
    match &row.suppressed {
        Some(condition) if header.rules.is_empty() => Err(ExportError::UnknownRule {
            row: number,
            condition: visible_text(condition).into_owned(),
        }),
        _ => Ok(()),
    }
}

/// Counts what goes through, and remembers why nothing more did.
struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
    failure: Option<io::Error>,
}

impl Counted<'_> {
    fn remembered<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            let again = error.raw_os_error().map(io::Error::from_raw_os_error);
            self.failure = Some(again.unwrap_or_else(|| io::Error::new(error.kind(), error.to_string())));
        }
        result
    }
}

impl Write for Counted<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let result = self.out.write(buf);
        let taken = self.remembered(result)?;
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.remembered(result)
    }
}
