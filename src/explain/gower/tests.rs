//! Owns the tests of Gower's distance, with values worked out by hand.

use super::*;

fn floats(cells: &[Option<f64>]) -> Vec<Option<Value>> {
    cells.iter().map(|cell| cell.map(Value::Float)).collect()
}

fn gap(measure: Measure, a: Option<f64>, b: Option<f64>) -> f64 {
    measure.gap(a.map(Value::Float).as_ref(), b.map(Value::Float).as_ref())
}

#[test]
fn numbers_differ_by_their_share_of_the_training_range() {
    let measure = Measure::of(ColumnType::Float, &floats(&[Some(2.0), None, Some(-6.0), Some(0.0)]));
    assert_eq!(measure, Measure::Range(8.0));
    assert_eq!(gap(measure, Some(-6.0), Some(2.0)), 1.0);
    assert_eq!(gap(measure, Some(1.0), Some(-1.0)), 0.25);
    assert_eq!(gap(measure, Some(-1.0), Some(1.0)), 0.25);
    assert_eq!(gap(measure, Some(0.5), Some(0.5)), 0.0);
    assert_eq!(gap(measure, Some(100.0), Some(0.0)), 1.0);
}

#[test]
fn missing_cells_are_far_from_all_but_each_other() {
    for measure in [Measure::Range(2.0), Measure::Equality] {
        assert_eq!(gap(measure, None, None), 0.0);
        assert_eq!(gap(measure, Some(1.0), None), 1.0);
        assert_eq!(gap(measure, None, Some(1.0)), 1.0);
    }
}

#[test]
fn a_column_of_one_value_or_none_tells_equal_from_unequal() {
    for cells in [floats(&[Some(3.0), Some(3.0)]), floats(&[None]), floats(&[])] {
        let measure = Measure::of(ColumnType::Int, &cells);
        assert_eq!(measure, Measure::Range(0.0));
        assert_eq!(gap(measure, Some(3.0), Some(3.0)), 0.0);
        assert_eq!(gap(measure, Some(3.0), Some(3.5)), 1.0);
    }
}

#[test]
fn extremes_do_not_leave_the_unit_interval() {
    let cells = floats(&[Some(f64::MIN), Some(f64::MAX)]);
    let measure = Measure::of(ColumnType::Float, &cells);
    assert_eq!(measure, Measure::Range(f64::MAX));
    assert_eq!(gap(measure, Some(f64::MIN), Some(f64::MAX)), 1.0);
    assert_eq!(gap(measure, Some(f64::MAX), Some(f64::MAX)), 0.0);
}

#[test]
fn names_are_equal_or_not() {
    let text = |t: &str| Value::Text(t.to_owned());
    for kind in [
        ColumnType::Category,
        ColumnType::Bool,
        ColumnType::Text,
        ColumnType::Ip,
        ColumnType::Port,
    ] {
        assert_eq!(Measure::of(kind, &[Some(Value::Int(80))]), Measure::Equality);
    }
    let same = Measure::Equality;
    assert_eq!(same.gap(Some(&text("http")), Some(&text("http"))), 0.0);
    assert_eq!(same.gap(Some(&text("http")), Some(&text("https"))), 1.0);
    assert_eq!(same.gap(Some(&Value::Int(443)), Some(&Value::Int(444))), 1.0);
    assert_eq!(same.gap(Some(&Value::Bool(true)), Some(&Value::Bool(true))), 0.0);
}
