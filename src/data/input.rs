//! Owns the byte input of the text readers: a growing window over a stream, and what is said of it (failures, blank lines).

use std::io::{self, Read};

use super::error::DataError;

/// The bytes asked of the source at once.
const BLOCK: usize = 256 << 10;
/// A window that has grown past this is given back once a giant record has gone through it.
const KEEP: usize = 4 << 20;

/// A stream of bytes seen through a window of what is read but not yet used.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    window: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    saw_nul: bool,
    /// A read that says `WouldBlock` is a pause, after which reading goes on.
    live: bool,
    /// Whether a pause ends [`Self::fill`]: there is something that need not wait for more.
    stop_at_pause: bool,
    paused: bool,
}

impl Input {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self {
            reader,
            window: Vec::new(),
            start: 0,
            end: 0,
            at_end: false,
            saw_nul: false,
            live: false,
            stop_at_pause: false,
            paused: false,
        }
    }

    /// Of a source that pauses: its reads wait a while for bytes and then say `WouldBlock`.
    pub(super) fn live(reader: Box<dyn Read + Send>) -> Self {
        Self {
            live: true,
            ..Self::new(reader)
        }
    }

    /// Whether from now on [`Self::fill`] ends at a pause; else it waits it out.
    pub(super) fn stop_at_pause(&mut self, stop: bool) {
        self.stop_at_pause = stop && self.live;
    }

    /// Whether the last [`Self::fill`] ended at a pause. Asking forgets it.
    pub(super) fn take_pause(&mut self) -> bool {
        std::mem::take(&mut self.paused)
    }

    /// What is read but not yet used.
    #[inline]
    pub(super) fn available(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// Whether the source has nothing after [`Self::available`].
    #[inline]
    pub(super) fn at_end(&self) -> bool {
        self.at_end
    }

    /// Whether a NUL byte has been read so far.
    pub(super) fn saw_nul(&self) -> bool {
        self.saw_nul
    }

    /// Uses up `count` bytes of what is available.
    #[inline]
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads on until at least `wanted` bytes are available, or the source ends, or pauses where that is asked for. At
    /// least one read is made.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<()> {
        while !self.at_end {
            self.make_room(wanted);
            let read = match self.reader.read(&mut self.window[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if self.live && error.kind() == io::ErrorKind::WouldBlock => {
                    if self.stop_at_pause {
                        self.paused = true;
                        break;
                    }
                    continue;
                }
                other => other?,
            };
            if read == 0 {
                self.at_end = true;
                break;
            }
            let fresh = &self.window[self.end..self.end + read];
            self.saw_nul = self.saw_nul || memchr::memchr(0, fresh).is_some();
            self.end += read;
            if self.end - self.start >= wanted {
                break;
            }
        }
        Ok(())
    }

    /// Moves the unused bytes to the front and leaves at least a block of free space behind them.
    fn make_room(&mut self, wanted: usize) {
        let unused = self.end - self.start;
        if self.window.len() > KEEP && unused.max(wanted) < BLOCK {
            self.window = self.available().to_vec();
        } else if self.start > 0 {
            self.window.copy_within(self.start..self.end, 0);
        }
        self.start = 0;
        self.end = unused;
        let needed = (unused + BLOCK).max(wanted);
        if self.window.len() < needed {
            self.window.resize(needed, 0);
        }
    }
}

/// Blank lines that were skipped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BlankLines {
    count: u64,
    first: u64,
}

impl BlankLines {
    pub(super) fn add(&mut self, line: u64) {
        self.count += 1;
        if self.count == 1 {
            self.first = line;
        }
    }

    pub(super) fn note(self) -> Option<String> {
        match self.count {
            0 => None,
            1 => Some(format!("1 blank line skipped, line {}", self.first)),
            count => Some(format!("{count} blank lines skipped, the first is line {}", self.first)),
        }
    }
}

/// What a failed read means to a person.
pub(super) fn read_error(name: &str, line: u64, cause: io::Error) -> DataError {
    let reason = match cause.kind() {
        io::ErrorKind::UnexpectedEof => {
            "the compressed data ends too early; the file was cut off, fetch it again".to_owned()
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            format!("the compressed data is damaged ({cause}); fetch the file again")
        }
        _ => format!("cannot be read further ({cause})"),
    };
    DataError::read(name, line, reason, Some(cause))
}
