//! Owns the lines above the list: the queue with its filters and the place in it, how the work stands, and what must
//! always be said.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::text::{counted, grouped};
use crate::tui::app::review::{Range, ReviewPanel, words};
use crate::tui::app::team::Standing;
use crate::tui::app::team::words::sharing;
use crate::tui::view::numbers::place;
use crate::tui::view::{Frame, Role};

/// Draws them.
pub fn draw(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let mut rows = area.rows();
    if let Some(line) = rows.next() {
        draw_queue(frame, panel, line, buffer);
    }
    if let Some(line) = rows.next() {
        draw_progress(frame, panel, line, buffer);
    }
    if let (Some(line), Some(alarm)) = (rows.next(), panel.alarm()) {
        let pieces = [("! ", Role::Bad), (alarm.as_str(), Role::Bad)];
        frame.look.put_pieces(buffer, line, &pieces);
    }
}

fn draw_queue(frame: &Frame<'_>, panel: &ReviewPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let at = panel.window().place().map(|at| at + 1);
    let place = place(at, panel.window().cases());
    let (marked, hidden) = marks(panel);
    let width = [&marked, &hidden, &place]
        .map(|text| look.width(text))
        .iter()
        .sum::<usize>() as u16;
    let right = Rect {
        x: line.right() - width.min(line.width),
        width: width.min(line.width),
        ..line
    };
    let pieces = [
        (marked.as_str(), Role::Selected),
        (hidden.as_str(), Role::Bad),
        (place.as_str(), Role::Plain),
    ];
    look.put_pieces(buffer, right, &pieces);
    let left = Rect {
        width: line.width.saturating_sub(width + 2),
        ..line
    };
    let title = title(panel);
    let filters = filters(panel);
    look.put_pieces(buffer, left, &[(&title, Role::Heading), (&filters, Role::Accent)]);
}

fn title(panel: &ReviewPanel) -> String {
    match panel.similar() {
        Some(similar) => format!(
            "similar to {}, up to {} differ",
            similar.row,
            counted(similar.differences as u64, "column")
        ),
        None => panel.view().queue.title(),
    }
}

fn filters(panel: &ReviewPanel) -> String {
    let mut text = String::new();
    if panel.similar().is_none() && !panel.view().filters.is_empty() {
        text = format!("  filter {}", panel.view().filters.join(" and "));
    }
    if let Some(find) = panel.find() {
        text.push_str(&format!("  find {}", find.text));
    }
    if panel.file().opened().is_some_and(|file| file.label_audit) {
        text.push_str("  t: the label is malicious, f: benign, x: copies really differ");
    }
    text
}

/// What is marked, and what of it is hidden here.
fn marks(panel: &ReviewPanel) -> (String, String) {
    let marks = panel.marks();
    if marks.all {
        return (
            format!("all {} marked  ", grouped(panel.window().cases())),
            String::new(),
        );
    }
    let (shown, hidden) = marks.counts();
    let range = marks.range.as_ref().map_or(0, Range::size);
    let marked = match (shown, range) {
        (0, 0) => String::new(),
        (0, range) => format!("range of {}  ", grouped(range)),
        (shown, 0) => format!("{} marked  ", grouped(shown)),
        (shown, range) => format!("{} marked, range of {}  ", grouped(shown), grouped(range)),
    };
    let hidden = match hidden {
        0 => String::new(),
        hidden => format!("! {} marked are hidden  ", grouped(hidden)),
    };
    (marked, hidden)
}

fn draw_progress(frame: &Frame<'_>, panel: &ReviewPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let rejected = panel.file().opened().and_then(|file| file.rejected.as_ref());
    let mut left = line;
    let backlog = frame.app.shared.team.backlog();
    let standing = frame.app.shared.team_standing();
    // Nobody who does without a server is told of one, unless something waits for it.
    let told = standing.filter(|standing| *standing != Standing::Apart || backlog > 0);
    if let Some(standing) = told {
        let role = if frame.app.shared.team.is_live() {
            Role::Faint
        } else {
            Role::Warning
        };
        let text = sharing(standing, backlog);
        let used = look.put_right(buffer, left, &text, look.style(role));
        left.width = left.width.saturating_sub(used + 2);
    }
    // Where there is less room the status line says it.
    if let Some((rows, path)) = rejected.filter(|_| line.width >= 120) {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let text = format!("{} rows rejected: {name}", grouped(*rows));
        let used = look.put_right(buffer, left, &text, look.style(Role::Warning));
        left.width = left.width.saturating_sub(used + 2);
    }
    let parts = words::progress(&panel.view().progress, usize::from(left.width));
    look.put(buffer, left, &parts, look.style(Role::Plain));
}
