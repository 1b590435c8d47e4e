//! Owns the connection to `verdicts.db`: taking over from the journal, and what it means when SQLite says no.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use super::journal::{self, BadLine, Entry, Found, Position, Reader};
use super::rows::Inserter;

/// What an error means for the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another process holds it.
    Busy,
    /// There is no room.
    Full,
    /// It cannot be written, or not be opened.
    Closed,
    /// What is in it makes no sense.
    Damaged,
    /// Anything else.
    Other,
}

pub(super) fn trouble(error: &rusqlite::Error) -> Trouble {
    match error {
        rusqlite::Error::SqliteFailure(failure, said) => match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => Trouble::Busy,
            ErrorCode::DiskFull => Trouble::Full,
            ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::SystemIoFailure => {
                Trouble::Closed
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Trouble::Damaged,
            // A table or a column that should be there is not.
            ErrorCode::Unknown
                if said
                    .as_ref()
                    .is_some_and(|text| text.contains("no such") || text.contains("malformed")) =>
            {
                Trouble::Damaged
            }
            _ => Trouble::Other,
        },
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::QueryReturnedNoRows => Trouble::Damaged,
        _ => Trouble::Other,
    }
}

/// What SQLite said in plain words, and what to do about it.
pub(super) fn advice(error: &rusqlite::Error) -> String {
    match trouble(error) {
        Trouble::Busy => "another process holds it locked; end that, or wait".to_owned(),
        Trouble::Full => "the disk is full; free some space".to_owned(),
        Trouble::Closed => format!("it cannot be opened or written ({error}); check its rights and the disk"),
        Trouble::Damaged => format!("it is damaged ({error})"),
        Trouble::Other => error.to_string(),
    }
}

/// What was taken over.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Events that were not there before.
    pub(super) events: u64,
    /// Rules, withdrawals and hits that were not there before.
    pub(super) rules: u64,
    /// Lines that cannot be understood.
    pub(super) bad: Vec<BadLine>,
    /// How far the journal has been taken over.
    pub(super) position: Position,
    /// Whether the journal was another one than before.
    pub(super) restarted: bool,
}

/// Why nothing was taken over.
#[derive(Debug)]
pub(super) enum TakeError {
    Database(rusqlite::Error),
    Journal(std::io::Error),
}

impl From<rusqlite::Error> for TakeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Takes over whatever the journal has beyond the place the database knows, in one transaction. `own` is what this process
/// has just written there: where nothing else came between, it need not be read again.
pub(super) fn take_over(
    connection: &mut Connection,
    journal: &Path,
    own: Option<(&Range<u64>, &Entry)>,
    wait: Duration,
) -> Result<Taken, TakeError> {
    connection.busy_timeout(wait)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = position(&transaction)?;
    let mut taken = Taken::default();
    {
        let mut inserter = Inserter::new(&transaction)?;
        match own {
            Some((range, entry)) if range.start == known.offset => {
                inserter.entry(entry)?;
                taken.position = Position {
                    offset: range.end,
                    line: known.line + lines_of(entry),
                    mark: String::new(),
                };
            }
            _ => read_on(journal, &known, &mut inserter, &mut taken)?,
        }
        taken.events = inserter.new_events;
        taken.rules = inserter.new_rules;
    }
    if taken.position.offset != known.offset {
        taken.position.mark = journal::mark(journal, taken.position.offset).map_err(TakeError::Journal)?;
    }
    if taken.position != known {
        save(&transaction, &taken.position)?;
    }
    transaction.commit()?;
    Ok(taken)
}

fn lines_of(entry: &Entry) -> u64 {
    match entry {
        Entry::Events(events) => journal::line_count(events),
        _ => 1,
    }
}

fn read_on(journal: &Path, known: &Position, inserter: &mut Inserter<'_>, taken: &mut Taken) -> Result<(), TakeError> {
    taken.position = known.clone();
    let Some(mut reader) = Reader::open(journal, known).map_err(TakeError::Journal)? else {
        return Ok(());
    };
    taken.restarted = reader.restarted;
    while let Some(found) = reader.next().map_err(TakeError::Journal)? {
        match found {
            Found::Entry(entry) => inserter.entry(&entry)?,
            Found::Bad(line) => taken.bad.push(line),
        }
    }
    taken.position = reader.position;
    Ok(())
}

/// How far the journal has been taken over.
pub(super) fn position(connection: &Connection) -> rusqlite::Result<Position> {
    let mut statement = connection.prepare("SELECT value FROM meta WHERE key = ?1")?;
    let mut value = |key: &str| statement.query_row([key], |row| row.get::<_, String>(0)).optional();
    let number = |text: Option<String>| text.and_then(|t| t.parse().ok()).unwrap_or(0);
    Ok(Position {
        offset: number(value("journal_offset")?),
        line: number(value("journal_line")?),
        mark: value("journal_mark")?.unwrap_or_default(),
    })
}

/// Forgets how far the journal was taken over, so that all of it is looked at again.
pub(super) fn forget_position(connection: &Connection) -> rusqlite::Result<()> {
    save(connection, &Position::default())
}

fn save(connection: &Connection, position: &Position) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
    statement.execute(["journal_offset", &position.offset.to_string()])?;
    statement.execute(["journal_line", &position.line.to_string()])?;
    statement.execute(["journal_mark", &position.mark])?;
    Ok(())
}

/// Changes whenever another connection has written.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}
