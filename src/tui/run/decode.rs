//! Owns what comes out of a terminal: bytes into keys, pastes and the mouse. Everything else it says is passed over.
//!
//! A state machine that takes any bytes, in pieces of any size. Whether Esc was pressed or begins a longer sequence is
//! decided by waiting a moment, so a slow line that tears a sequence apart does not turn an arrow into Esc and letters.
//! Answers to questions that some program asked before us (colours, positions, attributes) are eaten whole.

#[cfg(test)]
mod tests;

use crate::tui::key::{Held, Key, KeyPress};

/// How long an Esc may stand alone before it counts as the key, in milliseconds.
const ESC_WAIT: u64 = 50;

/// How long a paste may be silent before it counts as ended: its end may have been lost.
const PASTE_WAIT: u64 = 1_000;

/// Bytes of a paste that are kept. No field of the console takes more.
pub const PASTE_LIMIT: usize = 1 << 20;

/// Bytes of a sequence that are kept; none that means something to us is longer.
const SEQUENCE_LIMIT: usize = 64;

/// The end of a bracketed paste.
const PASTE_END: &[u8] = b"\x1b[201~";

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Pressed a key.
    Key(KeyPress),
    /// Pasted a text; lines end in `\n`.
    Paste(String),
    /// Turned the wheel: up, or down.
    Wheel {
        /// Which way.
        up: bool,
        /// Column, from 0.
        column: u16,
        /// Row, from 0.
        row: u16,
    },
    /// Pressed the first mouse button.
    Click {
        /// Column, from 0.
        column: u16,
        /// Row, from 0.
        row: u16,
    },
}

/// Where the machine stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Between keys.
    Ground,
    /// Inside a character of several bytes.
    Character,
    /// Behind Esc.
    Escape,
    /// Behind `ESC O`.
    Keypad,
    /// Behind `ESC [`, collecting.
    Sequence,
    /// Behind `ESC [ [`, as the Linux console sends its first function keys.
    Console,
    /// Inside the three bytes of an old mouse report.
    OldMouse(u8),
    /// Inside a string that is of no interest; true behind an Esc, which may begin its end.
    String(bool),
    /// Inside a paste.
    Paste,
}

/// Turns bytes into [`Input`].
#[derive(Debug)]
pub struct Decoder {
    state: State,
    kept: Vec<u8>,
    /// When the last byte came, in milliseconds.
    last: u64,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            state: State::Ground,
            kept: Vec::new(),
            last: 0,
        }
    }
}

impl Decoder {
    /// Takes bytes that came at `now`, in milliseconds.
    pub fn feed(&mut self, bytes: &[u8], now: u64, out: &mut Vec<Input>) {
        self.expire(now, out);
        self.last = now;
        for byte in bytes {
            self.take(*byte, out);
        }
    }

