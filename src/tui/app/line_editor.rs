//! Owns editing a line of text.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::address;
use crate::tui::key::{Key, KeyPress};

/// The most bytes a line may have.
const MAX_BYTES: usize = 8 << 10;

/// A line being typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineEditor {
    text: String,
    /// A byte offset at the edge of a grapheme.
    cursor: usize,
}

/// An address may be typed into any line; a password in it is not printed.
impl fmt::Debug for LineEditor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineEditor")
            .field("text", &address::shown(&self.text))
            .field("cursor", &self.cursor)
            .finish()
    }
}

impl LineEditor {
    /// With a text, the cursor behind it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            cursor: text.len(),
            text,
        }
    }

    /// What is typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before and from the cursor on.
    pub fn split(&self) -> (&str, &str) {
        self.text.split_at(self.cursor)
    }

    /// Puts another text in its place.
    pub fn set(&mut self, text: impl Into<String>) {
        *self = Self::new(text);
    }

    /// The same cursor in a text that begins with this one.
    pub fn within(self, text: String) -> Self {
        Self {
            cursor: if text.starts_with(&self.text) {
                self.cursor
            } else {
                text.len()
            },
            text,
        }
    }

    /// Inserts a text at the cursor: line ends become spaces, and what does not fit stays out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if self.text.len() + c.len_utf8() > MAX_BYTES {
                return;
            }
            self.text.insert(self.cursor, c);
            self.cursor += c.len_utf8();
        }
    }

    /// Takes a key that means something in every line; whether it did.
    pub fn press(&mut self, key: KeyPress) -> bool {
        if let Some(c) = key.typed() {
            let mut bytes = [0; 4];
            self.insert(c.encode_utf8(&mut bytes));
            return true;
        }
        match (key.key, key.ctrl, key.alt) {
            (Key::Backspace, false, false) | (Key::Char('h'), true, false) => self.delete(self.before(), self.cursor),
            (Key::Delete, false, false) => self.delete(self.cursor, self.after()),
            (Key::Left, false, false) | (Key::Char('b'), true, false) => self.cursor = self.before(),
            (Key::Right, false, false) | (Key::Char('f'), true, false) => self.cursor = self.after(),
            (Key::Home, false, false) | (Key::Char('a'), true, false) => self.cursor = 0,
            (Key::End, false, false) | (Key::Char('e'), true, false) => self.cursor = self.text.len(),
            (Key::Char('u'), true, false) => self.delete(0, self.cursor),
            (Key::Char('k'), true, false) => self.delete(self.cursor, self.text.len()),
            (Key::Char('w'), true, false) | (Key::Backspace, false, true) => {
                self.delete(self.word_before(), self.cursor);
            }
            (Key::Left, true, false) | (Key::Char('b'), false, true) => self.cursor = self.word_before(),
            (Key::Right, true, false) | (Key::Char('f'), false, true) => self.cursor = self.word_after(),
            _ => return false,
        }
        true
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.cursor = from;
    }

    fn before(&self) -> usize {
        let start = self.text[..self.cursor].grapheme_indices(true).next_back();
        start.map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_before(&self) -> usize {
        let mut words = self.text[..self.cursor].split_word_bound_indices().rev();
        words.find(|(_, word)| !word.trim().is_empty()).map_or(0, |(at, _)| at)
    }

    fn word_after(&self) -> usize {
        let mut words = self.text[self.cursor..].split_word_bound_indices();
        let found = words.find(|(_, word)| !word.trim().is_empty());
        found.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn press(line: &mut LineEditor, keys: &str) {
        for key in keys.split(' ') {
            assert!(line.press(key.parse().unwrap()), "{key}");
        }
    }

    #[test]
    fn words_and_graphemes_go_whole() {
        let mut line = LineEditor::new("port = 80 é\u{301}");
        press(&mut line, "backspace");
        assert_eq!(line.text(), "port = 80 ");
        press(&mut line, "ctrl-w");
        assert_eq!(line.text(), "port = ");
        press(&mut line, "home ctrl-right delete x");
        assert_eq!(line.text(), "portx= ");
        press(&mut line, "ctrl-left ctrl-k");
        assert_eq!(line.text(), "");
    }

    #[test]
    fn pasted_line_ends_become_spaces_and_length_is_bounded() {
        let mut line = LineEditor::default();
        line.insert("a\nb\tc");
        assert_eq!(line.text(), "a b c");
        line.insert(&"x".repeat(1 << 20));
        assert_eq!(line.text().len(), MAX_BYTES);
    }

    proptest! {
        #[test]
        fn no_keys_leave_the_cursor_inside_a_character(text in "\\PC{0,12}", keys in prop::collection::vec(0usize..12, 0..30)) {
            const KEYS: [&str; 12] = ["left", "right", "home", "end", "backspace", "delete", "ctrl-w", "ctrl-left",
                "ctrl-right", "ctrl-u", "ctrl-k", "é"];
            let mut line = LineEditor::new(text);
            for key in keys {
                line.press(KEYS[key].parse().unwrap());
                let (before, after) = line.split();
                prop_assert_eq!(format!("{before}{after}"), line.text());
            }
        }
    }
}
