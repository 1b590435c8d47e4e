//! Owns the head of a Zeek log: its separator, its fields and their types, its words for "no value".

use super::contract::ColumnKind;
use crate::data::NullTokens;

/// What a log's head says.
pub(super) struct ZeekHead {
    /// Where it starts, behind a byte order mark.
    pub(super) start: usize,
    pub(super) separator: u8,
    pub(super) names: Vec<String>,
    pub(super) kinds: Vec<Option<ColumnKind>>,
    pub(super) nulls: NullTokens,
}

/// Reads the `#` lines at the top of `bytes`; `None` if they go on behind it, unless it is the whole source.
pub(super) fn read_head(bytes: &[u8], whole: bool) -> Option<Result<ZeekHead, &'static str>> {
    let mut rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (mut separator, mut unset, mut empty) = (b'\t', b"-".to_vec(), b"(empty)".to_vec());
    let (mut names, mut kinds) = (Vec::new(), Vec::new());
    loop {
        let (line, behind) = match memchr::memchr(b'\n', rest) {
            Some(feed) => (&rest[..feed], &rest[feed + 1..]),
            None if whole => (rest, &rest[rest.len()..]),
            None => return None,
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let ended = line.is_empty() && behind.is_empty();
        if ended || !(line.is_empty() || line[0] == b'#') {
            break;
        }
        rest = behind;
        if let Some(value) = line.strip_prefix(b"#separator") {
            match parse_separator(value.trim_ascii()) {
                Some(byte) => separator = byte,
                None => {
                    return Some(Err(
                        "#separator is not one character; only logs with a one-character separator are read",
                    ));
                }
            }
            continue;
        }
        let mut parts = line.split(|&byte| byte == separator);
        let key = parts.next().unwrap_or_default();
        let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        match key {
            b"#fields" if names.is_empty() => names = parts.map(text).collect(),
            b"#types" => kinds = parts.map(kind_of).collect(),
            b"#unset_field" => unset = parts.next().map_or(unset, <[u8]>::to_vec),
            b"#empty_field" => empty = parts.next().map_or(empty, <[u8]>::to_vec),
            _ => {}
        }
    }
    if names.is_empty() {
        return Some(Err(
            "no #fields line before the first row; this is not a complete Zeek log",
        ));
    }
    kinds.resize(names.len(), None);
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    Some(Ok(ZeekHead {
        start,
        separator,
        names,
        kinds,
        nulls: NullTokens::new([unset, empty]),
    }))
}

/// The kind of a type; unknown ones are told by their cells.
fn kind_of(name: &[u8]) -> Option<ColumnKind> {
    match name {
        b"count" | b"int" | b"port" => Some(ColumnKind::Integer),
        b"double" | b"interval" | b"time" => Some(ColumnKind::Number),
        b"string" | b"addr" | b"subnet" | b"enum" | b"bool" | b"pattern" => Some(ColumnKind::Text),
        name if name.starts_with(b"set[") || name.starts_with(b"vector[") => Some(ColumnKind::Text),
        _ => None,
    }
}

/// `\x09` or the character itself.
fn parse_separator(value: &[u8]) -> Option<u8> {
    match value {
        [] => Some(b'\t'),
        [byte] => Some(*byte),
        [b'\\', b'x', digits @ ..] if digits.len() == 2 => {
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    }
    .filter(|byte| byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'#'))
}
