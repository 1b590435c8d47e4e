//! Owns recordings: every message of a session as a line of JSON, and the way back from such lines to the state.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::tui::app::{App, Message, Timed, update};

/// Fields that hold what stands in cells, or what people wrote about them, wherever they appear.
const CELLS: [&str; 17] = [
    "cells",
    "value",
    "min",
    "max",
    "labels",
    "raw",
    "message",
    "details",
    "reason",
    "usual",
    "other",
    "differs",
    "fields",
    "note",
    "what",
    "suppressed",
    "filters",
];

/// Writes messages down.
#[derive(Debug)]
pub struct Recorder {
    out: BufWriter<File>,
    cells: bool,
    failed: bool,
}

impl Recorder {
    /// Begins a recording in a new file, for nobody else to read. Contents of cells are hidden unless `cells` is set.
    ///
    /// # Errors
    /// The file is there already, or cannot be made.
    pub fn create(path: &Path, cells: bool) -> io::Result<Self> {
        let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self {
            out: BufWriter::new(file),
            cells,
            failed: false,
        })
    }

    /// Writes a message down. A disk that takes no more ends the recording and nothing else.
    pub fn take(&mut self, message: &Timed) {
        if self.failed {
            return;
        }
        let line = line(message, self.cells);
        self.failed = line.is_none_or(|line| writeln!(self.out, "{line}").is_err());
        if self.failed {
            tracing::warn!("the recording ends here: it cannot be written");
        }
    }

    /// Brings what was taken to the file.
    pub fn flush(&mut self) {
        self.failed |= self.out.flush().is_err();
    }
}

fn line(message: &Timed, cells: bool) -> Option<String> {
    if cells {
        return serde_json::to_string(message).ok();
    }
    let mut value = serde_json::to_value(message).ok()?;
    // The tag beside it is no text of anybody's, whatever its field is called.
    if let Some(content) = value.get_mut("of") {
        match &message.message {
            Message::News(_) => hide(content, false),
            Message::Paste(_) | Message::Copied(_) => hide(content, true),
            _ => {}
        }
    }
    Some(value.to_string())
}

/// Hides texts below the fields that hold cells, and below `value` itself if it is one of those.
fn hide(value: &mut Value, is_cell: bool) {
    match value {
        Value::String(text) if is_cell => *text = shape(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, is_cell)),
        Value::Object(fields) => {
            for (name, field) in fields {
                hide(field, is_cell || CELLS.contains(&name.as_str()));
            }
        }
        _ => {}
    }
}

/// The shape of a text: as long and as wide, saying nothing.
fn shape(text: &str) -> String {
    let hidden = |c: char| match c {
        '0'..='9' => '0',
        c if c.is_alphanumeric() => 'x',
        c => c,
    };
    text.chars().map(hidden).collect()
}

/// A line of a recording that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the recording: {cause}")]
pub struct BadRecording {
    /// Which, from 1.
    pub line: usize,
    /// Why.
    pub cause: serde_json::Error,
}

