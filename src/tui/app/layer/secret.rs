//! Owns a password being typed: it is never shown, never printed, and edited only at its end, so that a session played again
//! from a recording, which has other characters in its place, goes the same way.

use std::fmt;

use crate::tui::key::{Key, KeyPress};
use crate::worker::Secret;

/// Characters of a password that are taken.
const MOST: usize = 1_024;

/// A password being typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretLine {
    text: String,
}

impl SecretLine {
    /// How many characters are typed.
    pub fn typed(&self) -> usize {
        self.text.chars().count()
    }

    /// The password, if one was typed.
    pub fn secret(&self) -> Option<Secret> {
        (!self.text.is_empty()).then(|| Secret::new(self.text.as_str()))
    }

    /// The characters of a text that a password takes: no line ends, nothing else that controls.
    pub fn taken(text: &str) -> impl Iterator<Item = char> {
        text.chars().filter(|c| !c.is_control())
    }

    pub(super) fn insert(&mut self, text: &str) {
        let room = MOST.saturating_sub(self.typed());
        self.text.extend(Self::taken(text).take(room));
    }

    /// Takes a key; whether it means something here.
    pub(super) fn press(&mut self, key: KeyPress) -> bool {
        if let Some(c) = key.typed() {
            let mut bytes = [0; 4];
            self.insert(c.encode_utf8(&mut bytes));
            return true;
        }
        match (key.key, key.ctrl, key.alt) {
            (Key::Backspace, false, false) | (Key::Char('h'), true, false) => _ = self.text.pop(),
            (Key::Char('u' | 'w'), true, false) | (Key::Backspace, false, true) => self.text.clear(),
            _ => return false,
        }
        true
    }
}

/// Not even how long it is.
impl fmt::Debug for SecretLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretLine(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_edited_at_its_end_and_never_printed() {
        let mut line = SecretLine::default();
        for key in ["z", "é", "b", "backspace", "7"] {
            assert!(line.press(key.parse().unwrap()));
        }
        assert_eq!(line.secret().unwrap().reveal(), "zé7");
        assert_eq!((line.typed(), format!("{line:?}").as_str()), (3, "SecretLine(***)"));
        line.insert("\r\n ra\u{1b}\n");
        assert_eq!(line.secret().unwrap().reveal(), "zé7 ra");
        assert!(!line.press("left".parse().unwrap()));
        assert!(line.press("ctrl-w".parse().unwrap()) && line.secret().is_none());
        line.insert(&"x".repeat(5_000));
        assert_eq!(line.typed(), MOST);
    }
}
