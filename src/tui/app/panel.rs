//! Owns what the panels have in common.

use serde::{Deserialize, Serialize};

use super::layer::Answer;
use super::shared::Shared;
use crate::tui::keymap::{Action, Context};
use crate::worker::News;

/// A panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Panel {
    /// Rows.
    #[default]
    Data,
    /// Checks and drift.
    Validation,
    /// Models being trained.
    Training,
    /// What was flagged.
    Review,
    /// Finished runs.
    Runs,
    /// What happened.
    Logs,
}

impl Panel {
    /// All of them, in the order of their keys.
    pub const ALL: [Self; 6] = [
        Self::Data,
        Self::Validation,
        Self::Training,
        Self::Review,
        Self::Runs,
        Self::Logs,
    ];

    /// The action that shows it.
    pub fn shown_by(self) -> Action {
        match self {
            Self::Data => Action::ShowData,
            Self::Validation => Action::ShowValidation,
            Self::Training => Action::ShowTraining,
            Self::Review => Action::ShowReview,
            Self::Runs => Action::ShowRuns,
            Self::Logs => Action::ShowLogs,
        }
    }

    /// Its name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Validation => "Validation",
            Self::Training => "Training",
            Self::Review => "Review",
            Self::Runs => "Runs",
            Self::Logs => "Logs",
        }
    }
}

/// What every panel's state can do. None of it does I/O or knows the time but from [`Shared::now`].
pub trait PanelState {
    /// Where keys are pressed while the panel is shown and no layer is open, the innermost first.
    fn contexts(&self) -> &'static [Context];

    /// Does what a key asks; whether it was taken.
    fn act(&mut self, shared: &mut Shared, action: Action) -> bool;

    /// Takes what a layer that this panel opened was answered.
    fn answered(&mut self, shared: &mut Shared, answer: Answer);

    /// Takes news of the worker; every panel is told everything that is not stale and looks for what it asked for.
    fn news(&mut self, shared: &mut Shared, news: &News);

    /// Takes a request of another part of the console; every panel is told and does what is its own.
    fn command(&mut self, shared: &mut Shared, command: &super::shared::Command);

    /// Half a line about what runs for it, shown in every panel's status line: `training: random_forest trial 3/10, 42 %`.
    fn work(&self, _shared: &Shared) -> Option<String> {
        None
    }

    /// Half a line about what it shows, for the status line while it is the panel that is shown.
    fn status(&self, _shared: &Shared) -> Option<String> {
        None
    }

    /// The panel is shown; it may ask for what it needs.
    fn shown(&mut self, _shared: &mut Shared) {}

    /// A moment asked for has come, or the size has changed.
    fn woke(&mut self, _shared: &mut Shared) {}
}
