//! Owns the console under test: the real program in a terminal of its own, its keys, its screen and every byte it sent.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::common::{PROGRAM, Workspace};

/// Catches hangs; a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(2);

/// The size of a small terminal, columns first.
pub(crate) const SMALL: (u16, u16) = (80, 24);
/// The size of a large one.
pub(crate) const LARGE: (u16, u16) = (160, 48);

/// How the console is started.
#[derive(Clone)]
pub(crate) struct Start {
    program: Vec<String>,
    environment: Vec<(String, String)>,
    size: (u16, u16),
}

impl Start {
    /// `nsec-tui` in a workspace, with nothing of the tester's environment.
    pub(crate) fn new(workspace: &Workspace) -> Self {
        Self::command(
            workspace,
            &[PROGRAM, "--workspace", &workspace.root().display().to_string()],
        )
    }

    /// Any program there.
    pub(crate) fn command(workspace: &Workspace, program: &[&str]) -> Self {
        let home = workspace.root().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let environment = [
            ("PATH", path.as_str()),
            ("HOME", &home),
            ("TERM", "xterm"),
            ("LANG", "C.UTF-8"),
        ];
        Self {
            program: program.iter().map(|word| (*word).to_owned()).collect(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            size: SMALL,
        }
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.program.extend(arguments.iter().map(|word| (*word).to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn size(mut self, size: (u16, u16)) -> Self {
        self.size = size;
        self
    }

    /// Starts it.
    pub(crate) fn run(&self, directory: &Path) -> Console {
        let pair = native_pty_system().openpty(pty_size(self.size)).unwrap();
        let mut command = CommandBuilder::new(&self.program[0]);
        command.args(&self.program[1..]);
        command.env_clear();
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command.cwd(directory);
        let modes = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let shared = Arc::new(Shared {
            seen: Mutex::new(Seen {
                terminal: vt100::Parser::new(nonzero(self.size.1), nonzero(self.size.0), 0),
                stream: Vec::new(),
                in_frame: false,
                closed: false,
            }),
            news: Condvar::new(),
            let_go: AtomicBool::new(false),
            rate: AtomicU64::new(0),
        });
        let reader = read(pair.master.try_clone_reader().unwrap(), Arc::clone(&shared));
        Console {
            writer: Some(pair.master.take_writer().unwrap()),
            master: Some(pair.master),
            child,
            shared,
            reader: Some(reader),
            modes,
        }
    }
}

/// The console in its terminal.
pub(crate) struct Console {
    writer: Option<Box<dyn Write + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Box<dyn Child + Send + Sync>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    modes: String,
}

struct Shared {
    seen: Mutex<Seen>,
    news: Condvar,
    let_go: AtomicBool,
    /// Bytes a second that the line takes; 0 for as many as come.
    rate: AtomicU64,
}

struct Seen {
    terminal: vt100::Parser,
    stream: Vec<u8>,
    /// Whether a frame has begun that has not ended: the screen is half of one and half of another.
    in_frame: bool,
    closed: bool,
}

/// Reads as a terminal does, until the program's side is closed or the terminal is to be let go.
fn read(mut from: Box<dyn Read + Send>, shared: Arc<Shared>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let rate = shared.rate.load(Ordering::Relaxed);
            let piece = if rate == 0 {
                buffer.len()
            } else {
                (rate / 20).max(1) as usize
            };
            let count = from.read(&mut buffer[..piece]).unwrap_or(0);
            let pause = (count as u64 * 1_000).checked_div(rate).unwrap_or(0);
            thread::sleep(Duration::from_millis(pause));
            // A test that failed with the lock needs no more of this.
            let Ok(mut seen) = shared.seen.lock() else { return };
            seen.take(&buffer[..count]);
            shared.news.notify_all();
            if seen.closed || shared.let_go.load(Ordering::Relaxed) {
                return;
            }
        }
    })
}

impl Console {
    /// Presses keys, named as the program names them.
    pub(crate) fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.send(&bytes_of(key));
        }
    }

    /// Types a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.send(text.as_bytes());
    }

    /// Sends bytes as a terminal would. That nobody takes them is no failure of its own.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if let Some(writer) = &mut self.writer {
            let _ = writer.write_all(bytes).and_then(|()| writer.flush());
        }
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), |screen| {
            screen.contents().contains(text)
        });
    }

    /// Waits until the screen does not show a text.
    #[track_caller]
    pub(crate) fn wait_gone(&self, text: &str) {
        self.wait_until(&format!("{text:?} gone"), |screen| !screen.contents().contains(text));
    }

    /// Waits until the screen is as it should be.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, mut done: impl FnMut(&vt100::Screen) -> bool) {
        let started = Instant::now();
        let mut seen = self.shared.seen.lock().unwrap();
        while seen.in_frame || !done(seen.terminal.screen()) {
            let left = LIMIT.saturating_sub(started.elapsed());
            assert!(
                !left.is_zero() && !seen.closed,
                "never came: {what}; the screen:\n{}",
                seen.shown()
            );
            seen = self.shared.news.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until nothing was sent for a while.
    pub(crate) fn wait_quiet(&self, quiet: Duration) {
        let started = Instant::now();
        let mut seen = self.shared.seen.lock().unwrap();
        loop {
            let before = seen.stream.len();
            let (after, timeout) = self.shared.news.wait_timeout(seen, quiet).unwrap();
            seen = after;
            if (timeout.timed_out() && seen.stream.len() == before) || seen.closed {
                return;
            }
            assert!(started.elapsed() < LIMIT, "never quiet; the screen:\n{}", seen.shown());
        }
    }

    /// What was seen, once no frame is under way; a program that ended in one has no more to show.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        let started = Instant::now();
        let mut seen = self.shared.seen.lock().unwrap();
        while seen.in_frame && !seen.closed && started.elapsed() < LIMIT {
            seen = self.shared.news.wait_timeout(seen, LIMIT).unwrap().0;
        }
        seen
    }

    /// What the screen shows.
    pub(crate) fn screen(&self) -> String {
        self.seen().shown()
    }

    /// Something about the screen.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.seen().terminal.screen())
    }

    /// Every byte that was sent so far.
    pub(crate) fn stream(&self) -> Vec<u8> {
        self.shared.seen.lock().unwrap().stream.clone()
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, size: (u16, u16)) {
        let mut seen = self.shared.seen.lock().unwrap();
        seen.terminal.screen_mut().set_size(nonzero(size.1), nonzero(size.0));
        self.master.as_ref().unwrap().resize(pty_size(size)).unwrap();
    }

    /// From now on the line takes so many bytes a second; 0 for as many as come.
    pub(crate) fn slow_down(&self, rate: u64) {
        self.shared.rate.store(rate, Ordering::Relaxed);
    }

    /// The process, for signals.
    pub(crate) fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends the process a signal by its name (`TERM`).
    pub(crate) fn signal(&self, name: &str) {
        signal(self.process(), name);
    }

    /// Lets go of the terminal as a lost connection does: nothing reads it and nothing holds it. `wake` makes the
    /// program send something, which the reader needs to see that it is over.
    pub(crate) fn hang_up(&mut self, wake: &[u8]) {
        self.shared.let_go.store(true, Ordering::Relaxed);
        self.send(wake);
        self.reader.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// Whether the terminal's modes are what they were before the program ran.
    pub(crate) fn modes_are_restored(&self) -> bool {
        modes(&**self.master.as_ref().unwrap()) == self.modes
    }

    /// Waits for the end of the process and for all that it sent: its exit code, and how long its end took.
    #[track_caller]
    pub(crate) fn wait_end(&mut self) -> (u32, Duration) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let took = started.elapsed();
                assert!(status.signal().is_none(), "killed: {status:?}");
                self.wait_closed();
                return (status.exit_code(), took);
            }
            assert!(started.elapsed() < LIMIT, "never ended; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until all is read that the program sent, as far as its terminal is still read. A program of its own that it left
    /// behind could hold the terminal for ever.
    fn wait_closed(&self) {
        const LEFT_BEHIND: Duration = Duration::from_secs(20);
        self.slow_down(0);
        let started = Instant::now();
        let mut seen = self.shared.seen.lock().unwrap();
        while self.reader.is_some() && !seen.closed && started.elapsed() < LEFT_BEHIND {
            seen = self.shared.news.wait_timeout(seen, LEFT_BEHIND).unwrap().0;
        }
    }

    /// Waits for the end of the process, however it comes.
    #[track_caller]
    pub(crate) fn wait_any_end(&mut self) {
        let started = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < LIMIT, "never ended; the screen:\n{}", self.screen());
            thread::sleep(Duration::from_millis(2));
        }
        self.wait_closed();
    }

    /// Leaves and checks that the terminal is what it was.
    #[track_caller]
    pub(crate) fn quit(mut self) -> Vec<u8> {
        self.keys("q");
        let (code, _) = self.wait_end();
        assert_eq!(code, 0, "{}", self.screen());
        self.check_given_back();
        self.stream()
    }

    /// The terminal is what it was before the program ran.
    #[track_caller]
    pub(crate) fn check_given_back(&self) {
        self.wait_until("the alternate screen is left", |screen| !screen.alternate_screen());
        self.look(|screen| {
            assert!(!screen.hide_cursor(), "the cursor is back");
            assert!(!screen.bracketed_paste(), "pastes are not marked");
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        });
        assert!(self.modes_are_restored(), "the modes of the terminal");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // A test that failed must not leave a process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Seen {
    /// Takes in what came; nothing, if that was all.
    fn take(&mut self, bytes: &[u8]) {
        /// Begins a frame; with `l` at its end it ends it.
        const FRAME: &[u8] = b"\x1b[?2026h";
        self.closed = bytes.is_empty();
        let from = self.stream.len().saturating_sub(FRAME.len() - 1);
        self.stream.extend_from_slice(bytes);
        self.terminal.process(bytes);
        let mut marks = self.stream[from..].windows(FRAME.len()).rev();
        let last =
            marks.find(|mark| mark.starts_with(&FRAME[..FRAME.len() - 1]) && matches!(mark.last(), Some(b'h' | b'l')));
        if let Some(mark) = last {
            self.in_frame = mark.ends_with(b"h");
        }
    }

    fn shown(&self) -> String {
        let screen = self.terminal.screen();
        let (_, width) = screen.size();
        screen.rows(0, width.get()).map(|row| row + "\n").collect()
    }
}