    /// When [`Self::expire`] has to be called, if no byte comes before.
    pub fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Ground => None,
            State::Paste => Some(self.last + PASTE_WAIT),
            _ => Some(self.last + ESC_WAIT),
        }
    }

    /// Decides what is still open once its time is over.
    pub fn expire(&mut self, now: u64, out: &mut Vec<Input>) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match std::mem::replace(&mut self.state, State::Ground) {
            State::Escape => out.push(plain(Key::Esc)),
            State::Keypad => out.push(alt('O')),
            State::Sequence if self.kept.is_empty() => out.push(alt('[')),
            State::Paste => self.end_paste(out),
            _ => {}
        }
        self.kept.clear();
    }

    fn take(&mut self, byte: u8, out: &mut Vec<Input>) {
        match self.state {
            State::Ground => self.ground(byte, Held::default(), out),
            State::Character => self.character(byte, out),
            State::Escape => self.escape(byte, out),
            State::Keypad => {
                self.state = State::Ground;
                if let Some(key) = keypad_key(byte) {
                    out.push(plain(key));
                }
            }
            State::Sequence => self.sequence(byte, out),
            State::Console => {
                self.state = State::Ground;
                if let b'A'..=b'E' = byte {
                    out.push(plain(Key::F(byte - b'A' + 1)));
                }
            }
            State::OldMouse(left) => {
                self.state = if left > 1 {
                    State::OldMouse(left - 1)
                } else {
                    State::Ground
                };
            }
            State::String(after_escape) => self.string(byte, after_escape),
            State::Paste => self.paste(byte, out),
        }
    }

    fn ground(&mut self, byte: u8, held: Held, out: &mut Vec<Input>) {
        self.state = State::Ground;
        let ctrl = |c: char| {
            let held = Held { ctrl: true, ..held };
            Input::Key(KeyPress::new(Key::Char(c), held))
        };
        let key = |key: Key| Input::Key(KeyPress::new(key, held));
        out.push(match byte {
            0x1b => {
                self.state = State::Escape;
                return;
            }
            b'\r' | b'\n' => key(Key::Enter),
            b'\t' => key(Key::Tab),
            0x08 | 0x7f => key(Key::Backspace),
            0 => ctrl(' '),
            1..0x1b => ctrl(char::from(byte - 1 + b'a')),
            0x1c..0x20 => ctrl(char::from(byte - 0x1c + b'\\')),
            b' '..=b'~' => key(Key::Char(char::from(byte))),
            0xc2..=0xf4 => {
                self.kept = vec![byte];
                self.state = State::Character;
                return;
            }
            // No character begins so.
            _ => return,
        });
    }

    fn character(&mut self, byte: u8, out: &mut Vec<Input>) {
        if !(0x80..0xc0).contains(&byte) {
            // It broke off; what comes now stands for itself.
            self.kept.clear();
            return self.ground(byte, Held::default(), out);
        }
        self.kept.push(byte);
        let length = match self.kept[0] {
            0..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        if self.kept.len() < length {
            return;
        }
        let character = std::str::from_utf8(&self.kept)
            .ok()
            .and_then(|text| text.chars().next());
        if let Some(c) = character.filter(|c| !c.is_control()) {
            out.push(plain(Key::Char(c)));
        }
        self.kept.clear();
        self.state = State::Ground;
    }

    fn escape(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.kept.clear();
        self.state = match byte {
            b'[' => State::Sequence,
            b'O' => State::Keypad,
            b']' | b'P' | b'X' | b'^' | b'_' => State::String(false),
            0x1b => {
                out.push(plain(Key::Esc));
                State::Escape
            }
            _ => {
                let held = Held {
                    alt: true,
                    ..Held::default()
                };
                return self.ground(byte, held, out);
            }
        };
    }

    fn sequence(&mut self, byte: u8, out: &mut Vec<Input>) {
        match byte {
            b'[' if self.kept.is_empty() => self.state = State::Console,
            0x20..0x40 => {
                if self.kept.len() < SEQUENCE_LIMIT {
                    self.kept.push(byte);
                }
            }
            0x40..0x7f => {
                self.state = State::Ground;
                let kept = std::mem::take(&mut self.kept);
                match (kept.as_slice(), byte) {
                    (b"200", b'~') => self.state = State::Paste,
                    (b"", b'M') => self.state = State::OldMouse(3),
                    _ => out.extend(meaning(&kept, byte)),
                }
            }
            // It broke off.
            _ => {
                self.kept.clear();
                self.ground(byte, Held::default(), out);
            }
        }
    }

    fn string(&mut self, byte: u8, after_escape: bool) {
        self.state = match byte {
            b'\\' if after_escape => State::Ground,
            0x07 | 0x18 | 0x1a => State::Ground,
            byte => State::String(byte == 0x1b),
        };
    }

    fn paste(&mut self, byte: u8, out: &mut Vec<Input>) {
        self.kept.push(byte);
        if self.kept.ends_with(PASTE_END) {
            self.kept.truncate(self.kept.len() - PASTE_END.len());
            self.state = State::Ground;
            self.end_paste(out);
        } else if self.kept.len() >= PASTE_LIMIT + 2 * PASTE_END.len() {
            // What is too much goes, but its end must still be seen.
            self.kept.drain(PASTE_LIMIT..PASTE_LIMIT + PASTE_END.len());
        }
    }

    fn end_paste(&mut self, out: &mut Vec<Input>) {
        let mut bytes = std::mem::take(&mut self.kept);
        bytes.truncate(PASTE_LIMIT);
        let text = String::from_utf8_lossy(&bytes);
        out.push(Input::Paste(text.replace("\r\n", "\n").replace('\r', "\n")));
    }
}

