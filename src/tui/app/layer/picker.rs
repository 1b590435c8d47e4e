//! Owns a list to choose from, narrowed by what is typed.

use super::{Given, Outcome};
use crate::tui::app::address::is_address;
use crate::tui::app::line_editor::LineEditor;
use crate::tui::key::KeyPress;
use crate::tui::keymap::Action;

/// A line of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PickerItem {
    /// What it is called; typing narrows by it and by `about`.
    pub label: String,
    /// More about it.
    pub about: String,
    /// At the right edge: a key, a type, a size.
    pub aside: String,
    /// A heading above the first of its group.
    pub group: String,
}

/// A list to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picker {
    /// What is chosen, a word or two.
    pub title: String,
    /// What is typed.
    pub line: LineEditor,
    /// The items, all of them.
    pub items: Vec<PickerItem>,
    /// Whether a text that fits no item is an answer too.
    pub free_text: bool,
    /// Whether a path is typed, so that its directory's entries are asked for.
    pub path: bool,
    /// What is wrong.
    pub error: Option<String>,
    /// The place of the cursor among the items that fit.
    pub cursor: usize,
    fits: Vec<usize>,
}

impl Picker {
    /// Of these items.
    pub fn new(title: impl Into<String>, items: Vec<PickerItem>) -> Self {
        let mut picker = Self {
            title: title.into(),
            items,
            ..Self::default()
        };
        picker.narrow();
        picker
    }

    /// The places of the items that fit what is typed, best first.
    pub fn fits(&self) -> &[usize] {
        &self.fits
    }

    /// The item the cursor is on.
    pub fn current(&self) -> Option<usize> {
        self.fits.get(self.cursor).copied()
    }

    /// Puts other items in, and keeps what is typed.
    pub fn fill(&mut self, items: Vec<PickerItem>) {
        self.items = items;
        self.narrow();
    }

    /// Where typing narrows: for a path only its last part does.
    fn needle(&self) -> String {
        let text = self.line.text();
        let part = if self.path {
            text.rsplit('/').next().unwrap_or(text)
        } else {
            text
        };
        part.to_lowercase()
    }

    fn narrow(&mut self) {
        self.cursor = 0;
        // No entry of a directory goes on with the address of a server.
        if self.path && is_address(self.line.text()) {
            return self.fits.clear();
        }
        let needle = self.needle();
        let mut ranked: Vec<(u32, usize)> = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| Some((rank(&needle, item)?, at)))
            .collect();
        ranked.sort_unstable();
        self.fits = ranked.into_iter().map(|(_, at)| at).collect();
    }

    pub(super) fn act(&mut self, action: Action, page: usize) -> Outcome {
        let last = self.fits.len().saturating_sub(1);
        let page = page.max(1);
        self.cursor = match action {
            Action::Down => (self.cursor + 1).min(last),
            Action::Up => self.cursor.saturating_sub(1),
            Action::PageDown => (self.cursor + page).min(last),
            Action::PageUp => self.cursor.saturating_sub(page),
            Action::Complete => {
                if let Some(item) = self.current() {
                    let label = self.items[item].label.clone();
                    let text = self.line.text();
                    let directory = text.rfind('/').filter(|_| self.path).map_or("", |at| &text[..=at]);
                    self.line.set(format!("{directory}{label}"));
                    self.narrow();
                }
                return Outcome::Typed;
            }
            Action::Accept if self.path => return self.accept_path(),
            Action::Accept => {
                let item = self.current();
                return if item.is_some() || self.free_text {
                    Outcome::Answers(Given::Choice {
                        item,
                        text: self.line.text().to_owned(),
                    })
                } else {
                    Outcome::Stays
                };
            }
            _ => return Outcome::Ignored,
        };
        Outcome::Stays
    }

    /// The path of the entry the cursor is on; a directory is gone into. What fits no entry is taken as it was typed.
    fn accept_path(&mut self) -> Outcome {
        let typed = self.line.text();
        let directory = typed.rfind('/').map_or("", |at| &typed[..=at]);
        let chosen = self.current();
        let text = match chosen.map(|at| self.items[at].label.as_str()) {
            None => typed.to_owned(),
            Some(label) if label.trim_end_matches('/').contains('/') => label.to_owned(),
            Some(label) => format!("{directory}{label}"),
        };
        if chosen.is_some() && text.ends_with('/') {
            self.line.set(text);
            self.narrow();
            return Outcome::Typed;
        }
        Outcome::Answers(Given::Choice { item: None, text })
    }

    pub(super) fn press(&mut self, key: KeyPress) -> Outcome {
        if !self.line.press(key) {
            return Outcome::Ignored;
        }
        self.error = None;
        self.narrow();
        Outcome::Typed
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        self.line.insert(text);
        self.narrow();
        Outcome::Typed
    }
}

