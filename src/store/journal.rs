//! Owns the journal of verdicts: how what is to be kept becomes lines of `logs/audit.ndjson`, and how lines are read again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rows::change_kind;
use crate::artifacts::audit::{self, AuditError};
use crate::artifacts::{Timestamp, current_user};
use crate::triage::{Change, Event, EventId, SuppressionRule};
use crate::workspace::Workspace;

/// Events in one line at most. A line is there whole or not at all after a crash, so a bulk of up to this many is, too.
const LINE_EVENTS: usize = 4096;
/// Bytes of cells in one line, about: so that a line can be read in one piece.
const LINE_BYTES: usize = 16 << 20;
/// A longer line is none of ours.
const MAX_LINE: u64 = 256 << 20;
/// Bytes before a place that are looked at to tell whether it is still the same journal.
const MARK_BYTES: u64 = 256;

/// Something that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    Events(Vec<Event>),
    Rule(SuppressionRule),
    Withdrawal { rule: EventId, at: Timestamp, by: String },
    Hits { rule: EventId, file: String, hits: u64 },
}

/// A line of a journal that says nothing that can be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// What could be read, and what is wrong with what could not.
pub type WithFaults<T> = (T, Vec<String>);

/// How far a journal has been taken over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Bytes.
    pub(super) offset: u64,
    /// Lines.
    pub(super) line: u64,
    /// Tells this journal from another: a hash of the bytes before.
    pub(super) mark: String,
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    action: &'a str,
    subject: String,
    by: &'a str,
    reason: &'a str,
    details: Details<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Details<'a> {
    Events {
        command: &'a str,
        events: &'a [Event],
    },
    Rule {
        command: &'a str,
        rule: &'a SuppressionRule,
    },
    Withdrawal {
        command: &'a str,
        withdrawn: EventId,
        at: Timestamp,
        by: &'a str,
    },
    Hits {
        hits_of: EventId,
        file: &'a str,
        hits: u64,
    },
}

const SUPPRESS: &str = "suppress";
const WITHDRAW: &str = "unsuppress";
const HITS: &str = "suppressed";
/// The actions whose lines hold something that is kept.
const ACTIONS: [&str; 10] = [
    "verdict", "reason", "note", "tag", "undo", "redo", "import", SUPPRESS, WITHDRAW, HITS,
];

/// Writes something down; on disk when it returns. `action` names the events' action where it is not that of the first.
pub(super) fn write(
    workspace: &Workspace,
    entry: &Entry,
    action: Option<&str>,
    command: &str,
) -> Result<Option<Range<u64>>, AuditError> {
    let by = current_user();
    let lines = match entry {
        Entry::Events(events) => event_lines(events, action, &by, command),
        Entry::Rule(rule) => vec![Line {
            time: rule.made_at,
            action: SUPPRESS,
            subject: rule.schema.clone(),
            by: &rule.owner,
            reason: &rule.reason,
            details: Details::Rule { command, rule },
        }],
        Entry::Withdrawal { rule, at, by } => vec![Line {
            time: *at,
            action: WITHDRAW,
            subject: rule.to_string(),
            by,
            reason: "",
            details: Details::Withdrawal {
                command,
                withdrawn: *rule,
                at: *at,
                by,
            },
        }],
        Entry::Hits { rule, file, hits } => vec![Line {
            time: Timestamp::now(),
            action: HITS,
            subject: rule.to_string(),
            by: &by,
            reason: "",
            details: Details::Hits {
                hits_of: *rule,
                file,
                hits: *hits,
            },
        }],
    };
    audit::append_all(workspace, &lines)
}

