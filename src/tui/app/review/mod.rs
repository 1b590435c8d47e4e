//! The Review panel's state.

use super::layer::Answer;
use super::panel::PanelState;
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::News;

/// The Review panel.
#[derive(Debug, Default)]
pub struct ReviewPanel {}

impl PanelState for ReviewPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Review, Context::Lists]
    }

    fn act(&mut self, _shared: &mut Shared, _action: Action) -> bool {
        false
    }

    fn answered(&mut self, _shared: &mut Shared, _answer: Answer) {}

    fn news(&mut self, _shared: &mut Shared, _news: &News) {}

    fn command(&mut self, _shared: &mut Shared, _command: &Command) {}
}
