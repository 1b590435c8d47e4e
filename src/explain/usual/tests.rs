//! Owns the tests of what is usual, on columns small enough to count by hand.

use super::*;
use crate::schema::ColumnType;

fn ints(values: &[i64]) -> Vec<Option<Value>> {
    values.iter().map(|v| Some(Value::Int(*v))).collect()
}

fn name(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn few_numbers_are_told_as_shares() {
    let mut cells = ints(&[1, 1, 1, 1, 1, 1, 1, -1, -1]);
    cells.push(None);
    let usual = UsualColumn::of(&Column::new("a", ColumnType::Int), &cells);
    assert_eq!(usual.text(Some(&Value::Int(-1))), "-1: 20 %, most often 1: 70 %");
    assert_eq!(usual.text(Some(&Value::Int(1))), "most often 1: 70 %");
    assert_eq!(usual.text(Some(&Value::Int(0))), "0: never, most often 1: 70 %");
    assert_eq!(usual.text(None), "missing: 10 %, most often 1: 70 %");
    assert!(usual.is_unseen(Some(&Value::Int(0))));
    assert!(!usual.is_unseen(Some(&Value::Int(-1))) && !usual.is_unseen(None));
}

#[test]
fn many_numbers_are_told_by_their_middle() {
    let cells: Vec<Option<Value>> = (0..=100).map(|v| Some(Value::Float(f64::from(v) / 10.0))).collect();
    let usual = UsualColumn::of(&Column::new("a", ColumnType::Float), &cells);
    // Of 0, .1, … 10 the 5th, 50th and 95th hundredth.
    assert_eq!(usual.text(Some(&Value::Float(3.0))), "median 5, 90 % within 0.5 to 9.5");
    assert!(!usual.is_unseen(Some(&Value::Float(3.33))));
    assert!(usual.is_unseen(Some(&Value::Float(10.1))) && usual.is_unseen(Some(&Value::Float(-0.1))));
    assert!(usual.is_unseen(None));
}

#[test]
fn names_unheard_of_and_rare_ones_are_told_so() {
    let mut cells = vec![Some(name("http")); 999];
    cells.push(Some(name("telnet")));
    let usual = UsualColumn::of(&Column::new("a", ColumnType::Category), &cells);
    assert_eq!(
        usual.text(Some(&name("telnet"))),
        "telnet: under 1 %, most often http: over 99 %"
    );
    assert_eq!(
        usual.text(Some(&name("\u{1b}[2J"))),
        "\u{1b}[2J: never, most often http: over 99 %"
    );
    assert_eq!(usual.text(None), "never missing, most often http: over 99 %");
    assert!(usual.is_unseen(Some(&name("HTTP"))) && usual.is_unseen(None));
    let long = usual.text(Some(&name(&"é".repeat(1000))));
    assert_eq!(long, format!("{}…: never, most often http: over 99 %", "é".repeat(24)));
}

#[test]
fn a_column_without_a_value_says_so() {
    for cells in [vec![], vec![None; 3]] {
        let usual = UsualColumn::of(&Column::new("a", ColumnType::Float), &cells);
        assert_eq!(usual.text(None), "never a value");
        assert!(usual.is_unseen(Some(&Value::Float(0.0))));
    }
}

#[test]
fn numbers_keep_four_digits() {
    for (value, text) in [
        (0.30000000000000004, "0.3"),
        (1234.5678, "1235"),
        (-0.000123456, "-0.0001235"),
        (0.0, "0"),
        (1e-300, "0"),
        (1e300, "1e300"),
        (12.0, "12"),
    ] {
        assert_eq!(number(&Value::Float(value)), text, "{value}");
    }
}
