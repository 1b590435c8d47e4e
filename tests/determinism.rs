//! Owns the promise that threads change nothing but the time: `model.bin` is the same to the byte.

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

use training_common::{Place, repository};

/// Trains with so many threads and gives back the model's bytes.
fn model(place: &Place, threads: &str, arguments: &[&str]) -> Vec<u8> {
    let all = [&["train", "--json", "--threads", threads][..], arguments].concat();
    let outcome = place.run(&all).json();
    let run = Path::new(outcome["run_dir"].as_str().expect("a directory"));
    fs::read(run.join("model_trainer/model.bin")).expect("a model")
}

/// On one thread and on two, each twice.
fn assert_repeats(place: &Place, arguments: &[&str]) -> Vec<u8> {
    let first = model(place, "1", arguments);
    for threads in ["2", "1", "2"] {
        let again = model(place, threads, arguments);
        assert!(
            again == first,
            "{arguments:?} with {threads} threads gives another model"
        );
    }
    first
}

const FAMILIES: [&str; 7] = [
    "logistic_regression",
    "naive_bayes_categorical",
    "naive_bayes_gaussian",
    "decision_tree",
    "gradient_boosting",
    "random_forest",
    "extra_trees",
];

#[test]
fn each_family_without_a_search() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 11);
    for family in FAMILIES {
        assert_repeats(&place, &["--data", "rows.csv", "--models", family, "--search", "none"]);
    }
}

#[test]
fn a_search_over_several_families() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 11);
    let models = "naive_bayes_categorical,naive_bayes_gaussian,decision_tree";
    for search in [&["--search", "grid"][..], &["--search", "random", "--trials", "4"]] {
        assert_repeats(
            &place,
            &[&["--data", "rows.csv", "--models", models][..], search].concat(),
        );
    }
    let logistic = [
        "--data",
        "rows.csv",
        "--models",
        "logistic_regression",
        "--search",
        "random",
        "--trials",
        "2",
    ];
    assert_repeats(&place, &logistic);
}

#[test]
fn numbers_addresses_and_missing_values_too() {
    let place = Place::new();
    place.flows("flows.csv", 1_000, 11);
    let schema = repository("data_schema/network_flows.yaml");
    let models = "naive_bayes_gaussian,decision_tree,gradient_boosting,random_forest";
    let arguments = [
        "--data",
        "flows.csv",
        "--schema",
        &schema,
        "--models",
        models,
        "--search",
        "none",
    ];
    for split in ["grouped", "time"] {
        assert_repeats(&place, &[&arguments[..], &["--split", split]].concat());
    }
}

#[test]
fn balanced_classes_too_and_they_change_the_model() {
    let place = Place::new();
    place.flows("flows.csv", 1_000, 11);
    let schema = repository("data_schema/network_flows.yaml");
    // One family takes weights itself, the other gets rows repeated; both end in the same promise.
    for family in [
        "naive_bayes_categorical",
        "decision_tree",
        "gradient_boosting",
        "extra_trees",
    ] {
        let arguments = [
            "--data",
            "flows.csv",
            "--schema",
            &schema,
            "--models",
            family,
            "--search",
            "none",
        ];
        place.write("nsec.yaml", "");
        let plain = model(&place, "2", &arguments);
        place.write("nsec.yaml", "transform:\n  class_weight: balanced\n");
        let balanced = assert_repeats(&place, &arguments);
        assert!(plain != balanced, "{family}: balancing changes nothing");
    }
}

#[test]
fn another_seed_gives_another_model() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 11);
    let arguments = [
        "--data",
        "rows.csv",
        "--models",
        "naive_bayes_gaussian",
        "--search",
        "none",
    ];
    let one = model(&place, "1", &[&arguments[..], &["--seed", "1"]].concat());
    let two = model(&place, "1", &[&arguments[..], &["--seed", "2"]].concat());
    assert!(one != two, "the seed decides nothing");
}
