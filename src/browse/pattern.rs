//! Owns what is looked for in cells: a text or a regular expression, and whether case counts.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::error::BrowseError;
use super::record::{Dialect, split};

/// Bytes that a compiled expression may take.
const REGEX_BYTES: usize = 8 << 20;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Pattern {
    needle: Needle,
    raw: Raw,
}

/// When a row that has it in a cell also has it in its bytes as they stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Raw {
    Always,
    /// Unless there are quotes, which may be doubled.
    WithoutQuotes,
    /// Where a cell begins and ends is not to be seen there.
    Never,
}

#[derive(Clone, Debug)]
enum Needle {
    Text(Box<Finder<'static>>),
    Regex(Regex),
}

impl Pattern {
    /// A text or a regular expression. Without a word on case it counts if the text has a capital.
    ///
    /// # Errors
    /// The expression cannot be understood.
    pub fn new(text: &str, regex: bool, case: Option<bool>) -> Result<Self, BrowseError> {
        let exact = case.unwrap_or_else(|| has_capital(text, regex));
        let caseless = !text.chars().any(char::is_alphabetic);
        if !regex && (exact || caseless) {
            let needle = Needle::Text(Box::new(Finder::new(text.as_bytes()).into_owned()));
            return Ok(Self {
                needle,
                raw: text_raw(text),
            });
        }
        let spelt = if regex { text.to_owned() } else { regex::escape(text) };
        let built = RegexBuilder::new(&spelt)
            .case_insensitive(!exact)
            .size_limit(REGEX_BYTES)
            .build();
        let needle = built.map_err(|error| {
            let reason = error.to_string();
            BrowseError::Regex(
                reason
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .to_owned(),
            )
        })?;
        let raw = if regex { regex_raw(text) } else { text_raw(text) };
        Ok(Self {
            needle: Needle::Regex(needle),
            raw,
        })
    }

    /// Where in whole rows of the file the first row that may have it is; `Err` if only the rows' cells can tell.
    pub(super) fn candidate(&self, rows: &[u8]) -> Result<Option<usize>, LookIntoCells> {
        match self.raw {
            Raw::Always => Ok(self.first_in(rows)),
            Raw::WithoutQuotes if memchr::memchr(b'"', rows).is_none() => Ok(self.first_in(rows)),
            _ => Err(LookIntoCells),
        }
    }

    fn first_in(&self, bytes: &[u8]) -> Option<usize> {
        match &self.needle {
            Needle::Text(finder) => finder.find(bytes),
            Needle::Regex(regex) => regex.find(bytes).map(|found| found.start()),
        }
    }

    /// The first column from `from` on and before `to` whose cell has it.
    pub(super) fn column_of(&self, row: &[u8], dialect: Dialect, from: usize, to: usize) -> Option<usize> {
        if self.raw != Raw::Never && memchr::memchr(b'"', row).is_none() && self.first_in(row).is_none() {
            return None;
        }
        let (mut found, mut scratch) = (None, Vec::new());
        split(row, dialect, |column, cell| {
            if column >= from && column < to && self.first_in(cell.text(row, &mut scratch)).is_some() {
                found = Some(column);
            }
            found.is_none() && column + 1 < to
        });
        found
    }

    /// The last column before `to` whose cell has it.
    pub(super) fn last_column_of(&self, row: &[u8], dialect: Dialect, from: usize, to: usize) -> Option<usize> {
        let (mut found, mut scratch) = (None, Vec::new());
        split(row, dialect, |column, cell| {
            if column >= from && column < to && self.first_in(cell.text(row, &mut scratch)).is_some() {
                found = Some(column);
            }
            column + 1 < to
        });
        found
    }
}

/// The bytes alone do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookIntoCells;

fn text_raw(text: &str) -> Raw {
    if text.contains('"') {
        Raw::WithoutQuotes
    } else {
        Raw::Always
    }
}

/// Anchors, word boundaries and the like ask what stands around a match.
fn regex_raw(text: &str) -> Raw {
    let mut escaped = false;
    for c in text.chars() {
        let looks_around = if escaped {
            matches!(c, 'b' | 'B' | 'A' | 'z' | '<' | '>')
        } else {
            matches!(c, '^' | '$')
        };
        if looks_around {
            return Raw::Never;
        }
        escaped = c == '\\' && !escaped;
    }
    Raw::WithoutQuotes
}

/// Whether a text has a capital; in an expression a letter behind a backslash means something else.
fn has_capital(text: &str, regex: bool) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let counts = !(regex && escaped) && c.is_uppercase();
        escaped = c == '\\' && !escaped;
        counts
    })
}
