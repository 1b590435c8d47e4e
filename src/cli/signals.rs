//! Owns what happens on SIGHUP, SIGINT and SIGTERM: the first asks the work to stop, a second leaves at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cancel::CancelToken;

/// How long work that was asked to stop may take before the process ends without it. Work polls far more often; this
/// is for a disk or a library that does not come back. What was being written is left as a temporary file then.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// Remembers which signal came first.
#[derive(Clone, Debug, Default)]
pub struct SignalWatch(Arc<AtomicI32>);

impl SignalWatch {
    /// Watches from a thread of its own: the first signal sets `cancel`, a second, or the end of `grace`, ends the process.
    ///
    /// # Errors
    /// The handlers could not be installed.
    pub fn install(cancel: CancelToken, grace: Duration) -> io::Result<Self> {
        let watch = Self::default();
        let seen = Arc::clone(&watch.0);
        let mut watched = vec![SIGINT, SIGTERM];
        // `nohup` has it ignored so that work outlives the connection; a handler would undo that.
        if !is_ignored(SIGHUP) {
            watched.push(SIGHUP);
        }
        let mut signals = Signals::new(watched)?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if seen
                    .compare_exchange(0, signal, Ordering::AcqRel, Ordering::Acquire)
                    .is_err()
                {
                    std::process::exit(128 + signal);
                }
                cancel.cancel();
                // Without this thread the work still stops by itself, as it should.
                let _ = thread::Builder::new().name("grace".into()).spawn(move || {
                    thread::sleep(grace);
                    std::process::exit(128 + signal);
                });
            }
        })?;
        Ok(watch)
    }

    /// Exit code of the signal that came, `128 + number`, if one did.
    pub fn exit_code(&self) -> Option<u8> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            signal => u8::try_from(128 + signal).ok(),
        }
    }
}

/// Whether the process was started with this signal ignored; no where that cannot be found out.
fn is_ignored(signal: i32) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return false;
    };
    ignored_in(&status, signal)
}

/// Reads the `SigIgn` line of a process's status: a bit mask in hex, lowest bit for signal 1.
fn ignored_in(status: &str, signal: i32) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| signal >= 1 && mask.checked_shr(signal as u32 - 1).is_some_and(|m| m & 1 == 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        let status = "Name:\tx\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n";
        assert!(ignored_in(status, SIGHUP), "bit 0");
        assert!(!ignored_in(status, SIGINT));
        assert!(ignored_in(status, 13), "bit 12");
        assert!(!ignored_in(status, 0));
        assert!(!ignored_in(status, 65));
        assert!(!ignored_in("Name:\tx\n", SIGHUP));
    }
}
