//! Owns where a cell stands in the bytes of a CSV file, so that it alone can be changed.

use std::ops::Range;

/// Where each physical line of a file starts. A line feed, a carriage return, and the two together end one.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let is_first_of_two = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
            if !is_first_of_two {
                starts.push(at + 1);
            }
        }
        Self(starts)
    }

    /// Where a line starts, counted from 1.
    pub(super) fn start(&self, line: u64) -> Option<usize> {
        self.0.get(usize::try_from(line.checked_sub(1)?).ok()?).copied()
    }
}

/// Where a cell of the row that starts at `start` stands, its quotes included. `None` if the row has fewer cells, or a quote
/// that does not close.
pub(super) fn field(bytes: &[u8], start: usize, delimiter: u8, column: usize) -> Option<Range<usize>> {
    let mut at = start;
    for here in 0.. {
        let first = at;
        if bytes.get(at) == Some(&b'"') {
            at = after_quotes(bytes, at + 1)?;
        }
        let stop = memchr::memchr3(delimiter, b'\n', b'\r', bytes.get(at..)?);
        at = stop.map_or(bytes.len(), |offset| at + offset);
        if here == column {
            return Some(first..at);
        }
        if bytes.get(at) != Some(&delimiter) {
            return None;
        }
        at += 1;
    }
    None
}

/// Past the closing quote of a cell whose inside starts at `at`.
fn after_quotes(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(row: &str, column: usize) -> Option<&str> {
        field(row.as_bytes(), 0, b',', column).and_then(|span| row.get(span))
    }

    #[test]
    fn cells_are_found_whatever_their_quotes() {
        assert_eq!(cell("a,b,c\n", 1), Some("b"));
        assert_eq!(cell("a,b,c", 2), Some("c"));
        assert_eq!(cell("a,b\r\nc", 1), Some("b"));
        assert_eq!(cell("\"x,\n\"\"y\"\"\",\"b\",c\n", 1), Some("\"b\""));
        assert_eq!(cell("\"x\"tail,b\n", 0), Some("\"x\"tail"));
        assert_eq!(cell(",,\n", 1), Some(""));
        assert_eq!(cell("a,b\nc,d", 2), None, "the row ends before");
        assert_eq!(cell("\"open,b", 1), None);
    }

    #[test]
    fn lines_start_after_every_kind_of_end() {
        let lines = Lines::of(b"a\nb\r\nc\rd");
        let starts: Vec<Option<usize>> = (0..6).map(|line| lines.start(line)).collect();
        assert_eq!(starts, [None, Some(0), Some(2), Some(5), Some(7), None]);
    }
}
