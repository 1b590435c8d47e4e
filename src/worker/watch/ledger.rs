//! Owns the ledger of the watched directory: what was scored, by name, size, time and content, a line a change. A line is on
//! disk before anything follows from it, and a torn last line counts for nothing.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::artifacts::{Timestamp, atomic};
use crate::pipeline::prediction::PredictSummary;

/// More lines than this over one a file, and the ledger is written anew when it is opened.
const SLACK: usize = 1_000;

/// What is known of a file's looks without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Looks {
    /// Bytes.
    pub(super) size: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub(super) changed: i64,
}

/// How far a file has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum State {
    /// It is being scored, or was when the program died.
    Scoring,
    /// It is scored.
    Done {
        /// What it gave; drift and notes are left out.
        summary: Box<PredictSummary>,
    },
    /// It looks otherwise and says the same; its output is there.
    Same,
    /// It cannot be scored as it is.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    /// When it was written.
    pub(super) at: Timestamp,
    /// The file's name.
    pub(super) name: String,
    /// Its looks.
    #[serde(flatten)]
    pub(super) looks: Looks,
    /// Hash of its content.
    pub(super) hash: String,
    /// How far it is.
    #[serde(flatten)]
    pub(super) state: State,
}

/// What is remembered of a file with one content.
#[derive(Clone, Debug)]
struct Known {
    looks: Looks,
    hash: String,
    end: Option<End>,
}

/// How it ended with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Scored.
    Done,
    /// Refused.
    Failed,
}

/// The ledger.
pub(super) struct Ledger {
    path: PathBuf,
    files: HashMap<String, Vec<Known>>,
    /// Bytes taken in.
    read: u64,
    lines: usize,
}

impl Ledger {
    /// Nothing of it is read yet.
    pub(super) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            files: HashMap::new(),
            read: 0,
            lines: 0,
        }
    }

    /// Takes in what was written since the last time, and answers it. A line that is none is left out.
    pub(super) fn read_on(&mut self) -> io::Result<Vec<Line>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                *self = Self::at(&self.path);
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        if length < self.read {
            // It was written anew.
            *self = Self::at(&self.path);
        }
        let mut reader = BufReader::new(file);
        reader.seek(SeekFrom::Start(self.read))?;
        let (mut lines, mut bytes) = (Vec::new(), Vec::new());
        loop {
            bytes.clear();
            let count = reader.read_until(b'\n', &mut bytes)?;
            if !bytes.ends_with(b"\n") {
                return Ok(lines);
            }
            self.read += count as u64;
            self.lines += 1;
            match serde_json::from_slice::<Line>(&bytes) {
                Ok(line) => {
                    self.take(&line);
                    lines.push(line);
                }
                Err(_) if bytes.trim_ascii().is_empty() => {}
                Err(error) => tracing::warn!(ledger = %self.path.display(), "a line is left out: {error}"),
            }
        }
    }

    fn take(&mut self, line: &Line) {
        let end = match line.state {
            State::Scoring => None,
            State::Done { .. } | State::Same => Some(End::Done),
            State::Failed { .. } => Some(End::Failed),
        };
        let known = self.files.entry(line.name.clone()).or_default();
        match known.iter_mut().find(|known| known.hash == line.hash) {
            Some(known) => (known.looks, known.end) = (line.looks, end),
            None => known.push(Known {
                looks: line.looks,
                hash: line.hash.clone(),
                end,
            }),
        }
    }

    /// Whether there is nothing to do for a file that looks so.
    pub(super) fn is_settled(&self, name: &str, looks: Looks) -> bool {
        let known = self.files.get(name);
        known.is_some_and(|known| known.iter().any(|k| k.looks == looks && k.end.is_some()))
    }

    /// How it ended with this content under this name.
    pub(super) fn end_of(&self, name: &str, hash: &str) -> Option<End> {
        let known = self.files.get(name)?;
        known.iter().find(|known| known.hash == hash)?.end
    }

    /// Appends a line; it is on disk when this returns. What cannot be written counts for this program all the same.
    pub(super) fn append(&mut self, line: &Line) -> io::Result<()> {
        self.take(line);
        atomic::create_parents(&self.path).map_err(io::Error::other)?;
        let new = !self.path.exists();
        let mut file = File::options().read(true).append(true).create(true).open(&self.path)?;
        let mut bytes = Vec::new();
        if !ends_a_line(&mut file)? {
            bytes.push(b'\n');
        }
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
        file.write_all(&bytes)?;
        file.sync_all()?;
        if new {
            atomic::sync_directory(self.path.parent().unwrap_or(Path::new(".")))?;
        }
        self.read = file.metadata()?.len();
        self.lines += 1;
        Ok(())
    }

    /// Writes it anew with one line a file, if it has many more. Only for whoever holds the lock.
    pub(super) fn tidy(&mut self) -> io::Result<()> {
        let files: usize = self.files.values().map(Vec::len).sum();
        if self.lines <= files * 2 + SLACK {
            return Ok(());
        }
        let mut all = Self::at(&self.path);
        let lines = all.read_on()?;
        let mut last = HashMap::new();
        for (at, line) in lines.iter().enumerate() {
            last.insert((&line.name, &line.hash), at);
        }
        let kept = lines.iter().enumerate();
        let kept = kept.filter(|(at, line)| last.get(&(&line.name, &line.hash)) == Some(at));
        let mut bytes = Vec::new();
        for (_, line) in kept {
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
        }
        atomic::write_bytes(&self.path, &bytes).map_err(io::Error::other)?;
        self.read = fs::metadata(&self.path)?.len();
        self.lines = last.len();
        Ok(())
    }
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    io::Read::read_exact(file, &mut last)?;
    Ok(last == *b"\n")
}
