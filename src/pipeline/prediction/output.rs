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
        let mut line = Vec::new();
        for name in &input.names {
            self.push(&mut line, name.as_bytes());
            line.push(b',');
        }
        let source = (self.sources.len() > 1).then_some("source");
        let added: Vec<String> = source
            .into_iter()
            .chain(ADDED)
            .map(|name| free_name(name, &input.names))
            .collect();
        line.extend_from_slice(added.join(",").as_bytes());
        line.push(b'\n');
        line
    }

    fn push(&self, line: &mut Vec<u8>, cell: &[u8]) {
        if self.guard {
            push_guarded(line, cell);
        } else {
            push_cell(line, cell);
        }
    }
}

/// Our name, prefixed until no input column bears it.
pub fn free_name(name: &str, input: &[String]) -> String {
    let mut name = name.to_owned();
    while input.contains(&name) {
        name.insert_str(0, "nsec_");
    }
    name
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
        let in_order = self.format.order.get(batch.source).is_none_or(Option::is_none);
        for rows in batch.rows.chunk_by(|a, b| a.row / PLAIN_ROWS == b.row / PLAIN_ROWS) {
            let Some(first) = rows.first().map(|row| row.row - row.row % PLAIN_ROWS) else {
                continue;
            };
            let range = first..batch.raw.rows().min(first + PLAIN_ROWS);
            let all_plain = in_order && self.is_plain(&batch.raw, range);
            for row in rows {
                let this = row.row..row.row + 1;
                let text = (batch.raw.comma_separated(this.clone()))
                    .filter(|_| all_plain || (in_order && self.is_plain(&batch.raw, this)));
                match text.and_then(|text| text.strip_suffix(b"\n")) {
                    Some(cells) => {
                        self.text.extend_from_slice(cells);
                        self.text.push(b',');
                    }
                    None => self.push_input(&batch.raw, row.row, batch.source),
                }
                self.push_added(row, batch.source);
                self.rows += 1;
            }
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

    /// Whether these rows can be copied as they stand.
    fn is_plain(&self, raw: &RawBatch, rows: Range<usize>) -> bool {
        let count = rows.len();
        (raw.comma_separated(rows)).is_some_and(|text| is_plain(text, count, self.format.guard))
    }

    fn push_input(&mut self, raw: &RawBatch, row: usize, source: usize) {
        let order = self.format.order.get(source).and_then(Option::as_ref);
        for position in 0..raw.columns() {
            let column = order.map_or(position, |order| order[position]);
            let cell = raw.cell(row, column);
            if self.format.guard {
                push_guarded(&mut self.text, cell);
            } else {
                push_cell(&mut self.text, cell);
            }
            self.text.push(b',');
        }
    }

    fn push_added(&mut self, row: &ScoredRow, source: usize) {
        if self.format.sources.len() > 1
            && let Some(name) = self.format.sources.get(source)
        {
            push_guarded(&mut self.text, name.as_bytes());
            self.text.push(b',');
        }
        row.id.push_hex(&mut self.text);
        self.text
            .extend_from_slice(if row.malicious { b",malicious," } else { b",benign," });
        let probability = self.numbers.format(row.probability);
        self.text.extend_from_slice(probability.as_bytes());
        self.text.push(b',');
        if row.malicious {
            // Of the class that was named: the same number.
            self.text.extend_from_slice(probability.as_bytes());
        } else {
            let confidence = self.numbers.format(1.0 - row.probability);
            self.text.extend_from_slice(confidence.as_bytes());
        }
        for word in [row.risk.name(), row.action.name()] {
            self.text.push(b',');
            self.text.extend_from_slice(word.as_bytes());
        }
        self.text.push(b',');
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
