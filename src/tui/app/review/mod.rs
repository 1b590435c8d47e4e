//! Owns the Review panel's state. Judging rows comes in a later version; until then the panel says how to get scored
//! rows and opens them in Data.

use std::path::{Path, PathBuf};

use super::layer::Answer;
use super::panel::{Panel, PanelState};
use super::shared::{Command, Shared};
use crate::tui::keymap::{Action, Context};
use crate::worker::News;

/// Where `predict` writes if it is not told otherwise, below the workspace.
pub const SCORED_ROWS: &str = "prediction_output/output.csv";

/// The Review panel.
#[derive(Debug, Default)]
pub struct ReviewPanel {}

impl PanelState for ReviewPanel {
    fn contexts(&self) -> &'static [Context] {
        &[Context::Review, Context::Lists]
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> bool {
        if action != Action::Open {
            return false;
        }
        let workspace = shared.survey.as_ref().map_or("", |survey| survey.workspace.as_str());
        let path: PathBuf = Path::new(workspace).join(SCORED_ROWS);
        shared.request(Command::Open(Some(path)));
        shared.request(Command::Show(Panel::Data));
        true
    }

    fn answered(&mut self, _shared: &mut Shared, _answer: Answer) {}

    fn news(&mut self, _shared: &mut Shared, _news: &News) {}

    fn command(&mut self, _shared: &mut Shared, _command: &Command) {}
}