fn plain(key: Key) -> Input {
    Input::Key(KeyPress::plain(key))
}

fn alt(c: char) -> Input {
    let held = Held {
        alt: true,
        ..Held::default()
    };
    Input::Key(KeyPress::new(Key::Char(c), held))
}

/// What a whole sequence means, if it means a key or the mouse.
fn meaning(parameters: &[u8], last: u8) -> Option<Input> {
    if let Some(report) = parameters.strip_prefix(b"<") {
        return mouse(&numbers(report)?, last);
    }
    let numbers = numbers(parameters)?;
    let first = numbers.first().copied().unwrap_or(0);
    let held = held(numbers.get(1).copied().unwrap_or(1))?;
    let key = match last {
        b'~' => numbered_key(first)?,
        b'Z' => {
            let held = Held { shift: true, ..held };
            return Some(Input::Key(KeyPress::new(Key::Tab, held)));
        }
        // Also how a terminal tells where its cursor is; a key has 1 in front.
        b'A'..=b'D' | b'F' | b'H' | b'P'..=b'S' if first <= 1 => keypad_key(last)?,
        _ => return None,
    };
    // `ESC [ R` alone is a position cut short, never a key.
    if last == b'R' && numbers.len() != 2 {
        return None;
    }
    Some(Input::Key(KeyPress::new(key, held)))
}

/// Numbers between semicolons; none if there is anything else.
fn numbers(text: &[u8]) -> Option<Vec<u16>> {
    let text = std::str::from_utf8(text).ok()?;
    let number = |part: &str| match part {
        "" => Some(0),
        // Details of an event that we did not ask for come behind a colon.
        part => part.split(':').next()?.parse().ok(),
    };
    text.split(';').map(number).collect()
}

/// What is held, as terminals count it: one more than the sum of 1, 2, 4.
fn held(number: u16) -> Option<Held> {
    let bits = number.max(1) - 1;
    (bits < 8).then_some(Held {
        shift: bits & 1 != 0,
        alt: bits & 2 != 0,
        ctrl: bits & 4 != 0,
    })
}

fn keypad_key(byte: u8) -> Option<Key> {
    Some(match byte {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'F' => Key::End,
        b'H' => Key::Home,
        b'M' => Key::Enter,
        b'P'..=b'S' => Key::F(byte - b'P' + 1),
        _ => return None,
    })
}

fn numbered_key(number: u16) -> Option<Key> {
    Some(match number {
        1 | 7 => Key::Home,
        2 => Key::Insert,
        3 => Key::Delete,
        4 | 8 => Key::End,
        5 => Key::PageUp,
        6 => Key::PageDown,
        // The numbers have gaps where an old keyboard had gaps.
        11..=15 => Key::F(number as u8 - 10),
        17..=21 => Key::F(number as u8 - 11),
        23..=26 => Key::F(number as u8 - 12),
        _ => return None,
    })
}

fn mouse(numbers: &[u16], last: u8) -> Option<Input> {
    let [button, x, y] = *numbers else { return None };
    let (column, row) = (x.checked_sub(1)?, y.checked_sub(1)?);
    match (button, last) {
        (0, b'M') => Some(Input::Click { column, row }),
        (64 | 65, b'M') => Some(Input::Wheel {
            up: button == 64,
            column,
            row,
        }),
        _ => None,
    }
}
