//! Owns the files of the database as files: who may read them, which one stands at the path, how a damaged one is set aside.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::artifacts::Timestamp;
use crate::workspace::Workspace;

const PRIVATE: u32 = 0o600;
const SHARED: u32 = 0o660;
/// What a shared directory needs: the group writes, and new files are the group's.
const SHARED_DIRECTORY: u32 = 0o2070;

/// SQLite's companions of a database; they take its mode.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Makes the database's file if it is not there, empty, with the mode it is to have. An existing one is opened to the group,
/// or closed to others, as the settings say; that fails quietly where it is somebody else's.
pub(super) fn prepare(path: &Path, shared: bool) -> io::Result<()> {
    let mode = if shared { SHARED } else { PRIVATE };
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    match File::options().write(true).create_new(true).mode(mode).open(path) {
        // The umask takes the group's share off, which is not its to take here.
        Ok(file) => file.set_permissions(Permissions::from_mode(mode)),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            set_mode(path, mode);
            Ok(())
        }
        Err(e) => Err(e),
    }
}

fn set_mode(path: &Path, mode: u32) {
    for file in [path.to_path_buf()].into_iter().chain(companions(path)) {
        let differs = fs::metadata(&file).is_ok_and(|m| m.is_file() && m.mode() & 0o777 != mode);
        if differs {
            let _somebody_elses_stays = fs::set_permissions(&file, Permissions::from_mode(mode));
        }
    }
}

/// Opens the directories of a shared workspace to its group; answers those for which it cannot be done.
pub(super) fn share(workspace: &Workspace) -> Vec<PathBuf> {
    let directories = [workspace.root().to_path_buf(), workspace.logs_dir()];
    let mut closed = Vec::new();
    for directory in directories {
        let opened = fs::create_dir_all(&directory)
            .and_then(|()| fs::metadata(&directory))
            .and_then(|m| match m.mode() & SHARED_DIRECTORY {
                SHARED_DIRECTORY => Ok(()),
                _ => fs::set_permissions(&directory, Permissions::from_mode(m.mode() & 0o7777 | SHARED_DIRECTORY)),
            });
        if opened.is_err() {
            closed.push(directory);
        }
    }
    let audit = workspace.audit_file();
    if audit.is_file() {
        set_mode(&audit, SHARED);
    }
    closed
}

fn companions(path: &Path) -> impl Iterator<Item = PathBuf> {
    COMPANIONS.iter().map(|suffix| with_suffix(path, suffix))
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// Which file stands at a path: device and number.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

/// Moves a damaged database with its companions to `verdicts.db.damaged-<time>`, a name that no file has yet.
pub(super) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    let base = format!(".damaged-{}", Timestamp::now().compact());
    let names = (1..).map(|n| match n {
        1 => with_suffix(path, &base),
        n => with_suffix(path, &format!("{base}.{n}")),
    });
    let free = |name: &PathBuf| fs::symlink_metadata(name).is_err();
    let Some(aside) = names.take(10_000).find(free) else {
        return Err(io::ErrorKind::AlreadyExists.into());
    };
    for suffix in COMPANIONS {
        let companion = with_suffix(path, suffix);
        if companion.exists() {
            fs::rename(&companion, with_suffix(&aside, suffix))?;
        }
    }
    fs::rename(path, &aside)?;
    Ok(aside)
}

/// Holds the workspace's directory locked until it is dropped, so that of two processes that find the same damage one sets
/// the file aside and the other finds a new one. Without locks, or if one is held for long, nothing is held.
pub(super) fn lock_directory(directory: &Path) -> Option<File> {
    let held = File::open(directory).ok()?;
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        match held.try_lock() {
            Ok(()) => return Some(held),
            Err(fs::TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(5)),
            Err(fs::TryLockError::Error(_)) => return None,
        }
    }
    None
}
