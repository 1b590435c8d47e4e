//! Owns drawing the Data panel: where one is in the table, the filters, the rows, and what is said when there are none.

mod grid;
mod statistics;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::numbers::grouped;
use super::{Frame, Role, popup};
use crate::tui::app::data::{DataPanel, Find, OpenTable, Source};
use crate::tui::app::size_text;
use crate::tui::keymap::{Action, Context};

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let panel = &frame.app.data;
    match panel.source() {
        Source::Nothing => popup::empty_state(frame.look, buffer, area, "No table is open.", &ways_out(frame, false)),
        Source::Opening { path } => {
            let name = path
                .as_ref()
                .map_or("the workspace's data".into(), |path| path.to_string_lossy());
            let why = format!("opening {name}");
            popup::empty_state(frame.look, buffer, area, &why, &[("Esc", "stops it")]);
        }
        Source::Failed { path, failure } => {
            let name = path.as_ref().map(|path| path.to_string_lossy());
            draw_failure(frame, name.as_deref(), &failure.message, &failure.details, area, buffer);
        }
        Source::Open(table) => draw_table(frame, panel, table, area, buffer),
    }
}

fn draw_table(frame: &Frame<'_>, panel: &DataPanel, table: &OpenTable, area: Rect, buffer: &mut Buffer) {
    let line = |at: u16| Rect {
        y: area.y + at,
        height: 1,
        ..area
    };
    draw_place(frame, panel, table, line(0).intersection(area), buffer);
    let mut above = 1;
    if panel.has_filter_line() {
        draw_filters(frame, panel, line(1).intersection(area), buffer);
        above = 2;
    }
    let mut below = Rect {
        y: area.y + above,
        height: area.height.saturating_sub(above),
        ..area
    };
    let pane = panel.pane_width(area.width);
    if pane > 0 {
        let right = Rect {
            x: below.right() - pane,
            width: pane,
            ..below
        };
        below.width -= pane;
        statistics::draw(frame, panel, right, buffer);
    }
    grid::draw(frame, panel, below, buffer);
}

/// Where one is. The number of the row has its fixed place, so that a step changes only its digits.
fn draw_place(frame: &Frame<'_>, panel: &DataPanel, table: &OpenTable, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let place = place_text(panel);
    let columns = panel.columns();
    let mut facts = format!(
        "col {} / {}",
        columns.current().map_or(0, |(at, _)| at + 1),
        columns.all().len()
    );
    let hidden = columns.all().iter().filter(|column| column.hidden).count();
    if hidden > 0 {
        facts.push_str(&format!(", {hidden} hidden"));
    }
    let size = table
        .bytes
        .map(|bytes| format!(", {}", size_text(bytes)))
        .unwrap_or_default();
    let pieces = [
        (place.as_str(), Role::Plain),
        ("   ", Role::Plain),
        (facts.as_str(), Role::Faint),
        ("   ", Role::Plain),
        (table.format.as_str(), Role::Faint),
        (size.as_str(), Role::Faint),
    ];
    let used = look.put_pieces(buffer, area, &pieces);
    let rest = Rect {
        x: area.x + used,
        width: area.width - used,
        ..area
    };
    let found = panel.find().map(Find::summary).unwrap_or_default();
    if !found.is_empty() && rest.width > 3 {
        let rest = Rect {
            x: rest.x + 3,
            width: rest.width - 3,
            ..rest
        };
        look.put_right(buffer, rest, &found, look.style(Role::Match));
    }
}

/// `      12 / 10,000,000`, with `~` while the count is a guess, and `end` on last rows whose places are not known.
fn place_text(panel: &DataPanel) -> String {
    let window = panel.window();
    let count = window.count();
    let all = match (count.complete, count.estimated) {
        (true, _) => grouped(count.known),
        (false, Some(estimated)) => format!("~{}", grouped(estimated.max(count.known))),
        (false, None) => format!("{} and more", grouped(count.known)),
    };
    let here = match (window.expected(), window.place()) {
        (Some(row), _) => format!("waiting for {}", grouped(row.saturating_add(1))),
        (None, Some(row)) => grouped(row.saturating_add(1)),
        (None, None) if count.known == 0 && count.complete => "0".to_owned(),
        (None, None) => "end".to_owned(),
    };
    let width = all.trim_end_matches(" and more").chars().count();
    format!(" {here:>width$} / {all}")
}

