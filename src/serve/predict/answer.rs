//! Owns how scored rows are written: CSV and TSV as `output.csv` has them, with a column `error` behind; JSON and NDJSON
//! under the same names.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::runs::ScoredTable;
use super::tabs::tab_separated;
use crate::data::{Layout, RawBatch};
use crate::pipeline::csv_text::{push_cell, push_guarded};
use crate::pipeline::prediction::{ADDED, RowOutcome, RowScorer, ScoredRow, ScoredRows, free_name};
use crate::schema::ColumnType;
use crate::serve::media::Form;
use crate::serve::served::Served;
use crate::serve::table::{Table, push_json_text};
use crate::validation::Reject;

/// The column behind all others.
pub(in crate::serve) const ERROR: &str = "error";

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::serve) struct Counts {
    pub(in crate::serve) rows: u64,
    pub(in crate::serve) flagged: u64,
    pub(in crate::serve) failed: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.flagged += other.flagged;
        self.failed += other.failed;
    }
}

/// Where the cells of rows are.
pub(in crate::serve) enum Input<'a> {
    /// They came as JSON: these rows of a table. The scored rows are those that are not bad.
    Table(&'a Table, Range<usize>),
    /// They came as text.
    Raw,
}

/// What stands before the values of a row under one header.
pub(in crate::serve) struct Keys {
    /// `"name":` of each input column, and of each of ours with `error` behind.
    input: Vec<Vec<u8>>,
    own: Vec<Vec<u8>>,
    /// For text rows, which columns hold numbers by the schema.
    literal: Vec<bool>,
    /// The run's id as JSON.
    run: Vec<u8>,
}

impl Keys {
    pub(in crate::serve) fn new(served: &Served, scorer: &RowScorer) -> Self {
        let names = &scorer.header().names;
        let json = |text: &str| {
            let mut json = Vec::with_capacity(text.len() + 3);
            push_json_text(&mut json, text);
            json
        };
        let key = |name: &str| {
            let mut key = json(name);
            key.push(b':');
            key
        };
        let own = ADDED.iter().copied().chain([ERROR]);
        Self {
            input: names.iter().map(|name| key(name)).collect(),
            own: own.map(|name| key(&free_name(name, names))).collect(),
            literal: literals(served, scorer.layout(), names.len()),
            run: json(served.rows.run_id()),
        }
    }
}

/// Writes rows of one header.
pub(in crate::serve) struct Answer {
    form: Form,
    guard: bool,
    keys: Arc<Keys>,
    /// Whether to leave out the input's own columns.
    bare: bool,
    numbers: ryu::Buffer,
    cell: Vec<u8>,
}

/// What stands behind the last comma of a row that could not be scored.
struct Failure<'a> {
    field: Option<&'a str>,
    line: Option<u64>,
    reason: &'a str,
    raw: &'a [u8],
}

impl Answer {
    pub(in crate::serve) fn new(form: Form, served: &Served, keys: Arc<Keys>) -> Self {
        Self {
            form,
            guard: served.guard,
            keys,
            bare: false,
            numbers: ryu::Buffer::new(),
            cell: Vec::new(),
        }
    }

    /// Leaves out the input's own columns.
    pub(in crate::serve) fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// The header line of CSV and TSV; nothing for the others.
    pub(in crate::serve) fn push_header(&mut self, scorer: &RowScorer, out: &mut Vec<u8>) {
        let start = out.len();
        if matches!(self.form, Form::Csv | Form::Tsv) {
            out.extend_from_slice(&scorer.csv_header(self.guard, &[ERROR]));
            out.push(b'\n');
        }
        if self.form == Form::Tsv {
            let line = out.split_off(start);
            out.extend_from_slice(&tab_separated(&line));
        }
    }

