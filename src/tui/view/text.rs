//! Owns putting text on the screen: the one place where text of data, paths and logs is made safe to draw, cut and
//! placed.

use std::borrow::Cow;
use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::{Look, Role};
use crate::text::visible_text;

/// A character with its marks may have this many bytes; more is no writing but an attempt to draw over other lines.
const MAX_CLUSTER: usize = 24;

impl Look {
    /// Text of anybody made safe to draw: what is invisible, moves the cursor or takes a width that terminals disagree
    /// about becomes a visible escape, and so does what is not ASCII where only that can be shown. Safe text stays as
    /// it is, but its backslashes are doubled each time, so text is made safe once: every function here that takes a
    /// text does it.
    pub fn safe(self, text: &str) -> Cow<'_, str> {
        let visible = visible_text(text);
        if visible.is_ascii() {
            return visible;
        }
        if !self.ascii && visible.graphemes(true).all(is_plain) {
            return visible;
        }
        let mut out = String::with_capacity(visible.len() + 16);
        for cluster in visible.graphemes(true) {
            if !self.ascii && is_plain(cluster) {
                out.push_str(cluster);
                continue;
            }
            for (at, c) in cluster.chars().enumerate() {
                let alone = at == 0 && c.width() > Some(0) && !self.ascii;
                if c.is_ascii() || alone {
                    out.push(c);
                } else if (c as u32) < 0x100 {
                    _ = write!(out, "\\x{:02x}", c as u32);
                } else {
                    _ = write!(out, "\\u{{{:x}}}", c as u32);
                }
            }
        }
        Cow::Owned(out)
    }

    /// Text that a person types, made safe as other text is, but for its backslashes, which stay single: nobody forges
    /// an escape for themselves, and `\\d` would read as another pattern than `\d`.
    pub fn safe_typed(self, text: &str) -> Cow<'_, str> {
        if !text.contains('\\') {
            return self.safe(text);
        }
        let pieces: Vec<Cow<'_, str>> = text.split('\\').map(|piece| self.safe(piece)).collect();
        Cow::Owned(pieces.join("\\"))
    }

    /// Columns that a text takes when it is drawn.
    pub fn width(self, text: &str) -> usize {
        columns(&self.safe(text))
    }

    /// Puts a text at the left of an area's first line, cut where it is too long; answers the columns it took.
    pub fn put(self, buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return 0;
        }
        let width = usize::from(area.width);
        // Of a cell of a megabyte only the beginning can be seen; there is no need to look at the rest.
        let begin = beginning(text, width);
        let safe = self.safe(begin);
        let (shown, used) = cut(&safe, width, begin.len() < text.len());
        buffer.set_stringn(area.x, area.y, &shown, width, style);
        used as u16
    }

    /// Puts a text that [`Look::safe`], [`Look::safe_typed`] or [`wrapped`] made safe at the left of an area's first
    /// line, cut where it is too long; answers the columns it took.
    pub fn put_safe(self, buffer: &mut Buffer, area: Rect, safe: &str, style: Style) -> u16 {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return 0;
        }
        let width = usize::from(area.width);
        let (shown, used) = cut(safe, width, false);
        buffer.set_stringn(area.x, area.y, &shown, width, style);
        used as u16
    }

    /// Puts a text at the right of an area's first line. What is too long is cut at its end, so that the number that
    /// is shown is never a part of another one without the mark of the cut.
    pub fn put_right(self, buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
        let width = self
            .width(beginning(text, usize::from(area.width)))
            .min(usize::from(area.width)) as u16;
        let area = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        self.put(buffer, area, text, style)
    }

    /// Puts a text in the middle of an area's first line.
    pub fn put_centered(self, buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
        let width = self
            .width(beginning(text, usize::from(area.width)))
            .min(usize::from(area.width)) as u16;
        let x = area.x + (area.width - width) / 2;
        self.put(buffer, Rect { x, width, ..area }, text, style)
    }

    /// Puts pieces one behind the other; answers the columns they took.
    pub fn put_pieces(self, buffer: &mut Buffer, area: Rect, pieces: &[(&str, Role)]) -> u16 {
        let mut used = 0;
        for (text, role) in pieces {
            let rest = Rect {
                x: area.x + used,
                width: area.width - used,
                ..area
            };
            used += self.put(buffer, rest, text, self.style(*role));
            if used >= area.width {
                break;
            }
        }
        used
    }

    /// Puts a sign into one cell.
    pub fn put_glyph(self, buffer: &mut Buffer, x: u16, y: u16, glyph: &str, role: Role) {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(glyph).set_style(self.style(role));
        }
    }
}

/// Whether a cluster takes the columns that its characters take one by one, and at least one.
fn is_plain(cluster: &str) -> bool {
    if cluster.is_ascii() {
        return true;
    }
    let whole = cluster.width();
    let sum: usize = cluster.chars().map(|c| c.width().unwrap_or(0)).sum();
    whole == sum && whole > 0 && whole <= 2 && cluster.len() <= MAX_CLUSTER
}

/// As much of a text as can matter for that many columns, in whole clusters but for one that is no writing.
fn beginning(text: &str, width: usize) -> &str {
    let most = (width + 2) * MAX_CLUSTER;
    if text.len() <= most {
        return text;
    }
    &text[..text.floor_char_boundary(most)]
}

/// Columns that safe text takes.
pub fn columns(safe: &str) -> usize {
    if safe.is_ascii() {
        return safe.len();
    }
    safe.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Safe text in at most `width` columns, with the columns taken; `~` at the end where something is missing.
fn cut(safe: &str, width: usize, more: bool) -> (Cow<'_, str>, usize) {
    let all = columns(safe);
    if all <= width && !more {
        return (Cow::Borrowed(safe), all);
    }
    let room = width.saturating_sub(1);
    let mut used = 0;
    let mut end = 0;
    for (at, cluster) in safe.grapheme_indices(true) {
        let wide = cluster.width();
        if used + wide > room {
            break;
        }
        used += wide;
        end = at + cluster.len();
    }
    if width == 0 {
        return (Cow::Borrowed(""), 0);
    }
    (Cow::Owned(format!("{}~", &safe[..end])), used + 1)
}

/// Lines of at most `width` columns, broken at spaces, in the middle of a word only where it is longer than a line.
/// The text is made safe before: its line ends are visible and break nothing.
pub fn wrapped(look: Look, text: &str, width: usize) -> Vec<String> {
    wrapped_safe(&look.safe(text), width)
}

/// The same of a text that is safe already.
pub fn wrapped_safe(safe: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for piece in unbroken(safe) {
        let wide = columns(piece);
        if used + wide > width && used > 0 {
            lines.push(std::mem::take(&mut line));
            used = 0;
            if piece.trim().is_empty() {
                continue;
            }
        }
        for cluster in piece.graphemes(true) {
            let wide = cluster.width();
            if used + wide > width && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(cluster);
            used += wide;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The parts of a text between which a line may end: words with what stands right behind them, blanks.
fn unbroken(safe: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (at, piece) in safe.split_word_bound_indices() {
        let behind = end > start && piece.chars().all(|c| CLOSING.contains(c));
        let after_word = safe[start..end].chars().next_back().is_some_and(|c| !c.is_whitespace());
        if !(behind && after_word) {
            if end > start {
                parts.push(&safe[start..end]);
            }
            start = at;
        }
        end = at + piece.len();
    }
    if end > start {
        parts.push(&safe[start..end]);
    }
    parts
}

/// What no line begins with.
const CLOSING: &str = ".,;:!?)]}%";

#[cfg(test)]
mod tests;
