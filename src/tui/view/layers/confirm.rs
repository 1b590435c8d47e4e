//! Owns drawing a question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::layer::Confirm;
use crate::tui::keymap::{Action, Context};
use crate::tui::view::text::{columns, wrapped};
use crate::tui::view::{Frame, Role, popup};

/// Columns of air and border.
const EDGE: u16 = 4;

/// Draws the question, what follows from yes, and the keys.
pub fn draw(frame: &Frame<'_>, confirm: &Confirm, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let most = area.width.min(74).saturating_sub(EDGE);
    let mut lines: Vec<(String, Role)> = Vec::new();
    let mut add = |text: &str, role: Role| {
        lines.extend(
            wrapped(look, text, usize::from(most))
                .into_iter()
                .map(|line| (line, role)),
        );
    };
    add(&confirm.question, Role::Heading);
    confirm.consequences.iter().for_each(|line| add(line, Role::Plain));
    let key = |action| {
        frame
            .app
            .keymap
            .key_for(&[Context::Confirm], action)
            .unwrap_or_default()
    };
    let (yes, no) = (key(Action::Yes), key(Action::No));
    let widest = lines
        .iter()
        .map(|(line, _)| columns(line.trim_end()))
        .max()
        .unwrap_or(0) as u16;
    let inside = popup::popup(look, buffer, area, "", (widest.max(20) + EDGE, lines.len() as u16 + 4));
    let answers = Rect {
        y: inside.bottom().saturating_sub(1),
        height: 1.min(inside.height),
        ..inside
    };
    let text = Rect {
        height: inside.height.saturating_sub(2),
        ..inside
    };
    for (line, (text, role)) in text.rows().zip(&lines) {
        look.put_safe(buffer, line, text, look.style(*role));
    }
    let pieces = [
        (yes.as_str(), Role::Key),
        (" yes   ", Role::Plain),
        (no.as_str(), Role::Key),
        (" no", Role::Plain),
    ];
    look.put_pieces(buffer, answers, &pieces);
}
