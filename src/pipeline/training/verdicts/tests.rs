//! Owns the tests of what verdicts change in training: what reaches the training side, and what never does.

use serde_json::Value;

use super::teaching::{Lesson, Taught, teach};
use super::*;
use crate::cancel::CancelToken;
use crate::data::{RowId, Split, SplitStrategy};
use crate::pipeline::ingestion::Dataset;
use crate::pipeline::judged::{JudgedCase, JudgedCases};
use crate::pipeline::testing::{House, case, dataset, ids, judged, read, rows, schema};
use crate::triage::{Lane, Verdict};
use crate::validation::ValidationSettings;

const ROWS: &str = "id,a,b,t,y\n\
    r0,1,1,2026-01-01T00:00:00Z,bad\n\
    r1,1,1,2026-01-02T00:00:00Z,bad\n\
    r2,2,1,2026-01-03T00:00:00Z,good\n\
    r3,3,1,2026-01-04T00:00:00Z,good\n\
    r4,4,1,2026-01-05T00:00:00Z,bad\n\
    r5,5,1,2026-01-06T00:00:00Z,good\n";
const EARLY: &str = "2025-12-01T00:00:00Z";

/// The first four rows are learned from, the last two are the test.
fn taught(data: &Dataset, judged: &JudgedCases, strategy: SplitStrategy, settings: &VerdictSettings) -> Taught {
    let lesson = Lesson {
        dataset: data,
        parts: &Split {
            train: vec![0, 1, 2, 3],
            test: vec![4, 5],
        },
        strategy,
        schema: &schema(),
        validation: &ValidationSettings::default(),
        settings,
        cancel: &CancelToken::new(),
    };
    teach(lesson, Some(judged)).unwrap()
}

fn with(data: &Dataset, cases: Vec<JudgedCase>) -> (Taught, VerdictUse) {
    let mut taught = taught(
        data,
        &judged(cases),
        SplitStrategy::Grouped,
        &VerdictSettings::default(),
    );
    let used = taught.used.take().unwrap();
    (taught, used)
}

fn new_case(row: u64, verdict: Verdict, a: &str) -> JudgedCase {
    case(
        RowId(row),
        verdict,
        &[("id", "new"), ("a", a), ("b", "1"), ("t", EARLY)],
    )
}

#[test]
fn a_corrected_label_reaches_the_training_side_alone() {
    let data = dataset(ROWS);
    let id = ids(&data);
    let (taught, used) = with(
        &data,
        vec![
            case(id[0], Verdict::FalsePositive, &[]),
            case(id[2], Verdict::FalsePositive, &[]),
            // A test row keeps the label of its file, whatever was judged.
            case(id[4], Verdict::FalsePositive, &[("id", "r4"), ("a", "4"), ("b", "1")]),
        ],
    );
    assert_eq!(taught.rows, [0, 1, 2, 3]);
    assert_eq!(taught.labels, [false, true, false, false]);
    assert_eq!(data.labels, [true, true, false, false, true, false]);
    assert!(taught.added.is_none() && taught.weights.is_none() && taught.audit.is_none());
    assert_eq!(
        (
            used.cases_in_data,
            used.corrected_rows,
            used.confirmed_rows,
            used.in_test
        ),
        (2, 1, 1, 1)
    );
}

#[test]
fn cases_that_are_not_in_the_data_are_added_but_never_a_test_rows_features() {
    let data = dataset(ROWS);
    let (taught, used) = with(
        &data,
        vec![
            new_case(7, Verdict::TruePositive, "9"),
            new_case(8, Verdict::FalsePositive, "8"),
            // Another id, but the features of the fifth row.
            new_case(9, Verdict::FalsePositive, "4"),
        ],
    );
    let added = taught.added.unwrap();
    assert_eq!(added.labels, [true, false]);
    assert_eq!(
        added.frame.column("a").unwrap().i64().unwrap().to_vec(),
        [Some(9), Some(8)]
    );
    assert_eq!(added.cells[1][1], ("a".to_owned(), "8".to_owned()));
    assert_eq!((used.added, used.added_malicious, used.in_test), (2, 1, 1));
    assert_eq!(taught.labels, [true, true, false, false]);
}

#[test]
fn copies_of_test_rows_on_the_training_side_are_not_corrected() {
    // As a split without groups would leave it.
    let data = dataset(&ROWS.replace("r3,3,", "r3,4,"));
    let id = ids(&data);
    let (taught, used) = with(
        &data,
        vec![case(
            id[3],
            Verdict::TruePositive,
            &[("id", "r3"), ("a", "4"), ("b", "1")],
        )],
    );
    assert_eq!(taught.labels, [true, true, false, false]);
    assert!(taught.added.is_none());
    assert_eq!((used.corrected_rows, used.in_test), (0, 1));
}

