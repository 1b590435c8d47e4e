//! Owns a look into the watched directory: which files are new and stand still, and what is done with each.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::news::WatchedFile;
use super::ledger::{End, Ledger, Line, Looks, State};
use super::names;
use crate::artifacts::{Timestamp, atomic};
use crate::cancel::{CancelToken, Cancelled};
use crate::pipeline::prediction::{PredictSummary, rejects_beside};

/// At so many looks in a row a file must have looked the same as at the one before.
const STILL: u8 = 2;

/// Files that were done with before are told so many when the console begins.
const TOLD_BEFORE: usize = 50;

/// After trouble that is not a file's fault, so many looks are made without trying again.
const PATIENCE: u32 = 15;

/// Bytes read at once.
const BLOCK: usize = 1 << 20;

/// Where everything is.
pub(super) struct Places {
    /// The watched directory.
    pub(super) directory: PathBuf,
    /// Where outputs go.
    pub(super) outputs: PathBuf,
    /// The watched directory must not be this one or below it, or outputs would be scored in turn.
    pub(super) not_in: PathBuf,
    /// The ledger.
    pub(super) ledger: PathBuf,
    /// The lock.
    pub(super) lock: PathBuf,
}

/// Why a file was not scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was given up.
    Cancelled,
    /// The file is at fault; it is tried again when it changes.
    File(String),
    /// Something else is; it is tried again later.
    Elsewhere(String),
}

/// Who scores.
pub(super) trait Scores {
    /// Whether a file could be scored now, or why not.
    fn ready(&mut self) -> Result<(), String>;

    /// Scores a file.
    fn score(&mut self, input: &Path, output: &Path) -> Result<PredictSummary, Trouble>;
}

/// A file that was not there before, or looked otherwise.
#[derive(Clone, Copy, Debug)]
struct Fresh {
    looks: Looks,
    still: u8,
}

