//! Owns listing directories and writing files that a person names.

use std::fs;
use std::path::Path;

use super::failure::{Ended, Failure};
use super::news::{DirectoryEntry, Reply};
use crate::artifacts::atomic;

/// More entries than a person looks through are not listed.
const MOST_ENTRIES: usize = 20_000;

/// The entries of a directory, directories first.
pub(super) fn list(path: &Path) -> Result<Reply, Ended> {
    let failed = |cause: std::io::Error| Failure::new(format!("{}: cannot be listed: {cause}", path.display()));
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)
        .map_err(|e| Ended::Failed(failed(e)))?
        .take(MOST_ENTRIES)
    {
        let Ok(entry) = entry else { continue };
        // Links are shown as what they lead to; one that leads nowhere as an empty file.
        let facts = fs::metadata(entry.path()).ok();
        entries.push(DirectoryEntry {
            name: entry.file_name().to_string_lossy().into_owned(),
            directory: facts.as_ref().is_some_and(fs::Metadata::is_dir),
            bytes: facts.filter(fs::Metadata::is_file).map_or(0, |f| f.len()),
        });
    }
    entries.sort_by(|a, b| b.directory.cmp(&a.directory).then_with(|| a.name.cmp(&b.name)));
    Ok(Reply::Directory {
        path: path.to_owned(),
        entries,
    })
}

/// Writes a text, whole or not at all.
pub(super) fn write(path: &Path, text: &str, replace: bool) -> Result<Reply, Ended> {
    if !replace && fs::symlink_metadata(path).is_ok() {
        let message = format!(
            "{}: there is a file of that name; choose another, or replace it",
            path.display()
        );
        return Err(Ended::Failed(Failure::new(message)));
    }
    atomic::write_bytes(path, text.as_bytes())?;
    Ok(Reply::Written { path: path.to_owned() })
}
