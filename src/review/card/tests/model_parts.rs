//! Owns the tests of what a card says of the model and its training rows.

use super::*;
use crate::explain::Value;
use crate::review::{CardColumn, NeighbourSource};
use crate::validation::drift::ReferenceBuilder;

fn make(maker: &CardMaker, row: &CardInput) -> CardParts {
    maker.make(row, &maker.no_judged_rows(), &CancelToken::new()).unwrap()
}

fn card(family: &str, texts: [&str; 4]) -> CardParts {
    let row = input(&model(family), texts);
    make(&maker(family), &row)
}

fn column<'a>(card: &'a CardParts, name: &str) -> &'a CardColumn {
    card.columns.iter().find(|column| column.column == name).unwrap()
}

#[test]
fn shares_add_up_and_the_largest_comes_first() {
    for family in ["gradient_boosting", "random_forest", "logistic_regression"] {
        let card = card(family, ["4", "3.5", "http", "row 9"]);
        let shares: Vec<f64> = card.columns.iter().map(|column| column.share.unwrap().abs()).collect();
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{family}: {shares:?}");
        assert!(shares.is_sorted_by(|a, b| a >= b), "{family}: {shares:?}");
        // Level alone decides.
        assert_eq!(card.columns[0].column, "level");
        assert!(card.columns[0].share.unwrap() > 0.5);
        assert_eq!(card.columns[0].value, "4");
        assert_eq!(card.other, [("id".to_owned(), "row 9".to_owned())]);
        assert_eq!(card.missing, Vec::<String>::new());
    }
}

#[test]
fn what_is_usual_stands_beside_each_value() {
    let card = card("gradient_boosting", ["4", "3.5", "http", "x"]);
    // Five levels, 40 rows each; 200 rows of 40 different sizes from 0 to 19.5; http on 70 of 200 rows.
    assert_eq!(column(&card, "level").usual, "4: 20 %, most often 0: 20 %");
    assert_eq!(column(&card, "size").usual, "median 10, 90 % within 1 to 18.5");
    assert_eq!(column(&card, "service").usual, "most often http: 35 %");
    assert!(card.columns.iter().all(|column| !column.unseen && !column.drifted));
}

#[test]
fn the_smallest_change_is_the_level_below() {
    for family in ["gradient_boosting", "random_forest"] {
        let card = card(family, ["4", "3.5", "http", "x"]);
        let change = card.smallest_change.unwrap();
        let field = &change.fields[0];
        assert_eq!((change.fields.len(), field.column.as_str()), (1, "level"), "{family}");
        assert_eq!(
            (&field.from, &field.to),
            (&Some(Value::Int(4)), &Value::Int(2)),
            "{family}"
        );
        assert!(change.before >= 0.5 && change.after < 0.5);
        // Half the range in one of three columns.
        assert_eq!(change.distance, 0.5 / 3.0);
    }
}

#[test]
fn nothing_is_changed_on_a_row_that_is_not_flagged() {
    let (maker, mut row) = (
        maker("gradient_boosting"),
        input(&model("gradient_boosting"), ["4", "1", "dns", "x"]),
    );
    row.flagged = false;
    let card = make(&maker, &row);
    assert_eq!((card.smallest_change, card.missing), (None, Vec::<String>::new()));
    row.flagged = true;
    row.threshold = Some(1e-9);
    let card = make(&maker, &row);
    assert!(card.smallest_change.is_none() && card.missing[0].contains("no change of one field or two"));
}

#[test]
fn both_ways_of_searching_agree_for_every_family() {
    for family in [
        "gradient_boosting",
        "random_forest",
        "extra_trees",
        "decision_tree",
        "logistic_regression",
    ] {
        let model = model(family);
        let (reference, frame, cancel) = (training(&model), frame(), CancelToken::new());
        let mut pairs = 0;
        for at in (0..200).step_by(7) {
            let row = reference.row(&frame, at).unwrap();
            // Low thresholds need two fields, or cannot be met.
            for threshold in [0.5, 0.1, 0.05, 0.02] {
                let fast = reference.smallest_change(&model, &row, threshold, &cancel).unwrap();
                let slow = reference
                    .smallest_change_by_rows(&model, &row, threshold, &cancel)
                    .unwrap();
                assert_eq!(fast, slow, "{family}, row {at}, {threshold}");
                pairs += usize::from(fast.is_none_or(|change| change.fields.len() == 2));
            }
        }
        assert!(pairs > 0, "{family}");
    }
}

#[test]
fn an_identical_training_row_is_at_no_distance() {
    let card = card("gradient_boosting", ["4", "11.5", "http", "another id"]);
    // Row 49 of the training rows is the first of level 4 (49 % 5), 23 halves (49 x 7 % 40) and http (49 / 5 % 3).
    let nearest = &card.neighbours[0];
    assert_eq!((nearest.distance, nearest.differences), (0.0, 0), "{:?}", rows().0[49]);
    assert_eq!(
        nearest.source,
        NeighbourSource::Training {
            row: 49,
            malicious: true
        }
    );
    assert!(nearest.differs.is_empty());
    assert!(card.neighbours.is_sorted_by(|a, b| a.distance <= b.distance));
    let other = card.neighbours.iter().find(|near| near.differences > 0).unwrap();
    assert_eq!(other.differs.len(), other.differences.min(4));
}

#[test]
fn values_unheard_of_are_unseen() {
    let card = card("gradient_boosting", ["9", "250", "gopher", "x"]);
    assert!(card.columns.iter().all(|column| column.unseen));
    assert_eq!(column(&card, "service").usual, "gopher: never, most often http: 35 %");
    let row = ["4", "1", "", "x"];
    let card = super::model_parts::card("gradient_boosting", row);
    assert!(column(&card, "service").unseen && column(&card, "service").value.is_empty());
}

