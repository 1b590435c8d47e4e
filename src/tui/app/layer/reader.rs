//! Owns a text to read: lines with a cursor.

use super::Outcome;
use crate::tui::keymap::Action;

/// How a line is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Plain.
    #[default]
    Plain,
    /// A heading.
    Heading,
    /// Less important.
    Faint,
    /// Good.
    Good,
    /// Worth a look.
    Warning,
    /// Bad.
    Bad,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReaderLine {
    /// What it is about, in a column of its own; may be empty.
    pub label: String,
    /// The text, not yet made safe to draw; broken where it is too long.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl ReaderLine {
    /// A plain line without a label.
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A heading.
    pub fn heading(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Heading,
            ..Self::plain(text)
        }
    }

    /// A line with a label.
    pub fn labelled(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::plain(text)
        }
    }

    /// With another tone.
    pub fn in_tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// A text to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    /// Its title, not yet made safe to draw.
    pub title: String,
    /// Its lines.
    pub lines: Vec<ReaderLine>,
    /// The line the cursor is on.
    pub cursor: usize,
}

impl Reader {
    /// From the first line on.
    pub fn new(title: impl Into<String>, lines: Vec<ReaderLine>) -> Self {
        Self {
            title: title.into(),
            lines,
            cursor: 0,
        }
    }

    pub(super) fn act(&mut self, action: Action, page: usize) -> Outcome {
        let last = self.lines.len().saturating_sub(1);
        let page = page.max(1);
        self.cursor = match action {
            Action::Down => (self.cursor + 1).min(last),
            Action::Up => self.cursor.saturating_sub(1),
            Action::PageDown => (self.cursor + page).min(last),
            Action::PageUp => self.cursor.saturating_sub(page),
            Action::Top => 0,
            Action::Bottom => last,
            Action::Copy => {
                let text = self.lines.get(self.cursor).map(|line| line.text.clone());
                return text.map_or(Outcome::Stays, Outcome::Copies);
            }
            _ => return Outcome::Ignored,
        };
        Outcome::Stays
    }
}
