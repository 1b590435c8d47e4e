//! Owns the tests of nearest training rows: distances by hand, and against a search that compares every cell anew.

use proptest::prelude::*;

use super::*;
use crate::schema::ColumnType;

fn columns() -> [Column; 3] {
    [
        Column::new("bytes", ColumnType::Float),
        Column::new("service", ColumnType::Category),
        Column::new("port", ColumnType::Port),
    ]
}

type Cells3 = (Option<f64>, Option<&'static str>, Option<i64>);

fn row((bytes, service, port): Cells3) -> Vec<Option<Value>> {
    vec![
        bytes.map(Value::Float),
        service.map(|s| Value::Text(s.to_owned())),
        port.map(Value::Int),
    ]
}

fn reference(rows: &[Vec<Option<Value>>], labels: Vec<bool>) -> ReferenceRows {
    let mut reference = ReferenceRows::new(RowChoice::at_most(MOST_ROWS, labels.len()), labels);
    for (at, column) in columns().iter().enumerate() {
        let cells: Vec<Option<Value>> = rows.iter().map(|row| row[at].clone()).collect();
        reference.add(column, &cells);
    }
    reference
}

#[test]
fn distances_by_hand_nearest_first_and_ties_in_row_order() {
    let rows = [
        (Some(0.0), Some("http"), Some(80)),
        (Some(8.0), Some("http"), Some(443)),
        (Some(2.0), None, Some(80)),
        (None, Some("dns"), None),
        (Some(8.0), Some("http"), Some(443)),
    ]
    .map(row);
    let reference = reference(&rows, vec![false, true, false, false, false]);
    assert_eq!(reference.columns().collect::<Vec<_>>(), ["bytes", "service", "port"]);
    // Range of bytes: 8. Gaps to (6, http, 443): (.75 0 1), (.25 0 0), (.5 1 1), (1 1 1), (.25 0 0).
    let found = reference.nearest(&row((Some(6.0), Some("http"), Some(443))), 9);
    let told: Vec<(usize, f64, bool)> = found.iter().map(|n| (n.row, n.distance, n.malicious)).collect();
    assert_eq!(
        told,
        [
            (1, 0.25 / 3.0, true),
            (4, 0.25 / 3.0, false),
            (0, 1.75 / 3.0, false),
            (2, 2.5 / 3.0, false),
            (3, 1.0, false)
        ]
    );
    for near in &found {
        assert_eq!(near.values, rows[near.row]);
    }
    // Of two alike the earlier stays where only one is asked for.
    let one = reference.nearest(&row((Some(8.0), Some("http"), Some(443))), 1);
    assert_eq!((one[0].row, one[0].distance), (1, 0.0));
    // Missing is like missing, and a name that training did not have like none.
    let found = reference.nearest(&row((None, Some("smtp"), None)), 1);
    assert_eq!((found[0].row, found[0].distance), (3, 1.0 / 3.0));
}

#[test]
fn odd_questions_have_answers() {
    let nothing = reference(&[], vec![]);
    assert!(nothing.nearest(&row((Some(1.0), None, None)), 3).is_empty());
    let one = reference(&[row((Some(1.0), None, None))], vec![true]);
    assert!(one.nearest(&[], 0).is_empty());
    // Cells that are lacking count as missing; too many are passed over; one of another type is like none.
    assert_eq!(one.nearest(&[], 5)[0].distance, 1.0 / 3.0);
    let long = [row((Some(1.0), None, None)), row((Some(1.0), None, None))].concat();
    assert_eq!(one.nearest(&long, 5)[0].distance, 0.0);
    let odd = [Some(Value::Text("1".to_owned())), None, None];
    assert_eq!(one.nearest(&odd, 5)[0].distance, 1.0 / 3.0);
}

#[test]
fn lacking_cells_of_training_count_as_missing() {
    let mut reference = ReferenceRows::new(RowChoice::at_most(9, 2), vec![true, false]);
    reference.add(&columns()[0], &[Some(Value::Float(1.0))]);
    reference.add(&columns()[1], &[]);
    let found = reference.nearest(&[None, None], 2);
    let told: Vec<(usize, f64)> = found.iter().map(|n| (n.row, n.distance)).collect();
    assert_eq!(told, [(1, 0.0), (0, 0.5)]);
    assert_eq!(found[0].values, [None, None]);
}

#[test]
fn values_come_back_with_their_types() {
    let kinds = [
        (ColumnType::Int, Value::Int(-3)),
        (ColumnType::Float, Value::Float(0.1)),
        (ColumnType::Bool, Value::Bool(false)),
        (ColumnType::Ip, Value::Text("::1".to_owned())),
        (ColumnType::Timestamp, Value::Time(1_700_000_000_123_456)),
    ];
    let mut reference = ReferenceRows::new(RowChoice::at_most(9, 1), vec![true]);
    for (kind, value) in &kinds {
        reference.add(&Column::new("c", *kind), &[Some(value.clone())]);
    }
    let cells: Vec<Option<Value>> = kinds.into_iter().map(|(_, value)| Some(value)).collect();
    let found = reference.nearest(&cells, 1);
    assert_eq!((found[0].distance, &found[0].values), (0.0, &cells));
}

#[test]
fn too_many_rows_are_thinned_over_their_whole_length_the_same_way_every_time() {
    assert_eq!(RowChoice::at_most(4, 4).rows, [0, 1, 2, 3]);
    assert_eq!(RowChoice::at_most(4, 0), RowChoice { rows: vec![], of: 0 });
    let choice = RowChoice::at_most(100, 1_050);
    assert_eq!((choice.rows.len(), choice.of), (100, 1_050));
    for (stretch, row) in choice.rows.iter().enumerate() {
        assert!((stretch * 1_050 / 100..(stretch + 1) * 1_050 / 100).contains(row));
    }
    // Every other row would be of one label where labels alternate.
    let odd = RowChoice::at_most(500, 1_000)
        .rows
        .iter()
        .filter(|r| *r % 2 == 1)
        .count();
    assert!((200..300).contains(&odd), "{odd}");
    assert_eq!(choice, RowChoice::at_most(100, 1_050));
}

#[test]
fn a_neighbour_is_named_by_its_place_in_the_whole_split() {
    let choice = RowChoice {
        rows: vec![3, 7, 11],
        of: 12,
    };
    let mut reference = ReferenceRows::new(choice.clone(), vec![false, false, true]);
    reference.add(&columns()[0], &[0.0, 1.0, 2.0].map(|v| Some(Value::Float(v))));
    let found = reference.nearest(&[Some(Value::Float(2.0))], 2);
    assert_eq!(found.iter().map(|n| n.row).collect::<Vec<_>>(), [11, 7]);
    assert!(found[0].malicious);
    assert_eq!(reference.choice(), &choice);
}

fn cells() -> impl Strategy<Value = Cells3> {
    (
        prop::option::of(prop::sample::select(vec![-1e9, -0.0, 0.0, 0.5, 3.0, 1e300])),
        prop::option::of(prop::sample::select(vec!["http", "dns", "smtp"])),
        prop::option::of(0..4_i64),
    )
}

proptest! {
    #[test]
    fn the_nearest_are_those_of_a_sort_by_every_cells_gap(
        rows in prop::collection::vec(cells(), 0..40),
        repeats in 1..120_usize,
        asked in cells(),
        k in 0..50_usize,
    ) {
        // Repeats bring ties, and rows beyond one block.
        let rows: Vec<_> = std::iter::repeat_n(rows, repeats).flatten().map(row).collect();
        let labels: Vec<bool> = (0..rows.len()).map(|at| at % 3 == 0).collect();
        let reference = reference(&rows, labels.clone());
        let measures: Vec<Measure> = columns()
            .iter()
            .enumerate()
            .map(|(at, column)| Measure::of(column.kind, &rows.iter().map(|r| r[at].clone()).collect::<Vec<_>>()))
            .collect();
        let asked = row(asked);
        let distance = |row: &Vec<Option<Value>>| -> f64 {
            let gaps = measures.iter().zip(row).zip(&asked).map(|((m, a), b)| m.gap(a.as_ref(), b.as_ref()));
            gaps.sum::<f64>() / 3.0
        };
        let mut wanted: Vec<(f64, usize)> = rows.iter().map(distance).zip(0..).collect();
        wanted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        wanted.truncate(k);
        let found = reference.nearest(&asked, k);
        let mut arranged = reference.clone();
        arranged.arrange();
        prop_assert_eq!(&arranged.nearest(&asked, k), &found);
        prop_assert_eq!(found.iter().map(|n| (n.distance, n.row)).collect::<Vec<_>>(), wanted);
        prop_assert!(found.iter().all(|n| n.malicious == labels[n.row] && (0.0..=1.0).contains(&n.distance)));
    }
}

#[test]
fn columns_of_many_values_and_late_columns_are_searched_the_same() {
    let rows: Vec<Vec<Option<Value>>> = (0..1_000_i64)
        .map(|at| {
            let number = (at % 7 > 0).then(|| Value::Float((at * 37 % 911) as f64));
            let name = (at % 11 > 0).then(|| Value::Text(format!("host{}", at * 53 % 701)));
            vec![number, name, Some(Value::Int(at % 3))]
        })
        .collect();
    let labels = vec![true; rows.len()];
    let plain = reference(&rows, labels.clone());
    let mut arranged = ReferenceRows::new(RowChoice::at_most(MOST_ROWS, labels.len()), labels);
    for at in [0, 1, 2] {
        let cells: Vec<Option<Value>> = rows.iter().map(|row| row[at].clone()).collect();
        arranged.add(&columns()[at], &cells);
        arranged.arrange();
    }
    let mut asked: Vec<Vec<Option<Value>>> = rows.iter().step_by(97).cloned().collect();
    asked.push(row((Some(1e9), Some("host"), None)));
    asked.push(vec![]);
    for asked in asked {
        let found = arranged.nearest(&asked, 7);
        assert_eq!(found, plain.nearest(&asked, 7));
        let wanted = rows.iter().position(|row| *row == asked);
        assert!(wanted.is_none_or(|row| (found[0].row, found[0].distance) == (row, 0.0)));
    }
}
