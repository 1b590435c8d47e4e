//! Owns making text safe to show: what a terminal would obey is written as a visible escape.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal or a reader's eye could be deceived by the character: C0 and C1 controls, DEL, bidirectional
/// overrides and isolates, zero-width characters, line and paragraph separators, the byte order mark.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// The text with every unsafe character made visible: `\n`, `\r`, `\t`, `\x1b`, `\u{202e}`. Borrowed where there is
/// none.
pub fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) && (c as u32) < 0x100 => {
                let _a_string_takes_everything = write!(safe, "\\x{:02x}", c as u32);
            }
            c if is_unsafe(c) => {
                let _a_string_takes_everything = write!(safe, "\\u{{{:x}}}", c as u32);
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// A JSON document in one line with every unsafe character as `\uXXXX`. They can only stand inside strings, so the
/// document means the same.
pub(crate) fn escape_json(document: &str) -> Cow<'_, str> {
    if !document.chars().any(is_unsafe) {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if is_unsafe(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _a_string_takes_everything = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}
