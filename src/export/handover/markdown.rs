//! Owns how text from data stands in Markdown: as code, in which nothing is markup.

use crate::text::{shortened, visible_text};

/// Characters of a text that are shown at most.
const LONGEST: usize = 160;

/// A text as a code span on one line, that can also stand in a table: control and invisible characters visible, what is too long
/// cut with `…`, as many backticks around it as it needs. An empty one is a dash.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return "–".to_owned();
    }
    let short = shortened(text.as_bytes(), LONGEST);
    // A bar would end a cell of a table even inside code; with the backslash it does not, and the backslash is not shown.
    let shown = visible_text(&short).replace('|', "\\|");
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if shown.starts_with('`') || shown.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{shown}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn nothing_gets_out_of_code() {
        assert_eq!(code("tcp"), "`tcp`");
        assert_eq!(code(""), "–");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``` x `"), "```` ``` x ` ````");
        assert_eq!(code("a|b\n# x"), "`a\\|b\\n# x`");
        assert_eq!(code("\u{1b}[2J\u{202e}\\"), "`\\x1b[2J\\u{202e}\\\\`");
        assert_eq!(code(&"y".repeat(500)).chars().count(), 160 + 3);
    }
}
