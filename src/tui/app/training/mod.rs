//! The Training panel's state.

use super::layer::Answer;
use super::panel::PanelState;
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::News;

/// The Training panel.
#[derive(Debug, Default)]
pub struct TrainingPanel {}

impl PanelState for TrainingPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Training, Context::Lists]
    }

    fn act(&mut self, _shared: &mut Shared, _action: Action) -> bool {
        false
    }

    fn answered(&mut self, _shared: &mut Shared, _answer: Answer) {}

    fn news(&mut self, _shared: &mut Shared, _news: &News) {}

    fn command(&mut self, _shared: &mut Shared, _command: &Command) {}
}

impl TrainingPanel {
    /// The finished run that is shown.
    pub fn shown_run(&self) -> Option<String> {
        None
    }

    /// Shows the run that was shown before.
    pub fn resume(&mut self, shared: &mut Shared, run: String) {
        shared.request(Command::ShowRun(run));
    }
}
