//! Owns removing runs: the old ones, or one that a person names.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::atomic;
use super::audit::{self, AuditEntry};
use super::registry::{CHAMPION, RegistryError, RegistryStore};
use super::run::{self, RunEntry, RunError, RunId};
use super::timestamp::Timestamp;

/// Runs on their way out are renamed to this and the run's id first, so that a half-removed run is never listed.
const DOOMED_PREFIX: &str = ".nsec-prune-";

/// What [`prune`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Runs removed, oldest first.
    pub removed: Vec<RunId>,
    /// Runs beyond the newest that were spared, because they have or had a name or are still running.
    pub spared: Vec<RunId>,
    /// Bytes set free.
    pub bytes: u64,
}

/// Removes all runs but the `keep` newest. Runs with a name, former champions, runs still running, and directories
/// that are not runs are never touched. Damaged runs count as runs.
pub fn prune(store: &RegistryStore, keep: usize, by: &str) -> Result<Pruned, RegistryError> {
    // Nobody promotes a run while it is being removed.
    let _lock = store.lock()?;
    let named: BTreeSet<RunId> = store.read()?.named_runs().cloned().collect();
    let artifacts = store.workspace.artifacts_dir();
    finish_interrupted(&artifacts);

    let runs: Vec<(RunId, RunEntry)> = run::list(&store.workspace)?
        .into_iter()
        .filter_map(|entry| Some((entry.id()?, entry)))
        .filter(|(_, entry)| fs::symlink_metadata(&entry.path).is_ok_and(|m| m.is_dir()))
        .collect();
    let old = runs.len().saturating_sub(keep);
    let mut pruned = Pruned::default();
    for (id, entry) in runs.into_iter().take(old) {
        if named.contains(&id) || entry.is_running() {
            pruned.spared.push(id);
            continue;
        }
        tell(store, &id, "prune", by, &format!("not among the {keep} newest"))?;
        pruned.bytes += remove(&artifacts, &entry.path, &id)?;
        pruned.removed.push(id);
    }
    Ok(pruned)
}

/// Deletes one run; answers the bytes set free. The champion, a run with another name and one that is still running are
/// refused. A former champion can be deleted, and cannot be gone back to then.
pub fn delete(store: &RegistryStore, id: &RunId, by: &str) -> Result<u64, RegistryError> {
    let _lock = store.lock()?;
    let mut registry = store.read()?;
    let kept = |why: String| Err(RegistryError::Kept { id: id.clone(), why });
    let names = registry.names_of(id);
    if names.iter().any(|name| name == CHAMPION) {
        return kept("it is the champion; promote another one first".to_owned());
    }
    if let Some(name) = names.first() {
        return kept(format!("it is named `{name}`; give that name to another run first"));
    }
    let path = store.workspace.artifacts_dir().join(id.as_str());
    if !fs::symlink_metadata(&path).is_ok_and(|m| m.is_dir()) {
        return Err(RunError::NotFound { id: id.to_string() }.into());
    }
    if RunEntry::at(path.clone(), id).is_running() {
        return kept("it is still running; stop it first".to_owned());
    }
    tell(store, id, "delete", by, "asked for")?;
    if registry.previous.contains(id) {
        registry.previous.retain(|former| former != id);
        atomic::write_json(&store.workspace.registry_file(), &registry)?;
    }
    Ok(remove(&store.workspace.artifacts_dir(), &path, id)?)
}

/// Writes the audit line of a removal, before anything is removed.
fn tell(store: &RegistryStore, id: &RunId, action: &str, by: &str, reason: &str) -> Result<(), RegistryError> {
    let entry = AuditEntry {
        time: Timestamp::now(),
        action: action.to_owned(),
        subject: id.to_string(),
        by: by.to_owned(),
        reason: reason.to_owned(),
        details: serde_json::Value::Null,
    };
    Ok(audit::append(&store.workspace, &entry)?)
}

/// Removes a run's directory; answers the bytes set free.
fn remove(artifacts: &Path, directory: &Path, id: &RunId) -> Result<u64, RunError> {
    let bytes = size_of_tree(directory);
    let doomed = artifacts.join(format!("{DOOMED_PREFIX}{id}"));
    let removed = fs::rename(directory, &doomed).and_then(|()| fs::remove_dir_all(&doomed));
    removed.map_err(|cause| RunError::Read {
        path: directory.to_path_buf(),
        cause,
    })?;
    Ok(bytes)
}

/// Removes what a killed `prune` left. What resists is left for the next time.
fn finish_interrupted(artifacts: &Path) {
    let Ok(entries) = fs::read_dir(artifacts) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let doomed = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(DOOMED_PREFIX.as_bytes());
        if doomed && entry.file_type().is_ok_and(|t| t.is_dir()) {
            let _tried_again_next_time = fs::remove_dir_all(entry.path());
        }
    }
}

/// Bytes of all files below `directory`; symbolic links are not followed, what cannot be read counts nothing.
fn size_of_tree(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.path(), fs::symlink_metadata(entry.path()).ok()?)))
        .map(|(path, metadata)| {
            if metadata.is_dir() {
                size_of_tree(&path)
            } else {
                metadata.len()
            }
        })
        .sum()
}
