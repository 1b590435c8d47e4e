//! Owns drawing a line that is being typed, scrolled so that its cursor is in sight.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::tui::app::line_editor::LineEditor;
use crate::tui::view::text::columns;
use crate::tui::view::{Look, Role};

/// Draws the line; answers where its cursor is.
pub fn draw(look: Look, line: &LineEditor, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return None;
    }
    let (before, after) = line.split();
    let (before, after) = (look.safe_typed(before), look.safe_typed(after));
    let style = look.style(Role::Plain);
    // One column stays for the cursor behind the text.
    let room = usize::from(area.width) - 1;
    let wide = columns(&before);
    let mut used = 0;
    if wide > room {
        used += look.put_safe(buffer, area, look.glyphs().cut, look.style(Role::Faint));
        used += look.put_safe(buffer, rest(area, used), tail(&before, room.saturating_sub(1)), style);
    } else {
        used += look.put_safe(buffer, area, &before, style);
    }
    look.put_safe(buffer, rest(area, used), &after, style);
    Some(Position::new((area.x + used).min(area.right() - 1), area.y))
}

fn rest(area: Rect, used: u16) -> Rect {
    let used = used.min(area.width);
    Rect {
        x: area.x + used,
        width: area.width - used,
        ..area
    }
}

/// The end of a text in at most that many columns.
fn tail(text: &str, width: usize) -> &str {
    let mut used = 0;
    let mut from = text.len();
    for (at, cluster) in text.grapheme_indices(true).rev() {
        used += cluster.width();
        if used > width {
            break;
        }
        from = at;
    }
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::view::Colors;

    fn drawn(line: &LineEditor, width: u16) -> (String, u16) {
        let area = Rect::new(0, 0, width, 1);
        let mut buffer = Buffer::empty(area);
        let look = Look {
            colors: Colors::None,
            ascii: false,
        };
        let cursor = draw(look, line, area, &mut buffer).unwrap();
        (
            (0..width).map(|x| buffer[(x, 0)].symbol().to_owned()).collect(),
            cursor.x,
        )
    }

    #[test]
    fn the_cursor_stays_in_sight() {
        let mut line = LineEditor::new("abcdefgh");
        assert_eq!(drawn(&line, 10), ("abcdefgh  ".into(), 8));
        assert_eq!(drawn(&line, 5), ("~fgh ".into(), 4));
        line.press("home".parse().unwrap());
        assert_eq!(drawn(&line, 5), ("abcd~".into(), 0));
        assert_eq!(drawn(&line, 1), ("~".into(), 0));
    }

    #[test]
    fn a_backslash_is_typed_once_and_an_escape_is_seen() {
        assert_eq!(drawn(&LineEditor::new("\\d\u{1b}"), 8), ("\\d\\x1b  ".into(), 6));
    }
}
