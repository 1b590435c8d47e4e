//! Owns the text that goes out: the row as it came and our columns behind it, in the form in which it came.

use std::io::{self, Write};

use serde_json::Value;

use crate::data::{Header, RawBatch};
use crate::pipeline::csv_text::push_cell;
use crate::pipeline::prediction::{RowResult, ScoredRows, free_name};

use super::answer::{Answer, error_text, scored};
use super::run::RowFormat;
use super::tab_rows::push_escaped;

/// Text that is handed on at once.
const WRITE_BYTES: usize = 1 << 18;

/// What a batch came to.
pub(super) struct Answered {
    /// The lines as they came, for formats that are read by lines.
    pub(super) lines: Option<RawBatch>,
    /// Their rows, in runs, in order.
    pub(super) runs: Vec<ScoredRows>,
}

/// Which of our columns are written, and whether the row is.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// How rows stand.
    pub(super) format: RowFormat,
    /// Our columns, in order.
    pub(super) answers: Vec<Answer>,
    /// Whether the row itself goes before them.
    pub(super) rows: bool,
}

impl Form {
    /// The header line; `input` is the line as it came, where it is kept as it is.
    pub(super) fn header(&self, names: &Header, input: Option<&[u8]>) -> Vec<u8> {
        let mut line = Vec::new();
        let ours = self.answers.iter().map(|answer| {
            if self.rows {
                free_name(answer.name(), &names.names)
            } else {
                answer.name().to_owned()
            }
        });
        let ours: Vec<String> = ours.collect();
        let separator = if self.format == RowFormat::Tsv { "\t" } else { "," };
        if self.rows {
            match input {
                Some(input) => line.extend_from_slice(input),
                None => names.names.iter().enumerate().for_each(|(at, name)| {
                    if at > 0 {
                        line.push(b',');
                    }
                    push_cell(&mut line, name.as_bytes());
                }),
            }
            line.extend_from_slice(separator.as_bytes());
        }
        line.extend_from_slice(ours.join(separator).as_bytes());
        line.push(b'\n');
        line
    }

    /// Writes a batch and flushes.
    ///
    /// # Errors
    /// The stream cannot be written.
    pub(super) fn write(&self, batch: &Answered, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let mut text = Vec::new();
        let mut numbers = ryu::Buffer::new();
        let mut lines = Lines::new(batch.lines.as_ref());
        for run in &batch.runs {
            let mut cells = run.csv(false);
            for row in run.iter() {
                match self.format {
                    RowFormat::Csv => {
                        if self.rows {
                            match row.row {
                                Some(at) => cells.push_input(&mut text, at),
                                None => push_uncut(&mut text, &row, run.raw().columns()),
                            }
                        }
                        self.push_cells(&mut text, &row, b',', push_cell, b"", &mut numbers);
                    }
                    RowFormat::Tsv => {
                        if self.rows {
                            text.extend_from_slice(lines.of(&row));
                            text.push(b'\t');
                        }
                        self.push_cells(&mut text, &row, b'\t', push_escaped, b"\\N", &mut numbers);
                    }
                    RowFormat::Ndjson => self.push_object(&mut text, lines.of(&row), &row, &mut numbers),
                }
                text.push(b'\n');
                if text.len() >= WRITE_BYTES {
                    out.write_all(&text)?;
                    text.clear();
                }
            }
        }
        out.write_all(&text)?;
        out.flush()
    }

    /// Our columns as cells; `none` stands where there is no value.
    fn push_cells(
        &self,
        text: &mut Vec<u8>,
        row: &RowResult<'_>,
        separator: u8,
        push: fn(&mut Vec<u8>, &[u8]),
        none: &[u8],
        numbers: &mut ryu::Buffer,
    ) {
        let outcome = scored(&row.outcome);
        for (at, answer) in self.answers.iter().enumerate() {
            if at > 0 {
                text.push(separator);
            }
            match outcome {
                Ok(row) => answer.of(row, numbers, &mut |cell| text.extend_from_slice(cell.as_bytes())),
                Err(reject) if *answer == Answer::Error => push(text, error_text(reject).as_bytes()),
                Err(_) => text.extend_from_slice(none),
            }
        }
    }

