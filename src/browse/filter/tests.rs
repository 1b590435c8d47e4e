//! Tests of the language of conditions.

use proptest::prelude::*;

use super::super::contract::{ColumnInfo, ColumnKind};
use super::super::record::Dialect;
use super::{Fields, condition, parse};
use crate::data::NullTokens;

const NAMES: [&str; 6] = ["URL_Length", "service", "id.orig_h", "two words", "a\"b", ""];

fn columns() -> Vec<ColumnInfo> {
    NAMES
        .iter()
        .map(|name| ColumnInfo {
            name: (*name).to_owned(),
            kind: ColumnKind::Text,
        })
        .collect()
}

fn holds(filter: &str, row: &str) -> bool {
    let filter = parse(filter, &columns()).unwrap_or_else(|error| panic!("{filter}: {error}"));
    let dialect = Dialect {
        delimiter: b',',
        quotes: true,
    };
    filter.holds(row.as_bytes(), dialect, &NullTokens::default(), &mut Fields::default())
}

fn refusal(filter: &str) -> String {
    parse(filter, &columns()).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn conditions_hold_as_they_read() {
    let row = "12,http,10.0.0.1,\"it's, \"\"here\"\"\",,x";
    for filter in [
        "URL_Length = 12",
        "url_length == 12.0",
        "URL_Length <> 13 and service like 'http%'",
        "12 <= URL_Length",
        "URL_Length between 10 and 12",
        "URL_Length not between 13 and 20",
        "service in ('https', 'http')",
        "service not in (1, 2)",
        "service ilike 'HTT_'",
        "service like 'h\\ttp' or service ~ '^h.*p$'",
        "service !~ 'x'",
        "`id.orig_h` = '10.0.0.1' and id.orig_h like '10.%'",
        "\"two words\" = 'it''s, \"here\"'",
        "\"a\"\"b\" is null and service is not null",
        "\"\" = 'x'",
        "not (URL_Length = 1 or not service = 'http')",
        "(URL_Length = 1 or service = 'http') and 'here'",
        "'10.0.0'",
        "10.0.0",
        "it's, \"here",
        "HTTP".to_lowercase().as_str(),
        "URL_Length > -1e3",
        "service > 'h'",
        "URL_Length \u{2260} 3",
    ] {
        assert!(holds(filter, row), "{filter}");
    }
    for filter in [
        "URL_Length < 12",
        "service = 'HTTP'",
        "service < 5",
        "HTTP",
        "\"a\"\"b\" = 'x'",
        "not service",
        "\"a\"\"b\" < 'z'",
    ] {
        assert!(!holds(filter, row), "{filter}");
    }
}

#[test]
fn what_has_no_operator_is_a_text() {
    for text in ["http://a.b/c?d", "and or", "5", "(x", "it's", "a, b", "x\"y"] {
        let row = format!("1,\"-{}-\"", text.replace('"', "\"\""));
        assert!(holds(text, &row), "{text}");
        assert!(!holds(text, "1,2"), "{text}");
    }
}

#[test]
fn errors_say_where_and_what() {
    for (filter, expected) in [
        (
            "URL_Lenth = 1",
            "at character 1: no column is named \"URL_Lenth\"; did you mean \"URL_Length\"? Texts stand in single quotes",
        ),
        (
            "service = http",
            "at character 11: no column is named \"http\"; if it is a text, put it in single quotes: 'http'",
        ),
        (
            "URL_Length = ",
            "at character 14: expected a column's name, a number or a 'text', found the end",
        ),
        (
            "URL_Length = 1 service",
            "at character 16: `service` is not expected here; expected `and`, `or` or the end",
        ),
        ("(URL_Length = 1", "at character 1: this `(` is never closed; add `)`"),
        ("service = 'x", "at character 11: this ' is never closed; add another '"),
        ("service in 'x'", "at character 12: expected `(`, found the text 'x'"),
        (
            "service in ('x' 'y')",
            "at character 17: expected `,` or `)`, found the text 'y'",
        ),
        (
            "service is 5",
            "at character 12: expected `null` or `not null`, found the number 5",
        ),
        (
            "service like 5",
            "at character 14: expected a text in single quotes, found the number 5",
        ),
        (
            "service ~ '('",
            "at character 11: not a regular expression: unclosed group",
        ),
        (
            "URL_Length between 1 or 2",
            "at character 22: expected `and`, found `or`",
        ),
        (
            "'x' like 'y'",
            "at character 1: a column's name must stand before this operator",
        ),
        (
            "service = 1 & 2",
            "at character 13: `&` has no meaning here; put names in double quotes and texts in single quotes",
        ),
        ("= 1", "at character 1: expected a column's name, found `=`"),
        (
            "  ",
            "at character 1: nothing to look for; give a text, or a condition such as `column = 1`",
        ),
    ] {
        assert_eq!(refusal(filter), expected, "{filter}");
    }
    let deep = format!("{}service = 1", "(".repeat(10_000));
    assert!(refusal(&deep).contains("too deep"));
    let deep = format!("{}service = 1", "not ".repeat(10_000));
    assert!(refusal(&deep).contains("too deep"));
}

#[test]
fn cells_become_conditions() {
    assert_eq!(condition("URL_Length", "-1", true), "URL_Length = -1");
    assert_eq!(condition("URL_Length", "01", false), "URL_Length != '01'");
    assert_eq!(condition("two words", "it's", true), "\"two words\" = 'it''s'");
    assert_eq!(condition("a\"b", "", true), "\"a\"\"b\" is null");
    assert_eq!(condition("null", "", false), "\"null\" is not null");
    assert_eq!(
        condition("x", "12345678901234567890", true),
        "x = '12345678901234567890'"
    );
}

proptest! {
    #[test]
    fn a_cells_condition_keeps_the_cell_and_its_opposite_drops_it(value in "\\PC{0,12}", at in 0_usize..6) {
        let mut cells = vec![String::new(); 6];
        cells[at] = format!("\"{}\"", value.replace('"', "\"\""));
        let row = cells.join(",");
        prop_assert!(holds(&condition(NAMES[at], &value, true), &row));
        prop_assert!(!holds(&condition(NAMES[at], &value, false), &row));
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", words in proptest::collection::vec(
        prop_oneof![Just("and"), Just("or"), Just("not"), Just("("), Just(")"), Just("service"), Just("="), Just("~"), Just("'x'"),
            Just("in"), Just("is"), Just("null"), Just("between"), Just("1"), Just(","), Just("like")], 0..12)) {
        let _ = parse(&text, &columns());
        let _ = parse(&words.join(" "), &columns());
    }
}
