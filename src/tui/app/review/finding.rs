//! Owns looking for a text among the cases: asking for it, and the next match.

use super::ReviewPanel;
use super::arranging::remember;
use super::asking::Asking;
use super::jobs::{Seeking, Sought};
use crate::browse::Direction;
use crate::tui::app::layer::{Layer, Prompt, Purpose};
use crate::tui::app::panel::Panel;
use crate::tui::app::shared::Shared;
use crate::worker::ReviewJob;

/// A text that is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// As typed.
    pub text: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether case counts whatever the text.
    pub exact_case: bool,
    /// Whether a match was found.
    pub found: bool,
}

impl ReviewPanel {
    /// Asks for a text to look for, read as the one before.
    pub(super) fn ask_for_text(&self, shared: &mut Shared, before: &Find, error: Option<String>) {
        let mut prompt = Prompt::new("find", "any text; Enter alone finds the last one again")
            .starting_with(before.text.clone())
            .remembering(&self.finds_typed);
        prompt.regex = Some(before.regex);
        prompt.exact_case = Some(before.exact_case);
        prompt.error = error;
        shared.open(Layer::prompt(Panel::Review, Purpose::Review(Asking::Find), prompt));
    }

    pub(super) fn find_answered(&mut self, shared: &mut Shared, text: String, regex: bool, exact_case: bool) {
        let text = if text.is_empty() {
            match self.finds_typed.last() {
                Some(last) => last.clone(),
                None => return,
            }
        } else {
            text
        };
        remember(&mut self.finds_typed, &text);
        self.find = Some(Find {
            text,
            regex,
            exact_case,
            found: false,
        });
        self.find_on(shared, Direction::Forward);
    }

    pub(super) fn find_on(&mut self, shared: &mut Shared, direction: Direction) {
        let (Some(find), Some(from)) = (&self.find, self.window.place()) else {
            return;
        };
        let job = ReviewJob::Find {
            text: find.text.clone(),
            regex: find.regex,
            case: find.exact_case.then_some(true),
            from,
            direction,
        };
        let seeking = Seeking {
            why: Sought::Match,
            direction,
            from,
        };
        self.seek(shared, job, seeking);
    }
}