fn draw_filters(frame: &Frame<'_>, panel: &DataPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let arrangement = panel.arrangement();
    let mut pieces: Vec<(String, Role)> = Vec::new();
    for (at, piece) in arrangement.pieces().into_iter().enumerate() {
        let lead = match (at, &arrangement.pointed) {
            (0, Some(_)) => " only ",
            (0, None) => " filter ",
            _ => "  and  ",
        };
        pieces.push((lead.to_owned(), Role::Faint));
        pieces.push((piece.to_owned(), Role::Accent));
    }
    if arrangement.sort.len() > 1 && arrangement.pointed.is_none() {
        for (at, key) in arrangement.sort.iter().enumerate() {
            let column = panel.columns().all().get(key.column);
            let name = column.map_or("", |column| column.info.name.as_str());
            pieces.push(((if at == 0 { "  by " } else { ", " }).to_owned(), Role::Faint));
            pieces.push((name.to_owned(), Role::Accent));
            pieces.push((
                look.glyphs().sorted[usize::from(key.descending)].to_owned(),
                Role::Accent,
            ));
        }
    }
    let removes = frame.app.keymap.key_for(&[Context::Data], Action::Filters);
    let removes = removes.filter(|_| !arrangement.pieces().is_empty());
    if let Some(key) = removes {
        pieces.push(("   ".to_owned(), Role::Plain));
        pieces.push((key, Role::Key));
        pieces.push((" removes".to_owned(), Role::Faint));
    }
    let mut rest = area;
    for (text, role) in &pieces {
        let used = look.put(buffer, rest, text, look.style(*role));
        rest.x += used;
        rest.width -= used;
    }
}

/// The key of an action of the panel, and what it does.
fn ways_out<'w>(frame: &'w Frame<'_>, again: bool) -> Vec<(&'w str, &'w str)> {
    // The table's keys are static; a person's own are shown in help.
    let key = |action: Action| {
        let binding = frame
            .app
            .keymap
            .of(Context::Data)
            .find(|binding| binding.entry.action == action);
        binding
            .and_then(|binding| binding.entry.keys.first().copied())
            .unwrap_or("")
    };
    let mut ways = vec![(key(Action::OpenFile), "open a file, or the workspace's data")];
    if again {
        ways.push((key(Action::Open), "try again"));
    }
    ways
}

/// What went wrong, in whole, and what can be done.
fn draw_failure(
    frame: &Frame<'_>,
    name: Option<&str>,
    message: &str,
    details: &[String],
    area: Rect,
    buffer: &mut Buffer,
) {
    let look = frame.look;
    let title = format!("Cannot open {}", name.unwrap_or("the workspace's data"));
    let inside = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        ..area
    };
    let mut lines: Vec<(String, Role)> = vec![
        (String::new(), Role::Plain),
        (look.safe(&title).into_owned(), Role::Bad),
    ];
    lines.push((String::new(), Role::Plain));
    let wide = usize::from(inside.width);
    let wrapped = super::text::wrapped(look, message, wide);
    lines.extend(wrapped.into_iter().map(|line| (line, Role::Plain)));
    let details = details
        .iter()
        .take(4)
        .flat_map(|detail| super::text::wrapped(look, detail, wide));
    lines.extend(details.map(|line| (line, Role::Faint)));
    let ways = ways_out(frame, true);
    let room = usize::from(inside.height).saturating_sub(ways.len() + 1);
    lines.truncate(room);
    let mut rows = inside.rows();
    for ((line, role), row) in lines.iter().zip(&mut rows) {
        look.put_safe(buffer, row, line, look.style(*role));
    }
    rows.next();
    for ((key, what), row) in ways.into_iter().zip(rows) {
        let pieces = [(key, Role::Key), ("  ", Role::Plain), (what, Role::Plain)];
        look.put_pieces(buffer, row, &pieces);
    }
}
