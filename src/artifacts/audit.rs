//! Owns the audit log `logs/audit.ndjson`: one line a state change, on disk before the change is acknowledged.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::atomic::{self, WriteError};
use super::timestamp::Timestamp;
use crate::workspace::Workspace;

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub time: Timestamp,
    /// What was done: `promote`, `rollback`, `prune`, …
    pub action: String,
    /// What it was done to: a run id, usually.
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
    let path = workspace.audit_file();
    atomic::create_parents(&path)?;
    append_line(&path, entry).map_err(|cause| AuditError::Append { path, cause })
}

fn append_line(path: &PathBuf, entry: &AuditEntry) -> io::Result<()> {
    let mut file = File::options().read(true).append(true).create(true).open(path)?;
    // Without locks on this file system, appending one line in one write still keeps lines whole.
    let _unsupported_is_fine = file.lock();
    let mut line = Vec::new();
    if !ends_with_newline(&mut file)? {
        line.push(b'\n');
    }
    serde_json::to_writer(&mut line, entry)?;
    line.push(b'\n');
    file.write_all(&line)?;
    file.sync_all()
}

fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Who runs this program: `USER` or `LOGNAME`, else `unknown`.
pub fn current_user() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
