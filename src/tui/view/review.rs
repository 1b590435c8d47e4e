//! Owns drawing the Review panel: that judging rows comes later, and how to get scored rows now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lines::Lines;
use super::{Frame, Role};
use crate::tui::app::review::SCORED_ROWS;
use crate::tui::keymap::Action;

/// Draws the panel.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let survey = frame.app.shared.survey.as_ref();
    let champion = survey.and_then(|survey| survey.champion.as_deref());
    let mut lines = Lines::new(area.width.saturating_sub(4));
    lines.gap();
    lines.add(
        look,
        "Judging flagged rows from the keyboard comes in a later version.",
        Role::Heading,
    );
    lines.gap();
    lines.add(look, "Until then:", Role::Plain);
    lines.gap();
    let text = if let Some(run) = champion {
        format!("score a file with the champion {run}, in a shell:")
    } else {
        let key = frame.key(Action::ShowTraining);
        format!("there is no champion yet: {key} trains one. Then score a file, in a shell:")
    };
    lines.add(look, &text, Role::Plain);
    lines.gap();
    lines.add(look, "    nsec-tui predict FILE", Role::Accent);
    lines.gap();
    let text = format!(
        "{} opens what it wrote ({SCORED_ROWS}) in Data: every row with its class, its probability, its risk and the reasons.",
        frame.key_here(Action::Open)
    );
    lines.add(look, &text, Role::Plain);
    let text = "There, sort by probability, and filter: classification = 'malicious' and probability < 0.9";
    lines.add(look, text, Role::Faint);
    let inside = Rect {
        x: area.x + 2.min(area.width),
        width: area.width.saturating_sub(4),
        ..area
    };
    lines.draw(look, inside, "", buffer);
}
