//! Owns drawing the tags with their digits, while one is chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::review::ReviewPanel;
use crate::tui::keymap::{Action, Context};
use crate::tui::view::{Frame, Role, popup};

/// Keys of the tags, in their order.
const KEYS: [Action; 9] = [
    Action::Tag1,
    Action::Tag2,
    Action::Tag3,
    Action::Tag4,
    Action::Tag5,
    Action::Tag6,
    Action::Tag7,
    Action::Tag8,
    Action::Tag9,
];

/// Draws them.
pub fn draw(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let Some(file) = panel.file().opened() else { return };
    let widest = file.tags.iter().map(|tag| look.width(tag)).max().unwrap_or(0).min(60) as u16;
    let size = (widest.max(12) + 12, file.tags.len().min(9) as u16 + 2);
    let inside = popup::popup(look, buffer, area, "tag on or off", size);
    let seen = panel.window().current().map(|row| panel.seen(row));
    for ((row, tag), action) in inside.rows().zip(&file.tags).zip(KEYS) {
        let key = frame.app.keymap.key_for(&[Context::Tags], action).unwrap_or_default();
        let on = seen.as_ref().is_some_and(|seen| seen.tags.contains(tag.as_str()));
        let mark = if on { look.glyphs().marked } else { " " };
        let pieces = [
            (key.as_str(), Role::Key),
            (" ", Role::Plain),
            (mark, Role::Selected),
            (" ", Role::Plain),
            (tag.as_str(), Role::Plain),
            (if on { "  is on" } else { "" }, Role::Faint),
        ];
        look.put_pieces(buffer, row, &pieces);
    }
}
