//! Owns removing temporary files whose writers are dead.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::TEMP_PREFIX;

/// Younger files are left alone: their writer may not have locked them yet.
const SETTLED: Duration = Duration::from_mins(1);

/// Where a file system has no locks, files older than this count as abandoned.
const ABANDONED: Duration = Duration::from_hours(24);

/// Removes the temporary files that killed processes left in `directory` and returns their paths. A living writer
/// holds a lock on its file, so its file stays. What cannot be read or removed is left for the next time.
pub fn sweep_stale(directory: &Path) -> Vec<PathBuf> {
    sweep_older_than(directory, SETTLED)
}

pub(super) fn sweep_older_than(directory: &Path, settled: Duration) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut removed: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(TEMP_PREFIX.as_bytes()))
        .filter(|entry| entry.file_type().is_ok_and(|t| t.is_file()))
        .map(|entry| entry.path())
        .filter(|path| is_stale(path, settled) && fs::remove_file(path).is_ok())
        .collect();
    removed.sort();
    removed
}

fn is_stale(path: &Path, settled: Duration) -> bool {
    let Ok(file) = File::options().read(true).write(true).open(path) else {
        return false;
    };
    let Some(age) = file
        .metadata()
        .and_then(|m| m.modified())
        .ok()
        .and_then(|modified| SystemTime::now().duration_since(modified).ok())
    else {
        return false;
    };
    match file.try_lock() {
        Ok(()) => age >= settled,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => age >= ABANDONED,
    }
}
