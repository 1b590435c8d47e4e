//! Owns the tests that the search by columns answers what the search by rows does.

use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::explain::smallest_change;
use crate::schema::{Column, ColumnType, Role};

type Row<'a> = Vec<Option<&'a Value>>;

/// Scores changes by building each row.
struct ByRows<'a, M> {
    seen: &'a SeenValues,
    row: Row<'a>,
    model: M,
    scored: usize,
}

impl<'a, M: Fn(&Row<'a>) -> f64> ByRows<'a, M> {
    fn with(&mut self, changes: &[Place]) -> f64 {
        let mut row = self.row.clone();
        for (column, value) in changes {
            row[*column] = Some(&self.seen.columns()[*column].values[*value]);
        }
        self.scored += 1;
        (self.model)(&row)
    }
}

impl<'a, M: Fn(&Row<'a>) -> f64> ScoreChanges for ByRows<'a, M> {
    type Error = Infallible;

    fn unchanged(&mut self) -> Result<f64, Infallible> {
        Ok(self.with(&[]))
    }

    fn each(&mut self, first: Option<Place>, changes: &[Place]) -> Result<Vec<f64>, Infallible> {
        assert!(changes.is_sorted() && changes.iter().all(|place| first.is_none_or(|first| first.0 != place.0)));
        let with = |place: &Place| self.with(&first.into_iter().chain([*place]).collect::<Vec<_>>());
        Ok(changes.iter().map(with).collect())
    }

    fn both(&mut self, pairs: &[(Place, Place)]) -> Result<Vec<f64>, Infallible> {
        Ok(pairs.iter().map(|(a, b)| self.with(&[*a, *b])).collect())
    }
}

fn answer<T>(found: Result<T, Infallible>) -> T {
    found.unwrap_or_else(|never| match never {})
}

/// Whole numbers in three columns and names in one that must not be changed.
fn seen(values: &[Vec<i64>]) -> SeenValues {
    let mut seen = SeenValues::default();
    for (at, values) in values.iter().enumerate() {
        let mut column = Column::new(format!("c{at}"), ColumnType::Int);
        if at == 3 {
            column.role = Role::Id;
        }
        seen.add(
            &column,
            &values.iter().map(|v| Some(Value::Int(*v))).collect::<Vec<_>>(),
        );
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Models whose answers are few, so that there are ties of every kind.
    #[test]
    fn both_searches_find_the_same_change(
        values in proptest::collection::vec(proptest::collection::vec(-3i64..4, 0..6), 1..5),
        row in proptest::collection::vec(proptest::option::of(-3i64..4), 0..6),
        weights in proptest::collection::vec(-2i64..3, 25),
        threshold in 0.05f64..0.9,
        levels in 2i64..12,
    ) {
        let seen = seen(&values);
        let row: Vec<Option<Value>> = row.into_iter().map(|v| v.map(Value::Int)).collect();
        let model = |row: &Row<'_>| {
            let cell = |at: usize| match row.get(at) { Some(Some(Value::Int(v))) => *v, _ => 2 };
            let sum: i64 = (0..row.len()).flat_map(|a| (0..=a).map(move |b| (a, b)))
                .map(|(a, b)| weights[(a * 5 + b) % 25] * cell(a) * cell(b)).sum();
            (sum + 3).rem_euclid(levels) as f64 / levels as f64
        };
        let slow = answer(smallest_change(&seen, &row, threshold, |rows| Ok(rows.iter().map(model).collect())));
        let cells = (0..seen.columns().len()).map(|at| row.get(at).and_then(Option::as_ref)).collect();
        let mut scorer = ByRows { seen: &seen, row: cells, model, scored: 0 };
        let fast = answer(change_search(&seen, &row, threshold, true, &mut scorer));
        prop_assert_eq!(&fast, &slow);
        // Not every row that is looked at needs to be scored.
        prop_assert!(fast.as_ref().is_none_or(|fast| scorer.scored <= fast.scored));
        let one = answer(change_search(&seen, &row, threshold, false, &mut scorer));
        prop_assert_eq!(one, slow.filter(|change| change.fields.len() == 1));
    }
}
