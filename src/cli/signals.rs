//! Owns what happens on SIGHUP, SIGINT and SIGTERM: the first asks the work to stop, a second leaves at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cancel::CancelToken;

/// Remembers which signal came first.
#[derive(Clone, Debug, Default)]
pub struct SignalWatch(Arc<AtomicI32>);

impl SignalWatch {
    /// Watches from a thread of its own: the first signal sets `cancel`, a second ends the process.
    ///
    /// # Errors
    /// The handlers could not be installed.
    pub fn install(cancel: CancelToken) -> io::Result<Self> {
        let watch = Self::default();
        let seen = Arc::clone(&watch.0);
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if seen
                    .compare_exchange(0, signal, Ordering::AcqRel, Ordering::Acquire)
                    .is_err()
                {
                    std::process::exit(128 + signal);
                }
                cancel.cancel();
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
