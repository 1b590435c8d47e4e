//! Running the console: the only part that touches the terminal. Keys and news in, frames out.

pub mod clipboard;
pub mod decode;
pub mod draw;
pub mod input;
pub mod look;
pub mod pacer;
mod pump;
pub mod record;
pub mod signals;
pub mod suspend;
pub mod terminal;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use self::clipboard::Route;
use self::input::Typed;
use self::look::Wish;
use self::pump::{Incoming, Pump};
use self::record::Recorder;
use self::signals::Duties;
use self::terminal::Terminal;
pub use self::terminal::TerminalError;
use crate::tui::app::App;
use crate::worker::{Tell, Worker, keep_off_the_screen};

/// What a console is run with.
pub struct Setup {
    /// The state it begins with.
    pub app: App,
    /// What was asked for on the command line.
    pub wish: Wish,
    /// Whether the program has the mouse from the start.
    pub mouse: bool,
    /// Where the session is written down, and whether with what stands in cells.
    pub record: Option<(PathBuf, bool)>,
    /// Where a text goes that the terminal's clipboard does not take.
    pub copies: PathBuf,
    /// Whether standard output is a terminal.
    pub on_screen: bool,
    /// The environment.
    pub environment: fn(&str) -> Option<OsString>,
    /// Starts the worker, which tells its news there.
    pub start_worker: Box<dyn FnOnce(Tell) -> io::Result<Worker>>,
    /// Writes what is left of the log.
    pub flush: Box<dyn FnOnce() + Send>,
}

/// How a console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By its person.
    Quit,
    /// By this signal, or as if by it.
    Signal(i32),
}

/// How a console ended, and what is still to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// How.
    pub ending: Ending,
    /// A line for whoever has the terminal again.
    pub word: Option<String>,
}

/// Why a console did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The terminal.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The recording.
    #[error("{}: the recording cannot be written: {cause}; name a file that is not there yet", path.display())]
    Recording {
        /// Its file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A thread.
    #[error("the console cannot start its threads: {0}; end other programs or raise the limit (ulimit -u)")]
    Threads(#[source] io::Error),
}

/// Runs a console to its end. The terminal is as it was before when this returns.
///
/// # Errors
/// The console could not begin.
pub fn run(setup: Setup) -> Result<Left, ConsoleError> {
    let terminal = Terminal::open(setup.on_screen)?;
    let recorder = match setup.record {
        Some((path, cells)) => match Recorder::create(&path, cells) {
            Ok(recorder) => Some(recorder),
            Err(cause) => return Err(ConsoleError::Recording { path, cause }),
        },
        None => None,
    };
    let (sender, incoming) = mpsc::channel();
    let news = sender.clone();
    let tell: Tell = Arc::new(move |told| {
        // After the end nobody listens any more.
        let _ = news.send(Incoming::News(Box::new(told)));
    });
    let worker = Arc::new((setup.start_worker)(tell).map_err(ConsoleError::Threads)?);

    let stopping = Arc::clone(&worker);
    let noticed = sender.clone();
    let flush = Arc::new(Mutex::new(Some(setup.flush)));
    let flush_late = Arc::clone(&flush);
    let duties = Duties {
        tell: Box::new(move |notice| _ = noticed.send(Incoming::Notice(notice))),
        stop_work: Box::new(move || {
            if let Some(ticket) = stopping.running() {
                stopping.cancel(ticket);
            }
        }),
        flush: Box::new(move || flush_now(&flush_late)),
    };
    signals::watch(terminal.clone(), duties).map_err(ConsoleError::Threads)?;

    terminal.guard_panics();
    keep_off_the_screen();
    if let Err(error) = terminal.enter(setup.mouse) {
        terminal.leave();
        return Err(TerminalError::Refused(error).into());
    }
    let typed = move |typed: Typed| sender.send(Incoming::Typed(typed)).is_ok();
    let reading = terminal.reader().and_then(|device| input::read(device, typed));
    let waiting = match reading {
        Ok(waiting) => waiting,
        Err(error) => {
            terminal.leave();
            return Err(ConsoleError::Threads(error));
        }
    };
    let pump = Pump::new(pump::Parts {
        app: setup.app,
        terminal,
        worker,
        incoming,
        waiting,
        recorder,
        look: setup.wish.look(setup.environment),
        route: Route::find(setup.environment),
        copies: setup.copies,
    });
    let left = pump.run();
    flush_now(&flush);
    Ok(left)
}

/// Flushes once, whoever comes first.
fn flush_now(flush: &Mutex<Option<Box<dyn FnOnce() + Send>>>) {
    let flush = flush.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(flush) = flush {
        flush();
    }
}
