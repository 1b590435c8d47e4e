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
    /// Whether it goes on with the line above.
    pub continued: bool,
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

/// Bytes of a piece of a long line: less than a small screen shows.
const PIECE: usize = 300;

fn in_pieces(line: ReaderLine) -> Vec<ReaderLine> {
    if line.text.len() <= PIECE {
        return vec![line];
    }
    let (mut pieces, mut rest) = (Vec::new(), line.text.as_str());
    while !rest.is_empty() {
        let end = rest.floor_char_boundary(PIECE);
        let (piece, after) = rest.split_at(end);
        pieces.push(ReaderLine {
            label: if pieces.is_empty() {
                line.label.clone()
            } else {
                String::new()
            },
            text: piece.to_owned(),
            tone: line.tone,
            continued: !pieces.is_empty(),
        });
        rest = after;
    }
    pieces
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
    /// From the first line on. A line too long for a screen becomes several, so that the cursor can walk through it.
    pub fn new(title: impl Into<String>, lines: Vec<ReaderLine>) -> Self {
        Self {
            title: title.into(),
            lines: lines.into_iter().flat_map(in_pieces).collect(),
            cursor: 0,
        }
    }

    /// The text of the cursor's line, put together again where it is in pieces.
    fn whole_line(&self) -> Option<String> {
        let first = (0..=self.cursor)
            .rev()
            .find(|at| self.lines.get(*at).is_some_and(|line| !line.continued))?;
        let rest = self.lines[first + 1..].iter().take_while(|line| line.continued);
        let texts = std::iter::once(&self.lines[first])
            .chain(rest)
            .map(|line| line.text.as_str());
        Some(texts.collect())
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
                return self.whole_line().map_or(Outcome::Stays, Outcome::Copies);
            }
            _ => return Outcome::Ignored,
        };
        Outcome::Stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_walked_through_and_copied_whole() {
        // 299 bytes, then 300 each: a character of two bytes is not split.
        let long = format!("x{}", "\u{e9}".repeat(3_000));
        let lines = vec![
            ReaderLine::labelled("a", "1"),
            ReaderLine::labelled("b", long.clone()),
            ReaderLine::plain("c"),
        ];
        let mut reader = Reader::new("row", lines);
        assert_eq!(reader.lines.len(), 2 + 21);
        assert_eq!(
            (reader.lines[1].label.as_str(), reader.lines[2].label.as_str()),
            ("b", "")
        );
        for _ in 0..3 {
            reader.act(Action::Down, 10);
        }
        assert_eq!(reader.act(Action::Copy, 10), Outcome::Copies(long));
        reader.act(Action::Bottom, 10);
        assert_eq!(reader.act(Action::Copy, 10), Outcome::Copies("c".to_owned()));
        reader.act(Action::Top, 10);
        assert_eq!(reader.act(Action::Copy, 10), Outcome::Copies("1".to_owned()));
        assert_eq!(Reader::new("", Vec::new()).act(Action::Copy, 10), Outcome::Stays);
    }
}
