//! Owns drawing the Logs panel: what is shown of the log, and its lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::lines::{Lines, below, right_of, top};
use super::numbers::grouped;
use super::{Frame, Look, Role, bars, popup};
use crate::tui::app::logs::LogsPanel;
use crate::tui::keymap::Action;
use crate::worker::{Level, LogLine};

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let panel = &frame.app.logs;
    draw_heading(frame, panel, top(area, 1), buffer);
    let body = below(area, 1);
    if let Some(failure) = &panel.failure {
        let mut lines = Lines::new(area.width);
        lines.gap();
        lines.add_failure(frame.look, failure);
        lines.gap();
        let again = format!("{} reads it once more", frame.key_here(Action::Refresh));
        lines.add(frame.look, &again, Role::Faint);
        lines.draw(frame.look, body, "", buffer);
    } else if panel.tail.shown() == 0 {
        draw_empty(frame, panel, body, buffer);
    } else {
        draw_lines(frame, panel, body, buffer);
    }
}

fn draw_heading(frame: &Frame<'_>, panel: &LogsPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let level = match panel.level {
        None | Some(Level::Info) => "all levels",
        Some(Level::Warning) => "warnings and errors",
        Some(Level::Error) => "errors only",
    };
    let mut text = format!("{} lines, {level}", grouped(panel.tail.len() as u64));
    if panel.tail.shown() < panel.tail.len() {
        text.push_str(&format!(", {} shown", grouped(panel.tail.shown() as u64)));
    }
    if !panel.filter.is_empty() {
        text.push_str(&format!(", with \"{}\"", panel.filter));
    }
    let used = look.put(buffer, line, &text, look.style(Role::Plain)) + 2;
    let follow = if panel.follow { "following" } else { "not following" };
    let role = if panel.follow { Role::Accent } else { Role::Faint };
    look.put_right(buffer, right_of(line, used), follow, look.style(role));
}

fn draw_empty(frame: &Frame<'_>, panel: &LogsPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if !panel.loaded {
        look.put(
            buffer,
            top(below(area, 1), 1),
            "reading the log",
            look.style(Role::Faint),
        );
        return;
    }
    if panel.tail.is_empty() {
        let why = "Nothing has been logged in this workspace yet.";
        return popup::empty_state(look, buffer, area, why, &[]);
    }
    let [back, level] = [Action::Back, Action::NextLevel].map(|action| frame.key_here(action));
    let keys = [
        (back.as_str(), "show all lines again"),
        (level.as_str(), "other levels"),
    ];
    popup::empty_state(look, buffer, area, "No line is like that.", &keys);
}

fn draw_lines(frame: &Frame<'_>, panel: &LogsPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let height = usize::from(area.height);
    let first = panel.cursor.first_in(panel.tail.shown(), height);
    for (at, row) in (first..panel.tail.shown()).zip(area.rows()) {
        let Some(line) = panel.tail.line(at) else { break };
        if at == panel.cursor.at {
            look.put_glyph(buffer, row.x, row.y, look.glyphs().cursor, Role::CursorMark);
        }
        let (letter, role) = match line.level {
            Level::Info => (" ", Role::Plain),
            Level::Warning => ("W", Role::Warning),
            Level::Error => ("E", Role::Bad),
        };
        look.put_glyph(buffer, row.x + 1, row.y, letter, role);
        let text = right_of(row, 3);
        let text = Rect {
            width: text.width.saturating_sub(1),
            ..text
        };
        draw_text(look, line, panel.column, text, role, buffer);
    }
    bars::scroll_bar(look, buffer, area, first, height, panel.tail.shown());
}

/// A line from a column on; a sign says that there is more to the left.
fn draw_text(look: Look, line: &LogLine, column: usize, area: Rect, role: Role, buffer: &mut Buffer) {
    if column == 0 {
        look.put(buffer, area, &line.text, look.style(role));
        return;
    }
    let safe = look.safe(&line.text);
    let rest = behind(&safe, column);
    let area = area.intersection(buffer.area);
    if !area.is_empty() {
        look.put_glyph(buffer, area.x, area.y, look.glyphs().more[0], Role::Border);
        look.put_safe(buffer, right_of(area, 1), rest, look.style(role));
    }
}

/// What of safe text is behind so many columns.
fn behind(safe: &str, columns: usize) -> &str {
    if safe.is_ascii() {
        return safe.get(columns..).unwrap_or_default();
    }
    let mut used = 0;
    for (at, cluster) in safe.grapheme_indices(true) {
        if used >= columns {
            return &safe[at..];
        }
        used += cluster.width();
    }
    ""
}
