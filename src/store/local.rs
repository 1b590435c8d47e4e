//! Owns the store on this host: `verdicts.db` where it can be used, a database in memory made from the journal where it
//! cannot, and the way back.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::database::{self, TakeError, Trouble, trouble};
use super::journal::{self, BadLine, Entry, Found, Position, Reader};
use super::open::{OpenError, open_file, open_memory};
use super::{Standing, StoreError, StoreOptions, files};
use crate::artifacts::audit;
use crate::workspace::Workspace;

/// How often the file is tried again while something stands in for it.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long a write waits while the file is known to be held: an analyst is not kept waiting at every key.
const SHORT_WAIT: Duration = Duration::from_millis(20);
/// Unreadable lines of the journal that are told one by one.
const TOLD_LINES: usize = 5;

/// The store on this host.
#[derive(Debug)]
pub struct LocalStore {
    pub(super) workspace: Workspace,
    options: StoreOptions,
    pub(super) path: PathBuf,
    pub(super) home: Home,
    /// Why the file lacks something that the journal has.
    pub(super) behind: Option<String>,
    /// Why nothing can be kept.
    pub(super) read_only: Option<String>,
    /// What is in the journal and not yet in `home`, while that is behind.
    pub(super) pending: Vec<Entry>,
    /// How far the journal was read for it.
    tail: Option<Position>,
    /// Whether places given out before mean nothing any more.
    pub(super) again: bool,
    /// The journal's length when it was last taken over.
    journal_length: u64,
    /// Since when looking found the file held by another process.
    held_since: Option<Instant>,
    version: i64,
    notices: Vec<String>,
}

/// Where rows are.
#[derive(Debug)]
pub(super) enum Home {
    /// In the file, with which file that is.
    File(Connection, Option<(u64, u64)>),
    /// In memory: why, and when the file is tried again.
    Memory(Connection, String, Instant),
}

/// What was taken from the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Events that the store lacked.
    pub events: u64,
    /// Suppression rules, withdrawals and hits that it lacked.
    pub rules: u64,
    /// Lines that cannot be understood.
    pub bad: Vec<BadLine>,
}

impl LocalStore {
    /// Opens the store of a workspace, making it if it is not there. A damaged file is set aside and made again from the
    /// journal. Where the file cannot be used, the journal stands in for it, which [`super::VerdictStore::standing`] says.
    ///
    /// # Errors
    /// The file is another program's or a newer version's; memory is short.
    pub fn open(workspace: &Workspace, options: StoreOptions) -> Result<Self, StoreError> {
        let path = workspace.verdicts_file();
        let mut notices = Vec::new();
        if options.shared {
            for directory in files::share(workspace) {
                notices.push(format!(
                    "{}: workspace.shared is set, but this directory cannot be opened to its group; \
                     its owner can: chmod g+rwxs",
                    directory.display()
                ));
            }
        }
        let memory = Connection::open_in_memory().map_err(StoreError::database(&path, "cannot be opened"))?;
        let mut store = Self {
            workspace: workspace.clone(),
            options,
            path,
            home: Home::Memory(memory, String::new(), Instant::now()),
            behind: None,
            read_only: None,
            pending: Vec::new(),
            tail: None,
            again: false,
            journal_length: 0,
            held_since: None,
            version: 0,
            notices,
        };
        store.enter()?;
        store.again = false;
        Ok(store)
    }

