//! Owns `mongo pull`: a collection's rows on their way into a CSV file.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::super::args::MongoArgs;
use super::super::context::Context;
use super::super::error::CliError;
use super::super::print;
use super::telling::{Teller, rate};
use super::{SHOWN, connect};
use crate::artifacts::atomic::AtomicFile;
use crate::artifacts::{Timestamp, WriteError};
use crate::mongo::{self, Misfit, Reading, Row};
use crate::text::{grouped, visible_text};

/// Fields that are named where a query met nothing.
const SHOWN_FIELDS: usize = 12;
/// Rows written to a file between two looks at the progress.
const WRITE_ROWS: usize = 10_000;

/// Writes a collection's rows to a file and says how many they were.
pub(super) fn run(
    collection: &str,
    file: &Path,
    query: Option<&str>,
    server: &MongoArgs,
    context: &Context,
) -> Result<(), CliError> {
    let to_output = file.as_os_str() == "-";
    if to_output && server.json {
        return Err(CliError::Usage(
            "--json and FILE - would both write to standard output; name a file".to_owned(),
        ));
    }
    let query = query.map(mongo::parse_query).transpose()?.unwrap_or_default();
    let is_asked = !query.is_empty();
    let connection = Arc::new(connect(server, context)?);
    let started = Instant::now();
    let mut reading = Reading::open(Arc::clone(&connection), collection, query, &context.cancel)?;
    for set in reading.sets().iter().filter(|set| set.rows.is_none()) {
        let text = format!(
            "warning: data set {} is not whole, its push did not come to its end; run that again",
            set.name
        );
        context.progress.line(&visible_text(&text));
    }
    let mut teller = Teller::new(context, "pulling");
    let mut kept = None;
    let result = if to_output {
        let mut out = BufWriter::new(io::stdout().lock());
        let result = write_rows(&mut reading, &mut out, &mut teller, started);
        result.and_then(|pulled| out.flush().map(|()| pulled).map_err(Stopped::Write))
    } else {
        let mut out = AtomicFile::create(file).map_err(CliError::failed)?;
        write_rows(&mut reading, &mut out, &mut teller, started)
            .map(|pulled| (pulled, out))
            .and_then(|(pulled, out)| {
                let old = out.commit_keeping_old(Timestamp::now());
                kept = old.map_err(|error| Stopped::Told(CliError::failed(error)))?;
                Ok(pulled)
            })
    };
    context.progress.clear();
    let pulled =
        result.map_err(|stopped| stopped.into_error(if to_output { Path::new("standard output") } else { file }))?;
    for misfit in &pulled.misfits {
        let text = format!("warning: document {} was left out: {}", misfit.id, misfit.reason);
        context.progress.line(&visible_text(&text));
    }
    if is_asked && pulled.rows + pulled.left_out == 0 {
        let names: Vec<&str> = reading
            .columns()
            .iter()
            .map(String::as_str)
            .take(SHOWN_FIELDS)
            .collect();
        let more = if reading.columns().len() > SHOWN_FIELDS {
            ", …"
        } else {
            ""
        };
        let text = format!(
            "warning: no document meets the query; its fields are {}{more}",
            names.join(", ")
        );
        context.progress.line(&visible_text(&text));
    }
    let took = started.elapsed();
    if server.json {
        return print::json(&json!({
            "server": connection.target().address.hosts(),
            "database": connection.target().database,
            "collection": collection,
            "file": file.display().to_string(),
            "kept": kept.as_ref().map(|old| old.display().to_string()),
            "columns": reading.columns().len(),
            "rows": pulled.rows,
            "left_out": pulled.left_out,
            "resumed": reading.resumed(),
            "seconds": took.as_secs_f64(),
            "rows_per_second": rate(pulled.rows, took),
        }));
    }
    let text = format!(
        "{}: {} rows of {}.{collection}, {} left out; {:.1} s, {} rows/s",
        file.display(),
        grouped(pulled.rows),
        connection.target().database,
        grouped(pulled.left_out),
        took.as_secs_f64(),
        grouped(rate(pulled.rows, took)),
    );
    if to_output {
        print::line_err(&visible_text(&text));
        return Ok(());
    }
    if let Some(old) = kept {
        let text = format!("the file that was there is kept as {}", old.display());
        context.progress.line(&visible_text(&text));
    }
    print::out(&format!("{}\n", visible_text(&text)))
}

/// What became of the documents.
#[derive(Default)]
struct Pulled {
    rows: u64,
    left_out: u64,
    misfits: Vec<Misfit>,
}

/// Why pulling stopped.
enum Stopped {
    Write(io::Error),
    Told(CliError),
}

impl Stopped {
    fn into_error(self, file: &Path) -> CliError {
        match self {
            Self::Write(cause) => CliError::failed(WriteError::writing(file, cause)),
            Self::Told(error) => error,
        }
    }
}

fn write_rows(
    reading: &mut Reading,
    out: &mut dyn Write,
    teller: &mut Teller<'_>,
    started: Instant,
) -> Result<Pulled, Stopped> {
    let mut pulled = Pulled::default();
    let mut line = Vec::new();
    record(&mut line, reading.columns().iter().map(String::as_bytes));
    out.write_all(&line).map_err(Stopped::Write)?;
    loop {
        let mut failure = None;
        let mut take = |document: Result<&Row, &Misfit>| match document {
            Ok(row) => {
                line.clear();
                record(&mut line, row.cells());
                pulled.rows += 1;
                if failure.is_none() {
                    failure = out.write_all(&line).err();
                }
            }
            Err(misfit) => {
                pulled.left_out += 1;
                if pulled.misfits.len() < SHOWN {
                    pulled.misfits.push(misfit.clone());
                }
            }
        };
        let more = reading
            .next_rows(WRITE_ROWS, &mut take)
            .map_err(|error| Stopped::Told(error.into()))?;
        if let Some(failure) = failure {
            return Err(Stopped::Write(failure));
        }
        teller.tell(pulled.rows, started.elapsed(), "");
        if !more {
            return Ok(pulled);
        }
    }
}

/// A line of CSV: cells in quotes where they need them.
fn record<'a>(line: &mut Vec<u8>, cells: impl Iterator<Item = &'a [u8]>) {
    let start = line.len();
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            line.push(b',');
        }
        if cell.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
            line.push(b'"');
            for &byte in cell {
                if byte == b'"' {
                    line.push(b'"');
                }
                line.push(byte);
            }
            line.push(b'"');
        } else {
            line.extend_from_slice(cell);
        }
    }
    // A row of one empty cell would be a blank line, which readers skip.
    if line.len() == start {
        line.extend_from_slice(b"\"\"");
    }
    line.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_as_the_same_cells() {
        let rows: [&[&[u8]]; 4] = [
            &[b"a", b"b,c", b"d\"e"],
            &[b"", b"x\ny", b"\r"],
            &[b"\xff", b" ", b""],
            &[b"1", b"2", b"3"],
        ];
        let mut text = Vec::new();
        for row in rows {
            record(&mut text, row.iter().copied());
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&text[..]);
        let back: Vec<csv::ByteRecord> = reader.byte_records().map(Result::unwrap).collect();
        assert_eq!(back.len(), rows.len());
        for (row, back) in rows.iter().zip(&back) {
            assert_eq!(back.iter().collect::<Vec<_>>(), *row);
        }
        let mut single = Vec::new();
        record(&mut single, [&b""[..]].into_iter());
        assert_eq!(single, b"\"\"\n");
    }
}
