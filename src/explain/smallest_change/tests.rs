//! Owns the tests of the smallest change, with models whose answers can be worked out by hand.

use std::convert::Infallible;

use super::*;
use crate::schema::{Column, ColumnType, Role};

type Row<'a> = Vec<Option<&'a Value>>;

/// Columns `a`, `b`, `c` with whole numbers from 0 to 10, or as given.
fn seen(values: &[&[i64]]) -> SeenValues {
    let mut seen = SeenValues::default();
    for (name, values) in ["a", "b", "c"].iter().zip(values) {
        seen.add(&Column::new(*name, ColumnType::Int), &ints(values));
    }
    seen
}

fn ints(values: &[i64]) -> Vec<Option<Value>> {
    values.iter().map(|v| Some(Value::Int(*v))).collect()
}

fn number(cell: Option<&Value>) -> f64 {
    cell.and_then(Value::number).unwrap_or(0.0)
}

fn search(seen: &SeenValues, row: &[Option<Value>], model: impl Fn(&[f64]) -> f64) -> Option<SmallestChange> {
    let mut rows_scored = 0;
    let found = smallest_change(seen, row, 0.5, |rows: &[Row<'_>]| {
        rows_scored += rows.len();
        let score = |row: &Row<'_>| model(&row.iter().map(|c| number(*c)).collect::<Vec<_>>());
        Ok::<_, Infallible>(rows.iter().map(score).collect())
    });
    let found = found.unwrap_or_else(|never| match never {});
    assert!(found.as_ref().is_none_or(|f| f.scored == rows_scored));
    found
}

fn told(change: &SmallestChange) -> Vec<(&str, Option<i64>, i64)> {
    let int = |value: &Value| match value {
        Value::Int(value) => *value,
        other => panic!("{other:?}"),
    };
    let fields = change.fields.iter();
    fields
        .map(|f| (f.column.as_str(), f.from.as_ref().map(int), int(&f.to)))
        .collect()
}

const TENS: &[i64] = &[0, 2, 5, 10];

#[test]
fn of_single_fields_the_least_distance_wins_over_the_lowest_probability() {
    let seen = seen(&[TENS, TENS]);
    // From (10, 10), probability 1: a = 5 gives .4 at distance 5/10, a = 0 gives .1 at 1, b = 0 gives .2 at 1.
    let found = search(&seen, &ints(&[10, 10]), |row| match row {
        [5.0, 10.0] => 0.4,
        [0.0, 10.0] => 0.1,
        [10.0, 0.0] => 0.2,
        [10.0, 10.0] => 1.0,
        _ => 0.6,
    });
    let found = found.unwrap();
    assert_eq!(told(&found), [("a", Some(10), 5)]);
    assert_eq!((found.before, found.after), (1.0, 0.4));
    // Half the range in one of two columns.
    assert_eq!(found.distance, 0.25);
    // The row, three other values of each column.
    assert_eq!(found.scored, 7);
}

#[test]
fn ties_go_to_the_lower_probability_then_the_earlier_column_then_the_lesser_value() {
    let seen = seen(&[&[0, 5, 10], &[0, 5, 10]]);
    let row = ints(&[5, 5]);
    let cleared = |column: usize, value: f64, probability: f64| {
        search(&seen, &row, move |row| {
            if row == [5.0, 5.0] {
                0.9
            } else if row[column] == value {
                probability
            } else {
                0.3
            }
        })
        .unwrap()
    };
    // All four changes are as far; one is lower than the others.
    assert_eq!(told(&cleared(1, 10.0, 0.2)), [("b", Some(5), 10)]);
    assert_eq!(told(&cleared(0, 10.0, 0.2)), [("a", Some(5), 10)]);
    // None is lower.
    assert_eq!(told(&cleared(1, 10.0, 0.3)), [("a", Some(5), 0)]);
}

#[test]
fn two_fields_only_where_one_does_not_do() {
    let seen = seen(&[TENS, TENS, TENS]);
    let mean = |row: &[f64]| row.iter().sum::<f64>() / 30.0;
    // From (10, 10, 0), 20 of 30: to fall below 15, a single field must lose 8; losing 5 leaves 15.
    let found = search(&seen, &ints(&[10, 10, 0]), mean).unwrap();
    assert_eq!(told(&found), [("a", Some(10), 2)]);
    // From (10, 10, 10), 30 of 30, more than 15 must go. The starts are a, b and c at 0, and with one of them the least
    // second field is another at 2: a distance of 1 + .8. Of the same two columns, both at 2 leave 14, at .8 + .8.
    let found = search(&seen, &ints(&[10, 10, 10]), mean).unwrap();
    assert_eq!(told(&found), [("a", Some(10), 2), ("b", Some(10), 2)]);
    assert_eq!(found.distance, (0.8 + 0.8) / 3.0);
    assert_eq!((found.before, found.after), (1.0, 14.0 / 30.0));
    // The row, nine single changes, for each of three starts the six of the other columns, and three times three.
    assert_eq!(found.scored, 1 + 9 + 3 * 6 + 9);
}

