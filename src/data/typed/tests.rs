//! Owns the tests of typing cells by the schema.

use polars::prelude::{AnyValue, DataType};
use proptest::prelude::*;

use super::super::batch::Header;
use super::super::testing::{column, schema};
use super::CellProblem::{InvalidIp, InvalidPort, InvalidTimestamp, InvalidUtf8, NotFinite, Unparsable};
use super::LabelValue::{Benign, Malicious, Unknown};
use super::*;
use crate::schema::ColumnType;

const KINDS: [ColumnType; 8] = [
    ColumnType::Int,
    ColumnType::Float,
    ColumnType::Category,
    ColumnType::Bool,
    ColumnType::Text,
    ColumnType::Ip,
    ColumnType::Port,
    ColumnType::Timestamp,
];

fn every_kind() -> Schema {
    schema(
        KINDS.iter().map(|kind| column(&format!("{kind:?}"), *kind)).collect(),
        None,
    )
}

fn layout_of(schema: &Schema) -> Layout {
    let names = schema.columns.iter().map(|column| column.name.clone()).collect();
    Layout::resolve(schema, &Header { names })
}

fn batch(rows: &[&[&str]]) -> RawBatch {
    let mut raw = RawBatch::new(rows[0].len());
    for (at, row) in rows.iter().enumerate() {
        raw.push(at as u64 + 2, row.iter().map(|cell| cell.as_bytes()));
    }
    raw
}

fn parse(schema: &Schema, raw: &RawBatch) -> TypedBatch {
    parse_batch(schema, &layout_of(schema), raw, &NullTokens::default())
}

#[test]
fn every_type_and_null() {
    let schema = every_kind();
    let raw = batch(&[
        &[
            " 1 ",
            "1.5",
            "tcp",
            "Yes",
            " as is ",
            "::0001",
            "80",
            "2023-11-14 22:13:20",
        ],
        &["", "NA", "nan", " ", "null", "None", "", "N/A"],
        &["-7", "-0.25", "udp", "f", "x", "10.0.0.1", "0.0", "1.5"],
    ]);
    let typed = parse(&schema, &raw);
    assert!(typed.issues.is_empty(), "{:?}", typed.issues);
    assert_eq!(&*typed.lines, [2, 3, 4]);
    let frame = &typed.frame;
    let names: Vec<&str> = frame.get_column_names().iter().map(|name| name.as_str()).collect();
    assert_eq!(names, KINDS.map(|kind| format!("{kind:?}")));
    assert_eq!(
        frame.column("Timestamp").unwrap().dtype(),
        &DataType::Datetime(TimeUnit::Microseconds, None)
    );
    assert_eq!(
        frame.column("Int").unwrap().i64().unwrap().to_vec(),
        [Some(1), None, Some(-7)]
    );
    assert_eq!(
        frame.column("Port").unwrap().i64().unwrap().to_vec(),
        [Some(80), None, Some(0)]
    );
    assert_eq!(
        frame.column("Float").unwrap().f64().unwrap().to_vec(),
        [Some(1.5), None, Some(-0.25)]
    );
    assert_eq!(frame.column("Ip").unwrap().get(0).unwrap(), AnyValue::String("::1"));
    assert_eq!(
        frame.column("Text").unwrap().get(0).unwrap(),
        AnyValue::String(" as is ")
    );
    assert_eq!(frame.column("Bool").unwrap().get(2).unwrap(), AnyValue::Boolean(false));
    let times = frame
        .column("Timestamp")
        .unwrap()
        .datetime()
        .unwrap()
        .physical()
        .to_vec();
    assert_eq!(times, [Some(1_700_000_000_000_000), None, Some(1_500_000)]);
    for column in frame.columns() {
        assert_eq!(column.null_count(), 1, "{}", column.name());
    }
}

#[test]
fn what_cannot_be_read_is_null_and_an_issue_in_row_order() {
    let schema = every_kind();
    let mut raw = batch(&[
        &["0x10", "1e999", "a", "maybe", "b", "1.2.3", "70000", "soon"],
        &["1.5", "inf", "a", "2", "b", "x", "-1", "2023-13-01"],
    ]);
    raw.push(9, [&b"1"[..], b"1", b"\xffz", b"1", b"\xc3", b"::", b"1", b"1"]);
    let typed = parse(&schema, &raw);
    let found: Vec<(usize, usize, CellProblem)> = typed
        .issues
        .iter()
        .map(|issue| (issue.row, issue.column, issue.problem))
        .collect();
    assert_eq!(
        found,
        [
            (0, 0, Unparsable),
            (0, 1, NotFinite),
            (0, 3, Unparsable),
            (0, 5, InvalidIp),
            (0, 6, InvalidPort),
            (0, 7, InvalidTimestamp),
            (1, 0, Unparsable),
            (1, 1, NotFinite),
            (1, 3, Unparsable),
            (1, 5, InvalidIp),
            (1, 6, InvalidPort),
            (1, 7, InvalidTimestamp),
            (2, 2, InvalidUtf8),
            (2, 4, InvalidUtf8),
        ]
    );
    assert_eq!(typed.issues[0].value, "0x10");
    assert_eq!(typed.frame.column("Int").unwrap().null_count(), 2);
    assert_eq!(
        typed.frame.column("Category").unwrap().get(2).unwrap(),
        AnyValue::String("\u{fffd}z")
    );
}

