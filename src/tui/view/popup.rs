//! Owns boxes above a panel, rules within one, and what an empty panel says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::{Look, Role};

/// A box of at most that size in the middle of an area, emptied, with a border and a title; answers what is inside.
pub fn popup(look: Look, buffer: &mut Buffer, area: Rect, title: &str, (width, height): (u16, u16)) -> Rect {
    let area = area.intersection(buffer.area);
    let (width, height) = (width.min(area.width), height.min(area.height));
    let outer = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    clear(buffer, outer);
    boxed(look, buffer, outer, title)
}

/// Empties an area, so that nothing of what is under it is seen. A wide character that is cut in two goes.
pub fn clear(buffer: &mut Buffer, area: Rect) {
    let area = area.intersection(buffer.area);
    for line in area.rows() {
        if line.x > buffer.area.x {
            let before = &mut buffer[(line.x - 1, line.y)];
            if unicode_width::UnicodeWidthStr::width(before.symbol()) > 1 {
                before.set_symbol(" ");
            }
        }
        for x in line.left()..line.right() {
            buffer[(x, line.y)].reset();
        }
    }
}

/// A border with a title; answers what is inside, a column of air left and right included.
pub fn boxed(look: Look, buffer: &mut Buffer, outer: Rect, title: &str) -> Rect {
    let outer = outer.intersection(buffer.area);
    if outer.width < 4 || outer.height < 2 {
        return Rect {
            width: 0,
            height: 0,
            ..outer
        };
    }
    let glyphs = look.glyphs();
    let (left, right, top, bottom) = (outer.x, outer.right() - 1, outer.y, outer.bottom() - 1);
    for x in left + 1..right {
        look.put_glyph(buffer, x, top, glyphs.horizontal, Role::Border);
        look.put_glyph(buffer, x, bottom, glyphs.horizontal, Role::Border);
    }
    for y in top + 1..bottom {
        look.put_glyph(buffer, left, y, glyphs.vertical, Role::Border);
        look.put_glyph(buffer, right, y, glyphs.vertical, Role::Border);
    }
    for ((x, y), corner) in [(left, top), (right, top), (left, bottom), (right, bottom)]
        .into_iter()
        .zip(glyphs.corners)
    {
        look.put_glyph(buffer, x, y, corner, Role::Border);
    }
    titled(
        look,
        buffer,
        Rect {
            x: left + 1,
            y: top,
            width: outer.width - 2,
            height: 1,
        },
        title,
    );
    Rect {
        x: left + 2,
        y: top + 1,
        width: outer.width - 4,
        height: outer.height - 2,
    }
}

/// A line across an area with a title in it: a heading between parts of a panel.
pub fn rule(look: Look, buffer: &mut Buffer, area: Rect, title: &str) {
    let area = area.intersection(buffer.area);
    for x in area.left()..area.right() {
        look.put_glyph(buffer, x, area.y, look.glyphs().horizontal, Role::Border);
    }
    titled(look, buffer, area, title);
}

fn titled(look: Look, buffer: &mut Buffer, line: Rect, title: &str) {
    if title.is_empty() || line.width < 5 {
        return;
    }
    let inner = Rect {
        x: line.x + 2,
        width: line.width - 4,
        ..line
    };
    let used = look.put(buffer, inner, title, look.style(Role::Heading));
    look.put_glyph(buffer, line.x + 1, line.y, " ", Role::Plain);
    look.put_glyph(buffer, inner.x + used, line.y, " ", Role::Plain);
}

/// What a panel with nothing in it says: why, and which key does what about it.
pub fn empty_state(look: Look, buffer: &mut Buffer, area: Rect, why: &str, keys: &[(&str, &str)]) {
    let area = area.intersection(buffer.area);
    let lines = keys.len() as u16 + 2;
    let top = area.y + area.height.saturating_sub(lines) / 3;
    let width = keys
        .iter()
        .map(|(key, what)| look.width(key).max(5) + 2 + look.width(what))
        .max();
    let width = (width.unwrap_or(0).max(look.width(why)) as u16).min(area.width);
    let left = area.x + (area.width - width) / 2;
    let line = |at: u16| Rect::new(left, top + at, width, 1).intersection(area);
    look.put(buffer, line(0), why, look.style(Role::Heading));
    for (at, (key, what)) in keys.iter().enumerate() {
        let line = line(at as u16 + 2);
        let key_width = (look.width(key).max(5) as u16 + 2).min(line.width);
        look.put(buffer, line, key, look.style(Role::Key));
        let rest = Rect {
            x: line.x + key_width,
            width: line.width - key_width,
            ..line
        };
        look.put(buffer, rest, what, look.style(Role::Plain));
    }
}

#[cfg(test)]
mod tests;
