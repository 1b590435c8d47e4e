//! Owns the lock under which the registry is changed.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::{RegistryError, read_error};
use crate::artifacts::atomic;

/// Time between two attempts.
const POLL: Duration = Duration::from_millis(20);

/// Holds the lock while it lives; the system releases it however the process ends.
#[derive(Debug)]
pub(in crate::artifacts) struct Guard {
    _file: File,
}

/// Locks the file at `path`, which is made if need be and never removed (removing it would let two processes lock two
/// files of one name). Gives up after `wait`.
pub(super) fn acquire(path: &Path, wait: Duration) -> Result<Guard, RegistryError> {
    atomic::create_parents(path)?;
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|e| read_error(path, e))?;
    let give_up = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Guard { _file: file }),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => {
                return Err(RegistryError::Locked {
                    path: path.to_path_buf(),
                    seconds: wait.as_secs(),
                });
            }
            Err(TryLockError::WouldBlock) => thread::sleep(POLL),
            Err(TryLockError::Error(cause)) => return Err(read_error(path, cause)),
        }
    }
}
