//! Drawing: `view` paints the state into a buffer and changes nothing. No I/O.

mod data;
mod logs;
mod review;
mod runs;
mod training;
mod validation;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::{App, Panel};

/// How things look on this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many colours there are.
    pub colors: Colors,
    /// Only ASCII.
    pub ascii: bool,
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// None are to be used.
    None,
    /// The sixteen.
    Sixteen,
    /// 256.
    Many,
}

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
