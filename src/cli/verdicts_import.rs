//! Owns reading what another analyst exported: CSV with our columns, NDJSON with whole events, another workspace's audit log.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Builder;

use super::error::CliError;
use crate::artifacts::Timestamp;
use crate::data::{ReadSettings, RowId, RowReader, Source, open, open_error};
use crate::pipeline::csv_text::unguarded;
use crate::store::{BadLine, events_of_line};
use crate::triage::{CaseId, Change, Event, EventId, Verdict};

/// A longer line of NDJSON is none of ours.
const MAX_LINE: u64 = 256 << 20;
/// Rows read at once.
const BATCH: usize = 8192;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ImportFormat {
    /// A scored file with verdicts.
    Csv,
    /// Documents of an NDJSON export, events, or lines of an audit log; they may be mixed.
    Ndjson,
}

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Imported {
    /// What it holds.
    pub(super) format: ImportFormat,
    /// Rows or lines.
    pub(super) rows: u64,
    /// Of those, rows that say nothing of their case.
    pub(super) without_verdict: u64,
    /// Rows or lines that cannot be understood.
    pub(super) malformed: Vec<BadLine>,
    /// What was decided, in the file's order. Names are made from what they say where the file gives none, so that the same
    /// decision has the same name every time.
    #[serde(skip)]
    pub(super) events: Vec<Event>,
}

/// Reads a file. `schema_of` says under which schema a run scored; rows of a CSV file do not say it themselves.
///
/// # Errors
/// It cannot be read or is none that can be imported. What is wrong with single rows stands in [`Imported::malformed`].
pub(super) fn read_import(
    path: &Path,
    reading: &ReadSettings,
    schema_of: &mut dyn FnMut(&str) -> String,
) -> Result<Imported, CliError> {
    if is_json(path) {
        read_lines(path)
    } else {
        read_csv(path, reading, schema_of)
    }
}

fn is_json(path: &Path) -> bool {
    let mut start = [0; 512];
    let read = File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    start[..read].trim_ascii_start().first() == Some(&b'{')
}

fn read_lines(path: &Path) -> Result<Imported, CliError> {
    let fail = |cause| CliError::from(open_error(path, cause));
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
    let mut imported = Imported::new(ImportFormat::Ndjson);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = (&mut file).take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(fail)?;
        if read == 0 {
            return Ok(imported);
        }
        imported.rows += 1;
        let line = bytes.trim_ascii();
        if line.is_empty() {
            imported.rows -= 1;
        } else {
            let number = imported.rows;
            imported.line(number, line);
        }
    }
}

/// What an NDJSON export says of a row beside its columns.
#[derive(Deserialize)]
struct Ours {
    schema: String,
    row_id: RowId,
    #[serde(default)]
    events: Vec<Value>,
    #[serde(flatten)]
    said: Said,
}

/// What was decided, where there are no events.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    verdict_reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    reviewed_by: String,
    #[serde(default)]
    reviewed_at: String,
}

impl Imported {
    fn new(format: ImportFormat) -> Self {
        Self {
            format,
            rows: 0,
            without_verdict: 0,
            malformed: Vec::new(),
            events: Vec::new(),
        }
    }

    fn bad(&mut self, line: u64, why: impl Into<String>) {
        self.malformed.push(BadLine { line, why: why.into() });
    }

    /// A line of an audit log, a document of an export, or an event by itself.
    fn line(&mut self, number: u64, line: &[u8]) {
        let value: Value = match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(e) => return self.bad(number, format!("not JSON: {e}")),
        };
        if value.get("action").is_some() {
            match events_of_line(line) {
                Ok(Some((events, wrong))) => {
                    self.events.extend(events);
                    for why in wrong {
                        self.bad(number, why);
                    }
                }
                // Rules are the other workspace's own.
                Ok(None) => self.without_verdict += 1,
                Err(why) => self.bad(number, why),
            }
        } else if let Some(ours) = value.get("nsec") {
            match serde_json::from_value::<Ours>(ours.clone()) {
                Ok(ours) => self.document(number, ours),
                Err(e) => self.bad(number, format!("nsec: {e}")),
            }
        } else {
            self.event(number, value);
        }
    }

    fn event(&mut self, number: u64, value: Value) {
        match serde_json::from_value::<Event>(value) {
            Ok(event) => self.events.push(event),
            Err(e) => self.bad(number, format!("no event: {e}")),
        }
    }

    fn document(&mut self, number: u64, ours: Ours) {
        if ours.events.is_empty() {
            let case = CaseId {
                schema: ours.schema,
                row: ours.row_id,
            };
            return self.said(number, &case, &ours.said);
        }
        for value in ours.events {
            self.event(number, value);
        }
    }

    /// What a row says of its case, as events.
    fn said(&mut self, number: u64, case: &CaseId, said: &Said) {
        if said.verdict.is_empty() && said.note.is_empty() {
            self.without_verdict += 1;
            return;
        }
        match events_of(case, said) {
            Ok(events) => self.events.extend(events),
            Err(why) => self.bad(number, why),
        }
    }
}

