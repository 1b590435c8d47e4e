//! Owns drawing a text to read: lines with their labels, broken where they are too long, around the cursor's line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::layer::{Reader, ReaderLine, Tone};
use crate::tui::view::text::wrapped;
use crate::tui::view::{Frame, Look, Role, bars, popup};

/// Columns of air and border, and of the sign at the cursor's line.
const EDGE: u16 = 6;

/// Draws the text.
pub fn draw(frame: &Frame<'_>, reader: &Reader, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let labels = label_width(look, reader, area.width / 3);
    let wanted = wanted_width(look, reader).saturating_add(labels).saturating_add(EDGE);
    let width = wanted.clamp(40, 110).min(area.width.saturating_sub(2));
    let text_width = usize::from(width.saturating_sub(EDGE + labels).max(1));
    let most = usize::from(area.height);
    let (first, blocks) = in_sight(look, reader, text_width, most.saturating_sub(2));
    let height = blocks.iter().map(Vec::len).sum::<usize>().max(1) + 2;
    let inside = popup::popup(look, buffer, area, &reader.title, (width, height.min(most) as u16));
    let mut rows = inside.rows();
    for (at, block) in blocks.iter().enumerate() {
        let line = &reader.lines[first + at];
        let here = first + at == reader.cursor;
        for (part, text) in block.iter().enumerate() {
            let Some(row) = rows.next() else { return };
            if here {
                look.put_glyph(buffer, row.x, row.y, look.glyphs().cursor, Role::CursorMark);
            }
            // A heading is of no column.
            let indent = if line.label.is_empty() && line.tone == Tone::Heading {
                0
            } else {
                labels
            };
            let label = Rect::new(row.x + 1, row.y, indent.saturating_sub(1), 1).intersection(row);
            if part == 0 {
                look.put(buffer, label, &line.label, look.style(Role::Faint));
            }
            let rest = Rect::new(row.x + 1 + indent, row.y, row.width.saturating_sub(1 + indent), 1);
            look.put_safe(buffer, rest.intersection(row), text, look.style(role(line.tone)));
        }
    }
    let edge = Rect {
        width: inside.width + 2,
        ..inside
    };
    bars::scroll_bar(look, buffer, edge, first, blocks.len(), reader.lines.len());
}

fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Plain,
        Tone::Heading => Role::Heading,
        Tone::Faint => Role::Faint,
        Tone::Good => Role::Good,
        Tone::Warning => Role::Warning,
        Tone::Bad => Role::Bad,
    }
}

/// Lines beyond this are not measured: a text of thousands takes the width there is.
const MEASURED: usize = 2_000;

fn label_width(look: Look, reader: &Reader, most: u16) -> u16 {
    let labels = reader.lines.iter().take(MEASURED).map(|line| look.width(&line.label));
    match labels.max().unwrap_or(0) {
        0 => 0,
        widest => (widest as u16).saturating_add(2).min(most),
    }
}

fn wanted_width(look: Look, reader: &Reader) -> u16 {
    let lines = reader.lines.iter().take(MEASURED);
    let widths = lines.map(|line| {
        if line.text.len() > 400 {
            400
        } else {
            look.width(&line.text)
        }
    });
    widths.max().unwrap_or(0).max(look.width(&reader.title)) as u16
}

/// The lines in sight, broken, from the first one: the cursor's in the middle, and no empty rows at the end.
fn in_sight(look: Look, reader: &Reader, width: usize, height: usize) -> (usize, Vec<Vec<String>>) {
    let broken = |line: &ReaderLine| {
        let mut rows = wrapped(look, beginning(&line.text, width * (height + 1) * 4), width);
        rows.truncate(height.max(1));
        rows
    };
    let Some(line) = reader.lines.get(reader.cursor) else {
        return (0, Vec::new());
    };
    let mut blocks = std::collections::VecDeque::from([broken(line)]);
    let (mut first, mut next) = (reader.cursor, reader.cursor + 1);
    let mut used = blocks[0].len();
    let mut above = |blocks: &mut std::collections::VecDeque<Vec<String>>, used: &mut usize, room: usize| {
        while first > 0 && *used < room {
            let block = broken(&reader.lines[first - 1]);
            if *used + block.len() > room {
                break;
            }
            *used += block.len();
            blocks.push_front(block);
            first -= 1;
        }
        first
    };
    above(&mut blocks, &mut used, height.div_ceil(2));
    while used < height {
        let Some(line) = reader.lines.get(next) else { break };
        let block = broken(line);
        used += block.len();
        blocks.push_back(block);
        next += 1;
    }
    let first = above(&mut blocks, &mut used, height);
    (first, blocks.into())
}

fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most.min(text.len()))]
}
