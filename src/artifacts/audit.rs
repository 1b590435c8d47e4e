//! Owns the audit log `logs/audit.ndjson`: one line a state change, on disk before the change is acknowledged.

use std::fs::{File, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::atomic::{self, WriteError};
use super::timestamp::Timestamp;
use crate::workspace::Workspace;

/// The log is its owner's alone: it holds what stood in the rows that were judged.
const PRIVATE_MODE: u32 = 0o600;
/// In a directory that hands its group on (setgid) the group shares it.
const SHARED_MODE: u32 = 0o660;
/// The bit of a directory that hands its group on.
const SETGID: u32 = 0o2000;
/// Another writer is done long before this.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(1);

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub time: Timestamp,
    /// What was done: `promote`, `rollback`, `prune`, `verdict`, …
    pub action: String,
    /// What it was done to: a run id, a case.
    pub subject: String,
    /// Who did it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Anything further, an object.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// The audit log could not be written; the change was not made.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Its directory could not be made.
    #[error(transparent)]
    Directory(#[from] WriteError),
    /// The line could not be brought to disk.
    #[error("{}: cannot write the audit log, so nothing was changed: {}", path.display(), atomic::advice(cause))]
    Append {
        /// The log.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
}

/// Appends one line and brings it to disk before it returns. A line that a crash tore is closed first, so that it
/// spoils no other.
pub fn append(workspace: &Workspace, entry: &AuditEntry) -> Result<(), AuditError> {
    append_all(workspace, std::slice::from_ref(entry)).map(|_| ())
}

/// Appends lines with one write and brings them to disk, all or none of them, before it returns. Answers which bytes of
/// the log they are, or `None` where the file system has no locks and another writer may have come between.
pub fn append_all<E: Serialize>(workspace: &Workspace, entries: &[E]) -> Result<Option<Range<u64>>, AuditError> {
    let path = workspace.audit_file();
    let fail = |cause| AuditError::Append {
        path: path.clone(),
        cause,
    };
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry).map_err(|e| fail(e.into()))?;
        lines.push(b'\n');
    }
    atomic::create_parents(&path)?;
    append_lines(&path, &lines).map_err(fail)
}

/// Whether lines can be appended, without appending any. The log is made if it is not there.
pub fn check_writable(workspace: &Workspace) -> Result<(), AuditError> {
    let path = workspace.audit_file();
    atomic::create_parents(&path)?;
    open(&path)
        .map(|_| ())
        .map_err(|cause| AuditError::Append { path, cause })
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).append(true);
    let directory = path.parent().and_then(|d| d.metadata().ok());
    let shared = directory.is_some_and(|d| d.permissions().mode() & SETGID != 0);
    let mode = if shared { SHARED_MODE } else { PRIVATE_MODE };
    match options.clone().create_new(true).mode(mode).open(path) {
        Ok(file) => {
            // The umask takes the group's share off, which is not its to take here.
            file.set_permissions(Permissions::from_mode(mode))?;
            Ok(file)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => options.open(path),
        Err(e) => Err(e),
    }
}

fn append_lines(path: &Path, lines: &[u8]) -> io::Result<Option<Range<u64>>> {
    let mut file = open(path)?;
    // Without locks on this file system, appending in one write still keeps lines whole.
    let locked = lock(&file);
    let before = file.seek(SeekFrom::End(0))?;
    let torn = !ends_with_newline(&mut file, before)?;
    let written = if torn {
        file.write_all(&[b"\n", lines].concat())
    } else {
        file.write_all(lines)
    };
    if let Err(cause) = written.and_then(|()| file.sync_all()) {
        // What is said not to be kept must not turn up later. If this fails as well, a torn line is left, which counts
        // for nothing.
        let ours = before + u64::from(torn) + lines.len() as u64;
        // A writer that waited for the lock in vain may stand behind it, and was told that its line is kept.
        let alone = file.metadata().is_ok_and(|meta| meta.len() <= ours);
        if locked && alone {
            let _best_effort = file.set_len(before);
        }
        return Err(cause);
    }
    let start = before + u64::from(torn);
    Ok(locked.then(|| start..start + lines.len() as u64))
}

/// Locks the log, but waits for no writer that was stopped in the middle.
fn lock(file: &File) -> bool {
    let until = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(LOCK_PAUSE),
            Err(_) => return false,
        }
    }
}

fn ends_with_newline(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(length - 1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Who runs this program: `SUDO_USER`, `USER` or `LOGNAME`, else `unknown`. Whoever became another user by sudo answers for
/// what they do under their own name.
pub fn current_user() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .map(|value| value.trim().to_owned())
        .find(|value| !value.is_empty())
        .or_else(user_of_process)
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The name of the user whom this process belongs to, where the system tells: services and containers often have no `USER`.
fn user_of_process() -> Option<String> {
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(user_named(&known, user).unwrap_or_else(|| format!("uid {user}")))
}

/// The name of a user in the form of passwd(5).
fn user_named(known: &str, user: u32) -> Option<String> {
    let mut entries = known.lines().map(|line| line.split(':'));
    entries.find_map(|mut fields| {
        let (name, id) = (fields.next()?, fields.nth(1)?);
        (id.parse() == Ok(user) && !name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests;
