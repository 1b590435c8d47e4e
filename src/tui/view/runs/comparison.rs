//! Owns drawing two runs side by side: differences with their intervals round zero, metrics, parameters, data.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::runs::Comparison;
use crate::tui::app::runs::comparison::{Line, reach};
use crate::tui::view::lines::{below, right_of, top};
use crate::tui::view::{Frame, Look, Role, bars};

/// Draws the lines in sight.
pub fn draw(frame: &Frame<'_>, comparison: &Comparison, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let reach = reach(&comparison.lines);
    let heading = Line::Both {
        name: "metric, parameter, fact".to_owned(),
        a: "a".to_owned(),
        b: "b".to_owned(),
        difference: "b - a".to_owned(),
    };
    draw_line(look, &heading, reach, Role::Heading, right_of(top(area, 1), 2), buffer);
    let list = below(area, 1);
    let height = usize::from(list.height);
    let first = comparison.cursor.first_in(comparison.lines.len(), height);
    for (at, (row, line)) in list.rows().zip(comparison.lines.iter().skip(first)).enumerate() {
        if first + at == comparison.cursor.at {
            look.put_glyph(buffer, row.x, row.y, look.glyphs().cursor, Role::CursorMark);
        }
        let row = Rect {
            width: row.width.saturating_sub(1),
            ..row
        };
        draw_line(look, line, reach, Role::Plain, right_of(row, 2), buffer);
    }
    bars::scroll_bar(look, buffer, list, first, height, comparison.lines.len());
}

fn draw_line(look: Look, line: &Line, reach: f64, role: Role, row: Rect, buffer: &mut Buffer) {
    match line {
        Line::Heading(text) => _ = look.put(buffer, row, text, look.style(Role::Heading)),
        Line::Note { text, warning } => {
            let role = if *warning { Role::Warning } else { Role::Faint };
            let sign = if *warning { "! " } else { "" };
            look.put_pieces(buffer, row, &[(sign, role), (text, role)]);
        }
        Line::Paired { .. } => draw_paired(look, line, reach, row, buffer),
        Line::Both { name, a, b, difference } => {
            let difference_width = 12.min(row.width / 5);
            let name_width = row.width * 3 / 10;
            let side = row.width.saturating_sub(name_width + difference_width + 6) / 2;
            let mut rest = row;
            let mut cell = |text: &str, width: u16, right: bool, role: Role| {
                let area = top(
                    Rect {
                        width: width.min(rest.width),
                        ..rest
                    },
                    1,
                );
                if right {
                    look.put_right(buffer, area, text, look.style(role));
                } else {
                    look.put(buffer, area, text, look.style(role));
                }
                rest = right_of(rest, width + 2);
            };
            cell(name, name_width, false, role);
            cell(a, side, true, role);
            cell(b, side, true, role);
            cell(difference, difference_width, true, role);
        }
    }
}

/// A difference, its interval as a bar round zero, and whether it is real.
fn draw_paired(look: Look, line: &Line, reach: f64, row: Rect, buffer: &mut Buffer) {
    let Line::Paired {
        name,
        difference,
        low,
        high,
        verdict,
    } = line
    else {
        return;
    };
    let real = *verdict != "could be chance";
    let role = if real { Role::Accent } else { Role::Faint };
    look.put(
        buffer,
        Rect {
            width: 8.min(row.width),
            ..row
        },
        name,
        look.style(Role::Plain),
    );
    let number = right_of(row, 9);
    let text = format!("{difference:+.4}");
    look.put(
        buffer,
        Rect {
            width: 8.min(number.width),
            ..number
        },
        &text,
        look.style(role),
    );
    let rest = right_of(row, 19);
    let interval = if row.width >= 100 {
        format!("{low:+.4} to {high:+.4}  ")
    } else {
        String::new()
    };
    let words = format!("{interval}{verdict}");
    let taken = (look.width(&words) as u16 + 2).min(rest.width);
    let track = Rect {
        width: (rest.width - taken).min(60),
        ..rest
    };
    draw_interval(look, (*low, *difference, *high), reach, role, track, buffer);
    look.put(buffer, right_of(rest, track.width + 2), &words, look.style(role));
}

fn draw_interval(
    look: Look,
    (low, at, high): (f64, f64, f64),
    reach: f64,
    role: Role,
    track: Rect,
    buffer: &mut Buffer,
) {
    let (Some(last), true) = (track.width.checked_sub(1).filter(|last| *last >= 4), track.height > 0) else {
        return;
    };
    // As many columns on either side of zero, so that zero is a column of its own.
    let half = last / 2;
    let column = |value: f64| {
        let share = if reach > 0.0 {
            (value / reach).clamp(-1.0, 1.0)
        } else {
            0.0
        };
        track.x + ((f64::from(half) * (1.0 + share)).round() as u16).min(last)
    };
    let glyphs = look.glyphs();
    for x in track.x..=track.x + half * 2 {
        look.put_glyph(buffer, x, track.y, glyphs.rest, Role::Border);
    }
    for x in column(low)..=column(high) {
        look.put_glyph(buffer, x, track.y, glyphs.across[8], role);
    }
    look.put_glyph(buffer, track.x + half, track.y, glyphs.vertical, Role::Axis);
    if at.is_finite() {
        look.put_glyph(buffer, column(at), track.y, glyphs.point, role);
    }
}
