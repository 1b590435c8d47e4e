//! Owns the mark that a running server leaves in its workspace, so that the console can show it. The mark counts only while
//! its process holds the lock on it, so what a killed server leaves is no mark.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::atomic;
use super::timestamp::Timestamp;
use crate::text::visible_text;
use crate::workspace::Workspace;

/// Longest mark that is read.
const LONGEST: u64 = 4_096;
/// A reader holds the lock for a moment; so often it is tried again.
const ATTEMPTS: u32 = 20;

/// What a running server says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Serving {
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub address: String,
    /// Since when.
    pub started: Timestamp,
}

/// A mark that is held. It goes with this.
#[derive(Debug)]
pub struct Presence {
    file: File,
}

impl Presence {
    /// Leaves the mark.
    ///
    /// # Errors
    /// Another server has left one, or the file cannot be written; in one line.
    pub fn announce(workspace: &Workspace, address: SocketAddr) -> Result<Self, String> {
        let path = workspace.serving_file();
        let told = |cause: io::Error| format!("{}: {cause}", path.display());
        atomic::create_parents(&path).map_err(|error| error.to_string())?;
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = file.map_err(told)?;
        let mut attempts = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempts < ATTEMPTS => {
                    attempts += 1;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err("another server of this workspace has said so already".to_owned());
                }
                Err(TryLockError::Error(cause)) => return Err(told(cause)),
            }
        }
        let mark = Serving {
            pid: std::process::id(),
            address: address.to_string(),
            started: Timestamp::now(),
        };
        let text = serde_json::to_vec(&mark).map_err(|error| error.to_string())?;
        file.set_len(0).and_then(|()| file.write_all(&text)).map_err(told)?;
        Ok(Self { file })
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        // The lock goes with the file; an empty file is no mark, should the lock outlive it in a copy of the descriptor.
        let _ = self.file.set_len(0);
    }
}

/// The server that runs on this workspace now, if one does.
pub fn serving(workspace: &Workspace) -> Option<Serving> {
    let mut file = File::open(workspace.serving_file()).ok()?;
    match file.try_lock_shared() {
        // Nobody holds it. The lock goes with the file.
        Ok(()) | Err(TryLockError::Error(_)) => return None,
        Err(TryLockError::WouldBlock) => {}
    }
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    let mut mark: Serving = serde_json::from_slice(&text).ok()?;
    mark.address = visible_text(&mark.address).into_owned();
    Some(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_while_its_server_lives() {
        let root = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(root.path());
        assert_eq!(serving(&workspace), None);
        let address = "127.0.0.1:8000".parse().unwrap();
        let presence = Presence::announce(&workspace, address).unwrap();
        let mark = serving(&workspace).unwrap();
        assert_eq!(
            (mark.pid, mark.address.as_str()),
            (std::process::id(), "127.0.0.1:8000")
        );
        assert!(Presence::announce(&workspace, address).is_err());
        // As after a kill: the text is there, the lock is not.
        let text = std::fs::read(workspace.serving_file()).unwrap();
        drop(presence);
        assert_eq!(serving(&workspace), None);
        std::fs::write(workspace.serving_file(), text).unwrap();
        assert_eq!(serving(&workspace), None);
        drop(Presence::announce(&workspace, address).unwrap());
    }
}