#[test]
fn benign_positives_duplicates_and_undetermined_teach_nothing_unless_asked() {
    let data = dataset(ROWS);
    let id = ids(&data);
    let cases = || {
        judged([
            case(id[0], Verdict::BenignPositive, &[]),
            case(id[1], Verdict::Duplicate, &[]),
            case(id[2], Verdict::Undetermined, &[]),
        ])
    };
    let with = |benign_positive| {
        let settings = VerdictSettings {
            benign_positive,
            ..VerdictSettings::default()
        };
        let taught = taught(&data, &cases(), SplitStrategy::Grouped, &settings);
        (taught.labels, taught.used.unwrap())
    };
    let (labels, used) = with(BenignPositive::LeaveOut);
    assert_eq!(labels, [true, true, false, false]);
    assert_eq!((used.benign_positives, used.duplicates, used.undetermined), (1, 1, 1));
    assert!(
        used.sentence().contains("1 benign positives left out"),
        "{}",
        used.sentence()
    );
    let (labels, used) = with(BenignPositive::Benign);
    assert_eq!((labels[0], used.benign_positives, used.corrected_rows), (false, 0, 1));
    let (labels, used) = with(BenignPositive::Malicious);
    assert_eq!((labels[0], used.benign_positives, used.confirmed_rows), (true, 0, 1));
}

#[test]
fn the_random_audit_is_measured_on_and_not_learned_from() {
    let data = dataset(ROWS);
    let id = ids(&data);
    let audit = |case: JudgedCase| JudgedCase {
        lane: Lane::RandomAudit,
        ..case
    };
    let cases = || {
        vec![
            audit(case(
                id[0],
                Verdict::FalsePositive,
                &[("id", "r0"), ("a", "1"), ("b", "1")],
            )),
            audit(new_case(7, Verdict::TruePositive, "9")),
            audit(new_case(8, Verdict::Undetermined, "8")),
            // The features that the audit drew, judged again under another id.
            new_case(9, Verdict::FalsePositive, "9"),
        ]
    };
    let (apart, used) = with(&data, cases());
    assert_eq!(apart.rows, [2, 3], "both rows with the features of the first");
    assert!(apart.added.is_none());
    let (frame, labels) = apart.audit.unwrap();
    assert_eq!((frame.height(), labels.iter().filter(|l| **l).count()), (2, 1));
    assert_eq!(
        (used.audited, used.held_out_rows, used.undetermined, used.unusable),
        (2, 2, 1, 1)
    );
    let settings = VerdictSettings {
        learn_from_audit: true,
        ..VerdictSettings::default()
    };
    let learned = taught(&data, &judged(cases()), SplitStrategy::Grouped, &settings);
    assert_eq!(learned.labels, [false, true, false, false]);
    assert_eq!(learned.added.unwrap().labels, [true, false]);
    assert!(learned.audit.is_none());
}

#[test]
fn in_a_time_split_what_happened_as_late_as_the_test_is_not_learned_from() {
    let data = dataset(ROWS);
    let at = |row, time: &str| {
        case(
            RowId(row),
            Verdict::TruePositive,
            &[("id", "n"), ("a", "9"), ("b", "2"), ("t", time)],
        )
    };
    let cases = judged([at(1, "2026-01-04T12:00:00Z"), at(2, "2026-01-05T00:00:00Z"), at(3, "")]);
    let taught = taught(&data, &cases, SplitStrategy::Time, &VerdictSettings::default());
    let used = taught.used.unwrap();
    assert_eq!((used.added, used.too_late), (1, 2));
    assert_eq!(taught.added.unwrap().times.unwrap().len(), 1);
}

#[test]
fn judged_rows_weigh_what_the_setting_says() {
    let data = dataset(ROWS);
    let id = ids(&data);
    let settings = VerdictSettings {
        weight: 3.0,
        ..VerdictSettings::default()
    };
    let cases = judged([
        case(id[1], Verdict::TruePositive, &[]),
        new_case(7, Verdict::TruePositive, "9"),
    ]);
    let taught = taught(&data, &cases, SplitStrategy::Grouped, &settings);
    assert_eq!(taught.weights.unwrap(), [1.0, 3.0, 1.0, 1.0, 3.0]);
    for weight in [0.0, -1.0, f64::NAN, 1001.0] {
        let settings = VerdictSettings {
            weight,
            ..settings.clone()
        };
        assert!(settings.check().is_err(), "{weight}");
    }
}

#[test]
fn columns_that_the_schema_does_not_have_are_passed_over_and_said() {
    let data = dataset(ROWS);
    let mut odd = new_case(7, Verdict::TruePositive, "9");
    odd.cells.as_mut().unwrap().push(("colour".into(), "red".into()));
    let (taught, used) = with(&data, vec![odd, new_case(8, Verdict::TruePositive, "nine")]);
    assert_eq!(taught.added.unwrap().labels, [true]);
    assert_eq!(
        (used.unknown_columns.as_slice(), used.unusable),
        (&["colour".to_owned()][..], 1)
    );
    let sentence = used.sentence();
    assert!(
        sentence.contains("colour") && sentence.contains("case 0000000000000008"),
        "{sentence}"
    );
}

