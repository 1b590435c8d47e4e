//! Owns drawing the Review panel: what is above everything, and then the list with the card of the case under the cursor,
//! or what there is to do where there is no case.

mod card;
mod empty;
mod heading;
mod list;
mod tags;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::{below, right_of, top};
use super::{Frame, Look, Role};
use crate::tui::app::review::CARD;
use crate::worker::Verdict;

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let panel = &frame.app.review;
    if panel.file().opened().is_none() {
        return empty::draw_without_file(frame, panel, area, buffer);
    }
    let layout = panel.layout(&frame.app.shared);
    heading::draw(frame, panel, top(area, layout.heading), buffer);
    let body = below(area, layout.heading);
    if panel.window().cases() == 0 {
        empty::draw_without_cases(frame, panel, body, buffer);
    } else if layout.wide {
        let list = area.width.saturating_sub(CARD + 1);
        list::draw(frame, panel, Rect { width: list, ..body }, buffer);
        card::draw_beside(frame, panel, right_of(body, list + 1), buffer);
    } else {
        list::draw(frame, panel, top(body, layout.rows + 1), buffer);
        card::draw_below(frame, panel, below(body, layout.rows + 1), buffer);
    }
    if panel.is_tagging() {
        tags::draw(frame, panel, area, buffer);
    }
}

/// A verdict's sign, and its side of the blue and yellow axis. The letter stands beside it wherever it is drawn.
fn sign(look: Look, verdict: Verdict) -> (&'static str, Role) {
    let glyphs = look.glyphs();
    match verdict {
        Verdict::TruePositive => (glyphs.warning, Role::Malicious),
        Verdict::BenignPositive => (glyphs.point, Role::Benign),
        Verdict::FalsePositive => (glyphs.yes, Role::Benign),
        Verdict::Duplicate => ("=", Role::Plain),
        Verdict::Undetermined => ("?", Role::Plain),
    }
}
