//! Owns the text of `output.csv`: its header, the columns added to each scored row, and where reasons go.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;

use crate::data::{Header, RawBatch, RowId};
use crate::pipeline::csv_text::{is_plain, push_cell, push_guarded};
use crate::triage::{Action, RiskLevel};

/// The columns added after the input's own, in order (`source` only where several inputs go to one output).
pub const ADDED: [&str; 13] = [
    "row_id",
    "classification",
    "probability",
    "confidence",
    "risk_level",
    "recommended_action",
    "reasons",
    "model_run",
    "verdict",
    "verdict_reason",
    "note",
    "reviewed_by",
    "reviewed_at",
];

/// Rows that are looked at together, for whether they can be copied as they stand.
const PLAIN_ROWS: usize = 64;
/// Text that is handed on at once: little enough to stay in the outer cache.
const WRITE_BYTES: usize = 1 << 18;

/// What is added to one scored row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredRow {
    /// Its place in the raw batch.
    pub row: usize,
    /// Its stable identity.
    pub id: RowId,
    /// Calibrated P(malicious).
    pub probability: f64,
    /// Whether it is at or above the threshold.
    pub malicious: bool,
    /// Its risk band.
    pub risk: RiskLevel,
    /// What is recommended.
    pub action: Action,
    /// Whether the place of its reasons must be remembered.
    pub candidate: bool,
}

impl ScoredRow {
    /// `malicious` or `benign`.
    pub fn classification(&self) -> &'static str {
        if self.malicious { "malicious" } else { "benign" }
    }

    /// The probability of the class that was named.
    pub fn confidence(&self) -> f64 {
        if self.malicious {
            self.probability
        } else {
            1.0 - self.probability
        }
    }
}

/// A batch on its way to the file.
pub struct ScoredBatch {
    /// The input's cells.
    pub raw: RawBatch,
    /// The rows that were scored, in order.
    pub rows: Vec<ScoredRow>,
    /// Index into the writer's sources.
    pub source: usize,
    /// Candidates below this probability, here and before, are none any more.
    pub least: f64,
}

/// What a finished writer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the whole text.
    pub bytes: u64,
    /// Row and byte offset of the empty reasons cell of every row that is still a candidate, and perhaps of others, in
    /// row order.
    pub places: Vec<(u64, u64)>,
}

/// How cells are written.
#[derive(Clone, Debug)]
pub struct OutputFormat {
    /// Guard text that a spreadsheet would run.
    pub guard: bool,
    /// Names of the inputs; written as a column where there are several.
    pub sources: Vec<String>,
    /// For each input, the position of each output column in it; `None` where the order is the first input's.
    pub order: Vec<Option<Vec<usize>>>,
    /// The run whose model scores.
    pub model_run: String,
    /// The last five columns of cases that something was decided about, as text.
    pub known: HashMap<RowId, Vec<u8>>,
}

impl OutputFormat {
    /// The header line: the input's names unchanged, then ours, prefixed `nsec_` where the input has that name.
    pub fn header(&self, input: &Header) -> Vec<u8> {
        let source = (self.sources.len() > 1).then_some("source");
        let added: Vec<&str> = source.into_iter().chain(ADDED).collect();
        let mut line = header_line(input, &added, self.guard);
        line.push(b'\n');
        line
    }
}

/// The input's names, then ours, without a line end.
pub(super) fn header_line(input: &Header, added: &[&str], guard: bool) -> Vec<u8> {
    let mut line = Vec::new();
    for name in &input.names {
        if guard {
            push_guarded(&mut line, name.as_bytes());
        } else {
            push_cell(&mut line, name.as_bytes());
        }
        line.push(b',');
    }
    let added: Vec<String> = added.iter().map(|name| free_name(name, &input.names)).collect();
    line.extend_from_slice(added.join(",").as_bytes());
    line
}

/// Our name, prefixed until no input column bears it.
pub fn free_name(name: &str, input: &[String]) -> String {
    let mut name = name.to_owned();
    while input.contains(&name) {
        name.insert_str(0, "nsec_");
    }
    name
}

/// Writes the input's own cells of rows of a batch, a comma after each; rows that are CSV as they stand are copied.
pub(super) struct InputCells<'a> {
    raw: &'a RawBatch,
    guard: bool,
    /// The position of each output column in the input, where that is not the input's own.
    order: Option<&'a [usize]>,
    /// The rows looked at last, and whether all of them can be copied.
    looked_at: (Range<usize>, bool),
}

impl<'a> InputCells<'a> {
    /// Of the rows of `raw`.
    pub(super) fn new(raw: &'a RawBatch, guard: bool, order: Option<&'a [usize]>) -> Self {
        Self {
            raw,
            guard,
            order,
            looked_at: (0..0, false),
        }
    }

