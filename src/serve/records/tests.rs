//! Owns the tests of JSON rows: every shape, what is no rows, and what would cost too much.

use proptest::prelude::*;

use super::super::table::MOST_FIELDS;
use super::*;

fn parse(bytes: &[u8], most: usize) -> Result<Table, Refusal> {
    let mut table = Table::default();
    super::parse(bytes, most, &mut table)?;
    Ok(table)
}

fn cells(body: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let table = parse(body.as_bytes(), 100).unwrap_or_else(|refusal| panic!("{body}: {refusal:?}"));
    let batch = table.batch(0..table.rows.len(), None);
    let text = |cell: &[u8]| String::from_utf8(cell.to_vec()).unwrap();
    let rows = (0..batch.rows())
        .map(|row| batch.row(row).map(text).collect())
        .collect();
    (table.fields.list().to_vec(), rows)
}

fn refused(body: &str) -> (u16, &'static str) {
    let refusal = parse(body.as_bytes(), 3).unwrap_err();
    (refusal.status.as_u16(), refusal.code)
}

#[test]
fn three_shapes_give_the_same_rows() {
    let wanted = (
        vec!["a".to_owned(), "b".to_owned()],
        vec![vec!["1".to_owned(), "x,y".to_owned()]],
    );
    for body in [
        r#"{"a": 1, "b": "x,y"}"#,
        r#"[{"a": 1, "b": "x,y"}]"#,
        r#" {"records": [{"a": 1, "b": "x,y"}]} "#,
    ] {
        assert_eq!(cells(body), wanted, "{body}");
    }
    // A field may be called so, too.
    let (names, rows) = cells(r#"{"records": 5, "b": null}"#);
    assert_eq!(
        (names.join(" "), rows[0].join("|")),
        ("records b".to_owned(), "5|".to_owned())
    );
}

#[test]
fn fields_are_matched_by_name_and_missing_ones_are_empty() {
    let (names, rows) =
        cells(r#"[{"a": -1, "b": true}, {"b": 0.1, "c": "t"}, {}, {"c": 1e300, "a": 18446744073709551615}]"#);
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        rows,
        [
            ["-1", "true", ""],
            ["", "0.1", "t"],
            ["", "", ""],
            ["18446744073709551615", "", "1e+300"]
        ]
    );
}

#[test]
fn what_no_cell_can_hold_is_carried_along() {
    let table = parse(br#"[{"a": 1, "b": [1, [2]]}, {"a": {"x": {}}}, {"a": 2}]"#, 3).unwrap();
    assert!(
        table.bad.is_empty(),
        "whether a column wants a value there is for the schema to say"
    );
    let batch = table.batch(0..3, None);
    assert_eq!(batch.cell(0, 1), b"[1,[2]]");
    assert_eq!(batch.cell(1, 0), br#"{"x":{}}"#);
}

#[test]
fn a_table_that_is_too_small_says_so() {
    let mut table = Table::default().of_at_most(3);
    assert!(super::parse(br#"[{"a": 1, "b": 2}, {"c": 3}]"#, 9, &mut table).is_err());
    assert!(table.is_too_small());
    let mut table = Table::default().of_at_most(3);
    assert!(super::parse(br#"[{"a": 1"#, 9, &mut table).is_err());
    assert!(!table.is_too_small(), "no room would help");
}

#[test]
fn what_is_no_rows_is_said() {
    for body in [
        "",
        "{",
        "[{]",
        "nul",
        "{\"a\": 1}}",
        "{\"a\": 1} {",
        "{\"a\" 1}",
        "\u{1}",
    ] {
        assert_eq!(refused(body).0, 400, "{body:?}");
    }
    for body in [
        "1",
        "\"x\"",
        "null",
        "true",
        "[1]",
        "[[1]]",
        "[{}, 2]",
        r#"{"records": [3]}"#,
    ] {
        assert_eq!(refused(body), (422, "not_rows"), "{body}");
    }
    assert_eq!(refused("[]"), (422, "no_rows"));
    assert_eq!(refused(r#"{"records": []}"#), (422, "no_rows"));
    assert_eq!(refused(r#"{"records": [{}], "more": 1}"#), (422, "not_rows"));
    let twice = parse(b"{\"a\": 1,\n\"a\": 2}", 3).unwrap_err();
    assert_eq!((twice.field.as_deref(), twice.line), (Some("a"), Some(2)));
    // Nesting deeper than anybody means is refused before the stack is.
    assert_eq!(refused(&"[".repeat(100_000)), (422, "not_rows"));
    assert_eq!(refused(&format!("{{\"a\": {}", "[".repeat(100_000))).0, 400);
}

#[test]
fn too_many_rows_fields_or_cells_are_refused_while_they_are_read() {
    assert_eq!(parse(b"[{},{},{}]", 3).unwrap().rows.len(), 3);
    assert_eq!(refused("[{},{},{},{}]"), (413, "too_large"));
    assert_eq!(refused(r#"{"records": [{},{},{},{}]}"#), (413, "too_large"));
    let wide = |count: usize| {
        let fields: Vec<String> = (0..count).map(|at| format!("\"f{at}\":0")).collect();
        format!("{{{}}}", fields.join(","))
    };
    assert_eq!(parse(wide(10_000).as_bytes(), 3).unwrap().fields.len(), 10_000);
    assert_eq!(refused(&wide(MOST_FIELDS + 1)), (413, "too_large"));
    // Each row brings a field of its own: the cells would grow with the square of the rows.
    let rows: Vec<String> = (0..5_000).map(|at| format!("{{\"f{at}\":0}}")).collect();
    let refusal = parse(format!("[{}]", rows.join(",")).as_bytes(), 100_000).unwrap_err();
    assert_eq!(refusal.status.as_u16(), 413);
}

proptest! {
    #[test]
    fn nothing_panics(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:a1-.e\\u null".to_vec()), 0..60)) {
        let _ = parse(&bytes, 5);
    }

    #[test]
    fn text_and_numbers_come_through(text in "\\PC*", number: i64, float in -1e15f64..1e15) {
        let body = serde_json::json!([{"t": text, "n": number, "f": float}]).to_string();
        let table = parse(body.as_bytes(), 5).unwrap();
        let batch = table.batch(0..table.rows.len(), None);
        prop_assert_eq!(batch.cell(0, 0), text.as_bytes());
        let written = number.to_string();
        prop_assert_eq!(batch.cell(0, 1), written.as_bytes());
        let back: f64 = std::str::from_utf8(batch.cell(0, 2)).unwrap().parse().unwrap();
        prop_assert_eq!(back, float);
    }
}
