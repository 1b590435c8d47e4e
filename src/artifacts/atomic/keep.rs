//! Owns keeping a file that is about to be replaced, under a name that no file has yet.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::artifacts::timestamp::Timestamp;

/// How many names are tried within one second.
const MAX_NAMES: u32 = 10_000;

/// Gives the file at `target`, if there is one, a second name (`output.<time>.csv`) and returns it. Without hard
/// links the file is moved instead, and for a moment nothing stands at `target`.
pub(super) fn set_aside(target: &Path, now: Timestamp) -> io::Result<Option<PathBuf>> {
    for attempt in 1..=MAX_NAMES {
        let kept = kept_name(target, now, attempt);
        match fs::hard_link(target, &kept) {
            Ok(()) => return Ok(Some(kept)),
            Err(e) => match e.kind() {
                io::ErrorKind::NotFound if !exists(target)? => return Ok(None),
                io::ErrorKind::AlreadyExists => {}
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::Unsupported
                | io::ErrorKind::TooManyLinks
                | io::ErrorKind::InvalidInput => {
                    if move_aside(target, &kept)? {
                        return Ok(Some(kept));
                    }
                }
                _ => return Err(e),
            },
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "too many kept files of this second; remove some",
    ))
}

/// Moves `target` to `kept` unless something has that name; the empty placeholder makes sure of it.
fn move_aside(target: &Path, kept: &Path) -> io::Result<bool> {
    match File::create_new(kept) {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(e) => return Err(e),
    }
    match fs::rename(target, kept) {
        Ok(()) => Ok(true),
        Err(e) => {
            fs::remove_file(kept)?;
            Err(e)
        }
    }
}

fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(e),
    }
}

/// `output.csv` -> `output.<time>.csv`, and `output.<time>-2.csv` at the second attempt.
fn kept_name(target: &Path, now: Timestamp, attempt: u32) -> PathBuf {
    let mut name = OsString::from(target.file_stem().unwrap_or_default());
    name.push(format!(".{}", now.compact()));
    if attempt > 1 {
        name.push(format!("-{attempt}"));
    }
    if let Some(extension) = target.extension() {
        name.push(".");
        name.push(extension);
    }
    target.with_file_name(name)
}
