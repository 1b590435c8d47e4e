//! Owns the grammar of delimited text: where a row ends, and its cells.
//!
//! It is the pipeline's grammar, so that a row has the same line here and in a report: a quote counts only where a cell
//! starts, text behind the closing quote belongs to the cell, and blank lines are no rows.

use std::ops::Range;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Stands between cells.
    pub(super) delimiter: u8,
    /// CSV, with quotes, and a carriage return alone ends a line. Else a Zeek log: no quotes, and lines that start with `#`
    /// are no rows.
    pub(super) quotes: bool,
}

/// What stands at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A row.
    Row {
        /// Bytes of its text, without the line end.
        text: usize,
        /// Bytes it takes.
        consumed: usize,
        /// Physical lines it spans.
        lines: u64,
        /// Whether text follows a closing quote, so that a cell's text does not stand in the file in one piece.
        torn: bool,
    },
    /// A line that is no row.
    Skip {
        /// Bytes it takes.
        consumed: usize,
    },
    /// Something that goes on behind the bytes given.
    Partial {
        /// Whether it goes on inside quotes.
        quoted: bool,
    },
}

/// Finds the end of what starts at `data`, which is not empty. With `one_line` a quote does not reach over its line's end.
pub(super) fn scan(data: &[u8], at_end: bool, dialect: Dialect, one_line: bool) -> Found {
    if !dialect.quotes {
        return scan_log(data, at_end);
    }
    let mut at = 0;
    let mut lines = 1;
    let mut torn = false;
    loop {
        let Some(stop) = memchr::memchr3(b'\n', b'\r', b'"', &data[at..]).map(|offset| at + offset) else {
            return if at_end {
                row(data.len(), data.len(), lines, torn)
            } else {
                Found::Partial { quoted: false }
            };
        };
        match data[stop] {
            b'\n' => return row(stop, stop + 1, lines, torn),
            b'\r' => {
                return match data.get(stop + 1) {
                    Some(b'\n') => row(stop, stop + 2, lines, torn),
                    None if !at_end => Found::Partial { quoted: false },
                    _ => row(stop, stop + 1, lines, torn),
                };
            }
            _ if one_line || !(stop == 0 || data[stop - 1] == dialect.delimiter) => at = stop + 1,
            _ => match close(data, stop + 1, at_end) {
                Some(after) => {
                    lines += breaks(&data[stop + 1..after]);
                    torn |= data
                        .get(after)
                        .is_some_and(|&byte| byte != dialect.delimiter && !matches!(byte, b'\n' | b'\r'));
                    at = after;
                }
                None => return Found::Partial { quoted: true },
            },
        }
    }
}

fn row(text: usize, consumed: usize, lines: u64, torn: bool) -> Found {
    match text {
        0 => Found::Skip { consumed },
        text => Found::Row {
            text,
            consumed,
            lines,
            torn,
        },
    }
}

fn scan_log(data: &[u8], at_end: bool) -> Found {
    let (text, consumed) = match memchr::memchr(b'\n', data) {
        Some(feed) => (feed - usize::from(data[..feed].last() == Some(&b'\r')), feed + 1),
        None if at_end => (data.len(), data.len()),
        None => return Found::Partial { quoted: false },
    };
    if data[0] == b'#' {
        return Found::Skip { consumed };
    }
    row(text, consumed, 1, false)
}

/// Where a quoted text that starts at `from` is past its closing quote. `None` if it does not close in `data`.
fn close(data: &[u8], from: usize, at_end: bool) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', &data[at..])? + 1;
        match data.get(at) {
            Some(b'"') => at += 1,
            // The next byte decides whether this quote closes the text.
            None if !at_end => return None,
            _ => return Some(at),
        }
    }
}

/// Physical line breaks: line feeds, and carriage returns that no line feed follows.
fn breaks(text: &[u8]) -> u64 {
    let feeds = memchr::memchr_iter(b'\n', text).count();
    let lone = memchr::memchr_iter(b'\r', text)
        .filter(|&at| text.get(at + 1) != Some(&b'\n'))
        .count();
    (feeds + lone) as u64
}

/// A cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Its text stands there as it is.
    Plain(Range<usize>),
    /// It starts with a quote there and has quotes inside or text behind the closing one; [`unquote`] makes its text.
    Quoted(Range<usize>),
}

impl Cell {
    /// Its text; `scratch` is used where it does not stand in the row as it is.
    pub(super) fn text<'t>(&self, row: &'t [u8], scratch: &'t mut Vec<u8>) -> &'t [u8] {
        match self {
            Self::Plain(range) => &row[range.clone()],
            Self::Quoted(range) => {
                scratch.clear();
                unquote(&row[range.clone()], scratch);
                scratch
            }
        }
    }
}

/// Whether a row came to its end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// Cells in it, as far as was looked.
    pub(super) cells: usize,
    /// Whether a quote opened that never closed.
    pub(super) unclosed: bool,
}

/// Cuts a row into cells, handing each to `take` until that returns `false`.
#[inline]
pub(super) fn split(row: &[u8], dialect: Dialect, mut take: impl FnMut(usize, Cell) -> bool) -> Split {
    if dialect.quotes && memchr::memchr(b'"', row).is_some() {
        return split_quoted(row, dialect.delimiter, take);
    }
    let (mut cells, mut from) = (0, 0);
    for stop in memchr::memchr_iter(dialect.delimiter, row) {
        if !take(cells, Cell::Plain(from..stop)) {
            return Split {
                cells: cells + 1,
                unclosed: false,
            };
        }
        cells += 1;
        from = stop + 1;
    }
    take(cells, Cell::Plain(from..row.len()));
    Split {
        cells: cells + 1,
        unclosed: false,
    }
}

fn split_quoted(row: &[u8], delimiter: u8, mut take: impl FnMut(usize, Cell) -> bool) -> Split {
    let (mut cells, mut from, mut unclosed) = (0, 0, false);
    loop {
        let mut at = from;
        if row.get(from) == Some(&b'"') {
            at = close(row, from + 1, true).unwrap_or_else(|| {
                unclosed = true;
                row.len()
            });
        }
        let behind = at;
        let end = memchr::memchr(delimiter, &row[at..]).map_or(row.len(), |offset| at + offset);
        let simple =
            at > from + 1 && behind == end && !unclosed && memchr::memchr(b'"', &row[from + 1..end - 1]).is_none();
        let cell = match row.get(from) {
            Some(b'"') if simple => Cell::Plain(from + 1..end - 1),
            Some(b'"') => Cell::Quoted(from..end),
            _ => Cell::Plain(from..end),
        };
        cells += 1;
        if !take(cells - 1, cell) || end == row.len() {
            return Split { cells, unclosed };
        }
        from = end + 1;
    }
}

/// Appends the text of a cell that starts with a quote.
pub(super) fn unquote(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw.get(1..).unwrap_or_default();
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.first() {
            Some(b'"') => {
                out.push(b'"');
                rest = &rest[1..];
            }
            // Closed; what follows is text as it stands.
            _ => break,
        }
    }
    out.extend_from_slice(rest);
}

/// Appends a cell as CSV, quoted where that is needed to read it back.
pub(super) fn write_cell(cell: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(*byte, b'"' | b'\n' | b'\r') || *byte == delimiter;
    if !cell.iter().any(special) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for &byte in cell {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}