/// Plays a recording into a state as it is; `seen` gets the state after each message.
///
/// # Errors
/// A line that is no message of this version.
pub fn replay(recording: &str, app: &mut App, mut seen: impl FnMut(&App)) -> Result<(), BadRecording> {
    for (at, line) in recording.lines().enumerate() {
        let timed: Timed = serde_json::from_str(line).map_err(|cause| BadRecording { line: at + 1, cause })?;
        // What the state wished was done when it was recorded; the answers are among the messages.
        let _ = update(app, timed.at, timed.message);
        seen(app);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::{ColumnInfo, ColumnKind, RowCount, TableRow};
    use crate::tui::app::Start;
    use crate::tui::key::KeyPress;
    use crate::tui::keymap::{KeySettings, Keymap};
    use crate::worker::{Kind, News, OpenedTable, Reply, Report, Ticket};

    fn opened() -> Message {
        let cells = ["10.0.0.7", "Passwörter!"];
        let table = OpenedTable {
            path: None,
            name: "flows.csv".into(),
            format: "CSV".into(),
            bytes: None,
            columns: vec![ColumnInfo {
                name: "source".into(),
                kind: ColumnKind::Text,
            }],
            rows: RowCount::default(),
            first: vec![TableRow {
                ordinal: Some(0),
                cells: cells.map(str::to_owned).to_vec(),
                trouble: None,
            }],
        };
        let ticket = Ticket {
            id: 1,
            kind: Kind::Open,
        };
        let report = Report::Done(Box::new(Reply::Opened(table)));
        Message::News(Box::new(News { ticket, report }))
    }

    fn recorded(message: Message, cells: bool) -> String {
        line(&Timed { at: 7, message }, cells).unwrap()
    }

    #[test]
    fn cells_are_hidden_and_everything_else_is_kept() {
        let hidden = recorded(opened(), false);
        assert!(hidden.contains(r#"["00.0.0.0","xxxxxxxxxx!"]"#), "{hidden}");
        assert!(hidden.contains("flows.csv") && hidden.contains("source"), "{hidden}");
        serde_json::from_str::<Timed>(&hidden).unwrap();
        let shown = recorded(opened(), true);
        let read: Timed = serde_json::from_str(&shown).unwrap();
        assert_eq!(read.message, opened());
        let pasted = recorded(Message::Paste("secret 42".into()), false);
        assert!(pasted.contains("xxxxxx 00") && !pasted.contains("secret"), "{pasted}");
    }

    #[test]
    fn what_is_known_of_a_case_is_hidden_and_can_still_be_played() {
        let card = serde_json::json!({
            "row": {"row": "00000000000003e8", "ordinal": 0, "copies": 1, "probability": 0.9, "confidence": 0.9,
                "flagged": true, "risk": "high", "action": "block", "reason": "host = secret (+.3)",
                "state": {"verdict": null, "conflicts": [], "note": "secret", "tags": [], "latest": null},
                "suppressed": "host = 'secret'", "cells": ["secret"]},
            "at": 0,
            "columns": [{"column": "host", "value": "secret", "share": 0.3, "usual": "secret in 3 %",
                "unseen": false, "drifted": false}],
            "other": [["host", "secret"]],
            "smallest_change": {"fields": [{"column": "host", "from": {"text": "secret"}, "to": {"text": "secret"}}],
                "before": 0.9, "after": 0.1, "distance": 0.1, "scored": 3},
            "neighbours": [{"source": {"from": "training", "row": 1, "malicious": true}, "distance": 0.1,
                "differs": [["host", "secret", "secret"]], "differences": 1}],
            "reliability": null,
            "history": [{"at": "now", "analyst": "ana", "what": "note: secret", "undone": false, "lane": "picked"}],
            "missing": [],
        });
        let reply = Reply::Card(Box::new(serde_json::from_value(card).unwrap()));
        let ticket = Ticket {
            id: 1,
            kind: Kind::Card,
        };
        let report = Report::Done(Box::new(reply));
        let message = Message::News(Box::new(News { ticket, report }));
        let hidden = recorded(message, false);
        assert!(!hidden.contains("secret"), "{hidden}");
        serde_json::from_str::<Timed>(&hidden).unwrap();
    }

    #[test]
    fn a_recording_is_played_back() {
        let path = tempfile::tempdir().unwrap().keep().join("session.jsonl");
        let mut recorder = Recorder::create(&path, false).unwrap();
        let messages = [
            Message::Started { width: 80, height: 24 },
            opened(),
            Message::Key(KeyPress::char('j')),
            Message::Resized { width: 160, height: 48 },
        ];
        for (at, message) in messages.into_iter().enumerate() {
            recorder.take(&Timed { at: at as u64, message });
        }
        recorder.flush();
        assert!(Recorder::create(&path, false).is_err(), "nothing is overwritten");
        let recording = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        let mut app = App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default());
        let mut steps = 0;
        replay(&recording, &mut app, |_| steps += 1).unwrap();
        assert_eq!((steps, app.shared.size, app.shared.now), (4, (160, 48), 3));
        let wrong = replay("{}\n", &mut app, |_| ()).unwrap_err().to_string();
        assert!(wrong.starts_with("line 1 of the recording: "), "{wrong}");
    }
}
