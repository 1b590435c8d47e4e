//! Owns the grammar of one CSV record: quotes, doubled quotes, line ends, and how many physical lines it spans.

use super::batch::RawBatch;

/// How a record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    CrLf,
    /// A carriage return alone.
    Cr,
    /// The end of the source.
    None,
}

/// What a scan of the bytes at the start of a record found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A whole record; its cells are in the batch, the first `limit` of them.
    Record(Record),
    /// Nothing between two line ends.
    Blank {
        /// Bytes of the line end.
        consumed: usize,
        /// The line end.
        ending: Ending,
    },
    /// The record goes on after the bytes given.
    Partial {
        /// Whether it goes on inside quotes.
        quoted: bool,
    },
}

/// One whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Bytes it takes, its line end included.
    pub(super) consumed: usize,
    /// Cells it has.
    pub(super) cells: usize,
    /// Physical lines it spans.
    pub(super) lines: u64,
    /// Its line end.
    pub(super) ending: Ending,
}

/// Scans one record at the start of `data` (not empty) into `out`. A line feed, a carriage return, and the two together
/// end a record; a quote counts only where a cell starts; text after the closing quote belongs to the cell.
/// At the end of the source an open quote leaves the record `Partial`.
pub(super) fn scan(data: &[u8], at_end: bool, delimiter: u8, limit: usize, out: &mut RawBatch) -> Scan {
    if let Some((length, ending)) = line_end(data, 0, at_end) {
        return match length {
            0 => Scan::Partial { quoted: false },
            consumed => Scan::Blank { consumed, ending },
        };
    }
    let mut at = 0;
    let mut cells = 0;
    let mut lines = 1;
    loop {
        let keep = cells < limit;
        if data.get(at) == Some(&b'"') {
            match quoted(data, at + 1, at_end, keep, out) {
                Some((after, breaks)) => {
                    at = after;
                    lines += breaks;
                }
                None => return Scan::Partial { quoted: true },
            }
        }
        let stop = memchr::memchr3(delimiter, b'\n', b'\r', &data[at..]).map(|offset| at + offset);
        if stop.is_none() && !at_end {
            return Scan::Partial { quoted: false };
        }
        let end = stop.unwrap_or(data.len());
        if keep {
            out.bytes_mut().extend_from_slice(&data[at..end]);
            out.end_cell();
        }
        cells += 1;
        at = end;
        if data.get(at) == Some(&delimiter) {
            at += 1;
            continue;
        }
        let (length, ending) = line_end(data, at, at_end).unwrap_or((0, Ending::None));
        if length == 0 && ending != Ending::None {
            return Scan::Partial { quoted: false };
        }
        return Scan::Record(Record {
            consumed: at + length,
            cells,
            lines,
            ending,
        });
    }
}

/// Copies the inside of a quoted cell. Returns where its closing quote is past and the line breaks within it, or `None`
/// if the quote does not close in `data`.
fn quoted(data: &[u8], start: usize, at_end: bool, keep: bool, out: &mut RawBatch) -> Option<(usize, u64)> {
    let mut at = start;
    let mut breaks = 0;
    loop {
        let close = at + memchr::memchr(b'"', &data[at..])?;
        let inside = &data[at..close];
        breaks += line_breaks(inside);
        if keep {
            out.bytes_mut().extend_from_slice(inside);
        }
        at = close + 1;
        match data.get(at) {
            Some(b'"') => {
                if keep {
                    out.bytes_mut().push(b'"');
                }
                at += 1;
            }
            // The next byte decides whether this quote closes the cell.
            None if !at_end => return None,
            _ => return Some((at, breaks)),
        }
    }
}

/// The line end at `at`, if one is there. Its length is 0 where a carriage return stands last and more bytes may follow.
pub(super) fn line_end(data: &[u8], at: usize, at_end: bool) -> Option<(usize, Ending)> {
    match data.get(at)? {
        b'\n' => Some((1, Ending::Lf)),
        b'\r' => match data.get(at + 1) {
            Some(b'\n') => Some((2, Ending::CrLf)),
            None if !at_end => Some((0, Ending::Cr)),
            _ => Some((1, Ending::Cr)),
        },
        _ => None,
    }
}

/// Physical line breaks in `text`: line feeds, and carriage returns that no line feed follows.
fn line_breaks(text: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', text).count();
    let lone = memchr::memchr_iter(b'\r', text)
        .filter(|&at| text.get(at + 1) != Some(&b'\n'))
        .count();
    (feeds + lone) as u64
}
