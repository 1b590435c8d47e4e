//! Owns the tests of learning from verdicts on the command line: a label audit that is judged, the data cleaned by it, training
//! with it, and what promotion says of judged rows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod training_common;

use std::fs;
use std::path::Path;

use nsec_tui::schema::Loaded;
use nsec_tui::store::{LocalStore, StoreOptions, VerdictStore};
use nsec_tui::triage::{CaseId, Change, Event, Lane, Verdict};
use nsec_tui::workspace::Workspace;
use serde_json::Value;
use training_common::{Place, read_json};

const TRAIN: [&str; 7] = [
    "train",
    "--json",
    "--search",
    "none",
    "--models",
    "decision_tree",
    "--data",
];

fn train(place: &Place, more: &[&str]) -> Value {
    place.run(&[&TRAIN[..], &["rows.csv"], more].concat()).json()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a text")
}

/// Judges the first rows of an audited file as mislabelled; answers how many cases that were.
fn judge_first(place: &Place, audit: &Path, rows: usize) -> usize {
    let schema = Loaded::parse(nsec_tui::embedded::SCHEMA, "bundled").unwrap().schema;
    let mut reader = csv::Reader::from_path(audit).unwrap();
    let header = reader.headers().unwrap().clone();
    let place_of = |name: &str| header.iter().position(|other| other == name).unwrap();
    let mut events: Vec<Event> = Vec::new();
    for record in reader.records().take(rows) {
        let record = record.unwrap();
        let case = CaseId {
            schema: schema.name.clone(),
            row: record[place_of("row_id")].parse().unwrap(),
        };
        if events.iter().any(|event| event.case == case) {
            continue;
        }
        let verdict = match &record[place_of("given_label")] {
            "malicious" => Verdict::FalsePositive,
            "benign" => Verdict::TruePositive,
            other => panic!("{other}"),
        };
        let columns = schema.columns.iter().filter(|column| !schema.is_label(&column.name));
        let cells = columns.map(|column| (column.name.clone(), record[place_of(&column.name)].to_owned()));
        events.push(Event {
            lane: Lane::LabelAudit,
            cells: Some(cells.collect()),
            ..Event::now(
                case,
                "ann",
                Change::Judge {
                    verdict: Some(verdict),
                    reason: None,
                },
            )
        });
    }
    let mut store = LocalStore::open(&Workspace::at(place.root()), StoreOptions::default()).unwrap();
    store.append(&events, "test").unwrap();
    events.len()
}

fn differing_lines(a: &[u8], b: &[u8]) -> usize {
    let (a, b): (Vec<&[u8]>, Vec<&[u8]>) = (a.split(|c| *c == b'\n').collect(), b.split(|c| *c == b'\n').collect());
    assert_eq!(a.len(), b.len());
    a.iter().zip(&b).filter(|(a, b)| a != b).count()
}

#[test]
fn what_the_audit_finds_is_judged_cleaned_and_learned_from() {
    let place = Place::new();
    place.phishing("rows.csv", 500, 51);
    let first = train(&place, &[]);
    assert!(first.get("verdicts").is_none());
    let run = text(&first, "run_id").to_owned();
    let audited = place.run(&["verdicts", "audit-labels", &run, "--json"]).json();
    assert_eq!(audited["rows"], first["split"]["train_rows"]);
    let audit = place.path("prediction_output/label_audit.csv");
    assert_eq!(Path::new(text(&audited, "output")), audit);

    // Nobody has judged yet: training goes on, and says so.
    let ended = place.run(&[&TRAIN[..], &["rows.csv", "--with-verdicts"]].concat());
    assert!(ended.err.contains("no verdicts"), "{}", ended.err);
    let none = ended.json();
    assert_eq!(
        (&none["verdicts"]["judged"], &none["metrics"]),
        (&0.into(), &first["metrics"])
    );

    let cases = judge_first(&place, &audit, 12);
    let clean = ["verdicts", "clean", audit.to_str().unwrap(), "--output", "cleaned.csv"];
    let cleaned = place.run(&[&clean[..], &["--json"]].concat()).json();
    let corrected = cleaned["corrected"].as_u64().unwrap();
    assert!(corrected >= cases as u64, "a verdict covers every row of its case");
    assert_eq!(cleaned["rows"], 500);
    let kept = fs::read(Path::new(text(&first, "run_dir")).join("data_ingestion/feature_store/data.csv")).unwrap();
    assert_eq!(differing_lines(&place.read("cleaned.csv"), &kept) as u64, corrected);
    let said = place.run(&clean).expect(0);
    assert!(
        said.out.contains(&format!("{corrected} labels corrected")),
        "{}",
        said.out
    );

    let taught = train(&place, &["--with-verdicts"]);
    let used = &taught["verdicts"];
    assert_eq!(
        (&used["judged"], &used["cases_in_data"]),
        (&cases.into(), &cases.into())
    );
    assert_eq!(used["corrected_rows"], corrected);
    assert_eq!(taught["split"], first["split"]);
    let again = train(&place, &["--with-verdicts"]);
    let model = |run: &Value| fs::read(Path::new(text(run, "run_dir")).join("model_trainer/model.bin")).unwrap();
    assert!(model(&taught) == model(&again) && model(&taught) != model(&first));
    let manifest = read_json(&Path::new(text(&taught, "run_dir")).join("manifest.json"));
    assert_eq!(manifest["verdicts"], *used);

    let promoted = place.run(&["runs", "promote", text(&taught, "run_id"), "--json"]);
    let answer = promoted.json();
    assert_eq!(answer["champion"], taught["run_id"]);
    assert_eq!(answer["judged"]["judged"], cases);
    assert!(
        promoted.err.contains(&format!("of {cases} judged cases")),
        "{}",
        promoted.err
    );
    // Back again, the judged cases that the first model has wrong are lost: said, not refused.
    let back = place.run(&["runs", "promote", &run]).expect(0);
    let worse =
        answer["judged"]["found"].as_array().unwrap().len() + answer["judged"]["cleared"].as_array().unwrap().len();
    assert_eq!(back.err.contains("warning: of"), worse > 0, "{}", back.err);
}

#[test]
fn wrong_use_is_told_in_one_line() {
    let place = Place::new();
    place.phishing("rows.csv", 60, 5);
    let unknown = place
        .run(&["verdicts", "audit-labels", "20260101T000000Z-aaaa"])
        .expect(4);
    assert!(unknown.complaint().contains("no run"), "{}", unknown.err);
    let same = place
        .run(&["verdicts", "clean", "rows.csv", "--output", "rows.csv"])
        .expect(2);
    assert!(same.complaint().contains("another name"), "{}", same.err);
    place.write("nsec.yaml", "training:\n  verdicts:\n    weight: 0\n");
    let weight = place.run(&["train", "--with-verdicts"]).expect(2);
    assert!(
        weight.complaint().contains("training.verdicts.weight"),
        "{}",
        weight.err
    );
}