/// How well an item fits, less is better; `None` if it does not. A beginning beats a word's beginning beats a place inside
/// beats letters in order; the label beats what is said about it.
fn rank(needle: &str, item: &PickerItem) -> Option<u32> {
    if needle.is_empty() {
        return Some(0);
    }
    let label = item.label.to_lowercase();
    if let Some(at) = label.find(needle) {
        let word = label[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        return Some(match (at, word) {
            (0, _) => 0,
            (_, true) => 1,
            _ => 2,
        });
    }
    if item.about.to_lowercase().contains(needle) || item.aside.to_lowercase().split(' ').any(|key| key == needle) {
        return Some(3);
    }
    let mut letters = label.chars();
    needle.chars().all(|c| letters.any(|l| l == c)).then_some(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker(labels: &[&str]) -> Picker {
        let item = |label: &&str| PickerItem {
            label: (*label).to_owned(),
            ..PickerItem::default()
        };
        Picker::new("column", labels.iter().map(item).collect())
    }

    #[test]
    fn beginnings_come_first_and_the_list_keeps_its_order_otherwise() {
        let mut picker = picker(&["on_mouseover", "having_At", "At", "statistical", "a_then"]);
        for c in ["a", "t"] {
            picker.press(c.parse().unwrap());
        }
        let found: Vec<&str> = picker
            .fits()
            .iter()
            .map(|at| picker.items[*at].label.as_str())
            .collect();
        assert_eq!(found, ["At", "having_At", "statistical", "a_then"]);
        picker.act(Action::Down, 10);
        let chosen = picker.act(Action::Accept, 10);
        let expected = Given::Choice {
            item: Some(1),
            text: "at".into(),
        };
        assert_eq!(chosen, Outcome::Answers(expected));
    }

    #[test]
    fn a_directory_is_gone_into_and_a_file_is_the_answer_with_its_directory() {
        let mut picker = picker(&["logs/", "flows.csv"]);
        picker.path = true;
        picker.paste("/data/l");
        assert_eq!(picker.act(Action::Accept, 10), Outcome::Typed);
        assert_eq!(picker.line.text(), "/data/logs/");
        let answer = |text: &str| {
            Outcome::Answers(Given::Choice {
                item: None,
                text: text.into(),
            })
        };
        picker.paste("fl");
        assert_eq!(picker.act(Action::Accept, 10), answer("/data/logs/flows.csv"));
        picker.paste("zzz");
        assert_eq!(picker.act(Action::Accept, 10), answer("/data/logs/flzzz"));
        // A whole path in the list stands for itself.
        let item = |label: &str| PickerItem {
            label: label.to_owned(),
            ..PickerItem::default()
        };
        picker.line.set("");
        picker.fill(vec![item("/else/where.csv")]);
        assert_eq!(picker.act(Action::Accept, 10), answer("/else/where.csv"));
    }

    #[test]
    fn nothing_that_fits_is_no_answer_unless_free_text_is() {
        let mut picker = picker(&["a"]);
        picker.press("z".parse().unwrap());
        assert_eq!(picker.act(Action::Accept, 10), Outcome::Stays);
        picker.free_text = true;
        assert!(matches!(picker.act(Action::Accept, 10), Outcome::Answers(_)));
        assert_eq!(picker.act(Action::Down, 10), Outcome::Stays);
    }
}
