//! Owns the log's latest lines, bounded in number and bytes, and which of them are shown.

use std::collections::VecDeque;

use crate::worker::{Level, LogLine};

/// Lines kept at most.
pub const MOST_LINES: usize = 5_000;
/// Bytes kept at most.
pub const MOST_BYTES: usize = 8 << 20;
/// Bytes of one line at most; what is behind them is in the file.
pub const MOST_LINE: usize = 64 << 10;

/// The latest lines.
#[derive(Debug, Default)]
pub struct Tail {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// The number of the first line kept; lines are numbered as they come.
    first: u64,
    /// Numbers of the lines shown, ascending.
    shown: VecDeque<u64>,
    level: Option<Level>,
    words: Vec<String>,
}

impl Tail {
    /// Puts other lines in the place of all.
    pub fn replace(&mut self, lines: &[LogLine]) {
        self.first += self.lines.len() as u64;
        self.lines.clear();
        self.shown.clear();
        self.bytes = 0;
        self.append(lines);
    }

    /// Adds lines; the oldest go where there are too many.
    pub fn append(&mut self, lines: &[LogLine]) {
        let from = lines.len().saturating_sub(MOST_LINES);
        for line in &lines[from..] {
            let line = bounded(line);
            if self.fits(&line) {
                self.shown.push_back(self.first + self.lines.len() as u64);
            }
            self.bytes += line.text.len();
            self.lines.push_back(line);
        }
        while self.lines.len() > MOST_LINES || self.bytes > MOST_BYTES {
            let Some(line) = self.lines.pop_front() else { break };
            self.bytes -= line.text.len();
            self.first += 1;
        }
        let first = self.first;
        while self.shown.front().is_some_and(|number| *number < first) {
            self.shown.pop_front();
        }
    }

    /// Shows only lines from this level on that contain all these words, whatever their case.
    pub fn filter(&mut self, level: Option<Level>, text: &str) {
        self.level = level;
        self.words = text.split_whitespace().map(str::to_lowercase).collect();
        let numbered = (self.first..).zip(&self.lines);
        self.shown = numbered
            .filter(|(_, line)| self.fits(line))
            .map(|(number, _)| number)
            .collect();
    }

    fn fits(&self, line: &LogLine) -> bool {
        if self.level.is_some_and(|level| line.level < level) {
            return false;
        }
        if self.words.is_empty() {
            return true;
        }
        let text = line.text.to_lowercase();
        self.words.iter().all(|word| text.contains(word))
    }

    /// How many lines are kept.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many lines are shown.
    pub fn shown(&self) -> usize {
        self.shown.len()
    }

    /// The line at a place among those shown.
    pub fn line(&self, at: usize) -> Option<&LogLine> {
        let number = self.shown.get(at)?;
        self.lines.get(usize::try_from(number - self.first).ok()?)
    }

    /// The number of the line at a place among those shown; it stays the line's whatever comes or goes.
    pub fn number(&self, at: usize) -> Option<u64> {
        self.shown.get(at).copied()
    }

    /// The place of a line among those shown, or of the next one where it is not.
    pub fn place(&self, number: u64) -> usize {
        self.shown.partition_point(|shown| *shown < number)
    }
}

fn bounded(line: &LogLine) -> LogLine {
    if line.text.len() <= MOST_LINE {
        return line.clone();
    }
    let end = line.text.floor_char_boundary(MOST_LINE);
    LogLine {
        level: line.level,
        text: format!("{}...", &line.text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(level: Level, text: &str) -> LogLine {
        LogLine {
            level,
            text: text.to_owned(),
        }
    }

    #[test]
    fn lines_keep_their_numbers_while_others_come_and_go() {
        let mut tail = Tail::default();
        tail.append(&[
            line(Level::Info, "a Fold"),
            line(Level::Warning, "b"),
            line(Level::Error, "c fold"),
        ]);
        tail.filter(None, "FOLD");
        assert_eq!((tail.shown(), tail.number(1)), (2, Some(2)));
        let many: Vec<LogLine> = (0..MOST_LINES - 1).map(|_| line(Level::Info, "x")).collect();
        tail.append(&many);
        assert_eq!((tail.len(), tail.shown()), (MOST_LINES, 1));
        assert_eq!(tail.line(0).unwrap().text, "c fold");
        assert_eq!((tail.place(2), tail.place(3)), (0, 1));
        tail.filter(Some(Level::Warning), "");
        assert_eq!(tail.shown(), 1);
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut tail = Tail::default();
        let huge = line(Level::Info, &"é".repeat(MOST_LINE));
        for _ in 0..300 {
            tail.append(std::slice::from_ref(&huge));
        }
        assert!(tail.bytes <= MOST_BYTES && tail.len() > 100);
        assert!(tail.line(0).unwrap().text.len() <= MOST_LINE + 3);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_fits(batches in prop::collection::vec(prop::collection::vec((0usize..3, "[ab]{0,3}"), 0..6), 0..8), text in "[ab]{0,2}") {
            const LEVELS: [Level; 3] = [Level::Info, Level::Warning, Level::Error];
            let mut tail = Tail::default();
            tail.filter(Some(Level::Warning), &text);
            let mut all = Vec::new();
            for batch in batches {
                let lines: Vec<LogLine> = batch.iter().map(|(level, text)| line(LEVELS[*level], text)).collect();
                tail.append(&lines);
                all.extend(lines);
            }
            let fits: Vec<&LogLine> = all.iter().filter(|l| l.level >= Level::Warning && l.text.contains(&text)).collect();
            let shown: Vec<&LogLine> = (0..tail.shown()).map(|at| tail.line(at).unwrap()).collect();
            prop_assert_eq!(shown, fits);
        }
    }
}
