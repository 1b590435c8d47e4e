//! Owns drawing a question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::layer::{Caution, Confirm};
use crate::tui::keymap::{Action, Context};
use crate::tui::view::text::{columns, wrapped};
use crate::tui::view::{Frame, Role, popup};

/// Columns of air and border.
const EDGE: u16 = 4;

/// Draws the question, what follows from yes, and the keys.
pub fn draw(frame: &Frame<'_>, confirm: &Confirm, area: Rect, buffer: &mut Buffer) {
    let plain = confirm.consequences.iter().map(|line| (line.as_str(), Role::Plain));
    let texts: Vec<_> = std::iter::once((confirm.question.as_str(), Role::Heading))
        .chain(plain)
        .collect();
    let keys = keys(frame, Context::Confirm, &[(Action::Yes, "yes"), (Action::No, "no")]);
    draw_lines(frame, &texts, &keys, area, buffer);
}

/// The same with what is bad of it, and the key that lists the rows it is about.
pub fn draw_caution(frame: &Frame<'_>, caution: &Caution, area: Rect, buffer: &mut Buffer) {
    let mut texts = vec![(caution.question.as_str(), Role::Heading)];
    texts.extend(caution.consequences.iter().map(|line| (line.as_str(), Role::Plain)));
    texts.extend(caution.warnings.iter().map(|line| (line.as_str(), Role::Bad)));
    let context = if caution.careful {
        Context::Caution
    } else {
        Context::Confirm
    };
    let mut actions = vec![(Action::Yes, "yes"), (Action::No, "no")];
    if !caution.rows.is_empty() {
        actions.push((Action::Open, "the rows"));
    }
    let keys = keys(frame, context, &actions);
    draw_lines(frame, &texts, &keys, area, buffer);
}

/// Keys with what they do.
fn keys(frame: &Frame<'_>, context: Context, actions: &[(Action, &'static str)]) -> Vec<(String, Role)> {
    let keymap = &frame.app.keymap;
    let mut pieces = Vec::new();
    for (at, (action, word)) in actions.iter().enumerate() {
        let air = if at + 1 < actions.len() { "   " } else { "" };
        pieces.push((keymap.key_for(&[context], *action).unwrap_or_default(), Role::Key));
        pieces.push((format!(" {word}{air}"), Role::Plain));
    }
    pieces
}

fn draw_lines(frame: &Frame<'_>, texts: &[(&str, Role)], keys: &[(String, Role)], area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let most = area.width.min(74).saturating_sub(EDGE);
    let lines: Vec<(String, Role)> = texts
        .iter()
        .flat_map(|(text, role)| {
            wrapped(look, text, usize::from(most))
                .into_iter()
                .map(|line| (line, *role))
        })
        .collect();
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
        look.put_safe(buffer, line, text.trim_end(), look.style(*role));
    }
    let pieces: Vec<(&str, Role)> = keys.iter().map(|(text, role)| (text.as_str(), *role)).collect();
    look.put_pieces(buffer, answers, &pieces);
}
