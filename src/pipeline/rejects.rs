//! Owns the file of rejected rows: one line a row with its line, column, value, reason and text.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::validation::Reject;

use super::csv_text::{push_cell, push_guarded};

/// Writes rejected rows as CSV.
pub struct RejectWriter<W: Write> {
    out: W,
    /// Name of the source, written as a first column where there are several.
    source: Option<String>,
    rows: u64,
    line: Vec<u8>,
}

/// The columns of the file.
const HEADER: &str = "line,column,value,reason,raw";

impl<W: Write> RejectWriter<W> {
    /// Starts the file with its header. With `sources`, each line begins with its source's name.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(mut out: W, sources: bool) -> io::Result<Self> {
        if sources {
            out.write_all(b"source,")?;
        }
        writeln!(out, "{HEADER}")?;
        Ok(Self { out, source: sources.then(String::new), rows: 0, line: Vec::new() })
    }

    /// Names the source that the next rows are of.
    pub fn set_source(&mut self, name: &str) {
        if let Some(source) = &mut self.source {
            name.clone_into(source);
        }
    }

    /// Writes the rejected rows of a batch: all findings on one row become one line, the first finding's column and
    /// value and every reason.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, rejects: &[Reject]) -> io::Result<()> {
        let mut rows: BTreeMap<u64, Vec<&Reject>> = BTreeMap::new();
        for reject in rejects {
            rows.entry(reject.line).or_default().push(reject);
        }
        for (number, findings) in rows {
            self.write_row(number, &findings)?;
        }
        Ok(())
    }

    fn write_row(&mut self, number: u64, findings: &[&Reject]) -> io::Result<()> {
        let Some(first) = findings.first() else { return Ok(()) };
        self.line.clear();
        if let Some(source) = &self.source {
            push_guarded(&mut self.line, source.as_bytes());
            self.line.push(b',');
        }
        self.line.extend_from_slice(number.to_string().as_bytes());
        self.line.push(b',');
        push_guarded(&mut self.line, first.column.as_deref().unwrap_or_default().as_bytes());
        self.line.push(b',');
        push_guarded(&mut self.line, first.value.as_bytes());
        self.line.push(b',');
        let reasons = findings.iter().map(|f| f.reason.as_str()).collect::<Vec<_>>().join("; ");
        push_guarded(&mut self.line, reasons.as_bytes());
        self.line.push(b',');
        // The raw text is for putting the row back after repair, so it is never guarded.
        push_cell(&mut self.line, &first.raw);
        self.line.push(b'\n');
        self.rows += 1;
        self.out.write_all(&self.line)
    }

    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Hands back what was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}
