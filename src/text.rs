//! Owns text as people see it: made safe to show, measured, cut, wrapped, and counts written for reading.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Makes text safe to print: control characters, bidirectional overrides, zero-width and other invisible characters
/// become visible escapes (`\x1b`, `\n`, `\u{202e}`), and so does a backslash (`\\`), so that an escape cannot be
/// forged. Nothing is dropped: dropping would make `1<ESC>0` read `10`.
pub fn visible_text(text: &str) -> Cow<'_, str> {
    if is_plain(text) && !text.as_bytes().contains(&b'\\') || !text.chars().any(|c| c == '\\' || is_invisible(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x100 && (c.is_control() || c == '\u{ad}') => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if is_invisible(c) => {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a text is printable ASCII throughout, as most are: looking at bytes is many times faster than at characters.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte))
}

/// Characters that take no place or move others: format characters (general category Cf), line and paragraph
/// separators, fillers, variation selectors, tags and private use.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}'
            | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// What a JSON parser says of a text of one line, for people: without the place, which is the line's own, and without the
/// parser's words for what it expected.
pub fn json_reason(said: &str) -> &str {
    let reason = said.rsplit_once(" at line ").map_or(said, |(reason, _)| reason);
    match reason {
        "expected ident" | "expected value" => "it is no JSON",
        _ if reason.starts_with("EOF while parsing") => "its JSON ends too soon",
        other => other,
    }
}

/// Columns this text takes on a terminal.
pub fn text_width(text: &str) -> usize {
    text.width()
}

/// The text shortened to `width` columns, `~` marking the cut, and filled up with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let all = text_width(text);
    if all <= width {
        return format!("{text}{}", " ".repeat(width - all));
    }
    let mut out = String::new();
    let mut used = 0;
    // One column stays free for the mark; a run of combining marks is bounded by stopping there.
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if used + columns + 1 > width {
            break;
        }
        used += columns;
        out.push(c);
    }
    if width > 0 {
        out.push('~');
        used += 1;
    }
    out.push_str(&" ".repeat(width.saturating_sub(used)));
    out
}

/// Bytes decoded lossily and shortened to `most` characters, the cut marked with `…`.
pub fn shortened(bytes: &[u8], most: usize) -> String {
    // A character has at most four bytes, so this much is enough to decide.
    let window = bytes.len().min(most.saturating_add(1).saturating_mul(4));
    let text = String::from_utf8_lossy(&bytes[..window]);
    match text.char_indices().nth(most) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.into_owned(),
    }
}

/// A JSON document in one line with every unsafe character as `\uXXXX`. They can only stand inside strings, so the
/// document means the same.
pub fn escape_json(document: &str) -> Cow<'_, str> {
    if is_plain(document) || !document.chars().any(is_invisible) {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if is_invisible(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Writes `lead` and then `text`, broken at spaces, further lines indented.
pub fn wrap(out: &mut String, lead: &str, text: &str, indent: usize, width: usize) {
    // A deep indent would leave no room; fall back to a shallow one on a line of its own.
    let (mut current, indent) = if indent + 24 > width {
        line(out, &fit(lead, width));
        (" ".repeat(7), 7)
    } else {
        (lead.to_owned(), indent)
    };
    let mut fresh = true;
    for word in text.split(' ') {
        let word = fit_word(word, width.saturating_sub(indent));
        let gap = usize::from(!fresh);
        if !fresh && text_width(&current) + gap + text_width(&word) > width {
            line(out, &current);
            current = " ".repeat(indent);
            fresh = true;
        }
        if !fresh {
            current.push(' ');
        }
        current.push_str(&word);
        fresh = false;
    }
    line(out, &fit(&current, width));
}

fn fit_word(word: &str, width: usize) -> String {
    if text_width(word) <= width {
        word.to_owned()
    } else {
        fit(word, width)
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// A count with what is counted: `1 case`, `2,000 cases`.
pub fn counted(count: u64, one: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {one}{s}", grouped(count))
}

/// A count with thousands separated.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as a percentage with one decimal: `47.1 %`. Nothing of nothing is `0.0 %`.
pub fn percent(part: u64, whole: u64) -> String {
    let mut out = String::new();
    let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let _ = write!(out, "{:.1} %", share * 100.0);
    out
}

/// A word as a POSIX shell reads it back.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}
