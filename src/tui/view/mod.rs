//! Drawing: `view` paints the state into a buffer and changes nothing. No I/O.

pub mod bars;
mod data;
pub mod glyphs;
mod logs;
pub mod numbers;
pub mod popup;
mod review;
mod runs;
pub mod table;
pub mod text;
pub mod theme;
mod training;
mod validation;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use self::theme::{Colors, Look, Role};
use super::app::{App, Panel};

/// What drawing a part needs.
pub struct Frame<'a> {
    /// The state.
    pub app: &'a App,
    /// How things look.
    pub look: Look,
}

/// Paints the whole screen; answers where the cursor is to be, if it is to be seen.
pub fn view(app: &App, look: Look, buffer: &mut Buffer) -> Option<Position> {
    let frame = Frame { app, look };
    let area: Rect = buffer.area;
    match app.panel {
        Panel::Data => data::draw(&frame, area, buffer),
        Panel::Validation => validation::draw(&frame, area, buffer),
        Panel::Training => training::draw(&frame, area, buffer),
        Panel::Review => review::draw(&frame, area, buffer),
        Panel::Runs => runs::draw(&frame, area, buffer),
        Panel::Logs => logs::draw(&frame, area, buffer),
    }
    None
}
