//! Owns the watched directory: one program looks into it, and each new file is scored once it is complete. It is looked at and
//! not listened to, for a directory on NFS tells nobody of what others write.

mod champion;
mod ledger;
mod names;
mod rounds;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use self::champion::Champion;
use self::rounds::{Places, Watcher};
use super::desk::Desk;
use super::failure::{Ended, Failure};
use super::news::Reply;
use super::reporter::Reporter;
use crate::cancel::CancelToken;
use crate::surroundings::Surroundings;

/// Between two looks into the directory.
const POLL: Duration = Duration::from_secs(2);

/// A look that takes long, at a directory of very many files, is followed by a pause of so many times its length.
const REST: u32 = 10;

/// How soon a pause is given up.
const NAP: Duration = Duration::from_millis(100);

/// The watched directory, if the settings name one.
pub(super) fn directory(surroundings: &Surroundings) -> Option<PathBuf> {
    let named = surroundings.settings.watch.directory.as_ref()?;
    Some(surroundings.workspace.root().join(named))
}

/// Watches until it is given up.
pub(super) fn watch(desk: &Desk, reporter: &Reporter) -> Result<Reply, Ended> {
    let surroundings = &desk.surroundings;
    let Some(directory) = directory(surroundings) else {
        let text = "no directory is watched; name one in nsec.yaml (`watch: DIR`) and start the console anew";
        return Err(Ended::Failed(Failure::new(text)));
    };
    let workspace = &surroundings.workspace;
    let places = Places {
        directory,
        outputs: workspace.watched_dir(),
        not_in: workspace.output_dir(),
        ledger: workspace.watch_ledger_file(),
        lock: workspace.watch_lock_file(),
    };
    let scorer = Champion::new(surroundings, reporter.cancel())?;
    let mut watcher = Watcher::new(places, Box::new(scorer), Box::new(|file| reporter.watched(file)));
    let cancel = reporter.cancel();
    loop {
        let began = Instant::now();
        watcher.round(cancel)?;
        pause(POLL.max(began.elapsed().saturating_mul(REST).min(POLL * 60)), cancel);
        cancel.check()?;
    }
}

/// Sleeps, but not past a request to stop.
fn pause(length: Duration, cancel: &CancelToken) {
    let until = Instant::now() + length;
    while !cancel.is_cancelled() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(NAP));
    }
}