#[test]
fn columns_are_found_by_other_names_and_in_any_order() {
    let (maker, mut row) = (
        maker("gradient_boosting"),
        input(&model("gradient_boosting"), ["4", "3.5", "dns", "x"]),
    );
    let plain = make(&maker, &row);
    row.cells.reverse();
    row.cells[1].0 = "PROTO".to_owned();
    row.cells.push(("comment".to_owned(), "\u{1b}[31m".to_owned()));
    let mixed = make(&maker, &row);
    assert_eq!((&mixed.columns, &mixed.neighbours), (&plain.columns, &plain.neighbours));
    let other = [("id", "x"), ("comment", "\u{1b}[31m")];
    assert_eq!(
        mixed.other,
        other.map(|(name, text)| (name.to_owned(), text.to_owned()))
    );
}

#[test]
fn hostile_cells_make_a_card_all_the_same() {
    let maker = maker("random_forest");
    let long = "x".repeat(1 << 20);
    for text in [
        "",
        "\0",
        "1e999",
        "NaN",
        "-",
        "99999999999999999999",
        "\u{202e}3",
        "a\u{1b}]0;b\u{7}",
        "é",
        "1\n2",
        &long,
    ] {
        let row = CardInput {
            row: RowId(1),
            cells: cells([text; 4]),
            probability: 0.9,
            flagged: true,
            threshold: None,
        };
        let card = make(&maker, &row);
        assert_eq!(card.columns.len(), 3);
        assert!(card.columns.iter().all(|column| column.value == text));
        assert!(card.columns.iter().all(|column| column.usual.chars().count() < 100));
        // The file says .9; this row cannot have been scored so.
        assert!(
            card.missing[0].starts_with("the file says 0.9000, but"),
            "{:?}",
            card.missing
        );
    }
    for cells in [vec![], vec![(String::new(), String::new()); 3]] {
        let row = CardInput {
            row: RowId(1),
            cells,
            probability: f64::NAN,
            flagged: false,
            threshold: Some(f64::NAN),
        };
        assert_eq!(make(&maker, &row).columns.len(), 3);
    }
}

#[test]
fn another_score_than_the_models_is_told_unless_it_is_meant_to_be() {
    let mut row = input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]);
    row.probability -= 0.25;
    let told = make(&maker("gradient_boosting"), &row).missing;
    assert!(
        told.len() == 1 && told[0].contains("the model of run run-1 gives"),
        "{told:?}"
    );
    let told = make(&maker("gradient_boosting").with_other_scores(), &row).missing;
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn families_without_an_account_say_so() {
    let card = card("k_nearest_neighbors", ["4", "3.5", "http", "x"]);
    assert!(
        card.columns
            .iter()
            .all(|column| column.share.is_none() && !column.usual.is_empty())
    );
    assert!(
        card.missing[0].contains("k nearest neighbors gives no exact ones"),
        "{:?}",
        card.missing
    );
    assert_eq!(card.neighbours.len(), 5);
}

#[test]
fn a_card_that_is_not_wanted_any_more_is_not_made() {
    let maker = maker("gradient_boosting");
    let row = input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]);
    let cancel = CancelToken::new();
    cancel.cancel();
    let made = maker.make(&row, &maker.no_judged_rows(), &cancel);
    assert!(matches!(made, Err(CardError::Cancelled(_))));
}

#[test]
fn drift_is_of_columns_that_moved() {
    let mut reference = ReferenceBuilder::new(&schema());
    reference.add(&frame());
    let maker = maker("gradient_boosting").with_reference(reference.finish());
    let (rows, _) = rows();
    let moved: Vec<Vec<String>> = rows.iter().cycle().take(2_000).cloned().collect();
    let moved: Vec<Vec<String>> = moved
        .into_iter()
        .map(|mut row| {
            row[2] = "gopher".to_owned();
            row
        })
        .collect();
    let names = NAMES.map(str::to_owned);
    let row = input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]);
    assert!(make(&maker, &row).columns.iter().all(|column| !column.drifted));
    assert_eq!(maker.drift(&names, &moved, &CancelToken::new()).unwrap(), ["service"]);
    let card = make(&maker, &row);
    assert!(column(&card, "service").drifted && !column(&card, "level").drifted);
}

#[test]
fn past_scores_are_counted_in_the_narrowest_range_with_enough_rows() {
    // 100 scores 0, .01, … .99; malicious from .5 on.
    let past = PastScores::new(
        (0..100)
            .map(|at| (f64::from(at) / 100.0, at >= 50))
            .chain([(f64::NAN, true)]),
    );
    let around = past.around(0.5).unwrap();
    // .02 and .05 have 5 and 11 rows, .1 has 21, .2 has 41 from .3 to .7: the widest.
    assert_eq!((around.from, around.to), (0.3, 0.7));
    assert_eq!((around.rows, around.malicious), (41, 21));
    let narrow = PastScores::new((0..30).map(|at| (0.9, at < 20))).around(0.91).unwrap();
    assert_eq!((narrow.rows, narrow.malicious), (30, 20));
    assert!((narrow.from - 0.89).abs() < 1e-12 && (narrow.to - 0.93).abs() < 1e-12);
    assert_eq!(PastScores::new([(0.9, true)]).around(0.1), None);
    assert_eq!(PastScores::new([]).around(0.1), None);
    assert_eq!(past.around(f64::NAN), None);
}