#[test]
fn numeric_null_texts_are_null() {
    let schema = schema(vec![column("a", ColumnType::Int), column("b", ColumnType::Float)], None);
    let raw = batch(&[&["-9999", "-1"], &["1", "-1.0"]]);
    let typed = parse_batch(&schema, &layout_of(&schema), &raw, &NullTokens::new(["-9999", "-1"]));
    assert_eq!(
        typed.frame.column("a").unwrap().i64().unwrap().to_vec(),
        [None, Some(1)]
    );
    assert_eq!(
        typed.frame.column("b").unwrap().f64().unwrap().to_vec(),
        [None, Some(-1.0)]
    );
}

#[test]
fn the_label_stands_apart() {
    let columns = vec![column("a", ColumnType::Int), column("y", ColumnType::Int)];
    let schema = schema(columns, Some("y"));
    let raw = batch(&[&["1", "-1"], &["2", " 1.0"], &["3", "0"], &["4", ""], &["5", "NA"]]);
    let typed = parse(&schema, &raw);
    assert_eq!(typed.frame.width(), 1);
    assert_eq!(typed.labels.unwrap(), [Malicious, Benign, Unknown, Unknown, Unknown]);
    let without = Layout::resolve(
        &schema,
        &Header {
            names: vec!["a".to_owned()],
        },
    );
    let typed = parse_batch(&schema, &without, &batch(&[&["1"]]), &NullTokens::default());
    assert!(typed.labels.is_none());
}

#[test]
fn columns_come_in_schema_order_and_absent_ones_not_at_all() {
    let columns = vec![
        column("a", ColumnType::Int),
        column("b", ColumnType::Int),
        column("c", ColumnType::Int),
    ];
    let schema = schema(columns, None);
    let layout = Layout::resolve(
        &schema,
        &Header {
            names: vec!["c".to_owned(), "x".to_owned(), "a".to_owned()],
        },
    );
    let typed = parse_batch(&schema, &layout, &batch(&[&["3", "?", "1"]]), &NullTokens::default());
    let names: Vec<&str> = typed
        .frame
        .get_column_names()
        .iter()
        .map(|name| name.as_str())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!(typed.frame.column("c").unwrap().i64().unwrap().to_vec(), [Some(3)]);
}

#[test]
fn an_empty_batch_and_a_layout_of_another_file() {
    let schema = every_kind();
    let typed = parse(&schema, &RawBatch::new(8));
    assert_eq!((typed.frame.height(), typed.frame.width()), (0, 8));
    let typed = parse(&schema, &batch(&[&["1", "2"]]));
    assert_eq!(typed.frame.width(), 2);
}

#[test]
fn parts_join_in_order() {
    let schema = schema(
        vec![column("a", ColumnType::Int), column("t", ColumnType::Category)],
        None,
    );
    let mut raw = RawBatch::new(2);
    let rows = 3 * PART_ROWS + 5;
    for row in 0..rows {
        let number = if row % 1000 == 7 {
            "bad".to_owned()
        } else {
            row.to_string()
        };
        raw.push(row as u64, [number.as_bytes(), format!("text number {row}").as_bytes()]);
    }
    let typed = parse(&schema, &raw);
    let ints = typed.frame.column("a").unwrap().i64().unwrap();
    let texts = typed.frame.column("t").unwrap().str().unwrap();
    for row in 0..rows {
        assert_eq!(ints.get(row), (row % 1000 != 7).then_some(row as i64));
        assert_eq!(texts.get(row), Some(format!("text number {row}").as_str()));
    }
    let issues: Vec<usize> = typed.issues.iter().map(|issue| issue.row).collect();
    assert_eq!(issues, (7..rows).step_by(1000).collect::<Vec<_>>());
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = alone.install(|| parse(&schema, &raw));
    assert!(again.frame.equals_missing(&typed.frame));
    assert_eq!(again.issues, typed.issues);
}

#[test]
fn long_cells_are_shortened_in_issues() {
    let schema = schema(vec![column("a", ColumnType::Int)], None);
    let typed = parse(&schema, &batch(&[&["\u{20ac}".repeat(5000).as_str()]]));
    assert_eq!(typed.issues[0].value, "\u{20ac}".repeat(200));
}

proptest! {
    #[test]
    fn arbitrary_cells_never_panic(
        rows in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 8), 0..20)
    ) {
        let schema = every_kind();
        let mut raw = RawBatch::new(8);
        for row in &rows {
            raw.push(1, row.iter().map(Vec::as_slice));
        }
        let typed = parse(&schema, &raw);
        prop_assert_eq!(typed.frame.height(), rows.len());
        prop_assert_eq!(typed.frame.width(), 8);
    }
}