/// Sends a process a signal by its name.
pub(crate) fn signal(process: u32, name: &str) {
    let mut kill = Command::new("kill");
    kill.args([&format!("-{name}"), &process.to_string()])
        .stderr(Stdio::null());
    // A process that ended meanwhile is no failure; what it left tells.
    kill.status().expect("kill runs");
}

/// The modes of a terminal, to be compared.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

fn pty_size((cols, rows): (u16, u16)) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// What a terminal sends for a key.
fn bytes_of(key: &str) -> Vec<u8> {
    let bytes: &[u8] = match key {
        "enter" => b"\r",
        // Alone it would belong to what follows, if the program has no time to look before that. A second Esc says that it was
        // one, and as the beginning of a report of focus says nothing itself.
        "esc" => b"\x1b\x1b[I",
        "tab" => b"\t",
        "shift-tab" => b"\x1b[Z",
        "space" => b" ",
        "backspace" => b"\x7f",
        "delete" => b"\x1b[3~",
        "up" => b"\x1b[A",
        "down" => b"\x1b[B",
        "right" => b"\x1b[C",
        "left" => b"\x1b[D",
        "home" => b"\x1b[H",
        "end" => b"\x1b[F",
        "pageup" => b"\x1b[5~",
        "pagedown" => b"\x1b[6~",
        "F1" => b"\x1bOP",
        key => {
            if let Some(letter) = key.strip_prefix("ctrl-") {
                return vec![letter.as_bytes()[0] & 0x1f];
            }
            return key.strip_prefix("alt-").map_or_else(
                || {
                    assert_eq!(key.chars().count(), 1, "no key: {key}");
                    key.as_bytes().to_vec()
                },
                |letter| [b"\x1b", letter.as_bytes()].concat(),
            );
        }
    };
    bytes.to_vec()
}
