//! Owns drawing a list to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::line;
use crate::tui::app::layer::{Picker, PickerItem};
use crate::tui::keymap::SIGNS;
use crate::tui::view::{Frame, Role, bars, numbers, popup};

/// Columns of air and border, and of the sign at the cursor's line.
const EDGE: u16 = 5;

/// A line of the list as it is drawn.
enum Line<'a> {
    Group(&'a str),
    Item { item: &'a PickerItem, here: bool },
}

/// Draws the list; answers where the cursor of its line is.
pub fn draw(frame: &Frame<'_>, picker: &Picker, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let look = frame.look;
    let all = lines(picker);
    let widths = Widths::of(frame, picker, area.width.saturating_sub(EDGE + 2));
    let title = look.width(&picker.title) as u16 + EDGE + 1;
    let wanted = (widths.all() + EDGE).max(title).max(40);
    let height = (all.len().max(1) as u16 + 4).min(area.height);
    let inside = popup::popup(look, buffer, area, &picker.title, (wanted, height));
    if inside.height < 2 {
        return None;
    }
    let mut rows = inside.rows();
    let cursor = draw_typed(frame, picker, rows.next()?, buffer);
    let body = Rect {
        y: inside.y + 2.min(inside.height),
        height: inside.height - 2.min(inside.height),
        ..inside
    };
    let between = Rect {
        y: inside.y + 1,
        height: 1,
        ..inside
    };
    if let Some(error) = &picker.error {
        look.put_pieces(buffer, between, &[("! ", Role::Bad), (error, Role::Bad)]);
    } else if let Some(about) = cut_text(frame, &all, &widths, inside.width) {
        look.put(buffer, between, about, look.style(Role::Faint));
    }
    if all.is_empty() {
        look.put(buffer, body, nothing(picker), look.style(Role::Faint));
    }
    let here = all
        .iter()
        .position(|line| matches!(line, Line::Item { here: true, .. }))
        .unwrap_or(0);
    let shown = usize::from(body.height);
    let first = centered(here, shown, all.len());
    for (row, line) in body.rows().zip(all.iter().skip(first)) {
        draw_line(frame, line, row, &widths, buffer);
    }
    let edge = Rect {
        width: inside.width + 2,
        ..body
    };
    bars::scroll_bar(look, buffer, edge, first, shown, all.len());
    cursor
}

fn nothing(picker: &Picker) -> &'static str {
    match (picker.items.is_empty(), picker.free_text) {
        (_, true) => "Enter takes what is typed",
        (true, false) => "nothing here",
        (false, false) => "nothing fits what is typed",
    }
}

/// The first line in sight: the cursor in the middle, but no empty lines at the end.
pub fn centered(cursor: usize, shown: usize, all: usize) -> usize {
    cursor.saturating_sub(shown / 2).min(all.saturating_sub(shown))
}

/// What is said of the line at the cursor, where its own line does not hold all of it.
fn cut_text<'a>(frame: &Frame<'_>, lines: &[Line<'a>], widths: &Widths, width: u16) -> Option<&'a str> {
    let item = lines.iter().find_map(|line| match line {
        Line::Item { item, here: true } => Some(*item),
        _ => None,
    })?;
    let room = about_room(frame, item, widths, width);
    (frame.look.width(&item.about) > usize::from(room)).then_some(item.about.as_str())
}

/// Columns that a line has for what is said of it: where little stands at its end, more.
fn about_room(frame: &Frame<'_>, item: &PickerItem, widths: &Widths, width: u16) -> u16 {
    let sign = sign_width(frame, item, widths, width);
    let gap = if sign == 0 { 0 } else { 2 };
    width.saturating_sub(widths.label + 3 + sign + gap)
}

fn sign_width(frame: &Frame<'_>, item: &PickerItem, widths: &Widths, width: u16) -> u16 {
    let wanted = frame.look.width(drawn_sign(frame, &item.aside));
    wanted.min(usize::from(widths.aside.min(width))) as u16
}

/// Headings stand above the first of their group, unless the order is by how well items fit.
fn lines(picker: &Picker) -> Vec<Line<'_>> {
    let grouped = picker.line.text().is_empty();
    let mut group = "";
    let mut lines = Vec::new();
    for (place, at) in picker.fits().iter().enumerate() {
        let item = &picker.items[*at];
        if grouped && item.group != group {
            group = &item.group;
            lines.push(Line::Group(group));
        }
        let here = place == picker.cursor;
        lines.push(Line::Item { item, here });
    }
    lines
}

