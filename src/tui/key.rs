//! Owns a key press as data: read from and written as text (`x`, `ctrl-x`, `shift-tab`, `F5`); knows no terminal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A key without modifiers. A letter keeps its case, so Shift is part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character.
    Char(char),
    /// A function key, 1 to 24.
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

/// Names of keys that are not one character.
const NAMES: [(&str, Key); 15] = [
    ("space", Key::Char(' ')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
];

/// A key with its modifiers.
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

/// A text that is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key; write keys as x, X, ctrl-x, alt-x, F5, space, enter")]
pub struct KeyError(String);

impl KeyPress {
    /// Without modifiers.
    pub fn plain(key: Key) -> Self {
        Self {
            key,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }

    /// The character that this key types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl FromStr for KeyPress {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut press = Self::plain(Key::Esc);
        let mut rest = text;
        loop {
            let (flag, after) = if let Some(after) = rest.strip_prefix("ctrl-") {
                (&mut press.ctrl, after)
            } else if let Some(after) = rest.strip_prefix("alt-") {
                (&mut press.alt, after)
            } else if let Some(after) = rest.strip_prefix("shift-") {
                (&mut press.shift, after)
            } else {
                break;
            };
            if *flag || after.is_empty() {
                return Err(KeyError(text.to_owned()));
            }
            *flag = true;
            rest = after;
        }
        press.key = named(rest).ok_or_else(|| KeyError(text.to_owned()))?;
        if press.shift && matches!(press.key, Key::Char(_)) {
            return Err(KeyError(text.to_owned()));
        }
        Ok(press)
    }
}

fn named(text: &str) -> Option<Key> {
    if let Some((_, key)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Some(*key);
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) if !c.is_control() && c != ' ' => Some(Key::Char(c)),
        (Some('F'), Some(_)) => text[1..].parse().ok().filter(|n| (1..=24).contains(n)).map(Key::F),
        _ => None,
    }
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (set, prefix) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if set {
                f.write_str(prefix)?;
            }
        }
        match (NAMES.iter().find(|(_, key)| *key == self.key), self.key) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Key::F(n)) => write!(f, "F{n}"),
            (None, Key::Char(c)) => write!(f, "{c}"),
            (None, _) => Ok(()),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_written() {
        for text in [
            "x",
            "X",
            "-",
            "ctrl-x",
            "alt-m",
            "ctrl-alt-x",
            "shift-tab",
            "F1",
            "F24",
            "space",
            "é",
            "?",
            "ctrl-left",
        ] {
            let press: KeyPress = text.parse().unwrap();
            assert_eq!(press.to_string(), text);
        }
        assert_eq!("F".parse::<KeyPress>().unwrap().key, Key::Char('F'));
        assert_eq!("ctrl--".parse::<KeyPress>().unwrap().key, Key::Char('-'));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "ctrl-",
            "F0",
            "F25",
            "xy",
            " ",
            "\u{1b}",
            "ctrl-ctrl-x",
            "shift-x",
            "Fx",
        ] {
            assert!(text.parse::<KeyPress>().is_err(), "{text:?}");
        }
    }
}