/// What is remembered between looks.
pub(super) struct Watcher<'a> {
    places: Places,
    scorer: Box<dyn Scores + 'a>,
    tell: Box<dyn Fn(WatchedFile) + 'a>,
    ledger: Ledger,
    /// Held by the one program that watches.
    held: Option<File>,
    /// Whether the ledger has been told from.
    begun: bool,
    fresh: HashMap<OsString, Fresh>,
    /// Files that could not be read, as they looked then: told once.
    unreadable: HashMap<OsString, Looks>,
    /// What was said last of the directory, or of why nothing can be scored.
    said: Option<String>,
    /// Looks that are still made without trying again.
    resting: u32,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(places: Places, scorer: Box<dyn Scores + 'a>, tell: Box<dyn Fn(WatchedFile) + 'a>) -> Self {
        Self {
            ledger: Ledger::at(&places.ledger),
            places,
            scorer,
            tell,
            held: None,
            begun: false,
            fresh: HashMap::new(),
            unreadable: HashMap::new(),
            said: None,
            resting: 0,
        }
    }

    /// Looks once.
    pub(super) fn round(&mut self, cancel: &CancelToken) -> Result<(), Cancelled> {
        if let Err(reason) = self.prepare() {
            self.say(reason);
            return Ok(());
        }
        if self.held.is_none() {
            return Ok(());
        }
        self.resting = self.resting.saturating_sub(1);
        match self.look(cancel)? {
            Err(reason) => self.say(reason),
            Ok(due) if due.is_empty() => self.said = None,
            Ok(_) if self.resting > 0 => {}
            Ok(due) => self.score_all(due, cancel)?,
        }
        Ok(())
    }

    /// Sees that one program watches, and takes in what another one did.
    fn prepare(&mut self) -> Result<(), String> {
        let ledger = |error: io::Error, path: &Path| format!("{}: {}", path.display(), atomic::advice(&error));
        if self.held.is_none() {
            self.held = lock(&self.places.lock).map_err(|e| ledger(e, &self.places.lock))?;
            let lines = self.ledger.read_on().map_err(|e| ledger(e, &self.places.ledger))?;
            self.tell_of(&lines);
            if self.held.is_some()
                && let Err(error) = self.ledger.tidy()
            {
                tracing::warn!("{}", ledger(error, &self.places.ledger));
            }
        }
        Ok(())
    }

    /// Tells how it ended with files that another program, or this one in an earlier life, was done with.
    fn tell_of(&mut self, lines: &[Line]) {
        let earlier = !std::mem::replace(&mut self.begun, true);
        let mut last = VecDeque::new();
        for line in lines {
            let outcome = match &line.state {
                State::Scoring | State::Same => continue,
                State::Done { summary } => Ok((**summary).clone()),
                State::Failed { reason } => Err(reason.clone()),
            };
            if last.len() == TOLD_BEFORE {
                last.pop_front();
            }
            last.push_back(WatchedFile {
                name: line.name.clone(),
                at: line.at.to_string(),
                earlier,
                outcome,
            });
        }
        for file in last {
            (self.tell)(file);
        }
    }

    /// The files that are new and stand still, the oldest first; the inner error is about the directory.
    fn look(&mut self, cancel: &CancelToken) -> Result<Result<Vec<(OsString, Looks)>, String>, Cancelled> {
        let directory = &self.places.directory;
        let unreadable = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => "there is no such directory; it is watched as soon as there is".to_owned(),
            io::ErrorKind::PermissionDenied => "no permission to look into it; ask its owner for it".to_owned(),
            _ => format!("cannot be looked into: {cause}"),
        };
        if is_within(directory, &self.places.not_in) || is_same(directory, self.places.ledger.parent()) {
            return Ok(Err(
                "this program writes there, and its own files would be scored; watch another directory".to_owned(),
            ));
        }
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(cause) => return Ok(Err(unreadable(cause))),
        };
        let (mut seen, mut due) = (HashMap::new(), Vec::new());
        for entry in entries {
            cancel.check()?;
            let entry = match entry {
                Ok(entry) => entry,
                Err(cause) => return Ok(Err(unreadable(cause))),
            };
            let name = entry.file_name();
            // Links are left alone: where they lead is nobody's drop. So are directories, pipes and devices.
            if names::is_temporary(&name) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                continue;
            }
            let Some(looks) = entry.metadata().ok().as_ref().and_then(looks_of) else {
                continue;
            };
            // An empty file is one that somebody is about to write.
            if looks.size == 0 || self.ledger.is_settled(&names::key(&name), looks) {
                continue;
            }
            let still = match self.fresh.get(&name) {
                Some(fresh) if fresh.looks == looks => fresh.still.saturating_add(1),
                _ => 0,
            };
            if still >= STILL {
                due.push((name.clone(), looks));
            }
            seen.insert(name, Fresh { looks, still });
        }
        self.unreadable.retain(|name, _| seen.contains_key(name));
        self.fresh = seen;
        due.sort_by(|(a, of_a), (b, of_b)| (of_a.changed, a).cmp(&(of_b.changed, b)));
        Ok(Ok(due))
    }

    fn score_all(&mut self, due: Vec<(OsString, Looks)>, cancel: &CancelToken) -> Result<(), Cancelled> {
        if let Err(reason) = self.scorer.ready() {
            let files = if due.len() == 1 {
                "1 file waits".to_owned()
            } else {
                format!("{} files wait", due.len())
            };
            tracing::warn!("watched directory: {files}: {reason}");
            self.say(reason);
            return Ok(());
        }
        for (name, looks) in due {
            cancel.check()?;
            match self.score_one(&name, looks, cancel) {
                Ok(()) => self.said = None,
                Err(Trouble::Cancelled) => return Err(Cancelled),
                Err(Trouble::File(reason)) => {
                    // Nothing is in the ledger, so that it is tried again when its rights have changed.
                    if self.unreadable.insert(name.clone(), looks) != Some(looks) {
                        self.tell_end(&names::key(&name), Err(reason));
                    }
                }
                Err(Trouble::Elsewhere(reason)) => {
                    self.resting = PATIENCE;
                    self.say(reason);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Scores one file, if it still looks so and its content was not scored before.
    fn score_one(&mut self, name: &OsString, looks: Looks, cancel: &CancelToken) -> Result<(), Trouble> {
        let path = self.places.directory.join(name);
        let Some(hash) = content(&path, looks, cancel)? else {
            self.fresh.remove(name);
            return Ok(());
        };
        let key = names::key(name);
        let line = |state| Line {
            at: Timestamp::now(),
            name: key.clone(),
            looks,
            hash: hash.clone(),
            state,
        };
        if self.ledger.end_of(&key, &hash) == Some(End::Done) {
            // Touched or copied again: what it says was scored.
            if let Err(error) = self.ledger.append(&line(State::Same)) {
                tracing::warn!("{}: {}", self.places.ledger.display(), atomic::advice(&error));
            }
            return Ok(());
        }
        let output = self.places.outputs.join(names::output(name, &hash));
        let not_noted = |error: io::Error, path: &Path| {
            let reason = atomic::advice(&error);
            Trouble::Elsewhere(format!(
                "{}: {reason}; nothing is scored that cannot be noted",
                path.display()
            ))
        };
        self.ledger
            .append(&line(State::Scoring))
            .map_err(|error| not_noted(error, &self.places.ledger))?;
        let (state, told) = match self.scorer.score(&path, &output) {
            Err(Trouble::File(reason)) => (State::Failed { reason: reason.clone() }, Err(reason)),
            Err(other) => return Err(other),
            Ok(_) if looks_now(&path) != Some(looks) => {
                // What was scored is neither the old content nor the new one.
                tracing::info!(file = %path.display(), "it changed while it was scored, and is scored again");
                for written in [rejects_beside(&output), output] {
                    _ = fs::remove_file(written);
                }
                self.fresh.remove(name);
                return Ok(());
            }
            Ok(summary) => {
                let noted = PredictSummary {
                    drift: Vec::new(),
                    notes: Vec::new(),
                    ..summary.clone()
                };
                (
                    State::Done {
                        summary: Box::new(noted),
                    },
                    Ok(summary),
                )
            }
        };
        if let Err(error) = self.ledger.append(&line(state)) {
            // It counts for this program; the next one would score it again, to the same output.
            tracing::warn!("{}: {}", self.places.ledger.display(), atomic::advice(&error));
        }
        self.tell_end(&key, told);
        Ok(())
    }

    fn tell_end(&self, name: &str, outcome: Result<PredictSummary, String>) {
        match &outcome {
            Ok(summary) => tracing::info!(file = name, rows = summary.rows, "a watched file is scored"),
            Err(reason) => tracing::warn!(file = name, "a watched file cannot be scored: {reason}"),
        }
        (self.tell)(WatchedFile {
            name: name.to_owned(),
            at: Timestamp::now().to_string(),
            earlier: false,
            outcome,
        });
    }

    /// Says something about the directory as a whole, once until something else is to be said.
    fn say(&mut self, reason: String) {
        if self.said.as_ref() == Some(&reason) {
            return;
        }
        self.tell_end(&self.places.directory.display().to_string(), Err(reason.clone()));
        self.said = Some(reason);
    }
}

/// The lock, if no other program has it. Where there are no locks it counts as had: outputs have the names of their contents,
/// so two programs at it do twice the work and write the same.
fn lock(path: &Path) -> io::Result<Option<File>> {
    atomic::create_parents(path).map_err(|error| error.cause)?;
    let file = File::options().write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(cause)) => {
            tracing::warn!("{}: no locks here: {cause}", path.display());
            Ok(Some(file))
        }
    }
}

fn is_within(directory: &Path, other: &Path) -> bool {
    match (directory.canonicalize(), other.canonicalize()) {
        (Ok(directory), Ok(other)) => directory.starts_with(other),
        _ => directory.starts_with(other),
    }
}

fn is_same(directory: &Path, other: Option<&Path>) -> bool {
    let there = other.and_then(|other| other.canonicalize().ok());
    there.is_some() && directory.canonicalize().ok() == there
}

fn looks_of(metadata: &Metadata) -> Option<Looks> {
    let changed = metadata
        .mtime()
        .checked_mul(1_000_000_000)?
        .checked_add(metadata.mtime_nsec())?;
    metadata.is_file().then_some(Looks {
        size: metadata.len(),
        changed,
    })
}

fn looks_now(path: &Path) -> Option<Looks> {
    looks_of(&fs::symlink_metadata(path).ok()?)
}

/// The hash of a file's content; `None` if it does not look as it did, or is gone.
fn content(path: &Path, looks: Looks, cancel: &CancelToken) -> Result<Option<String>, Trouble> {
    if looks_now(path) != Some(looks) {
        return Ok(None);
    }
    let refused = |cause: io::Error| match cause.kind() {
        io::ErrorKind::PermissionDenied => {
            Trouble::File("no permission to read it; it is scored as soon as there is".to_owned())
        }
        _ => Trouble::File(format!("cannot be read: {cause}")),
    };
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(refused)?,
    };
    let (mut hasher, mut block) = (blake3::Hasher::new(), vec![0; BLOCK]);
    loop {
        cancel.check().map_err(|_| Trouble::Cancelled)?;
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => _ = hasher.update(&block[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(refused(error)),
        }
    }
    let same = file.metadata().ok().as_ref().and_then(looks_of) == Some(looks) && looks_now(path) == Some(looks);
    Ok(same.then(|| hasher.finalize().to_hex()[..32].to_owned()))
}
