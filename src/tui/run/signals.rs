//! Owns what the system tells the console: hangup, termination, interrupt, stop, continue, another size.
//!
//! A thread of its own, because the console must be left within a second whatever its loop is doing: waiting for a
//! terminal that takes nothing, or for work that does not stop. The loop is told and has most of that second to leave
//! by itself; after that the program ends without it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use super::terminal::Terminal;

/// When the terminal is given back and the log written although the loop has not left.
const GRACE: Duration = Duration::from_millis(700);

/// When the program ends, whatever hangs: the loop, work that does not stop, the terminal, the log.
const LIMIT: Duration = Duration::from_millis(950);

/// What the system told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Leave, with `128 + signal` as the exit code.
    Leave(i32),
    /// The terminal has another size.
    Resized,
    /// Go to sleep.
    Suspend,
    /// The shell woke the program.
    Continued,
}

/// What is done on a signal, from a thread of its own.
pub struct Duties {
    /// Tells the loop.
    pub tell: Box<dyn Fn(Notice) + Send>,
    /// Asks all work to stop.
    pub stop_work: Box<dyn Fn() + Send>,
    /// Writes what is left of the log.
    pub flush: Box<dyn FnOnce() + Send>,
}

/// Watches for signals until the program ends.
///
/// # Errors
/// The handlers could not be installed.
pub fn watch(terminal: Terminal, duties: Duties) -> io::Result<()> {
    let Duties { tell, stop_work, flush } = duties;
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH])?;
    let flush = Mutex::new(Some(flush));
    thread::Builder::new().name("signals".into()).spawn(move || {
        let mut leaving = false;
        for signal in signals.forever() {
            match signal {
                SIGWINCH => tell(Notice::Resized),
                SIGTSTP => tell(Notice::Suspend),
                SIGCONT => tell(Notice::Continued),
                signal => {
                    if leaving {
                        terminal.leave_at_once();
                        std::process::exit(128 + signal);
                    }
                    leaving = true;
                    let flush = flush.lock().unwrap_or_else(PoisonError::into_inner).take();
                    end_in_time(&terminal, flush, signal);
                    stop_work();
                    tell(Notice::Leave(signal));
                }
            }
        }
    })?;
    Ok(())
}

/// Ends the program if the loop does not.
fn end_in_time(terminal: &Terminal, flush: Option<Box<dyn FnOnce() + Send>>, signal: i32) {
    let code = 128 + signal;
    let terminal = terminal.clone();
    let force = move || {
        thread::sleep(GRACE);
        // A hung-up terminal shows nothing, and writing to it may hang.
        if signal != SIGHUP {
            terminal.leave_at_once();
        }
        if let Some(flush) = flush {
            flush();
        }
    };
    let limit = move || {
        thread::sleep(LIMIT);
        std::process::exit(code);
    };
    // Without these threads the loop still leaves by itself, as it should.
    let _ = thread::Builder::new().name("leave".into()).spawn(force);
    let _ = thread::Builder::new().name("limit".into()).spawn(limit);
}