#[test]
fn one_columns_many_values_leave_room_for_other_starts() {
    // Nine values of `a` are the best single changes, but only `b` with `c` clears the row.
    let seen = seen(&[&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[0, 1], &[0, 1]]);
    let found = search(&seen, &ints(&[0, 0, 0]), |row| match (row[0] > 0.0, row[1] + row[2]) {
        (false, 2.0) => 0.1,
        (true, _) => 0.6,
        (false, 1.0) => 0.8,
        _ => 0.9,
    });
    assert_eq!(told(&found.unwrap()), [("b", Some(0), 1), ("c", Some(0), 1)]);
}

#[test]
fn none_where_nothing_clears_or_nothing_is_flagged() {
    let seen = seen(&[TENS, TENS]);
    assert_eq!(search(&seen, &ints(&[10, 10]), |_| 0.5), None);
    assert_eq!(search(&seen, &ints(&[10, 10]), |_| f64::NAN), None);
    // Below the threshold, so not flagged; at it, flagged.
    let falling = |row: &[f64]| if row[0] < 10.0 { 0.1 } else { 0.499 };
    assert_eq!(search(&seen, &ints(&[10, 10]), falling), None);
    let at = |row: &[f64]| if row[0] < 10.0 { 0.1 } else { 0.5 };
    assert!(search(&seen, &ints(&[10, 10]), at).is_some());
    // Three fields would do; two do not.
    let three = |row: &[f64]| if row == [0.0, 0.0, 0.0] { 0.1 } else { 0.9 };
    let all = super::tests::seen(&[TENS, TENS, TENS]);
    assert_eq!(search(&all, &ints(&[10, 10, 10]), three), None);
    assert_eq!(search(&SeenValues::default(), &[], |_| 0.9), None);
}

#[test]
fn columns_that_are_no_features_are_left_alone() {
    let mut seen = SeenValues::default();
    for (name, role) in [("id", Role::Id), ("when", Role::Timestamp), ("no", Role::Ignore)] {
        let column = Column {
            role,
            ..Column::new(name, ColumnType::Int)
        };
        seen.add(&column, &ints(TENS));
    }
    let row = ints(&[10, 10, 10]);
    let changed = |row: &[f64]| if row == [10.0, 10.0, 10.0] { 0.9 } else { 0.1 };
    assert_eq!(search(&seen, &row, changed), None);
    seen.add(&Column::new("x", ColumnType::Int), &ints(TENS));
    let found = search(
        &seen,
        &ints(&[10, 10, 10, 10]),
        |row| if row[3] < 10.0 { 0.1 } else { 0.9 },
    );
    assert_eq!(told(&found.unwrap()), [("x", Some(10), 5)]);
}

#[test]
fn a_missing_cell_is_filled_and_a_value_that_training_lacks_is_replaced() {
    let seen = seen(&[TENS, TENS]);
    let found = search(&seen, &[None, Some(Value::Int(7))], |row| 0.9 - row[0] / 20.0).unwrap();
    // Filling is a distance of 1 whatever with, so the lowest probability decides.
    assert_eq!(told(&found), [("a", None, 10)]);
    assert_eq!((found.distance, found.after), (0.5, 0.4));
    // A row that is too short has missing cells at its end.
    let short = search(&seen, &ints(&[0]), |row| 0.9 - row[1] / 20.0).unwrap();
    assert_eq!(told(&short), [("b", None, 10)]);
    let unseen = search(&seen, &ints(&[7, 7]), |row| row[0] / 10.0).unwrap();
    assert_eq!(told(&unseen), [("a", Some(7), 2)]);
}

#[test]
fn an_error_of_the_model_comes_through_and_lacking_answers_clear_nothing() {
    let seen = seen(&[TENS]);
    let failed = smallest_change(&seen, &ints(&[10]), 0.5, |_: &[Row<'_>]| Err("stopped"));
    assert_eq!(failed, Err("stopped"));
    let mute = smallest_change(&seen, &ints(&[10]), 0.5, |_: &[Row<'_>]| Ok::<_, Infallible>(vec![]));
    assert_eq!(mute, Ok(None));
    let curt = smallest_change(&seen, &ints(&[10]), 0.5, |_: &[Row<'_>]| Ok::<_, Infallible>(vec![0.9]));
    assert_eq!(curt, Ok(None));
}
