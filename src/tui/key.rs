//! Owns a pressed key: what it is, how it is written in settings, help and recordings, and how such text is read.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A key by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A key that types a character; letters keep their case.
    Char(char),
    /// A function key, from 1.
    F(u8),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
}

/// Keys that have a name, the one that is shown first.
const NAMES: &[(Key, &str)] = &[
    (Key::Char(' '), "space"),
    (Key::Enter, "enter"),
    (Key::Esc, "esc"),
    (Key::Tab, "tab"),
    (Key::Backspace, "backspace"),
    (Key::Delete, "delete"),
    (Key::Insert, "insert"),
    (Key::Up, "up"),
    (Key::Down, "down"),
    (Key::Left, "left"),
    (Key::Right, "right"),
    (Key::Home, "home"),
    (Key::End, "end"),
    (Key::PageUp, "pageup"),
    (Key::PageDown, "pagedown"),
    (Key::Enter, "return"),
    (Key::Esc, "escape"),
    (Key::Delete, "del"),
    (Key::Insert, "ins"),
    (Key::PageUp, "pgup"),
    (Key::PageDown, "pgdn"),
];

/// Function keys that a terminal can tell apart.
const FUNCTION_KEYS: u8 = 24;

/// A key with what was held down beside it. [`KeyPress::new`] and reading give one press one form: a character carries
/// its shift in itself (`X`, `?`), and with Ctrl letters are small, for terminals do not tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPress {
    /// The key.
    pub key: Key,
    /// With Ctrl.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift; never set for characters.
    pub shift: bool,
}

/// What is held down beside a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Ctrl.
    pub ctrl: bool,
    /// Alt, or Esc sent just before.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
}

impl KeyPress {
    /// A key with what is held beside it, in the one form that a press has.
    pub fn new(key: Key, held: Held) -> Self {
        let Held { ctrl, alt, shift } = held;
        match key {
            Key::Char(c) => {
                let c = match c {
                    c if ctrl => c.to_ascii_lowercase(),
                    c if shift => c.to_ascii_uppercase(),
                    c => c,
                };
                Self {
                    key: Key::Char(c),
                    ctrl,
                    alt,
                    shift: false,
                }
            }
            key => Self { key, ctrl, alt, shift },
        }
    }

    /// A key with nothing held.
    pub fn plain(key: Key) -> Self {
        Self::new(key, Held::default())
    }

    /// A character.
    pub fn char(c: char) -> Self {
        Self::plain(Key::Char(c))
    }

    /// A character with Ctrl.
    pub fn ctrl(c: char) -> Self {
        Self::new(
            Key::Char(c),
            Held {
                ctrl: true,
                ..Held::default()
            },
        )
    }

    /// The character it types into a line, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        if let Some((_, name)) = NAMES.iter().find(|(key, _)| *key == self.key) {
            return f.write_str(name);
        }
        match self.key {
            Key::F(n) => write!(f, "F{n}"),
            Key::Char(c) => write!(f, "{c}"),
            // Every other key stands among the names.
            _ => Ok(()),
        }
    }
}

/// Text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key; write keys as x, X, ctrl-x, alt-x, F5, space, enter, esc, tab, shift-tab, up, pagedown")]
pub struct NoSuchKey(String);

impl FromStr for KeyPress {
    type Err = NoSuchKey;

    fn from_str(text: &str) -> Result<Self, NoSuchKey> {
        let wrong = || NoSuchKey(text.to_owned());
        let mut held = Held::default();
        let mut rest = text;
        loop {
            let (flag, after) = match rest.split_once('-') {
                // A key that is itself a minus has nothing behind it.
                Some((_, "")) | None => break,
                Some((name, after)) if name.eq_ignore_ascii_case("ctrl") => (&mut held.ctrl, after),
                Some((name, after)) if name.eq_ignore_ascii_case("alt") => (&mut held.alt, after),
                Some((name, after)) if name.eq_ignore_ascii_case("shift") => (&mut held.shift, after),
                Some(_) => return Err(wrong()),
            };
            if *flag {
                return Err(wrong());
            }
            *flag = true;
            rest = after;
        }
        let key = key(rest).ok_or_else(wrong)?;
        Ok(Self::new(key, held))
    }
}

fn key(text: &str) -> Option<Key> {
    let mut characters = text.chars();
    if let (Some(c), None) = (characters.next(), characters.next()) {
        return (!c.is_control()).then_some(Key::Char(c));
    }
    if let Some((key, _)) = NAMES.iter().find(|(_, name)| text.eq_ignore_ascii_case(name)) {
        return Some(*key);
    }
    let digits = text.strip_prefix(['F', 'f'])?;
    let number = digits
        .parse()
        .ok()
        .filter(|n| (1..=FUNCTION_KEYS).contains(n) && !digits.starts_with(['+', '0']))?;
    Some(Key::F(number))
}

impl Serialize for KeyPress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyPress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
