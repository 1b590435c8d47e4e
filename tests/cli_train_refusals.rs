//! Owns the tests of what `train` refuses: wrong use, data without a usable label, families that all skip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod training_common;

use std::fs;

use training_common::{Place, repository};

#[test]
fn where_every_family_is_skipped_the_run_fails_and_says_why() {
    let place = Place::new();
    place.phishing("large.csv", 2_700, 1);
    let ended = place
        .run(&["train", "--data", "large.csv", "--models", "support_vector", "--json"])
        .expect(1);
    assert!(ended.complaint().contains("no model could be trained"), "{}", ended.err);
    assert!(ended.complaint().contains("skipped: "), "{}", ended.err);
    assert_eq!(ended.out, "");
    assert_eq!(place.listed()[0]["status"], "failed");
    assert!(!place.path("registry.json").exists());
}

#[test]
fn wrong_use_is_told_with_the_nearest_name_and_leaves_no_run() {
    let place = Place::new();
    for (arguments, hint) in [
        (&["--models", "decision_treee"][..], "did you mean `decision_tree`"),
        (
            &["--models", "naive_bayes_gaussian,logistic_regresion"],
            "did you mean `logistic_regression`",
        ),
        (&["--models", ","], "no model family"),
        (&["--select-by", "pr_acu"], "did you mean `pr_auc`"),
        (&["--select-by", "F1"], "did you mean `f1`"),
        (&["--split", "groped"], "grouped, stratified or time"),
        (&["--search", "gird"], "none, grid or random"),
        (&["--threshold-by", "alert:5"], "alerts:N"),
        (&["--threshold-by", "fpr:2"], "fpr"),
        (&["--test-fraction", "0.9"], "0.05 to 0.5"),
        (&["--trials", "0"], "trials"),
        (&["--threads", "0"], "threads"),
        (&["--split", "time"], "role: timestamp"),
        (&["--threshold"], "unexpected argument"),
    ] {
        let ended = place.run(&[&["train", "--json"][..], arguments].concat()).expect(2);
        assert!(ended.err.contains(hint), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "", "{arguments:?}");
    }
    let ended = place.run(&["train", "--data", "missing.csv"]).expect(1);
    assert!(ended.complaint().contains("missing.csv"));
    assert!(place.runs().is_empty(), "nothing began");
}

#[test]
fn a_direction_needs_a_numeric_column_of_the_schema() {
    let place = Place::new();
    for (column, reason) in [("nope", "no such feature column"), ("Result", "no such feature column")] {
        let text = format!("training:\n  monotone:\n    {column}: rising\n");
        place.write("nsec.yaml", text);
        let ended = place.run(&["train", "--json"]).expect(2);
        let said = ended.complaint();
        assert!(
            said.contains(&format!("training.monotone.{column}")) && said.contains(reason),
            "{said}"
        );
    }
    place.write("nsec.yaml", "training:\n  monotone:\n    SSLfinal_State: up\n");
    let ended = place.run(&["train", "--json"]).expect(2);
    assert!(ended.err.contains("rising"), "{}", ended.err);
    assert!(place.runs().is_empty(), "nothing began");
}

#[test]
fn data_without_a_usable_label_is_blocked() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 1);
    let text = fs::read_to_string(place.path("rows.csv")).unwrap();
    let label = text
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|n| n == "Result")
        .unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let without: Vec<String> = text
        .lines()
        .map(|line| {
            let mut cells = cells(line);
            cells.remove(label);
            cells.join(",")
        })
        .collect();
    place.write("without.csv", without.join("\n"));
    let one_class: Vec<&str> = text.lines().filter(|line| cells(line)[label] != "1").collect();
    place.write("one_class.csv", one_class.join("\n"));
    for (file, reason) in [("without.csv", "`Result`"), ("one_class.csv", "0 benign")] {
        let ended = place
            .run(&["train", "--data", file, "--models", "decision_tree", "--json"])
            .expect(3);
        assert!(ended.complaint().contains(reason), "{}", ended.err);
        assert_eq!(ended.out, "");
    }
    let listed = place.listed();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|run| run["status"] == "failed"));
    assert!(!place.path("registry.json").exists());

    let schema = fs::read_to_string(repository("data_schema/schema.yaml")).unwrap();
    let (before, rest) = schema.split_once("label:\n").unwrap();
    let (_, columns) = rest.split_once("columns:\n").unwrap();
    place.write("unlabelled.yaml", format!("{before}columns:\n{columns}"));
    let arguments = ["train", "--data", "rows.csv", "--schema", "unlabelled.yaml", "--json"];
    let ended = place.run(&arguments).expect(2);
    assert!(ended.complaint().contains("no label"), "{}", ended.err);
    assert_eq!(place.listed().len(), 2, "no run began");
}
