//! Owns drawing the Runs panel: the heading, and then the list or two runs side by side.

mod comparison;
mod list;
mod team;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::{below, right_of, top};
use super::numbers::grouped;
use super::{Frame, Role, bars, frame as surroundings, popup};
use crate::text::counted;
use crate::tui::app::runs::RunsPanel;
use crate::tui::keymap::Action;

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let panel = &frame.app.runs;
    if panel.team.in_sight {
        return team::draw(frame, panel, area, buffer);
    }
    draw_heading(frame, panel, top(area, 1), buffer);
    let body = below(area, 1);
    if let Some(comparison) = &panel.comparison {
        comparison::draw(frame, comparison, body, buffer);
    } else if panel.visible.is_empty() {
        draw_empty(frame, panel, body, buffer);
    } else {
        list::draw(frame, panel, body, buffer);
    }
}

fn draw_heading(frame: &Frame<'_>, panel: &RunsPanel, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if let Some(comparing) = &panel.comparing {
        let text = format!("comparing {}", comparing.note);
        match comparing.progress.filter(|(_, total)| *total > 0) {
            Some((done, total)) => bars::progress(look, buffer, line, done as f64 / total as f64, &text),
            None => _ = look.put(buffer, line, &text, look.style(Role::Accent)),
        }
        return;
    }
    if let Some(weighing) = &panel.weighing {
        let text = format!("{}; {} leaves it", weighing.note, frame.key_here(Action::Back));
        look.put(buffer, line, &text, look.style(Role::Accent));
        return;
    }
    if let Some(comparison) = &panel.comparison {
        let back = frame.key_here(Action::Back);
        let text = format!("a {}  b {}  {back} back to the list", comparison.a, comparison.b);
        look.put(buffer, line, &text, look.style(Role::Heading));
        return;
    }
    let all = panel.list.runs.len() as u64;
    let mut text = counted(all, "run");
    if !panel.filter.is_empty() {
        let shown = grouped(panel.visible.len() as u64);
        text.push_str(&format!(", {shown} with \"{}\"", panel.filter));
    }
    if let Some(marked) = &panel.marked {
        text.push_str(&format!("  marked {marked}"));
    }
    if let Some(address) = &panel.list.serving {
        text.push_str(&format!("  served at {address}"));
    }
    let used = look.put(buffer, line, &text, look.style(Role::Plain)) + 2;
    let champion = match panel.champion() {
        Some(run) => format!("{} champion {run}", look.glyphs().champion),
        None if panel.loaded => "no champion".to_owned(),
        None => String::new(),
    };
    look.put_right(buffer, right_of(line, used), &champion, look.style(Role::Accent));
}

/// What is said where no run is shown.
fn draw_empty(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if let Some(failure) = &panel.failure {
        let mut lines = super::lines::Lines::new(area.width);
        lines.gap();
        lines.add_failure(look, failure);
        lines.gap();
        let again = format!("{} reads the runs once more", frame.key_here(Action::Refresh));
        lines.add(look, &again, Role::Faint);
        lines.draw(look, area, "", buffer);
    } else if !panel.loaded {
        look.put(
            buffer,
            top(below(area, 1), 1),
            "reading the runs",
            look.style(Role::Faint),
        );
    } else if panel.list.runs.is_empty() {
        surroundings::draw_first_start(frame, area, buffer);
    } else {
        let [back, filter] = [Action::Back, Action::Filter].map(|action| frame.key_here(action));
        let keys = [
            (back.as_str(), "show all runs again"),
            (filter.as_str(), "look for something else"),
        ];
        let why = format!("No run contains \"{}\".", panel.filter);
        popup::empty_state(look, buffer, area, &why, &keys);
    }
}
