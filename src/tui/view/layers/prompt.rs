//! Owns drawing a prompt: its line in place of the status line, what helps with it in the line above.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::line;
use crate::tui::app::layer::Prompt;
use crate::tui::view::frame::Parts;
use crate::tui::view::{Frame, Role, popup};

/// Draws the prompt; answers where the cursor is.
pub fn draw(frame: &Frame<'_>, prompt: &Prompt, parts: Parts, buffer: &mut Buffer) -> Option<Position> {
    let look = frame.look;
    let above = Rect {
        y: parts.panel.bottom().saturating_sub(1),
        height: 1,
        ..parts.panel
    };
    popup::clear(buffer, above);
    popup::clear(buffer, parts.status);
    draw_help(frame, prompt, above, buffer);
    let title = format!("{}{}: ", prompt.title, switches(prompt));
    let used = look.put(buffer, parts.status, &title, look.style(Role::Heading));
    let rest = Rect {
        x: parts.status.x + used,
        width: parts.status.width - used,
        ..parts.status
    };
    line::draw(look, &prompt.line, rest, buffer)
}

/// How what is typed will be read, where that can be switched.
fn switches(prompt: &Prompt) -> String {
    let mut words = Vec::new();
    match prompt.regex {
        Some(true) => words.push("regex"),
        Some(false) => words.push("text"),
        None => {}
    }
    match prompt.exact_case {
        Some(true) => words.push("exact case"),
        Some(false) => words.push("smart case"),
        None => {}
    }
    if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join(", "))
    }
}

/// What is wrong, else how to write it, else what the word being typed may become.
fn draw_help(frame: &Frame<'_>, prompt: &Prompt, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if let Some(error) = &prompt.error {
        look.put_pieces(buffer, area, &[("! ", Role::Bad), (error, Role::Bad)]);
        return;
    }
    let typed = prompt.line.text();
    if typed.is_empty() && !prompt.hint.is_empty() {
        look.put(buffer, area, &prompt.hint, look.style(Role::Faint));
        return;
    }
    let (start, words) = prompt.completions();
    let begun = prompt.line.split().0.len() > start;
    if !begun && !prompt.path {
        return;
    }
    let mut rest = area;
    for word in words {
        let used = look.put(buffer, rest, word, look.style(Role::Faint)) + 2;
        if used >= rest.width {
            break;
        }
        rest.x += used;
        rest.width -= used;
    }
}