    /// Looks at the whole journal again and takes over what the store lacks.
    ///
    /// # Errors
    /// The store or the journal cannot be read or written.
    pub fn rebuild(&mut self) -> Result<TakenOver, StoreError> {
        self.settle();
        self.write("cannot be written", database::forget_position)?;
        self.journal_length = u64::MAX;
        let taken = self.take(None, self.options.wait);
        match (taken, &self.behind) {
            (Some(taken), _) => Ok(taken),
            (None, why) => Err(StoreError::Unavailable {
                path: self.path.clone(),
                why: why.clone().unwrap_or_default(),
            }),
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        match &self.home {
            Home::File(connection, _) | Home::Memory(connection, ..) => connection,
        }
    }

    pub(super) fn connection_mut(&mut self) -> &mut Connection {
        match &mut self.home {
            Home::File(connection, _) | Home::Memory(connection, ..) => connection,
        }
    }

    pub(super) fn current_standing(&self) -> Standing {
        if let Some(why) = &self.read_only {
            return Standing::ReadOnly(why.clone());
        }
        match (&self.home, &self.behind) {
            (Home::Memory(_, why, _), _) | (Home::File(..), Some(why)) => Standing::Journal(why.clone()),
            (Home::File(..), None) => Standing::Ready,
        }
    }

    pub(super) fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// How long a write may wait now.
    pub(super) fn wait(&self) -> Duration {
        match self.behind {
            Some(_) => self.options.wait.min(SHORT_WAIT),
            None => self.options.wait,
        }
    }

    /// Goes into the file, or into what stands in for it, and takes over what the journal has. Places given out before mean
    /// nothing after it.
    fn enter(&mut self) -> Result<(), StoreError> {
        self.again = true;
        match open_file(&self.path, &self.options) {
            Ok(connection) => self.move_in(connection),
            Err(OpenError::Refused(error)) => return Err(error),
            Err(OpenError::Unavailable(why)) => self.stand_in(why)?,
            Err(OpenError::Damaged(why)) => self.replace(&why)?,
        }
        self.take(None, self.wait());
        Ok(())
    }

    fn move_in(&mut self, connection: Connection) {
        self.home = Home::File(connection, files::identity(&self.path));
        self.pending.clear();
        self.tail = None;
        self.behind = None;
        self.read_only = None;
        self.journal_length = u64::MAX;
        self.version = database::data_version(self.connection()).unwrap_or(0);
    }

    /// The journal stands in for the file.
    fn stand_in(&mut self, why: String) -> Result<(), StoreError> {
        let connection = open_memory(&self.path).map_err(StoreError::database(&self.path, "cannot be opened"))?;
        self.read_only = audit::check_writable(&self.workspace).err().map(|e| e.to_string());
        self.home = Home::Memory(connection, why, Instant::now() + TRY_AGAIN);
        self.version = database::data_version(self.connection()).unwrap_or(0);
        self.pending.clear();
        self.tail = None;
        self.behind = None;
        self.journal_length = u64::MAX;
        self.again = true;
        Ok(())
    }

    /// Sets a damaged file aside and begins a new one; the journal fills it.
    fn replace(&mut self, why: &str) -> Result<(), StoreError> {
        // SQLite's locks go with the last connection, and another process may do the same at this moment.
        let memory = Connection::open_in_memory().map_err(StoreError::database(&self.path, "cannot be opened"))?;
        self.home = Home::Memory(memory, why.to_owned(), Instant::now());
        let held = files::lock_directory(self.workspace.root());
        let opened = match open_file(&self.path, &self.options) {
            Err(OpenError::Damaged(_)) => match files::set_aside(&self.path) {
                Ok(aside) => {
                    let line = format!(
                        "{}: damaged ({why}); set aside as {}, and made again from {}",
                        self.path.display(),
                        aside.display(),
                        self.workspace.audit_file().display()
                    );
                    tracing::warn!("{line}");
                    self.notices.push(line);
                    open_file(&self.path, &self.options)
                }
                Err(cause) => {
                    let why = format!("it is damaged ({why}) and cannot be set aside ({cause}); move it away by hand");
                    Err(OpenError::Unavailable(why))
                }
            },
            other => other,
        };
        drop(held);
        match opened {
            Ok(connection) => self.move_in(connection),
            Err(OpenError::Refused(error)) => return Err(error),
            Err(OpenError::Unavailable(why) | OpenError::Damaged(why)) => self.stand_in(why)?,
        }
        self.again = true;
        Ok(())
    }

    /// Comes back to the file where something stands in for it, and follows where another process has replaced it.
    pub(super) fn settle(&mut self) {
        let now = files::identity(&self.path);
        match &mut self.home {
            Home::File(_, at) if now != *at || now.is_none() => {
                tracing::warn!(
                    "{}: another file stands there now; it is opened again",
                    self.path.display()
                );
                if let Err(error) = self.enter() {
                    self.refused(&error);
                }
            }
            Home::File(..) => {}
            Home::Memory(_, _, next) if Instant::now() < *next => {}
            Home::Memory(_, _, next) => {
                *next = Instant::now() + TRY_AGAIN;
                let options = StoreOptions {
                    wait: SHORT_WAIT,
                    ..self.options.clone()
                };
                match open_file(&self.path, &options) {
                    Ok(connection) => {
                        self.move_in(connection);
                        self.again = true;
                        self.take(None, SHORT_WAIT);
                    }
                    Err(OpenError::Unavailable(_)) => {}
                    Err(OpenError::Damaged(why)) => {
                        if let Err(error) = self.replace(&why) {
                            self.refused(&error);
                        }
                        self.take(None, SHORT_WAIT);
                    }
                    Err(OpenError::Refused(error)) => self.refused(&error),
                }
            }
        }
    }

    /// The file that stands there now must not be touched; the journal stands in.
    fn refused(&mut self, error: &StoreError) {
        let why = error.to_string();
        if self.stand_in(why.clone()).is_err() {
            self.read_only = Some(why);
        }
    }

    /// Whether the journal is longer than what was taken over of it.
    pub(super) fn journal_has_more(&self) -> bool {
        self.length_of_journal() != self.journal_length
    }

    fn length_of_journal(&self) -> u64 {
        fs::metadata(self.workspace.audit_file()).map_or(0, |m| m.len())
    }

    /// Takes over what the journal has beyond the database; `None` if that must wait, which `behind` then explains.
    pub(super) fn take(&mut self, own: Option<(&std::ops::Range<u64>, &Entry)>, wait: Duration) -> Option<TakenOver> {
        // Twice at most: a damaged file is replaced once.
        for _ in 0..2 {
            let length = self.length_of_journal();
            let journal = self.workspace.audit_file();
            match database::take_over(self.connection_mut(), &journal, own, wait) {
                Ok(taken) => {
                    self.journal_length = length;
                    self.behind = None;
                    self.held_since = None;
                    self.pending.clear();
                    self.tail = None;
                    if taken.restarted {
                        self.notices.push(format!(
                            "{}: not the journal of last time; it was read from its start",
                            journal.display()
                        ));
                    }
                    self.tell_bad(&taken.bad);
                    return Some(TakenOver {
                        events: taken.events,
                        rules: taken.rules,
                        bad: taken.bad,
                    });
                }
                Err(TakeError::Journal(cause)) => {
                    self.behind = Some(format!("{}: cannot be read: {cause}", journal.display()));
                    return None;
                }
                Err(TakeError::Database(cause)) => {
                    let damaged = trouble(&cause) == Trouble::Damaged && matches!(self.home, Home::File(..));
                    self.behind = Some(format!("{}: {}", self.path.display(), database::advice(&cause)));
                    if !damaged || self.replace(&cause.to_string()).is_err() {
                        self.read_tail();
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Takes over what there is without waiting. Another process that writes at this moment is no trouble to tell of: only one
    /// that holds the file for longer than a write would wait for it is.
    pub(super) fn look(&mut self) -> Option<TakenOver> {
        let was_behind = self.behind.is_some();
        let taken = self.take(None, Duration::ZERO);
        if taken.is_none() && !was_behind {
            let since = *self.held_since.get_or_insert_with(Instant::now);
            if since.elapsed() < self.options.wait {
                self.behind = None;
                self.pending.clear();
                self.tail = None;
            }
        }
        taken
    }

    /// Reads what the journal has beyond the database, so that it is known while it cannot be taken over.
    fn read_tail(&mut self) {
        let known = self.tail.take().or_else(|| database::position(self.connection()).ok());
        let journal = self.workspace.audit_file();
        let reader = known.and_then(|from| Reader::open(&journal, &from).ok().flatten());
        let Some(mut reader) = reader else { return };
        if reader.restarted {
            self.pending.clear();
        }
        // Lines that cannot be understood are told of when they are taken over.
        while let Ok(Some(found)) = reader.next() {
            if let Found::Entry(entry) = found {
                self.pending.push(entry);
            }
        }
        let mut position = reader.position;
        position.mark = journal::mark(&journal, position.offset).unwrap_or_default();
        self.tail = Some(position);
    }

    fn tell_bad(&mut self, bad: &[BadLine]) {
        let journal = self.workspace.audit_file();
        for line in bad.iter().take(TOLD_LINES) {
            let line = format!("{}: line {}: {}; left out", journal.display(), line.line, line.why);
            tracing::warn!("{line}");
            self.notices.push(line);
        }
        if let Some(more) = bad.len().checked_sub(TOLD_LINES).filter(|more| *more > 0) {
            self.notices
                .push(format!("{}: {more} more such lines", journal.display()));
        }
    }

    /// Reads from the database. A damaged one is made again, one that is held is stood in for; then it is read once more.
    pub(super) fn read<T>(
        &mut self,
        action: &'static str,
        query: impl Fn(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let cause = match query(self.connection()) {
            Ok(answer) => return Ok(answer),
            Err(cause) => cause,
        };
        match (trouble(&cause), &self.home) {
            (Trouble::Damaged, Home::File(..)) => self.replace(&cause.to_string())?,
            (Trouble::Busy | Trouble::Closed | Trouble::Full, Home::File(..)) => {
                self.stand_in(database::advice(&cause))?;
            }
            _ => return Err(StoreError::database(&self.path, action)(cause)),
        }
        self.take(None, self.wait());
        query(self.connection()).map_err(StoreError::database(&self.path, action))
    }

    fn write(
        &mut self,
        action: &'static str,
        change: impl Fn(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        change(self.connection()).map_err(StoreError::database(&self.path, action))
    }

    /// Whether another connection has written since the last call.
    pub(super) fn version_changed(&mut self) -> Result<bool, StoreError> {
        let version = self.read("cannot be read", database::data_version)?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }
}
