//! Owns the tests of judged cases: which are near, how they count, and what there is without a model.

use super::*;
use crate::review::NeighbourSource;
use crate::triage::{RiskLevel, Score, Verdict};

fn judged_case(row: u64, verdict: Verdict, texts: [&str; 4], probability: f64) -> JudgedCase {
    JudgedCase {
        row: RowId(row),
        verdict,
        analyst: "ada".to_owned(),
        score: Some(Score {
            run: "run-1".to_owned(),
            probability,
            threshold: None,
            risk: RiskLevel::High,
            flagged: true,
            file: String::new(),
        }),
        cells: Some(cells(texts)),
    }
}

fn near(card: &CardParts) -> Vec<(u64, Verdict, f64)> {
    let judged = card.neighbours.iter().filter_map(|near| match &near.source {
        NeighbourSource::Judged { row, verdict, .. } => Some((row.0, *verdict, near.distance)),
        NeighbourSource::Training { .. } => None,
    });
    judged.collect()
}

#[test]
fn judged_rows_come_nearest_first_and_never_the_row_itself() {
    let maker = maker("gradient_boosting");
    let row = input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]);
    let mut judged = maker.no_judged_rows();
    for case in [
        judged_case(7, Verdict::TruePositive, ["4", "3.5", "http", "x"], 0.9),
        judged_case(1, Verdict::TruePositive, ["4", "3.5", "dns", "y"], 0.9),
        judged_case(2, Verdict::FalsePositive, ["4", "3.5", "http", "z"], 0.9),
        judged_case(3, Verdict::Undetermined, ["0", "3.5", "dns", "z"], 0.9),
    ] {
        maker.judge(&mut judged, case);
    }
    let card = maker.make(&row, &judged, &CancelToken::new()).unwrap();
    // One column of three differs in case 1, two in case 3; the id is not one of them.
    let expected = [
        (2, Verdict::FalsePositive, 0.0),
        (1, Verdict::TruePositive, 1.0 / 3.0),
        (3, Verdict::Undetermined, 2.0 / 3.0),
    ];
    assert_eq!(near(&card), expected);
    assert_eq!(
        card.neighbours[1].differs,
        [("service".to_owned(), "http".to_owned(), "dns".to_owned())]
    );
    assert_eq!(card.neighbours.len(), 3 + 5);

    maker.judge(
        &mut judged,
        judged_case(2, Verdict::TruePositive, ["4", "3.5", "http", "z"], 0.9),
    );
    judged.remove(RowId(1));
    judged.remove(RowId(99));
    assert_eq!(judged.len(), 3);
    let card = maker.make(&row, &judged, &CancelToken::new()).unwrap();
    assert_eq!(
        near(&card),
        [(2, Verdict::TruePositive, 0.0), (3, Verdict::Undetermined, 2.0 / 3.0)]
    );
}

#[test]
fn of_many_judged_rows_the_nearest_five_stay() {
    let maker = maker("gradient_boosting");
    let row = input(&model("gradient_boosting"), ["4", "0", "http", "x"]);
    let mut judged = maker.no_judged_rows();
    for at in 0..100u64 {
        let size = ((at * 37 + 3) % 100).to_string();
        maker.judge(
            &mut judged,
            judged_case(1_000 + at, Verdict::TruePositive, ["4", &size, "http", "x"], 0.9),
        );
    }
    let card = maker.make(&row, &judged, &CancelToken::new()).unwrap();
    // Sizes 0 to 4, in units of the training rows' range.
    let distances: Vec<f64> = near(&card).iter().map(|near| near.2).collect();
    let expected: Vec<f64> = (0..5).map(|size| f64::from(size) / 19.5 / 3.0).collect();
    assert_eq!(distances, expected);
}

#[test]
fn reliability_counts_verdicts_that_decide_of_the_same_run_and_score() {
    let maker = maker("gradient_boosting");
    let row = input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]);
    let p = row.probability;
    let mut judged = maker.no_judged_rows();
    let texts = ["0", "1", "dns", "x"];
    let mut other_run = judged_case(5, Verdict::TruePositive, texts, p);
    other_run.score.as_mut().unwrap().run = "run-2".to_owned();
    let mut without_cells = judged_case(6, Verdict::TruePositive, texts, p);
    without_cells.cells = None;
    for case in [
        judged_case(1, Verdict::TruePositive, texts, p),
        judged_case(2, Verdict::BenignPositive, texts, p),
        judged_case(3, Verdict::Duplicate, texts, p),
        judged_case(4, Verdict::TruePositive, texts, p - 0.5),
        other_run,
        without_cells,
        judged_case(7, Verdict::TruePositive, texts, p),
    ] {
        maker.judge(&mut judged, case);
    }
    let reliability = maker
        .make(&row, &judged, &CancelToken::new())
        .unwrap()
        .reliability
        .unwrap();
    assert!(reliability.from <= p && p <= reliability.to);
    // 80 training rows stand for past ones; all near this score are malicious.
    assert!(reliability.rows >= 30 && reliability.malicious == reliability.rows);
    assert_eq!((reliability.judged, reliability.true_positives), (3, 2));
}

#[test]
fn without_a_model_equal_texts_are_near() {
    let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    let maker = CardMaker::without_model(&names, "run r1 is gone");
    let mut judged = maker.no_judged_rows();
    maker.judge(
        &mut judged,
        judged_case(1, Verdict::FalsePositive, ["4", "3.50", "http", "x"], 0.9),
    );
    let row = CardInput {
        row: RowId(7),
        cells: cells(["4", "3.5", "http", "x"]),
        probability: 0.9,
        flagged: true,
        threshold: None,
    };
    let card = maker.make(&row, &judged, &CancelToken::new()).unwrap();
    assert_eq!(near(&card), [(1, Verdict::FalsePositive, 0.25)]);
    assert_eq!(card.columns.len(), 4);
    assert!(
        card.columns
            .iter()
            .all(|column| column.share.is_none() && column.usual.is_empty())
    );
    assert_eq!(card.missing, ["no explanation of the score: run r1 is gone"]);
    assert!(card.reliability.is_none() && card.smallest_change.is_none() && card.other.is_empty());
    let none = maker.drift(&names, &[], &CancelToken::new()).unwrap();
    assert_eq!(none, Vec::<String>::new());
}
