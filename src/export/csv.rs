//! Owns the CSV export: the text of `output.csv` with its last five columns filled in.

use std::io::Write;

use super::error::ExportError;
use super::row::{ExportHeader, ExportRow, Summary};
use super::write::Sink;
use crate::pipeline::csv_text::{push_cell, push_guarded};
use crate::pipeline::prediction::{ADDED, free_name, push_verdict};

/// The column that stands after all others where there are suppression rules.
const SUPPRESSED_BY: &str = "suppressed_by";

/// Names of the columns after the input's own, none of which the input bears.
pub(super) fn added_columns(header: &ExportHeader) -> Vec<String> {
    let suppressed = (!header.rules.is_empty()).then_some(SUPPRESSED_BY);
    let names = ADDED.into_iter().chain(suppressed);
    names.map(|name| free_name(name, &header.columns)).collect()
}

pub(super) struct CsvSink<'a, W: Write> {
    header: &'a ExportHeader,
    out: W,
    line: Vec<u8>,
    numbers: ryu::Buffer,
}

impl<'a, W: Write> CsvSink<'a, W> {
    /// Writes the header line.
    pub(super) fn new(header: &'a ExportHeader, mut out: W) -> Result<Self, ExportError> {
        let mut line = Vec::new();
        for name in &header.columns {
            push(&mut line, name, header.guard);
            line.push(b',');
        }
        line.extend_from_slice(added_columns(header).join(",").as_bytes());
        line.push(b'\n');
        out.write_all(&line)?;
        Ok(Self {
            header,
            out,
            line,
            numbers: ryu::Buffer::new(),
        })
    }

    fn text(&mut self, text: &str) {
        push(&mut self.line, text, self.header.guard);
        self.line.push(b',');
    }

    fn word(&mut self, word: &str) {
        self.line.extend_from_slice(word.as_bytes());
        self.line.push(b',');
    }

    fn number(&mut self, number: f64) {
        self.line.extend_from_slice(self.numbers.format(number).as_bytes());
        self.line.push(b',');
    }
}

fn push(line: &mut Vec<u8>, text: &str, guard: bool) {
    if guard {
        push_guarded(line, text.as_bytes());
    } else {
        push_cell(line, text.as_bytes());
    }
}

impl<W: Write> Sink for CsvSink<'_, W> {
    fn row(&mut self, row: &ExportRow, _: &mut Summary) -> Result<(), ExportError> {
        self.line.clear();
        for cell in &row.cells {
            self.text(cell);
        }
        row.case.row.push_hex(&mut self.line);
        self.line.push(b',');
        self.word(row.classification());
        self.number(row.probability);
        self.number(row.confidence);
        self.word(row.risk.name());
        self.word(row.action.name());
        self.text(&row.reasons);
        self.text(&row.run);
        push_verdict(&mut self.line, &row.state, self.header.guard);
        self.line.push(b',');
        if !self.header.rules.is_empty() {
            self.text(row.suppressed.as_deref().unwrap_or_default());
        }
        self.line.pop();
        self.line.push(b'\n');
        self.out.write_all(&self.line)?;
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut Summary) -> Result<(), ExportError> {
        Ok(())
    }
}