fn event_lines<'a>(events: &'a [Event], action: Option<&'a str>, user: &'a str, command: &'a str) -> Vec<Line<'a>> {
    let pieces = pieces(events).into_iter().filter_map(|events| {
        let first = events.first()?;
        let alone = events.iter().all(|event| event.analyst == first.analyst);
        let subject = match events.len() {
            1 => format!("{} {}", first.case.schema, first.case.row),
            n => format!("{} {n} events", first.case.schema),
        };
        Some(Line {
            time: Timestamp::now(),
            action: action.unwrap_or_else(|| action_of(&first.change)),
            subject,
            by: if alone && action.is_none() {
                &first.analyst
            } else {
                user
            },
            reason: match &first.change {
                Change::Judge { reason, .. } | Change::Reason { reason } => reason.as_deref().unwrap_or_default(),
                _ => "",
            },
            details: Details::Events { command, events },
        })
    });
    pieces.collect()
}

fn action_of(change: &Change) -> &'static str {
    match change {
        Change::Judge { .. } => "verdict",
        other => change_kind(other),
    }
}

/// Lines that events take.
pub(super) fn line_count(events: &[Event]) -> u64 {
    pieces(events).len() as u64
}

/// Bytes of what a person typed.
fn words_of(change: &Change) -> usize {
    match change {
        Change::Note { text } => text.len(),
        Change::Judge { reason, .. } | Change::Reason { reason } => reason.as_ref().map_or(0, String::len),
        Change::Tag { tag, .. } => tag.len(),
        Change::Undo { .. } | Change::Redo { .. } => 0,
    }
}

/// Events cut into lines.
fn pieces(events: &[Event]) -> Vec<&[Event]> {
    let mut pieces = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, event) in events.iter().enumerate() {
        let cells = event.cells.iter().flatten();
        let size: usize = cells.map(|(name, text)| name.len() + text.len()).sum();
        let size = size + 40 * event.seen_besides.len() + words_of(&event.change);
        if at > start && (at - start >= LINE_EVENTS || bytes + size > LINE_BYTES) {
            pieces.push(&events[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    pieces.push(&events[start..]);
    pieces
}

/// What a line held.
pub(super) enum Found {
    /// Something that is kept.
    Entry(Entry),
    Bad(BadLine),
}

/// Reads the lines of a journal from a place on. A last line without its end is left for later.
pub(super) struct Reader {
    file: BufReader<File>,
    line: Vec<u8>,
    /// How far it has come; the mark is not kept up.
    pub(super) position: Position,
    /// Whether it is not the journal of which the place was told, so that it is read from its start.
    pub(super) restarted: bool,
    waiting: Vec<Found>,
}

impl Reader {
    /// Starts at a place; `None` if there is no journal.
    pub(super) fn open(path: &Path, from: &Position) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
            Err(e) => return Err(e),
        };
        let restarted = from.offset > 0 && mark_of(&mut file, from.offset)? != from.mark;
        let position = if restarted { Position::default() } else { from.clone() };
        file.seek(SeekFrom::Start(position.offset))?;
        Ok(Some(Self {
            file: BufReader::with_capacity(1 << 16, file),
            line: Vec::new(),
            position,
            restarted,
            waiting: Vec::new(),
        }))
    }

    /// The next line with something to keep or something wrong; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Found>> {
        loop {
            if let Some(found) = self.waiting.pop() {
                return Ok(Some(found));
            }
            self.line.clear();
            let read = (&mut self.file).take(MAX_LINE).read_until(b'\n', &mut self.line)? as u64;
            if !self.line.ends_with(b"\n") {
                if read < MAX_LINE {
                    return Ok(None);
                }
                let Some(rest) = skip_line(&mut self.file)? else {
                    return Ok(None);
                };
                self.advance(read + rest);
                self.bad(format!("longer than {} MB", MAX_LINE >> 20));
                continue;
            }
            self.advance(read);
            let line = std::mem::take(&mut self.line);
            self.understand(line.trim_ascii());
            self.line = line;
        }
    }

    fn advance(&mut self, bytes: u64) {
        self.position.offset += bytes;
        self.position.line += 1;
    }

    fn bad(&mut self, why: String) {
        let line = self.position.line;
        self.waiting.push(Found::Bad(BadLine { line, why }));
    }

    /// What is wrong is handed out after what is right, for `waiting` is emptied from its end.
    fn understand(&mut self, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        match understand(line) {
            Ok(None) => {}
            Ok(Some((entry, wrong))) => {
                for why in wrong.into_iter().rev() {
                    self.bad(why);
                }
                self.waiting.push(Found::Entry(entry));
            }
            Err(why) => self.bad(why),
        }
    }
}

