//! Owns drawing the Runs panel.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Frame;

/// Draws the panel.
pub fn draw(_frame: &Frame<'_>, _area: Rect, _buffer: &mut Buffer) {}
