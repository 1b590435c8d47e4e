//! Drawing: `view` paints the state into a buffer and changes nothing. No I/O.

pub mod bars;
mod data;
pub mod frame;
pub mod glyphs;
mod layers;
pub mod lines;
mod logs;
pub mod numbers;
pub mod plot;
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
    if area.width < frame::SMALLEST.0 || area.height < frame::SMALLEST.1 {
        frame::draw_too_small(&frame, area, buffer);
        return None;
    }
    let parts = frame::parts(area);
    frame::draw_tabs(&frame, parts.tabs, buffer);
    match app.panel {
        Panel::Data => data::draw(&frame, parts.panel, buffer),
        Panel::Validation => validation::draw(&frame, parts.panel, buffer),
        Panel::Training => training::draw(&frame, parts.panel, buffer),
        Panel::Review => review::draw(&frame, parts.panel, buffer),
        Panel::Runs => runs::draw(&frame, parts.panel, buffer),
        Panel::Logs => logs::draw(&frame, parts.panel, buffer),
    }
    frame::draw_status(&frame, parts.status, buffer);
    frame::draw_footer(&frame, parts.footer, buffer);
    app.layers
        .iter()
        .fold(None, |_, layer| layers::draw(&frame, layer, parts, buffer))
}
