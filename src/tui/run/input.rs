//! Owns reading the terminal: a thread that hands on bytes as they come and says when the terminal is gone.
//!
//! It blocks in a read and nothing else, so a terminal that hangs up ends it instead of making it spin.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that may wait to be looked at; a paste without end must not fill the memory.
const WAITING_LIMIT: usize = 1 << 20;

/// What came from the terminal.
#[derive(Debug)]
pub enum Typed {
    /// Bytes.
    Bytes {
        /// When they came; they may have to wait until somebody looks at them.
        at: Instant,
        /// What came.
        bytes: Vec<u8>,
    },
    /// Nothing more will come.
    Gone,
}

/// How many bytes were handed on and not yet looked at.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// So many were looked at.
    pub fn done(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

/// Reads until the terminal is gone, or until `tell` says that nobody listens.
///
/// # Errors
/// No thread could be started.
pub fn read(mut terminal: File, tell: impl Fn(Typed) -> bool + Send + 'static) -> io::Result<Waiting> {
    let waiting = Waiting::default();
    let sent = waiting.clone();
    thread::Builder::new().name("input".into()).spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let count = match terminal.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let at = Instant::now();
            while sent.0.load(Ordering::Acquire) > WAITING_LIMIT {
                thread::sleep(Duration::from_millis(10));
            }
            sent.0.fetch_add(count, Ordering::AcqRel);
            let bytes = buffer[..count].to_vec();
            if !tell(Typed::Bytes { at, bytes }) {
                return;
            }
        }
        tell(Typed::Gone);
    })?;
    Ok(waiting)
}
