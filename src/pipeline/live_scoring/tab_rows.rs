//! Owns tab-separated rows as ClickHouse writes and reads them: no quotes, a backslash before what would end a cell, and
//! `\N` for no value.

use std::borrow::Cow;

use crate::data::{MalformedRow, RawBatch};

/// A cell without its escapes. `\N` is no value: an empty cell.
pub(super) fn unescaped(cell: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'\\', cell) else {
        return Cow::Borrowed(cell);
    };
    if cell == b"\\N" {
        return Cow::Borrowed(b"");
    }
    let mut plain = cell[..first].to_vec();
    let mut rest = cell[first..].iter();
    while let Some(&byte) = rest.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        let Some(&escape) = rest.next() else {
            // A lone backslash at the end escapes nothing.
            plain.push(byte);
            break;
        };
        plain.push(match escape {
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' => 0x1b,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'0' => 0,
            b'x' => {
                let digits = rest.as_slice().get(..2).and_then(|two| std::str::from_utf8(two).ok());
                match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
                    Some(value) => {
                        rest.nth(1);
                        value
                    }
                    None => b'x',
                }
            }
            other => other,
        });
    }
    Cow::Owned(plain)
}

/// Appends a cell with escapes where it needs them.
pub(super) fn push_escaped(line: &mut Vec<u8>, cell: &[u8]) {
    for &byte in cell {
        let escape = match byte {
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\\' => b'\\',
            0 => b'0',
            _ => {
                line.push(byte);
                continue;
            }
        };
        line.extend_from_slice(&[b'\\', escape]);
    }
}

/// The names in a header line.
pub(super) fn names(line: &[u8]) -> Vec<String> {
    line.split(|&byte| byte == b'\t')
        .map(|cell| String::from_utf8_lossy(&unescaped(cell)).into_owned())
        .collect()
}

/// Lines cut into `width` cells each.
pub(super) fn cut(lines: &RawBatch, width: usize) -> RawBatch {
    let mut rows = RawBatch::new(width);
    let mut cells: Vec<Cow<'_, [u8]>> = Vec::with_capacity(width);
    for row in 0..lines.rows() {
        let line = lines.cell(row, 0);
        cells.clear();
        cells.extend(line.split(|&byte| byte == b'\t').take(width + 1).map(unescaped));
        if cells.len() == width {
            rows.push(lines.line(row), cells.iter().map(AsRef::as_ref));
        } else {
            let found = memchr::memchr_iter(b'\t', line).count() + 1;
            let reason = MalformedRow::width_reason(found, width);
            rows.malformed.push(MalformedRow::new(lines.line(row), reason, line));
        }
    }
    rows.malformed.extend_from_slice(&lines.malformed);
    rows
}