/// Widths of the three texts of an item.
struct Widths {
    label: u16,
    about: u16,
    aside: u16,
}

impl Widths {
    fn of(frame: &Frame<'_>, picker: &Picker, most: u16) -> Self {
        // Beyond some length all are cut anyway; a list of thousands need not be measured for it.
        let widest = |text: fn(&PickerItem) -> &str| {
            let widths = picker.items.iter().take(5_000).map(|item| frame.look.width(text(item)));
            widths.max().unwrap_or(0).min(usize::from(most)) as u16
        };
        let asides = picker.items.iter().take(5_000).map(|item| {
            let text = drawn_sign(frame, &item.aside);
            frame.look.width(text)
        });
        let aside = asides.max().unwrap_or(0).min(usize::from(most / 3)) as u16;
        let label = widest(|item| &item.label);
        let about = widest(|item| &item.about);
        let label = if about == 0 { label } else { label.min(most / 2) };
        let room = most.saturating_sub(label.saturating_add(aside).saturating_add(4));
        Self {
            label: label.min(most.saturating_sub(aside + 2)),
            about: about.min(room),
            aside,
        }
    }

    fn all(&self) -> u16 {
        self.label + self.about + self.aside + 4
    }
}

/// What stands in the place of a sign where only ASCII is drawn.
fn drawn_sign<'a>(frame: &Frame<'_>, aside: &'a str) -> &'a str {
    let sign = SIGNS.iter().find(|sign| sign.sign == aside && frame.look.ascii);
    sign.map_or(aside, |sign| sign.ascii)
}

fn draw_typed(frame: &Frame<'_>, picker: &Picker, row: Rect, buffer: &mut Buffer) -> Option<Position> {
    let look = frame.look;
    let count = numbers::place(Some(picker.fits().len() as u64), picker.items.len() as u64);
    let count_width = (count.len() as u16).min(row.width / 2);
    let count_area = Rect {
        x: row.right() - count_width,
        width: count_width,
        ..row
    };
    look.put(buffer, count_area, &count, look.style(Role::Faint));
    let used = look.put(buffer, row, "> ", look.style(Role::Key));
    let rest = Rect {
        x: row.x + used,
        width: row.width.saturating_sub(used + count_width + 1),
        ..row
    };
    line::draw(look, &picker.line, rest, buffer)
}

fn draw_line(frame: &Frame<'_>, line: &Line<'_>, row: Rect, widths: &Widths, buffer: &mut Buffer) {
    let look = frame.look;
    let (item, here) = match line {
        Line::Group(name) => {
            look.put(buffer, row, name, look.style(Role::Heading));
            return;
        }
        Line::Item { item, here } => (item, *here),
    };
    if here {
        look.put_glyph(buffer, row.x, row.y, look.glyphs().cursor, Role::CursorMark);
    }
    let at = |x: u16, width: u16| Rect::new(row.x + x, row.y, width, 1).intersection(row);
    let style = look.style(if here { Role::Cursor } else { Role::Plain });
    look.put(buffer, at(1, widths.label), &item.label, style);
    let about = at(widths.label + 3, about_room(frame, item, widths, row.width));
    look.put(buffer, about, &item.about, look.style(Role::Faint));
    let sign_width = sign_width(frame, item, widths, row.width);
    let aside = Rect {
        x: row.right() - sign_width,
        width: sign_width,
        ..row
    };
    look.put_right(buffer, aside, drawn_sign(frame, &item.aside), look.style(Role::Key));
}
