//! Owns opening `verdicts.db`, and what stands in for it where it cannot be opened: a database in memory, made from what can
//! be read of the file and from the journal.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::database::{Trouble, advice, position, trouble};
use super::{StoreError, StoreOptions, files, schema};

/// A file up to this size is checked page by page whenever it is opened; a larger one when its pages are read.
const CHECKED_BYTES: u64 = 32 << 20;
/// A format beyond this was never given: it is damage, not a newer version.
const LIKELY_FORMATS: i64 = 10_000;

const TABLES: [&str; 6] = ["meta", "events", "cells", "rules", "withdrawals", "hits"];

/// Why the file cannot be used.
#[derive(Debug)]
pub(super) enum OpenError {
    /// It must not be touched.
    Refused(StoreError),
    /// Not now: locked, no room, no rights.
    Unavailable(String),
    /// What is in it makes no sense.
    Damaged(String),
}

/// Opens the database, making it if it is not there, and brings it to the newest format.
pub(super) fn open_file(path: &Path, options: &StoreOptions) -> Result<Connection, OpenError> {
    let said = |error: rusqlite::Error| match trouble(&error) {
        Trouble::Damaged => OpenError::Damaged(error.to_string()),
        _ => OpenError::Unavailable(advice(&error)),
    };
    files::prepare(path, options.shared).map_err(|e| OpenError::Unavailable(crate::artifacts::atomic::advice(&e)))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(said)?;
    connection.busy_timeout(options.wait).map_err(said)?;
    recognise(&connection, path)?;
    let set_up = |connection: &mut Connection| {
        // A file system without shared memory keeps the older way; everything works, only slower.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        schema::migrate(connection)
    };
    set_up(&mut connection).map_err(said)?;
    check(&connection, path)
        .map_err(said)?
        .map_or(Ok(connection), |why| Err(OpenError::Damaged(why)))
}

/// Whose database it is.
fn recognise(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let read = || -> rusqlite::Result<(i64, i64, i64, i64)> {
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok((
            number("user_version")?,
            number("application_id")?,
            count("SELECT count(*) FROM sqlite_master")?,
            count("SELECT count(*) FROM sqlite_master WHERE name IN ('events', 'meta', 'withdrawals', 'events_stay')")?,
        ))
    };
    let (format, application, things, ours) = read().map_err(|e| match trouble(&e) {
        Trouble::Damaged => OpenError::Damaged(e.to_string()),
        _ => OpenError::Unavailable(advice(&e)),
    })?;
    let path = path.to_path_buf();
    if application == schema::APPLICATION_ID && (schema::FORMAT + 1..LIKELY_FORMATS).contains(&format) {
        let (found, known) = (format, schema::FORMAT);
        return Err(OpenError::Refused(StoreError::Newer { path, found, known }));
    }
    if things > 0 && ours == 0 {
        return Err(OpenError::Refused(StoreError::Foreign { path }));
    }
    if things > 0 && (application != schema::APPLICATION_ID || !(1..=schema::FORMAT).contains(&format)) {
        return Err(OpenError::Damaged("its header makes no sense".to_owned()));
    }
    Ok(())
}

/// What is wrong with the pages; `None` if nothing is.
fn check(connection: &Connection, path: &Path) -> rusqlite::Result<Option<String>> {
    for table in TABLES {
        connection
            .prepare(&format!("SELECT * FROM {table} LIMIT 1"))?
            .exists([])?;
    }
    position(connection)?;
    if fs::metadata(path).map_or(0, |m| m.len()) > CHECKED_BYTES {
        return Ok(None);
    }
    let found: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    Ok((found != "ok").then(|| found.lines().take(2).collect::<Vec<_>>().join(" ")))
}

/// A database in memory with what can be read of the file.
pub(super) fn open_memory(path: &Path) -> rusqlite::Result<Connection> {
    let empty = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_in_memory_with_flags(flags)?;
        schema::migrate(&mut connection)?;
        Ok(connection)
    };
    if !path.is_file() {
        return empty();
    }
    // Where SQLite cannot make its companions, a file without a log can still be read as one that nobody changes.
    let logged = fs::metadata(files::with_suffix(path, "-wal")).is_ok_and(|m| m.len() > 0);
    let ways: &[&str] = if logged {
        &["mode=ro"]
    } else {
        &["mode=ro", "immutable=1"]
    };
    for way in ways {
        let mut connection = empty()?;
        if copy(&mut connection, &uri(path, way)).is_ok() {
            return Ok(connection);
        }
    }
    empty()
}

fn copy(connection: &mut Connection, uri: &str) -> rusqlite::Result<()> {
    connection.execute("ATTACH ?1 AS file", [uri])?;
    let version: i64 = connection.query_row("PRAGMA file.user_version", [], |row| row.get(0))?;
    if (1..=schema::FORMAT).contains(&version) {
        let transaction = connection.transaction()?;
        for table in TABLES {
            // An older format has the first of the columns.
            let of_file = format!("SELECT name FROM pragma_table_info('{table}', 'file')");
            let columns: Vec<String> = transaction
                .prepare(&of_file)?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let columns = columns.join(", ");
            transaction.execute(
                &format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM file.{table}"),
                [],
            )?;
        }
        transaction.commit()?;
    }
    connection.execute("DETACH file", [])?;
    Ok(())
}

fn uri(path: &Path, way: &str) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = "file:".to_owned();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for byte in absolute.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            let _a_string_takes_everything = write!(uri, "%{byte:02x}");
        }
    }
    format!("{uri}?{way}")
}
