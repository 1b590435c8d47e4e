//! Owns patterns of texts: regular expressions, and texts with `%` and `_`.

use regex::bytes::{Regex, RegexBuilder};

use super::error::FilterError;
use super::expression::Like;

/// Bytes that a compiled expression may take.
const REGEX_BYTES: usize = 8 << 20;

/// A regular expression.
pub(super) fn regex(pattern: &str, any_case: bool, at: usize) -> Result<Regex, FilterError> {
    RegexBuilder::new(pattern)
        .case_insensitive(any_case)
        .size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| {
            let reason = error.to_string();
            let last = reason
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            FilterError::new(at, format!("not a regular expression: {last}"))
        })
}

/// `%` stands for any text, `_` for one character, and a backslash before either takes its meaning away.
pub(super) fn like(pattern: &str, any_case: bool, at: usize) -> Result<Like, FilterError> {
    let wild = |c: char| matches!(c, '%' | '_' | '\\');
    if !any_case {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let front = pattern.strip_prefix('%');
        let back = pattern.strip_suffix('%');
        let both = front.and_then(|rest| rest.strip_suffix('%'));
        match (both, front, back) {
            (Some(inner), _, _) if !inner.contains(wild) => return Ok(Like::Contains(bytes(inner))),
            (_, Some(inner), _) if !inner.contains(wild) => return Ok(Like::Suffix(bytes(inner))),
            (_, _, Some(inner)) if !inner.contains(wild) => return Ok(Like::Prefix(bytes(inner))),
            _ if !pattern.contains(wild) => return Ok(Like::Exact(bytes(pattern))),
            _ => {}
        }
    }
    let mut spelt = String::from("^");
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        match c {
            '%' => spelt.push_str("(?s-u:.)*"),
            '_' => spelt.push_str("(?s:.)"),
            '\\' => spelt.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            c => spelt.push_str(&regex::escape(&c.to_string())),
        }
    }
    spelt.push('$');
    Ok(Like::Other(regex(&spelt, any_case, at)?))
}
