//! Owns the tests of seen values: which are kept, and that none is made up.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn seen(kind: ColumnType, cells: Vec<Option<Value>>) -> SeenColumn {
    let mut seen = SeenValues::default();
    seen.add(&Column::new("c", kind), &cells);
    seen.columns()[0].clone()
}

fn ints(values: impl IntoIterator<Item = i64>) -> Vec<Option<Value>> {
    values.into_iter().map(|v| Some(Value::Int(v))).collect()
}

#[test]
fn few_values_are_all_kept_in_order() {
    let mut cells = ints([1, -1, 0, -1, 1]);
    cells.push(None);
    let column = seen(ColumnType::Int, cells);
    assert_eq!(column.values, [Value::Int(-1), Value::Int(0), Value::Int(1)]);
    assert_eq!((column.distinct, column.measure), (3, Measure::Range(2.0)));
    let none = seen(ColumnType::Category, vec![None, None]);
    assert!(none.values.is_empty());
}

#[test]
fn many_numbers_are_thinned_to_ranks_with_both_ends() {
    // Ranks 0, 20, 40, … 300 of the rows and of the distinct values, which here are the same.
    let column = seen(ColumnType::Int, ints((0..301).map(|v| v * 10)));
    let wanted: Vec<Value> = (0..16).map(|i| Value::Int(i * 200)).collect();
    assert_eq!((column.values, column.distinct), (wanted, 301));
}

#[test]
fn a_value_most_rows_share_is_kept_and_crowds_none_out() {
    // 101 distinct values: -51, -40, … 1038 once each, and 900 times 500, which is the 51st and so at none of their even
    // ranks 0, 6, 13, 20, 26, 33, 40, 46, 53, … 100.
    let rest = (0..100).map(|i| 11 * i - 51);
    let column = seen(ColumnType::Int, ints(std::iter::repeat_n(500, 900).chain(rest)));
    assert!(column.values.contains(&Value::Int(500)));
    assert_eq!(column.values.len(), 17);
    assert_eq!(column.values.first(), Some(&Value::Int(-51)));
    assert_eq!(column.values.last(), Some(&Value::Int(1038)));
}

#[test]
fn of_many_names_the_most_frequent_stay() {
    // Name i stands i times: 37 to 100 are the 64 most frequent.
    let names = (1..=100).flat_map(|i| std::iter::repeat_n(Some(Value::Text(format!("{i:03}"))), i));
    let column = seen(ColumnType::Category, names.collect());
    let wanted: Vec<Value> = (37..=100).map(|i| Value::Text(format!("{i:03}"))).collect();
    assert_eq!(column.values, wanted);
    // All equally frequent: the lesser ports.
    let ports = seen(ColumnType::Port, ints((1..=100).rev()));
    assert_eq!(ports.values, (1..=64).map(Value::Int).collect::<Vec<_>>());
}

#[test]
fn only_features_are_changeable_and_a_time_never_is() {
    let mut columns = SeenValues::default();
    for (role, kind) in [
        (Role::Feature, ColumnType::Int),
        (Role::Feature, ColumnType::Timestamp),
        (Role::Timestamp, ColumnType::Timestamp),
        (Role::Id, ColumnType::Category),
        (Role::Ignore, ColumnType::Int),
    ] {
        let column = Column {
            role,
            ..Column::new("c", kind)
        };
        columns.add(&column, &[]);
    }
    let changeable: Vec<bool> = columns.columns().iter().map(|c| c.changeable).collect();
    assert_eq!(changeable, [true, false, false, false, false]);
}

#[test]
fn it_reads_back_as_it_was_written() {
    let mut written = SeenValues::default();
    written.add(&Column::new("i", ColumnType::Int), &ints([i64::MAX, i64::MIN]));
    written.add(
        &Column::new("f", ColumnType::Float),
        &[Some(Value::Float(0.1 + 0.2)), Some(Value::Float(1e300))],
    );
    written.add(
        &Column::new("t", ColumnType::Category),
        &[Some(Value::Text("é\"".to_owned())), None],
    );
    let text = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<SeenValues>(&text).unwrap(), written);
}

proptest! {
    #[test]
    fn values_are_seen_ones_bounded_and_ascending(cells in prop::collection::vec(prop::option::of(-200..200_i64), 0..900)) {
        for kind in [ColumnType::Int, ColumnType::Port] {
            let column = seen(kind, cells.iter().map(|c| c.map(Value::Int)).collect());
            let all: HashSet<i64> = cells.iter().flatten().copied().collect();
            prop_assert!(column.values.iter().all(|v| matches!(v, Value::Int(v) if all.contains(v))));
            prop_assert!(column.values.windows(2).all(|w| w[0] < w[1]));
            let most = if kind == ColumnType::Int { MOST_NUMBERS } else { MOST_NAMES };
            prop_assert!(column.values.len() <= most);
            prop_assert_eq!(column.distinct, all.len());
            if all.len() <= most {
                prop_assert_eq!(column.values.len(), all.len());
            }
        }
    }
}