    /// Appends the cells of a row. Neighbouring rows are looked at together, so rows are best asked for in order.
    pub(super) fn push(&mut self, text: &mut Vec<u8>, row: usize) {
        if self.order.is_none() {
            if !self.looked_at.0.contains(&row) {
                let first = row - row % PLAIN_ROWS;
                let range = first..self.raw.rows().min(first + PLAIN_ROWS);
                self.looked_at = (range.clone(), self.is_plain(range));
            }
            let this = row..row + 1;
            let copied = self.raw.comma_separated(this.clone());
            let copied = copied.filter(|_| self.looked_at.1 || self.is_plain(this));
            if let Some(cells) = copied.and_then(|cells| cells.strip_suffix(b"\n")) {
                text.extend_from_slice(cells);
                text.push(b',');
                return;
            }
        }
        for position in 0..self.raw.columns() {
            let column = self.order.map_or(position, |order| order[position]);
            let cell = self.raw.cell(row, column);
            if self.guard {
                push_guarded(text, cell);
            } else {
                push_cell(text, cell);
            }
            text.push(b',');
        }
    }

    /// Whether these rows can be copied as they stand.
    fn is_plain(&self, rows: Range<usize>) -> bool {
        let count = rows.len();
        (self.raw.comma_separated(rows)).is_some_and(|text| is_plain(text, count, self.guard))
    }
}

/// Appends what a score comes to, from `row_id` to `recommended_action`, and the comma before the reasons.
pub(super) fn push_score(text: &mut Vec<u8>, row: &ScoredRow, numbers: &mut ryu::Buffer) {
    row.id.push_hex(text);
    text.extend_from_slice(if row.malicious { b",malicious," } else { b",benign," });
    let probability = numbers.format(row.probability);
    text.extend_from_slice(probability.as_bytes());
    text.push(b',');
    if row.malicious {
        // Of the class that was named: the same number.
        text.extend_from_slice(probability.as_bytes());
    } else {
        text.extend_from_slice(numbers.format(row.confidence()).as_bytes());
    }
    for word in [row.risk.name(), row.action.name()] {
        text.push(b',');
        text.extend_from_slice(word.as_bytes());
    }
    text.push(b',');
}

/// Where the reasons of a candidate go.
#[derive(Clone, Copy, Debug)]
struct Place {
    row: u64,
    offset: u64,
    probability: f64,
}

/// Places kept at first before any are given up.
const FEW_PLACES: usize = 4096;

/// Writes scored rows and remembers where the reasons of candidates go.
pub struct OutputWriter<W: Write> {
    out: W,
    format: OutputFormat,
    text: Vec<u8>,
    written: u64,
    rows: u64,
    /// The candidates so far, but for some that are none any more, in row order.
    places: Vec<Place>,
    /// How many of them are too many to be kept without a look.
    crowded: usize,
    numbers: ryu::Buffer,
}

impl<W: Write> OutputWriter<W> {
    /// Starts the file with its header.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(mut out: W, format: OutputFormat, input: &Header) -> io::Result<Self> {
        let header = format.header(input);
        out.write_all(&header)?;
        let written = header.len() as u64;
        Ok(Self {
            out,
            format,
            text: Vec::new(),
            written,
            rows: 0,
            places: Vec::new(),
            crowded: FEW_PLACES,
            numbers: ryu::Buffer::new(),
        })
    }

    /// Writes the scored rows of a batch.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&mut self, batch: &ScoredBatch) -> io::Result<()> {
        let order = self.format.order.get(batch.source).cloned().flatten();
        let mut cells = InputCells::new(&batch.raw, self.format.guard, order.as_deref());
        for row in &batch.rows {
            cells.push(&mut self.text, row.row);
            self.push_added(row, batch.source);
            self.rows += 1;
            if self.text.len() >= WRITE_BYTES {
                self.write_out()?;
            }
        }
        if self.places.len() > self.crowded {
            self.places.retain(|place| place.probability >= batch.least);
            self.crowded = 2 * self.places.len() + FEW_PLACES;
        }
        self.write_out()
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.written += self.text.len() as u64;
        self.text.clear();
        Ok(())
    }

    fn push_added(&mut self, row: &ScoredRow, source: usize) {
        if self.format.sources.len() > 1
            && let Some(name) = self.format.sources.get(source)
        {
            push_guarded(&mut self.text, name.as_bytes());
            self.text.push(b',');
        }
        push_score(&mut self.text, row, &mut self.numbers);
        if row.candidate {
            self.places.push(Place {
                row: self.rows,
                offset: self.written + self.text.len() as u64,
                probability: row.probability,
            });
        }
        self.text.push(b',');
        push_cell(&mut self.text, self.format.model_run.as_bytes());
        // Verdict, its reason, note, reviewer and time. Most files have no row that was judged before.
        let known = (!self.format.known.is_empty())
            .then(|| self.format.known.get(&row.id))
            .flatten();
        if let Some(verdict) = known {
            self.text.push(b',');
            self.text.extend_from_slice(verdict);
            self.text.push(b'\n');
        } else {
            self.text.extend_from_slice(b",,,,,\n");
        }
    }

    /// Flushes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> io::Result<Written> {
        self.out.flush()?;
        Ok(Written {
            bytes: self.written,
            places: self.places.iter().map(|place| (place.row, place.offset)).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
