//! Owns the tests of row ids and feature groups.

use polars::prelude::{Column as Values, IntoColumn, NamedFrom, Series, TimeUnit};
use proptest::prelude::*;

use super::super::testing::{column, schema};
use super::*;
use crate::schema::{ColumnType, Role};

fn ints(name: &str, values: &[Option<i64>]) -> Values {
    Series::new(name.into(), values).into_column()
}

fn texts(name: &str, values: &[Option<&str>]) -> Values {
    Series::new(name.into(), values).into_column()
}

fn frame(columns: Vec<Values>) -> DataFrame {
    DataFrame::new_infer_height(columns).unwrap()
}

fn two() -> Schema {
    schema(
        vec![
            column("a", ColumnType::Int),
            column("b", ColumnType::Category),
            column("y", ColumnType::Int),
        ],
        Some("y"),
    )
}

#[test]
fn the_hash_is_blake3_of_the_framed_text() {
    let data = frame(vec![ints("a", &[Some(-12), None]), texts("b", &[Some("x"), Some("")])]);
    let ids = row_ids(&two(), &data);
    for (id, bytes) in ids.iter().zip([&b"\x04test\x03-12\x01x"[..], b"\x04test\xff\x00"]) {
        let hex = blake3::hash(bytes).to_hex();
        assert_eq!(id.to_string(), hex[..16]);
    }
}

#[test]
fn long_text_is_framed_by_eight_bytes() {
    let long = "z".repeat(300);
    let data = frame(vec![texts("b", &[Some(&long)])]);
    let bytes = [&b"\x04test\xff\xfe"[..], &300_u64.to_le_bytes(), long.as_bytes()].concat();
    assert_eq!(
        row_ids(&two(), &data)[0].to_string(),
        blake3::hash(&bytes).to_hex()[..16]
    );
}

#[test]
fn column_order_extra_columns_and_the_label_do_not_matter() {
    let (a, b) = (ints("a", &[Some(1)]), texts("b", &[Some("2")]));
    let ids = row_ids(&two(), &frame(vec![a.clone(), b.clone()]));
    assert_eq!(
        ids,
        row_ids(
            &two(),
            &frame(vec![b.clone(), ints("z", &[Some(5)]), ints("y", &[Some(1)]), a.clone()])
        )
    );
    let mut renamed = two();
    renamed.name = "other".to_owned();
    assert_ne!(ids, row_ids(&renamed, &frame(vec![a, b])));
}

#[test]
fn absent_is_null_and_null_is_not_empty() {
    let absent = row_ids(&two(), &frame(vec![ints("a", &[Some(1)])]));
    assert_eq!(
        absent,
        row_ids(&two(), &frame(vec![ints("a", &[Some(1)]), texts("b", &[None])]))
    );
    assert_ne!(
        absent,
        row_ids(&two(), &frame(vec![ints("a", &[Some(1)]), texts("b", &[Some("")])]))
    );
}

#[test]
fn canonical_text_of_each_type() {
    let columns = vec![
        column("f", ColumnType::Float),
        column("t", ColumnType::Bool),
        column("w", ColumnType::Timestamp),
    ];
    let data = frame(vec![
        Series::new("f".into(), &[Some(1.0), Some(-0.0), Some(0.1), None]).into_column(),
        Series::new("t".into(), &[Some(true), Some(false), None, None]).into_column(),
        Int64Chunked::new("w".into(), &[Some(1_500_000), Some(-1), Some(0), None])
            .into_datetime(TimeUnit::Microseconds, None)
            .into_column(),
    ]);
    let ids = row_ids(&schema(columns, None), &data);
    let wanted = [
        &b"\x04test\x011\x04true\x1b1970-01-01T00:00:01.500000Z"[..],
        b"\x04test\x010\x05false\x1b1969-12-31T23:59:59.999999Z",
        b"\x04test\x030.1\xff\x141970-01-01T00:00:00Z",
        b"\x04test\xff\xff\xff",
    ];
    for (id, bytes) in ids.iter().zip(wanted) {
        assert_eq!(id.to_string(), blake3::hash(bytes).to_hex()[..16]);
    }
}

#[test]
fn groups_are_of_features_only() {
    let mut schema = two();
    schema.columns[1].role = Role::Id;
    let data = frame(vec![
        ints("a", &[Some(1), Some(1), Some(2), None]),
        texts("b", &[Some("p"), Some("q"), None, None]),
    ]);
    let groups = feature_groups(&schema, &data);
    assert_eq!(groups[0], groups[1]);
    assert_ne!(groups[0], groups[2]);
    assert_ne!(groups[2], groups[3]);
    let ids = row_ids(&schema, &data);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn chunked_columns_and_other_pools_hash_alike() {
    let values: Vec<Option<i64>> = (0..10_000).map(|row| (row % 7 != 0).then_some(row)).collect();
    let whole = frame(vec![ints("a", &values)]);
    let mut pieces = frame(vec![ints("a", &values[..3333])]);
    pieces.vstack_mut(&frame(vec![ints("a", &values[3333..])])).unwrap();
    let ids = row_ids(&two(), &whole);
    assert_eq!(ids, row_ids(&two(), &pieces));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(ids, alone.install(|| row_ids(&two(), &whole)));
    assert!(row_ids(&two(), &frame(vec![ints("a", &[])])).is_empty());
}

proptest! {
    #[test]
    fn whole_numbers_are_framed_alike_short_and_long(
        values in prop::collection::vec(prop_oneof![-140_i64..140, any::<i64>()], 1..40),
        word in "[a-z]{0,3}",
    ) {
        let schema = schema(
            vec![column("a", ColumnType::Int), column("b", ColumnType::Text), column("c", ColumnType::Int)],
            None,
        );
        let data = frame(vec![
            Series::new("a".into(), values.clone()).into_column(),
            Series::new("b".into(), vec![word.as_str(); values.len()]).into_column(),
            Series::new("c".into(), values.iter().rev().copied().collect::<Vec<_>>()).into_column(),
        ]);
        let framed = |text: &str| format!("{}{text}", text.len() as u8 as char);
        for (id, (a, c)) in row_ids(&schema, &data).iter().zip(values.iter().zip(values.iter().rev())) {
            let text = [framed("test"), framed(&a.to_string()), framed(&word), framed(&c.to_string())].concat();
            prop_assert_eq!(id.to_string(), &blake3::hash(text.as_bytes()).to_hex()[..16]);
        }
    }

    #[test]
    fn different_text_gives_different_ids(rows in prop::collection::btree_set(("[\\x00-\\x05a,]{0,3}", "[\\x00-\\x05a,]{0,3}"), 0..50)) {
        let schema = schema(vec![column("p", ColumnType::Text), column("q", ColumnType::Text)], None);
        let (p, q): (Vec<_>, Vec<_>) = rows.iter().cloned().unzip();
        let data = frame(vec![Series::new("p".into(), p).into_column(), Series::new("q".into(), q).into_column()]);
        let ids: BTreeSet<RowId> = row_ids(&schema, &data).into_iter().collect();
        prop_assert_eq!(ids.len(), rows.len());
    }
}
