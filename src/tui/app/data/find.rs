//! Owns what is looked for: the text, how it is read, the match the cursor is on, and which of how many it is.

use crate::browse::{Direction, Match, TableRow};
use crate::worker::BrowseJob;

/// A text that is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    /// As typed.
    pub text: String,
    /// Whether it is a regular expression.
    pub regex: bool,
    /// Whether case counts whatever the text.
    pub exact_case: bool,
    /// The match that was found last.
    pub at: Option<Match>,
    /// How many rows match, once counted.
    pub rows: Option<u64>,
    /// Which of these rows the match is in, 1-based, where that is known.
    pub nth: Option<u64>,
}

impl Find {
    /// Case counts only if it must, or if the text has a capital.
    fn case(&self) -> Option<bool> {
        self.exact_case.then_some(true)
    }

    /// The next match's job.
    pub fn job(&self, from: (u64, usize), direction: Direction) -> BrowseJob {
        BrowseJob::Find {
            text: self.text.clone(),
            regex: self.regex,
            case: self.case(),
            from,
            direction,
        }
    }

    /// The job that counts the matches.
    pub fn count_job(&self) -> BrowseJob {
        BrowseJob::Count {
            text: self.text.clone(),
            regex: self.regex,
            case: self.case(),
        }
    }

    /// Takes a match of a search that began in the row at `from`; `from_top` if that is the first row and does not match.
    pub fn found(&mut self, found: Match, from: u64, direction: Direction, from_top: bool) {
        let forward = direction == Direction::Forward;
        let before = self.at.map(|before| before.at);
        self.nth = if found.at == 0 || (forward && (found.wrapped || from_top)) {
            Some(1)
        } else if found.wrapped {
            self.rows
        } else if before == Some(found.at) {
            self.nth
        } else if before == Some(from) {
            // Next to the match before: one further, or one back.
            let nth = self.nth;
            nth.map(|nth| if forward { nth + 1 } else { nth.saturating_sub(1).max(1) })
        } else {
            None
        };
        self.at = Some(found);
    }

    /// Whether a cell holds the text, as far as that can be told without the worker: not for regular expressions.
    pub fn fits(&self, cell: &str) -> bool {
        if self.regex || self.text.is_empty() {
            return false;
        }
        if self.exact_case || self.text.chars().any(char::is_uppercase) {
            return cell.contains(&self.text);
        }
        cell.to_lowercase().contains(&self.text)
    }

    /// Whether it can be told that a row does not match.
    pub fn surely_not_in(&self, row: &TableRow) -> bool {
        !self.regex && !row.cells.iter().any(|cell| self.fits(cell) || is_cut(cell))
    }

    /// `match 3 of 1,204`.
    pub fn summary(&self) -> String {
        use crate::text::grouped;
        match (self.at, self.rows, self.nth) {
            (None, ..) => String::new(),
            (_, Some(1), _) => "the only row that matches".to_owned(),
            (_, Some(rows), Some(nth)) => format!("match {} of {}", grouped(nth.min(rows)), grouped(rows)),
            (_, Some(rows), None) => format!("{} rows match", grouped(rows)),
            (_, None, Some(nth)) => format!("match {}", grouped(nth)),
            (_, None, None) => "match".to_owned(),
        }
    }
}

/// Whether a cell may have been shortened.
pub fn is_cut(cell: &str) -> bool {
    cell.ends_with('\u{2026}')
}
