//! Owns the file of rejected rows: one line a row with its line, column, value, reason and text.

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
        Ok(Self {
            out,
            source: sources.then(String::new),
            rows: 0,
            line: Vec::new(),
        })
    }

    /// Names the source that the next rows are of.
    pub fn set_source(&mut self, name: &str) {
        if let Some(source) = &mut self.source {
            name.clone_into(source);
        }
    }

    /// Writes the rejected rows of a batch, one line each.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, rejects: &[Reject]) -> io::Result<()> {
        rejects.iter().try_for_each(|reject| self.write_row(reject))
    }

    fn write_row(&mut self, reject: &Reject) -> io::Result<()> {
        self.line.clear();
        if let Some(source) = &self.source {
            push_guarded(&mut self.line, source.as_bytes());
            self.line.push(b',');
        }
        self.line.extend_from_slice(reject.line.to_string().as_bytes());
        for text in [
            reject.column.as_deref().unwrap_or_default(),
            &reject.value,
            &reject.reason,
        ] {
            self.line.push(b',');
            push_guarded(&mut self.line, text.as_bytes());
        }
        self.line.push(b',');
        // The raw text is for putting the row back after repair, so it is never guarded. Longer rows are cut
        // after 4 KiB; their line number leads to the whole.
        push_cell(&mut self.line, &reject.raw);
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
