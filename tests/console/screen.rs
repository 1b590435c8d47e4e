//! A drawn screen as text, and what must hold of every screen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nsec_tui::tui::app::App;
use nsec_tui::tui::view::{Colors, Look, view};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// As most terminals show it.
pub(super) const PLAIN: Look = Look {
    colors: Colors::Sixteen,
    ascii: false,
};

/// As the least of them does.
pub(super) const BARE: Look = Look {
    colors: Colors::None,
    ascii: true,
};

/// A screen.
pub(super) struct Screen {
    pub(super) buffer: Buffer,
    pub(super) cursor: Option<Position>,
}

impl Screen {
    /// Draws a console of this size.
    pub(super) fn of(app: &App, look: Look, (width, height): (u16, u16)) -> Self {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = view(app, look, &mut buffer);
        Self { buffer, cursor }
    }

    fn row(&self, y: u16) -> String {
        let mut text = String::new();
        let mut hidden = 0;
        for x in 0..self.buffer.area.width {
            let symbol = self.buffer[(x, y)].symbol();
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            text.push_str(symbol);
            hidden = symbol.width().saturating_sub(1);
        }
        text
    }

    /// The text, a line a row, and where the cursor is.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for y in 0..self.buffer.area.height {
            _ = writeln!(out, "{}", self.row(y).trim_end());
        }
        if let Some(at) = self.cursor {
            _ = writeln!(out, "cursor: column {}, row {}", at.x, at.y);
        }
        out
    }

    /// A letter for each style in the place of its cells, and what the letters mean.
    pub(super) fn styles(&self) -> String {
        let mut letters: BTreeMap<String, char> = BTreeMap::new();
        let mut out = String::new();
        for y in 0..self.buffer.area.height {
            let mut row = String::new();
            for x in 0..self.buffer.area.width {
                let name = style_name(self.buffer[(x, y)].style());
                let next = char::from(b'a' + letters.len() as u8);
                row.push(if name.is_empty() {
                    ' '
                } else {
                    *letters.entry(name).or_insert(next)
                });
            }
            _ = writeln!(out, "{}", row.trim_end());
        }
        for (name, letter) in letters {
            _ = writeln!(out, "{letter}: {name}");
        }
        out
    }

    /// What must hold of every screen.
    pub(super) fn check(&self, look: Look) {
        let area = self.buffer.area;
        if let Some(at) = self.cursor {
            assert!(area.contains(at), "the cursor at {at:?} is outside of {area:?}");
        }
        for y in 0..area.height {
            let row = self.row(y);
            assert!(!row.chars().any(char::is_control), "row {y}: {row:?}");
            assert!(!look.ascii || row.is_ascii(), "row {y} is not ASCII: {row}");
            assert!(row.width() <= usize::from(area.width), "row {y} is too wide: {row}");
            for x in 0..area.width {
                let style = self.buffer[(x, y)].style();
                let plain = [style.fg, style.bg]
                    .into_iter()
                    .flatten()
                    .all(|color| color == Color::Reset);
                assert!(look.colors != Colors::None || plain, "a colour in row {y}: {row}");
            }
        }
    }
}

fn style_name(style: Style) -> String {
    let mut words = Vec::new();
    for (modifier, word) in [
        (Modifier::BOLD, "bold"),
        (Modifier::REVERSED, "reverse"),
        (Modifier::UNDERLINED, "underline"),
        (Modifier::DIM, "dim"),
    ] {
        if style.add_modifier.contains(modifier) {
            words.push(word.to_owned());
        }
    }
    if let Some(color) = style.fg.filter(|color| *color != Color::Reset) {
        words.push(color.to_string());
    }
    words.join(" ")
}
