//! What opens above a panel, drawn.

mod confirm;
mod form;
mod line;
mod picker;
mod prompt;
mod reader;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::Frame;
use super::frame::Parts;
use crate::tui::app::layer::{Layer, LayerKind};

/// Draws a layer; answers where the cursor is to be, if it is to be seen.
pub fn draw(frame: &Frame<'_>, layer: &Layer, parts: Parts, buffer: &mut Buffer) -> Option<Position> {
    match &layer.kind {
        LayerKind::Prompt(prompt) => prompt::draw(frame, prompt, parts, buffer),
        LayerKind::Picker(picker) => picker::draw(frame, picker, parts.panel, buffer),
        LayerKind::Form(form) => form::draw(frame, form, parts.panel, buffer),
        LayerKind::Reader(reader) => {
            reader::draw(frame, reader, parts.panel, buffer);
            None
        }
        LayerKind::Confirm(confirm) => {
            confirm::draw(frame, confirm, parts.panel, buffer);
            None
        }
        LayerKind::Caution(caution) => {
            confirm::draw_caution(frame, caution, parts.panel, buffer);
            None
        }
    }
}
