//! Owns which keys of the panel open a dialog of its own: scoring a file, writing the cases to a file, suppression rules.

use super::ReviewPanel;
use crate::tui::app::shared::Shared;
use crate::tui::keymap::Action;

impl ReviewPanel {
    /// Opens a dialog; whether the key was for one. Scoring needs no open file, the others do.
    pub(super) fn act_on_dialogs(&mut self, shared: &mut Shared, action: Action) -> bool {
        match action {
            Action::ScoreFile => shared.say("nsec-tui predict FILE, in a shell, scores a file"),
            Action::Export if self.file.opened().is_some() => {
                shared.say("nsec-tui verdicts export --format csv, in a shell, writes the cases to a file");
            }
            Action::Rules if self.file.opened().is_some() => shared.say("there is no list of rules here yet"),
            _ => return false,
        }
        true
    }
}
