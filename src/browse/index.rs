//! Owns the index: marks at some rows' starts, from which every row and line is a short way off.

use super::cursor::Quotes;

/// Bytes between two marks at first.
const STRIDE: u64 = 16 << 10;
/// Marks at most; then every other one goes and the stride doubles. 24 bytes each.
const MOST_MARKS: usize = 16 << 10;

/// A place where a row starts, or blank lines before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where in the store.
    pub(super) offset: u64,
    /// The row that comes next, 0-based.
    pub(super) row: u64,
    /// The physical line, 1-based.
    pub(super) line: u64,
}

/// A run of whole rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where it starts.
    pub(super) from: Mark,
    /// Where the next one starts.
    pub(super) end: u64,
    /// How many rows it has.
    pub(super) rows: u64,
}

/// What is known of where rows are.
#[derive(Clone, Debug)]
pub(super) struct Index {
    marks: Vec<Mark>,
    stride: u64,
    /// The place behind the last row known.
    pub(super) end: Mark,
    /// Whether there is no row behind it.
    pub(super) complete: bool,
    /// What is odd about quotes.
    pub(super) quotes: Quotes,
}

impl Index {
    /// Knows where the first row starts.
    pub(super) fn new(first: Mark) -> Self {
        Self {
            marks: vec![first],
            stride: STRIDE,
            end: first,
            complete: false,
            quotes: Quotes::default(),
        }
    }

    /// Bytes until the next mark is wanted.
    pub(super) fn until_mark(&self) -> u64 {
        let last = self.marks.last().map_or(0, |mark| mark.offset);
        (last + self.stride).saturating_sub(self.end.offset)
    }

    /// Goes on to where another row starts.
    pub(super) fn reach(&mut self, mark: Mark) {
        self.end = mark;
        if self.until_mark() > 0 {
            return;
        }
        self.marks.push(mark);
        if self.marks.len() >= MOST_MARKS {
            self.stride *= 2;
            let mut kept: Option<u64> = None;
            let stride = self.stride;
            self.marks.retain(|mark| {
                let keep = kept.is_none_or(|last| mark.offset >= last + stride);
                if keep {
                    kept = Some(mark.offset);
                }
                keep
            });
        }
    }

    /// The last mark at or before a row.
    pub(super) fn before_row(&self, row: u64) -> Mark {
        let at = self.marks.partition_point(|mark| mark.row <= row);
        self.marks[at.saturating_sub(1)]
    }

    /// The last mark at or before a line.
    pub(super) fn before_line(&self, line: u64) -> Mark {
        let at = self.marks.partition_point(|mark| mark.line <= line);
        self.marks[at.saturating_sub(1)]
    }

    /// All rows known, in runs of about `bytes` bytes.
    pub(super) fn segments(&self, bytes: u64) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut from = self.marks[0];
        for &mark in self.marks[1..].iter().chain([&self.end]) {
            let last = mark == self.end;
            if mark.offset - from.offset >= bytes || (last && mark.row > from.row) {
                segments.push(Segment {
                    from,
                    end: mark.offset,
                    rows: mark.row - from.row,
                });
                from = mark;
            }
        }
        segments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_few_and_near() {
        let mut index = Index::new(Mark {
            offset: 10,
            row: 0,
            line: 2,
        });
        let rows = 10_000_000;
        for row in 1..=rows {
            index.reach(Mark {
                offset: 10 + row * 91,
                row,
                line: row + 2,
            });
        }
        assert!(index.marks.len() < MOST_MARKS);
        assert!(index.marks.capacity() * size_of::<Mark>() < 500_000);
        for row in [0, 1, 77_777, rows - 1] {
            let mark = index.before_row(row);
            assert!(
                mark.row <= row && row - mark.row < (64 << 10) / 91 + 2,
                "{row}: {mark:?}"
            );
            assert_eq!(mark, index.before_line(row + 2));
        }
        let segments = index.segments(1 << 20);
        assert_eq!(segments.iter().map(|s| s.rows).sum::<u64>(), rows);
        assert!(segments.windows(2).all(|pair| pair[0].end == pair[1].from.offset));
    }
}