/// What a line of an audit log holds of what is kept, with what is wrong with those of its events that cannot be read; `None`
/// for one about something else.
pub(super) fn understand(line: &[u8]) -> Result<Option<WithFaults<Entry>>, String> {
    #[derive(Deserialize)]
    struct Head {
        action: String,
    }
    match serde_json::from_slice::<Head>(line) {
        Err(e) => Err(format!("no line of an audit log: {e}")),
        Ok(head) if !ACTIONS.contains(&head.action.as_str()) => Ok(None),
        Ok(_) => entry_of(line).map(Some),
    }
}

/// The entry in a line, and what is wrong with those of its events that cannot be read.
fn entry_of(line: &[u8]) -> Result<WithFaults<Entry>, String> {
    #[derive(Deserialize)]
    struct OfEvents {
        details: Events,
    }
    #[derive(Deserialize)]
    struct Events {
        events: Vec<Event>,
    }
    // Nearly every line; by way of a value it takes several times as long.
    if let Ok(OfEvents { details }) = serde_json::from_slice(line) {
        return Ok((Entry::Events(details.events), Vec::new()));
    }
    let whole: Value = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    let details = &whole["details"];
    let part = |name: &str| details[name].clone();
    let text = |e: serde_json::Error| e.to_string();
    if let Some(values) = details["events"].as_array() {
        let (mut events, mut wrong) = (Vec::new(), Vec::new());
        for (at, value) in values.iter().enumerate() {
            match serde_json::from_value::<Event>(value.clone()) {
                Ok(event) => events.push(event),
                Err(e) => wrong.push(format!("event {}: {e}", at + 1)),
            }
        }
        return Ok((Entry::Events(events), wrong));
    }
    let entry = if details["rule"].is_object() {
        Entry::Rule(serde_json::from_value(part("rule")).map_err(text)?)
    } else if details["withdrawn"].is_string() {
        Entry::Withdrawal {
            rule: serde_json::from_value(part("withdrawn")).map_err(text)?,
            at: serde_json::from_value(part("at")).map_err(text)?,
            by: serde_json::from_value(part("by")).map_err(text)?,
        }
    } else if details["hits_of"].is_string() {
        Entry::Hits {
            rule: serde_json::from_value(part("hits_of")).map_err(text)?,
            file: serde_json::from_value(part("file")).map_err(text)?,
            hits: serde_json::from_value(part("hits")).map_err(text)?,
        }
    } else {
        return Err("it lacks what it is about".to_owned());
    };
    Ok((entry, Vec::new()))
}

/// Bytes to the end of a line, or `None` if it has none yet.
fn skip_line(file: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut skipped = 0;
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let end = memchr::memchr(b'\n', buffer);
        let used = end.map_or(buffer.len(), |at| at + 1);
        file.consume(used);
        skipped += used as u64;
        if end.is_some() {
            return Ok(Some(skipped));
        }
    }
}

/// What tells a journal from another at a place.
pub(super) fn mark(path: &Path, offset: u64) -> io::Result<String> {
    mark_of(&mut File::open(path)?, offset)
}

fn mark_of(file: &mut File, offset: u64) -> io::Result<String> {
    let start = offset.saturating_sub(MARK_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(offset - start).read_to_end(&mut bytes)?;
    Ok(blake3::hash(&bytes).to_hex()[..16].to_owned())
}

/// The events in a line of some workspace's audit log, with what is wrong with those that cannot be read; `None` for a line
/// that holds none.
///
/// # Errors
/// It is no line of an audit log, in words.
pub fn events_of_line(line: &[u8]) -> Result<Option<WithFaults<Vec<Event>>>, String> {
    Ok(match understand(line)? {
        Some((Entry::Events(events), wrong)) => Some((events, wrong)),
        _ => None,
    })
}