fn events_of(case: &CaseId, said: &Said) -> Result<Vec<Event>, String> {
    if said.reviewed_by.is_empty() {
        return Err("reviewed_by is empty, so nobody answers for it".to_owned());
    }
    let at: Timestamp =
        serde_json::from_value(Value::from(said.reviewed_at.as_str())).map_err(|e| format!("reviewed_at: {e}"))?;
    let mut changes = Vec::new();
    if !said.verdict.is_empty() {
        changes.push(Change::Judge {
            verdict: Some(said.verdict.parse::<Verdict>()?),
            reason: Some(said.verdict_reason.clone()).filter(|code| !code.is_empty()),
        });
    }
    if !said.note.is_empty() {
        changes.push(Change::Note {
            text: said.note.clone(),
        });
    }
    let mut events: Vec<Event> = Vec::new();
    for change in changes {
        let id = name_of(case, said, &change);
        let mut event = Event::now(case.clone(), said.reviewed_by.as_str(), change);
        (event.id, event.at) = (id, at);
        event.group = events.first().map_or(id, |first| first.id);
        events.push(event);
    }
    Ok(events)
}

/// The same decision has the same name wherever and whenever it is read.
fn name_of(case: &CaseId, said: &Said, change: &Change) -> EventId {
    let mut hash = blake3::Hasher::new();
    let change = serde_json::to_string(change).unwrap_or_default();
    let row = case.row.to_string();
    let parts = [
        "nsec-tui verdicts import",
        &case.schema,
        &row,
        &said.reviewed_by,
        &said.reviewed_at,
        &change,
    ];
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    EventId(Builder::from_custom_bytes(bytes).into_uuid())
}

/// Where our columns are in a file.
struct Columns {
    row_id: usize,
    verdict: usize,
    reviewed_by: usize,
    reviewed_at: usize,
    verdict_reason: Option<usize>,
    note: Option<usize>,
    model_run: Option<usize>,
}

impl Columns {
    /// Ours is the one with the most prefixes: scoring gave it them because the input bears the others.
    fn of(names: &[String], file: &str) -> Result<Self, CliError> {
        let optional = |name: &'static str| {
            let ours = names.iter().enumerate().filter(|(_, found)| {
                found
                    .strip_suffix(name)
                    .is_some_and(|lead| lead.replace("nsec_", "").is_empty())
            });
            ours.max_by_key(|(_, found)| found.len()).map(|(at, _)| at)
        };
        let find = |missing: &'static str| {
            let advice = "give a CSV or NDJSON file by `verdicts export`, or an audit.ndjson";
            optional(missing).ok_or_else(|| CliError::Usage(format!("{file}: no column {missing}; {advice}")))
        };
        Ok(Self {
            row_id: find("row_id")?,
            verdict: find("verdict")?,
            reviewed_by: find("reviewed_by")?,
            reviewed_at: find("reviewed_at")?,
            verdict_reason: optional("verdict_reason"),
            note: optional("note"),
            model_run: optional("model_run"),
        })
    }
}

fn read_csv(
    path: &Path,
    reading: &ReadSettings,
    schema_of: &mut dyn FnMut(&str) -> String,
) -> Result<Imported, CliError> {
    let mut reader: Box<dyn RowReader> = open(&Source::Path(path.to_path_buf()), reading)?;
    let columns = Columns::of(&reader.header().names, &path.display().to_string())?;
    let mut imported = Imported::new(ImportFormat::Csv);
    let mut schemas: HashMap<String, String> = HashMap::new();
    while let Some(batch) = reader.next_batch(BATCH)? {
        imported.rows += batch.total_rows() as u64;
        for row in &batch.malformed {
            imported.bad(row.line, row.reason.clone());
        }
        for row in 0..batch.rows() {
            let text = |at: usize| String::from_utf8_lossy(unguarded(batch.cell(row, at))).into_owned();
            let optional = |at: Option<usize>| at.map(text).unwrap_or_default();
            let line = batch.line(row);
            let said = Said {
                verdict: text(columns.verdict),
                verdict_reason: optional(columns.verdict_reason),
                note: optional(columns.note),
                reviewed_by: text(columns.reviewed_by),
                reviewed_at: text(columns.reviewed_at),
            };
            let id = match text(columns.row_id).parse::<RowId>() {
                Ok(id) => id,
                Err(why) => {
                    imported.bad(line, format!("row_id: {why}"));
                    continue;
                }
            };
            let run = optional(columns.model_run);
            let schema = schemas.entry(run).or_insert_with_key(|run| schema_of(run));
            let case = CaseId {
                schema: schema.clone(),
                row: id,
            };
            imported.said(line, &case, &said);
        }
    }
    Ok(imported)
}