    /// The object as it came with our keys at its end; a line that is no object becomes the value of `raw`.
    fn push_object(&self, text: &mut Vec<u8>, line: &[u8], row: &RowResult<'_>, numbers: &mut ryu::Buffer) {
        let mut names = self
            .answers
            .iter()
            .map(|answer| answer.name().to_owned())
            .collect::<Vec<_>>();
        let start = text.len();
        if !self.rows {
            text.push(b'{');
        } else if let Some(inside) = inside_of_object(line, row) {
            text.extend_from_slice(inside);
            if inside.trim_ascii() != b"{" {
                text.push(b',');
            }
            rename(&mut names, line);
        } else {
            text.extend_from_slice(b"{\"raw\":");
            push_json_text(text, &String::from_utf8_lossy(line));
            text.push(b',');
        }
        let outcome = scored(&row.outcome);
        for (at, (answer, name)) in self.answers.iter().zip(&names).enumerate() {
            if at > 0 {
                text.push(b',');
            }
            text.push(b'"');
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(b"\":");
            match outcome {
                Ok(row) if *answer == Answer::Probability => {
                    answer.of(row, numbers, &mut |cell| text.extend_from_slice(cell.as_bytes()));
                }
                Ok(row) => answer.of(row, numbers, &mut |cell| push_json_text(text, cell)),
                Err(reject) if *answer == Answer::Error => push_json_text(text, &error_text(reject)),
                Err(_) => text.extend_from_slice(b"null"),
            }
        }
        debug_assert!(text.len() > start);
        text.push(b'}');
    }
}

/// An object's text up to its closing brace. `None` for what could not be read as one.
fn inside_of_object<'a>(line: &'a [u8], row: &RowResult<'_>) -> Option<&'a [u8]> {
    // A row of the batch was read, so its line is a whole object. Others may be objects whose values are no cells.
    if row.row.is_none() && !serde_json::from_slice::<Value>(line).is_ok_and(|value| value.is_object()) {
        return None;
    }
    line.trim_ascii().strip_suffix(b"}")
}

/// Gives our keys names that the object does not have.
fn rename(names: &mut [String], line: &[u8]) {
    // Few rows hold one of our names at all.
    let held = |name: &String| memchr::memmem::find(line, name.as_bytes()).is_some();
    // A key can be written with escapes, too.
    if !names.iter().any(held) && memchr::memchr(b'\\', line).is_none() {
        return;
    }
    let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(line) else {
        return;
    };
    let keys: Vec<String> = object.into_iter().map(|(key, _)| key).collect();
    for name in names {
        *name = free_name(name, &keys);
    }
}

fn push_json_text(text: &mut Vec<u8>, value: &str) {
    text.extend_from_slice(Value::from(value).to_string().as_bytes());
}

/// A CSV row that could not be cut into cells: its text in the first column, the others empty, a comma after each.
fn push_uncut(text: &mut Vec<u8>, row: &RowResult<'_>, columns: usize) {
    if let Err(reject) = scored(&row.outcome) {
        push_cell(text, &reject.raw);
    }
    text.extend(std::iter::repeat_n(b',', columns.max(1)));
}

/// The lines of a batch, asked for in order.
struct Lines<'a> {
    lines: Option<&'a RawBatch>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn new(lines: Option<&'a RawBatch>) -> Self {
        Self { lines, next: 0 }
    }

    /// The line of a row; of one too long to be held, its beginning.
    fn of(&mut self, row: &RowResult<'a>) -> &'a [u8] {
        if let Some(lines) = self.lines {
            while self.next < lines.rows() && lines.line(self.next) < row.line {
                self.next += 1;
            }
            if self.next < lines.rows() && lines.line(self.next) == row.line {
                return lines.cell(self.next, 0);
            }
        }
        scored(&row.outcome).map_or_else(|reject| &reject.raw[..], |_| &[])
    }
}
