//! The Data panel's state.

use super::layer::Answer;
use super::panel::PanelState;
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::News;

/// The Data panel.
#[derive(Debug, Default)]
pub struct DataPanel {}

impl PanelState for DataPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Data, Context::Lists]
    }

    fn act(&mut self, _shared: &mut Shared, _action: Action) -> bool {
        false
    }

    fn answered(&mut self, _shared: &mut Shared, _answer: Answer) {}

    fn news(&mut self, _shared: &mut Shared, _news: &News) {}

    fn command(&mut self, _shared: &mut Shared, _command: &Command) {}
}

/// What of the panel the next start takes up again.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct DataSession {}

impl DataPanel {
    /// What the next start would take up.
    pub fn session(&self) -> DataSession {
        DataSession::default()
    }

    /// Takes up the session before.
    pub fn resume(&mut self, shared: &mut Shared, _session: &DataSession) {
        shared.request(Command::Open(None));
    }
}