    /// Appends every row of a batch, in order. `before` is how many rows stand before these, for the commas of JSON.
    pub(in crate::serve) fn push_rows(
        &mut self,
        served: &Served,
        input: &Input<'_>,
        scored: &ScoredRows,
        before: u64,
        out: &mut Vec<u8>,
    ) -> Counts {
        let mut counts = Counts {
            flagged: scored.flagged(),
            ..Counts::default()
        };
        let mut results = scored.iter();
        let mut text = scored.csv(self.guard);
        let rows = match input {
            Input::Table(_, rows) => rows.clone(),
            Input::Raw => 0..scored.len(),
        };
        for at in rows {
            counts.rows += 1;
            let bad = match input {
                Input::Table(table, _) => table.bad.get(&at),
                Input::Raw => None,
            };
            let result = if bad.is_some() { None } else { results.next() };
            let score = result.as_ref().and_then(|result| match result.outcome {
                RowOutcome::Scored(row, reasons) => Some((row, reasons)),
                RowOutcome::Rejected(_) => None,
            });
            let failure = match (bad, result.as_ref().map(|result| (result.line, result.outcome))) {
                (Some(bad), _) => Some(Failure {
                    field: bad.field.as_deref(),
                    line: line_of(input, at),
                    reason: &bad.reason,
                    raw: b"",
                }),
                (None, Some((line, RowOutcome::Rejected(reject)))) => {
                    let uncut = result.as_ref().is_some_and(|result| result.row.is_none());
                    Some(failure_of(reject, line_of(input, at).or(Some(line)), input, uncut))
                }
                (None, Some(_)) => None,
                (None, None) => Some(Failure {
                    field: None,
                    line: None,
                    reason: "was not scored",
                    raw: b"",
                }),
            };
            counts.failed += u64::from(failure.is_some());
            let place = result.as_ref().and_then(|result| result.row);
            match self.form {
                Form::Csv | Form::Tsv => {
                    let start = out.len();
                    match input {
                        Input::Table(table, _) => self.push_table_cells(table, at, out),
                        Input::Raw => match place {
                            Some(row) => text.push_input(out, row),
                            None => out.resize(out.len() + self.keys.input.len(), b','),
                        },
                    }
                    match score {
                        Some((row, reasons)) => text.push_added(out, row, reasons),
                        None => out.resize(out.len() + ADDED.len() - 1, b','),
                    }
                    out.push(b',');
                    if let Some(failure) = &failure {
                        self.push_csv_error(failure, out);
                    }
                    out.push(b'\n');
                    if self.form == Form::Tsv {
                        let line = out.split_off(start);
                        out.extend_from_slice(&tab_separated(&line));
                    }
                }
                Form::Json | Form::Ndjson => {
                    if self.form == Form::Json && before + counts.rows > 1 {
                        out.push(b',');
                    }
                    out.push(b'{');
                    if !self.bare {
                        match (input, place) {
                            (Input::Table(table, _), _) => self.push_table_fields(table, at, out),
                            (Input::Raw, Some(row)) => self.push_raw_fields(scored.raw(), row, out),
                            (Input::Raw, None) => {}
                        }
                    }
                    self.push_json_score(served, score, out);
                    self.push_json_error(failure.as_ref(), out);
                    out.push(b'}');
                    if self.form == Form::Ndjson {
                        out.push(b'\n');
                    }
                }
            }
        }
        counts
    }

    /// Appends every row of a table, in order, as [`Answer::push_rows`] does.
    pub(in crate::serve) fn push_table(
        &mut self,
        served: &Served,
        table: &Table,
        scored: &ScoredTable,
        before: u64,
        out: &mut Vec<u8>,
    ) -> Counts {
        let mut counts = Counts::default();
        for (rows, scored) in &scored.runs {
            let input = Input::Table(table, rows.clone());
            counts += self.push_rows(served, &input, scored, before + counts.rows, out);
        }
        counts
    }

    fn push_table_cells(&mut self, table: &Table, row: usize, out: &mut Vec<u8>) {
        for place in 0..self.keys.input.len() {
            self.cell.clear();
            table.value(row, place).push_cell(&mut self.cell);
            if self.guard {
                push_guarded(out, &self.cell);
            } else {
                push_cell(out, &self.cell);
            }
            out.push(b',');
        }
    }

    fn push_csv_error(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        self.cell.clear();
        self.cell.extend_from_slice(failure.sentence().as_bytes());
        if !failure.raw.is_empty() {
            self.cell.extend_from_slice(b"; it is: ");
            self.cell.extend_from_slice(failure.raw);
        }
        push_guarded(out, &self.cell);
    }

    fn push_table_fields(&self, table: &Table, row: usize, out: &mut Vec<u8>) {
        let values = table.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        for (key, value) in self.keys.input.iter().zip(values) {
            if *value != crate::serve::table::Value::Absent {
                out.extend_from_slice(key);
                value.push_json(out);
                out.push(b',');
            }
        }
    }

    fn push_raw_fields(&self, raw: &RawBatch, row: usize, out: &mut Vec<u8>) {
        for (at, (key, cell)) in self.keys.input.iter().zip(raw.row(row)).enumerate() {
            out.extend_from_slice(key);
            match std::str::from_utf8(cell) {
                Ok(text) if self.keys.literal.get(at) == Some(&true) && is_json_literal(text) => {
                    out.extend_from_slice(text.as_bytes());
                }
                Ok(text) => push_json_text(out, text),
                Err(_) => push_json_text(out, &String::from_utf8_lossy(cell)),
            }
            out.push(b',');
        }
    }

