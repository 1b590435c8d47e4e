//! Owns a line to type, with what was typed before, and completion.

use super::{Given, Outcome};
use crate::tui::app::line_editor::LineEditor;
use crate::tui::key::KeyPress;
use crate::tui::keymap::Action;

/// A line to type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// What it asks for, a word or two.
    pub title: String,
    /// How to write it, shown while nothing is typed.
    pub hint: String,
    /// The line.
    pub line: LineEditor,
    /// What is wrong with what was typed; it goes with the next key.
    pub error: Option<String>,
    /// Words to complete with: columns, or entries of the directory being typed.
    pub words: Vec<String>,
    /// Whether a path is typed, so that its directory's entries are asked for.
    pub path: bool,
    /// Regular expression on or off; `None` where that means nothing.
    pub regex: Option<bool>,
    /// Exact case on or off; `None` where that means nothing.
    pub exact_case: Option<bool>,
    history: Vec<String>,
    /// How far back in the history, and what was being typed there.
    back: Option<(usize, String)>,
}

impl Prompt {
    /// Empty.
    pub fn new(title: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            hint: hint.into(),
            ..Self::default()
        }
    }

    /// With a text to start from.
    pub fn starting_with(mut self, text: impl Into<String>) -> Self {
        self.line.set(text);
        self
    }

    /// With what was typed before, the latest last.
    pub fn remembering(mut self, history: &[String]) -> Self {
        self.history = history.to_vec();
        self
    }

    /// The words that begin as the word at the cursor does, without regard to case, and where in the text it begins.
    pub fn completions(&self) -> (usize, Vec<&str>) {
        let (before, _) = self.line.split();
        let start = if self.path {
            before.rfind('/').map_or(0, |at| at + 1)
        } else {
            let edge = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
            before
                .char_indices()
                .rev()
                .find(|(_, c)| edge(*c))
                .map_or(0, |(at, c)| at + c.len_utf8())
        };
        let begun = before[start..].to_lowercase();
        let fits = self.words.iter().filter(|word| word.to_lowercase().starts_with(&begun));
        (start, fits.map(String::as_str).collect())
    }

    pub(super) fn act(&mut self, action: Action) -> Outcome {
        match action {
            Action::Accept => {
                return Outcome::Answers(Given::Line {
                    text: self.line.text().to_owned(),
                    regex: self.regex.unwrap_or(false),
                    exact_case: self.exact_case.unwrap_or(false),
                });
            }
            Action::Older => self.go_back(1),
            Action::Newer => self.go_back(-1),
            Action::Complete => {
                self.complete();
                return Outcome::Typed;
            }
            Action::ToggleRegex => self.regex = self.regex.map(|on| !on),
            Action::ToggleCase => self.exact_case = self.exact_case.map(|on| !on),
            _ => return Outcome::Ignored,
        }
        Outcome::Stays
    }

    pub(super) fn press(&mut self, key: KeyPress) -> Outcome {
        if !self.line.press(key) {
            return Outcome::Ignored;
        }
        self.error = None;
        Outcome::Typed
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        self.line.insert(text);
        self.error = None;
        Outcome::Typed
    }

    fn go_back(&mut self, by: isize) {
        let (at, typed) = self.back.take().unwrap_or_else(|| (0, self.line.text().to_owned()));
        let at = at.saturating_add_signed(by).min(self.history.len());
        match self
            .history
            .len()
            .checked_sub(at)
            .and_then(|place| self.history.get(place))
        {
            Some(older) => self.line.set(older.clone()),
            None => self.line.set(typed.clone()),
        }
        self.back = (at > 0).then_some((at, typed));
    }

    /// Up to where all completions agree; the whole one where there is one only.
    fn complete(&mut self) {
        let (start, fits) = self.completions();
        let Some(first) = fits.first() else { return };
        let common = fits.iter().skip(1).fold(first.len(), |length, word| {
            let same = first.char_indices().zip(word.chars()).find(|((_, a), b)| a != b);
            same.map_or(length.min(word.len()), |((at, _), _)| length.min(at))
        });
        let (before, after) = self.line.split();
        if start + common <= before.len() && fits.len() > 1 {
            return;
        }
        let (text, after) = (format!("{}{}", &before[..start], &first[..common]), after.to_owned());
        self.line.set(text);
        let cursor = self.line.clone();
        self.line.insert(&after);
        let typed = self.line.text().to_owned();
        self.line = cursor.within(typed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(prompt: &mut Prompt, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
            assert_eq!(prompt.press(key.parse().unwrap()), Outcome::Typed);
        }
    }

    #[test]
    fn completes_as_far_as_the_words_agree() {
        let mut prompt = Prompt::new("filter", "");
        prompt.words = vec!["URL_Length".into(), "URL_of_Anchor".into(), "service".into()];
        typed(&mut prompt, "x = 1 and url");
        assert_eq!(prompt.act(Action::Complete), Outcome::Typed);
        assert_eq!(prompt.line.text(), "x = 1 and URL_");
        typed(&mut prompt, "L");
        prompt.act(Action::Complete);
        assert_eq!(prompt.line.text(), "x = 1 and URL_Length");
        typed(&mut prompt, "zzz");
        prompt.act(Action::Complete);
        assert_eq!(prompt.line.text(), "x = 1 and URL_Lengthzzz");
    }

    #[test]
    fn the_text_behind_the_cursor_stays() {
        let mut prompt = Prompt::new("filter", "").starting_with("ser = 1");
        prompt.words = vec!["service".into()];
        for _ in 0..4 {
            prompt.press("left".parse().unwrap());
        }
        prompt.act(Action::Complete);
        assert_eq!(prompt.line.split(), ("service", " = 1"));
    }

    #[test]
    fn history_goes_back_and_returns_to_what_was_typed() {
        let mut prompt = Prompt::new("find", "").remembering(&["one".into(), "two".into()]);
        typed(&mut prompt, "dr");
        for (action, text) in [
            (Action::Older, "two"),
            (Action::Older, "one"),
            (Action::Older, "one"),
            (Action::Newer, "two"),
            (Action::Newer, "dr"),
            (Action::Newer, "dr"),
        ] {
            prompt.act(action);
            assert_eq!(prompt.line.text(), text);
        }
    }
}
