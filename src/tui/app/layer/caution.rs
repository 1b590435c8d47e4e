//! Owns a question whose answer has something to be read first, and which may be one that Enter does not answer with yes.

use super::{Outcome, Reader, ReaderLine};
use crate::tui::keymap::Action;

/// A question with what stands behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caution {
    /// What is asked, a line.
    pub question: String,
    /// What follows from yes, a line each.
    pub consequences: Vec<String>,
    /// What of that is bad, a line each.
    pub warnings: Vec<String>,
    /// The rows that it is about, to be listed; none where there is nothing to list.
    pub rows: Vec<ReaderLine>,
    /// Whether the answer is no unless somebody says yes in so many words.
    pub careful: bool,
}

impl Caution {
    pub(super) fn act(&self, action: Action) -> Outcome {
        match action {
            Action::Open if self.rows.is_empty() => Outcome::Stays,
            Action::Open => Outcome::Shows(Reader::new(self.question.clone(), self.rows.clone())),
            _ => Outcome::Ignored,
        }
    }
}