/// A training run: rows that `a` tells the label of, thirty of them judged and three wrong.
fn lessons(house: &House) -> JudgedCases {
    let data = dataset(&std::fs::read_to_string(&house.data).unwrap());
    let id = ids(&data);
    let told = |row: usize| {
        let (a, b) = ((row * 7919 % 101).to_string(), (row * 31 % 17).to_string());
        let verdict = if row * 7919 % 101 > 50 {
            Verdict::TruePositive
        } else {
            Verdict::FalsePositive
        };
        case(id[row], verdict, &[("id", &format!("r{row}")), ("a", &a), ("b", &b)])
    };
    let audited = (0..20).map(|row: usize| {
        let a = (row * 5 + 1000 * (row % 2)).to_string();
        let verdict = if row % 2 == 1 {
            Verdict::TruePositive
        } else {
            Verdict::FalsePositive
        };
        JudgedCase {
            lane: Lane::RandomAudit,
            ..case(RowId(row as u64), verdict, &[("id", "audit"), ("a", &a), ("b", "99")])
        }
    });
    judged((0..30).map(told).chain(audited))
}

#[test]
fn a_run_with_verdicts_says_so_repeats_and_leaves_the_test_side_alone() {
    let house = House::new(&rows(240, &[3, 9, 21]));
    let cases = lessons(&house);
    let plain = house.train(None, |_| {});
    let first = house.train(Some(&cases), |_| {});
    let second = house.train(Some(&cases), |_| {});
    let used = first.verdicts.clone().unwrap();
    assert!(plain.verdicts.is_none());
    assert_eq!(used.judged, 50);
    assert!(used.corrected_rows >= 1 && used.corrected_rows <= 3, "{used:?}");
    assert_eq!(used.audited, 20);

    let model = "model_trainer/model.bin";
    assert!(
        read(&first, model) == read(&second, model),
        "the same verdicts, the same model"
    );
    assert!(read(&first, model) != read(&plain, model));
    let (train, test) = ("data_ingestion/ingested/train.csv", "data_ingestion/ingested/test.csv");
    assert_eq!(read(&first, test), read(&plain, test));
    assert_ne!(read(&first, train), read(&plain, train));
    let lines = |run, file| read(run, file).split(|b| *b == b'\n').count();
    assert_eq!(
        lines(&first, train),
        first.split.train_rows + 2,
        "the header and an end"
    );

    let audit = first.metrics.random_audit.clone().unwrap();
    assert_eq!((audit.n, audit.metrics.rows, audit.metrics.positives), (20, 20, 10));
    assert_eq!(first.metrics.test.rows, plain.metrics.test.rows);
    let manifest: Value = serde_json::from_slice(&read(&first, "manifest.json")).unwrap();
    assert_eq!(manifest["verdicts"]["sha256"], cases.hash());
    assert_eq!(manifest["metrics"]["random_audit"]["n"], 20);
    assert!(manifest["metrics"]["test"].get("n").is_none());
    let metrics: Value = serde_json::from_slice(&read(&first, "model_trainer/metrics.json")).unwrap();
    assert_eq!(metrics["random_audit"]["n"], 20);
    let outcome = serde_json::to_value(&plain).unwrap();
    assert!(outcome.get("verdicts").is_none() && outcome["metrics"].get("random_audit").is_none());
    let conditions: Value = serde_json::from_slice(&read(&first, "model_trainer/conditions.json")).unwrap();
    assert_eq!(conditions["verdicts"]["sha256"], cases.hash());
}

#[test]
fn an_empty_store_says_so_and_trains_as_usual() {
    let house = House::new(&rows(120, &[]));
    let plain = house.train(None, |_| {});
    let empty = house.train(Some(&JudgedCases::default()), |_| {});
    let model = "model_trainer/model.bin";
    assert!(read(&plain, model) == read(&empty, model));
    assert!(empty.verdicts.unwrap().sentence().starts_with("no verdicts"));
    assert!(empty.metrics.random_audit.is_none());
}

#[test]
fn added_cases_stand_in_the_run_s_rows_with_the_label_they_were_learned_with() {
    let house = House::new(&rows(120, &[]));
    let added = judged([case(
        RowId(1),
        Verdict::TruePositive,
        &[("id", "=1+1"), ("a", "70"), ("b", "500")],
    )]);
    let run = house.train(Some(&added), |_| {});
    let train = String::from_utf8(read(&run, "data_ingestion/ingested/train.csv")).unwrap();
    assert_eq!(train.lines().last(), Some("=1+1,70,500,bad"));
    let weighted = house.train(Some(&added), |training| training.verdicts.weight = 5.0);
    assert_eq!(weighted.verdicts.unwrap().weight, 5.0);
}
