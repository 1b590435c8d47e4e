//! Owns a path being typed in a dialog, with the entries of its directory to complete it with.

use crate::tui::app::address::is_address;
use crate::tui::app::line_editor::LineEditor;

/// A path being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathLine {
    /// What is typed.
    pub line: LineEditor,
    /// The entries of the directory that is typed, once they are here.
    pub words: Vec<String>,
}

impl PathLine {
    /// With a text to start from.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            line: LineEditor::new(text),
            words: Vec::new(),
        }
    }

    fn last_part(&self) -> (usize, &str) {
        let text = self.line.text();
        let start = text.rfind('/').map_or(0, |at| at + 1);
        (start, &text[start..])
    }

    /// Entries that begin as the last part does, without regard to case.
    pub fn completions(&self) -> Vec<&str> {
        if is_address(self.line.text()) {
            return Vec::new();
        }
        let begun = self.last_part().1.to_lowercase();
        let fits = self.words.iter().filter(|word| word.to_lowercase().starts_with(&begun));
        fits.map(String::as_str).collect()
    }

    /// Up to where all completions agree; the whole one where there is one only. Only at the end of the line; whether
    /// anything was completed.
    pub(super) fn complete(&mut self) -> bool {
        let (start, typed) = self.last_part();
        let fits = self.completions();
        let Some(first) = fits.first().filter(|_| self.line.split().1.is_empty()) else {
            return false;
        };
        let common = fits.iter().skip(1).fold(first.len(), |length, word| {
            let differ = first.char_indices().zip(word.chars()).find(|((_, a), b)| a != b);
            differ.map_or(length.min(word.len()), |((at, _), _)| length.min(at))
        });
        let completed = first.get(..common).unwrap_or_default();
        if completed.len() < typed.len() || completed == typed {
            return false;
        }
        let text = format!("{}{completed}", &self.line.text()[..start]);
        self.line.set(text);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_completed_as_far_as_entries_agree() {
        let mut path = PathLine::new("/data/FL");
        assert!(!path.complete());
        path.words = ["logs/", "flows.csv", "flows.parquet"].map(str::to_owned).to_vec();
        assert_eq!(path.completions(), ["flows.csv", "flows.parquet"]);
        assert!(path.complete());
        assert_eq!(path.line.text(), "/data/flows.");
        assert!(!path.complete());
        path.line.insert("p");
        assert!(path.complete());
        assert_eq!(path.line.text(), "/data/flows.parquet");
        assert!(!path.complete());
        // Not in the middle, where the key moves the cursor.
        path.line.set("/data/fl");
        path.line.press("left".parse().unwrap());
        assert!(!path.complete());
    }

    #[test]
    fn letters_of_several_bytes_are_no_trouble() {
        let mut path = PathLine::new("É");
        path.words = vec!["École".to_owned(), "été".to_owned()];
        assert!(!path.complete());
        path.words.pop();
        assert!(path.complete());
        assert_eq!(path.line.text(), "École");
    }
}
