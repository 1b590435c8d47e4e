//! Owns the terminal itself: taking it (raw mode, alternate screen), writing to it, and giving it back as it was.
//!
//! Giving back works from any thread, any number of times, and on a terminal that is gone. It never prints and never
//! panics. Nothing is ever asked of the terminal, so no answer can come late.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use terminal_size::{Height, Width, terminal_size_of};

/// Takes the screen: the alternate one, no wrapping at the right edge, pastes told apart from typing, no cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?25l";

/// Gives it back, whatever a frame broken off in the middle left behind.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[r\x1b[m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Clicks and the wheel, in the form without limits.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// The mouse is the terminal's again.
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// How long to wait for a frame that is being written before giving the terminal back over it.
const PATIENCE: Duration = Duration::from_millis(250);

/// The size of a terminal that does not tell one.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Not started from a terminal.
    #[error("the console needs a terminal; give a command (nsec-tui --help lists them), or use ssh -t")]
    NoTerminal,
    /// The terminal refuses.
    #[error("the terminal cannot be used: {0}; log in anew, or give a command (nsec-tui --help lists them)")]
    Refused(#[from] io::Error),
}

/// The terminal is gone: nobody will see what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the terminal is gone")]
pub struct Gone;

/// A handle on the terminal; clones share it.
#[derive(Clone, Debug)]
pub struct Terminal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// For writing when the state cannot be had, and for asking the size.
    device: File,
}

#[derive(Debug)]
struct State {
    out: File,
    taken: bool,
    gone: bool,
    mouse: bool,
}

impl Terminal {
    /// The terminal that the program was started from. `on_screen` says whether standard output is one, too.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn open(on_screen: bool) -> Result<Self, TerminalError> {
        if !on_screen || !io::stdin().is_terminal() {
            return Err(TerminalError::NoTerminal);
        }
        let open = |path: &str| File::options().read(true).write(true).open(path);
        // Its own name first; without a controlling terminal, what standard input is.
        let out = open("/dev/tty").or_else(|_| open("/dev/fd/0"))?;
        Ok(Self(Arc::new(Shared {
            device: out.try_clone()?,
            state: Mutex::new(State {
                out,
                taken: false,
                gone: false,
                mouse: false,
            }),
        })))
    }

    /// A handle to read from.
    ///
    /// # Errors
    /// No handle is left.
    pub fn reader(&self) -> io::Result<File> {
        self.0.device.try_clone()
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        match terminal_size_of(&self.0.device) {
            Some((Width(width), Height(height))) if width > 0 && height > 0 => (width, height),
            _ => USUAL_SIZE,
        }
    }

    /// Takes the terminal, with the mouse or without. Taking it twice does nothing.
    ///
    /// # Errors
    /// The terminal refuses, or is gone.
    pub fn enter(&self, mouse: bool) -> io::Result<()> {
        let mut state = self.lock();
        if state.taken {
            return Ok(());
        }
        enable_raw_mode()?;
        state.taken = true;
        state.mouse = mouse;
        state.out.write_all(ENTER)?;
        if mouse {
            state.out.write_all(MOUSE_ON)?;
        }
        Ok(())
    }

    /// Takes it again after the shell had it, which may have changed its modes without a word.
    pub fn retake(&self) -> io::Result<()> {
        let mouse = {
            let mut state = self.lock();
            state.taken = false;
            state.mouse
        };
        // The modes to come back to are those from before the first time.
        let _ = disable_raw_mode();
        self.enter(mouse)
    }

    /// Gives the terminal back. What fails is passed over: nobody is left to be told.
    pub fn leave(&self) {
        Self::give_back(&mut self.lock());
    }

    /// Gives it back although a frame may be stuck half-written, for the program ends whatever happens. May block on a
    /// terminal that takes nothing, so it must not be the last one to act.
    pub fn leave_at_once(&self) {
        let step = Duration::from_millis(5);
        for _ in 0..PATIENCE.as_millis() / step.as_millis() {
            match self.0.state.try_lock() {
                Ok(mut state) => return Self::give_back(&mut state),
                Err(TryLockError::Poisoned(poisoned)) => return Self::give_back(&mut poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => thread::sleep(step),
            }
        }
        let _ = disable_raw_mode();
        let _ = (&self.0.device).write_all(LEAVE);
    }

    fn give_back(state: &mut State) {
        if !state.taken {
            return;
        }
        state.taken = false;
        if !state.gone {
            if state.mouse {
                let _ = state.out.write_all(MOUSE_OFF);
            }
            let _ = state.out.write_all(LEAVE);
        }
        let _ = disable_raw_mode();
    }

    /// Gives the mouse to the program or back to the terminal.
    pub fn set_mouse(&self, on: bool) {
        let mut state = self.lock();
        if state.mouse != on {
            state.mouse = on;
            let _ = state.out.write_all(if on { MOUSE_ON } else { MOUSE_OFF });
        }
    }

    /// Writes a whole frame, or nothing while the terminal is not ours.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Gone> {
        let mut state = self.lock();
        if state.gone {
            return Err(Gone);
        }
        if !state.taken || bytes.is_empty() {
            return Ok(());
        }
        state.out.write_all(bytes).map_err(|_| {
            state.gone = true;
            Gone
        })
    }

    /// The state, also after a thread panicked with it: it is whole at any moment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a panic of this thread gives the terminal back before it is told.
    pub fn guard_panics(&self) {
        let terminal = self.clone();
        let drawing = thread::current().id();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().id() == drawing {
                terminal.leave_at_once();
            }
            before(info);
        }));
    }
}
