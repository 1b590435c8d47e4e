//! Owns the tests of text on the screen.

use proptest::prelude::*;

use super::*;
use crate::tui::view::theme::Colors;

const UNICODE: Look = Look {
    colors: Colors::None,
    ascii: false,
};
const ASCII: Look = Look {
    colors: Colors::None,
    ascii: true,
};

fn drawn(look: Look, text: &str, width: u16) -> (String, u16) {
    let area = Rect::new(0, 0, width, 1);
    let mut buffer = Buffer::empty(area);
    let used = look.put(&mut buffer, area, text, Style::new());
    let cells = (0..width).map(|x| buffer[(x, 0)].symbol().to_owned());
    (cells.collect::<String>(), used)
}

#[test]
fn what_is_invisible_is_seen() {
    for (text, safe) in [
        ("1\u{1b}[2J0", "1\\x1b[2J0"),
        ("a\u{202e}b", "a\\u{202e}b"),
        ("a\u{200b}b", "a\\u{200b}b"),
        ("\u{301}x", "\\u{301}x"),
        ("C:\\x", "C:\\\\x"),
        ("na\u{ef}ve", "na\u{ef}ve"),
        ("\u{6f22}", "\u{6f22}"),
        // A hand with a colour of skin: two columns for some terminals, four for others.
        ("\u{1f44b}\u{1f3fd}", "\u{1f44b}\\u{1f3fd}"),
    ] {
        assert_eq!(UNICODE.safe(text), safe, "{text:?}");
    }
}

#[test]
fn ascii_shows_everything_in_ascii() {
    assert_eq!(
        ASCII.safe("na\u{ef}ve \u{6f22} e\u{301}"),
        "na\\xefve \\u{6f22} e\\u{301}"
    );
}

#[test]
fn marks_without_end_are_no_writing() {
    let tower = format!("z{}", "\u{301}".repeat(40));
    assert!(UNICODE.safe(&tower).starts_with("z\\u{301}\\u{301}"));
    assert_eq!(UNICODE.safe("z\u{301}\u{302}"), "z\u{301}\u{302}");
}

#[test]
fn cuts_are_marked_and_do_not_split_wide_characters() {
    assert_eq!(drawn(UNICODE, "abcdef", 4), ("abc~".into(), 4));
    assert_eq!(drawn(UNICODE, "abcd", 4), ("abcd".into(), 4));
    // The second cell of a wide character holds a space.
    assert_eq!(drawn(UNICODE, "漢字漢", 4), ("漢 ~ ".into(), 3));
    assert_eq!(drawn(UNICODE, "abc", 0), (String::new(), 0));
}

#[test]
fn a_megabyte_is_drawn_by_its_beginning() {
    let cell = "漢".repeat(1 << 20);
    assert_eq!(drawn(UNICODE, &cell, 5).1, 5);
    let area = Rect::new(0, 0, 6, 1);
    let mut buffer = Buffer::empty(area);
    ASCII.put_right(&mut buffer, area, "12", Style::new());
    assert_eq!(buffer[(5, 0)].symbol(), "2");
}

#[test]
fn words_stay_whole_where_they_can() {
    assert_eq!(wrapped(UNICODE, "one two three", 8), ["one two ", "three"]);
    assert_eq!(wrapped(UNICODE, "abcdefgh", 3), ["abc", "def", "gh"]);
    assert_eq!(
        wrapped(UNICODE, "state 1, there 0; x.", 15),
        ["state 1, there ", "0; x."]
    );
    assert_eq!(wrapped(UNICODE, "one two.", 7), ["one ", "two."]);
    assert_eq!(wrapped(UNICODE, "", 3), [""]);
    assert_eq!(wrapped(UNICODE, "a\nb", 10), ["a\\nb"]);
}

proptest! {
    #[test]
    fn nothing_reaches_a_cell_that_a_terminal_could_obey(text in any::<String>(), width in 0u16..40, ascii in any::<bool>()) {
        let look = Look { colors: Colors::None, ascii };
        let (cells, used) = drawn(look, &text, width);
        prop_assert!(used <= width);
        prop_assert!(!cells.chars().any(char::is_control));
        prop_assert!(!ascii || cells.is_ascii());
        for line in wrapped(look, &text, usize::from(width)) {
            prop_assert!(columns(&line) <= usize::from(width).max(2), "{line:?}");
        }
    }

    #[test]
    fn no_line_begins_with_what_closes(
        words in prop::collection::vec("[a-z]{1,7}[0-9]{0,2}[.,;:!?)]{0,2}", 1..30), width in 12usize..40
    ) {
        let text = words.join(" ");
        let lines = wrapped(UNICODE, &text, width);
        for line in &lines {
            prop_assert!(!line.starts_with(|c| CLOSING.contains(c)), "{line:?} of {lines:?}");
            prop_assert!(columns(line) <= width);
        }
        let (all, kept) = (lines.concat().replace(' ', ""), text.replace(' ', ""));
        prop_assert_eq!(all, kept, "nothing is lost");
    }

    #[test]
    fn what_is_drawn_takes_the_columns_it_says(text in "\\PC{0,30}") {
        let safe = UNICODE.safe(&text);
        let by_character: usize = safe.chars().map(|c| c.width().unwrap_or(0)).sum();
        prop_assert_eq!(UNICODE.width(&text), by_character);
    }
}