    fn push_json_score(&mut self, served: &Served, score: Option<(&ScoredRow, &str)>, out: &mut Vec<u8>) {
        let Some((row, reasons)) = score else {
            for key in &self.keys.own[..ADDED.len()] {
                out.extend_from_slice(key);
                out.extend_from_slice(b"null,");
            }
            return;
        };
        let mut keys = self.keys.own.iter();
        let mut key = |out: &mut Vec<u8>| out.extend_from_slice(keys.next().map_or(b"", Vec::as_slice));
        key(out);
        out.push(b'"');
        row.id.push_hex(out);
        out.push(b'"');
        let word = |out: &mut Vec<u8>, word: &str| {
            out.push(b'"');
            out.extend_from_slice(word.as_bytes());
            out.push(b'"');
        };
        out.push(b',');
        key(out);
        word(out, row.classification());
        out.push(b',');
        key(out);
        out.extend_from_slice(self.numbers.format(row.probability).as_bytes());
        out.push(b',');
        key(out);
        out.extend_from_slice(self.numbers.format(row.confidence()).as_bytes());
        out.push(b',');
        key(out);
        word(out, row.risk.name());
        out.push(b',');
        key(out);
        word(out, row.action.name());
        out.push(b',');
        key(out);
        push_json_text(out, reasons);
        out.push(b',');
        key(out);
        out.extend_from_slice(&self.keys.run);
        out.push(b',');
        let state = served.known.of_case(row.id);
        let judged = state.and_then(|state| state.verdict.as_ref());
        let mut text = |value: Option<&str>| {
            key(out);
            match value {
                Some(value) => push_json_text(out, value),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b',');
        };
        text(judged.map(|judged| judged.verdict.name()));
        text(judged.and_then(|judged| judged.reason.as_deref()));
        text(state.map(|state| state.note.as_str()).filter(|note| !note.is_empty()));
        text(judged.map(|judged| judged.analyst.as_str()));
        text(judged.map(|judged| judged.at.to_string()).as_deref());
    }

    fn push_json_error(&mut self, failure: Option<&Failure<'_>>, out: &mut Vec<u8>) {
        if let Some(key) = self.keys.own.last() {
            out.extend_from_slice(key);
        }
        let Some(failure) = failure else {
            out.extend_from_slice(b"null");
            return;
        };
        out.extend_from_slice(b"{\"message\":");
        push_json_text(out, failure.reason);
        if let Some(field) = failure.field {
            out.extend_from_slice(b",\"field\":");
            push_json_text(out, field);
        }
        if let Some(line) = failure.line {
            out.extend_from_slice(b",\"line\":");
            out.extend_from_slice(line.to_string().as_bytes());
        }
        if !failure.raw.is_empty() {
            out.extend_from_slice(b",\"raw\":");
            push_json_text(out, &String::from_utf8_lossy(failure.raw));
        }
        out.push(b'}');
    }
}

impl Failure<'_> {
    /// `line 7, duration: is not an int`.
    fn sentence(&self) -> String {
        let mut out = String::new();
        if let Some(line) = self.line {
            let _ = write!(out, "line {line}");
        }
        if let Some(field) = self.field {
            let _ = write!(out, "{}{field}", if self.line.is_some() { ", " } else { "" });
        }
        if !out.is_empty() {
            out.push_str(": ");
        }
        out.push_str(self.reason);
        out
    }
}

/// The line of a row that came as a line of JSON.
fn line_of(input: &Input<'_>, at: usize) -> Option<u64> {
    match input {
        Input::Table(table, _) if !table.lines.is_empty() => Some(table.line(at)),
        Input::Table(..) | Input::Raw => None,
    }
}

fn failure_of<'a>(reject: &'a Reject, line: Option<u64>, input: &Input<'_>, uncut: bool) -> Failure<'a> {
    Failure {
        field: reject.column.as_deref(),
        line: match input {
            Input::Table(table, _) if table.lines.is_empty() => None,
            Input::Table(..) | Input::Raw => line,
        },
        reason: &reject.reason,
        // A row that was cut stands in front of its error already.
        raw: if uncut { &reject.raw } else { b"" },
    }
}

/// The columns of text rows whose cells JSON can have as they stand.
fn literals(served: &Served, layout: &Layout, columns: usize) -> Vec<bool> {
    let mut literal = vec![false; columns];
    for (column, source) in served.rows.model().schema.columns.iter().zip(&layout.sources) {
        let number = matches!(column.kind, ColumnType::Int | ColumnType::Float | ColumnType::Port);
        if let Some(cell) = source.and_then(|at| literal.get_mut(at)) {
            *cell = number;
        }
    }
    literal
}

/// Whether a text is a JSON number as it stands: `1e5` and `-0.5` are, `+1`, `.5`, `01` and `inf` are not.
fn is_json_literal(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b))
        && serde_json::from_str::<f64>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_in_the_form_of_json_stand_without_quotes() {
        for text in ["0", "-1", "1.5", "1e5", "-0.0", "123456789012345678901234567890"] {
            assert!(is_json_literal(text), "{text}");
        }
        for text in ["", "+1", ".5", "01", "1.", "inf", "NaN", "-", "1 ", "true"] {
            assert!(!is_json_literal(text), "{text}");
        }
    }
}
