//! onnxruntime against `predict`: the largest difference and the labels that differ, over whole files.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Workspace, bundled, repository};
use crate::runs::{MIXED, change_model, export, head, mixed, train};

/// The families that are exported.
const FAMILIES: [&str; 7] = [
    "logistic_regression",
    "decision_tree",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "naive_bayes_categorical",
    "naive_bayes_gaussian",
];

/// Straight to standard error: the test harness swallows what is printed by tests that pass.
fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Exports the run, scores the file by `predict` and has both compared; `false` if there is nothing to compare with.
fn compare(workspace: &Workspace, run: &Path, data: &Path) -> bool {
    let (out, scored) = (workspace.path("onnx"), workspace.path("scored.csv"));
    export(workspace, run, &out);
    workspace.run(
        &[&"predict", &data, &"--model", &run, &"--output", &scored, &"--raw"],
        0,
    );
    let python = std::env::var_os("NSEC_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let checked = Command::new(python)
        .arg(repository("tests/exports/check_onnx.py"))
        .args([&out, &scored])
        .output();
    let Ok(checked) = checked else {
        say("\nSKIPPED: check_onnx.py: no Python is there\n");
        return false;
    };
    let text = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
    if checked.status.code() == Some(77) {
        say("\nSKIPPED: check_onnx.py: onnx and onnxruntime are not installed (tests/exports/README.md)\n");
        return false;
    }
    assert!(checked.status.success(), "{text}");
    say(&format!("\n{text}"));
    true
}

/// Trains every family on the first rows of a file, each compared over the whole file; the threshold once as it was
/// chosen, once on the very probability of a row, which only exact arithmetic labels as we do.
fn compare_families(text: &str, schema: impl FnOnce(&Workspace, &Path) -> Option<PathBuf>) {
    let workspace = Workspace::new();
    let whole = workspace.write("whole.csv", text);
    let part = workspace.write("part.csv", head(text, 1_200));
    let schema = schema(&workspace, &whole);
    for family in FAMILIES {
        let run = train(&workspace, &part, schema.as_deref(), family);
        if !compare(&workspace, &run, &whole) {
            return;
        }
        let scored = crate::common::Table::read(&workspace.path("scored.csv"));
        let mut probabilities: Vec<f64> = scored
            .column("probability")
            .iter()
            .map(|p| p.parse().unwrap())
            .collect();
        probabilities.sort_by(f64::total_cmp);
        change_model(&run, |model| model.threshold = probabilities[probabilities.len() / 2]);
        compare(&workspace, &run, &whole);
    }
}

/// A file of the shared data beside the checkout.
fn shared(name: &str) -> Option<String> {
    let path = repository("../shared/data").join(name);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        say(&format!("\nSKIPPED: {} is not there\n", path.display()));
    }
    text
}

#[test]
fn phishing_sites_are_scored_the_same() {
    let text = shared("uci_phishing_websites.csv").unwrap_or_else(|| bundled(11_055));
    let is_whole = text.starts_with("having_IP_Address");
    compare_families(&text, |workspace, whole| {
        is_whole.then(|| generated_schema(workspace, whole, "Result"))
    });
}

#[test]
fn connections_are_scored_the_same() {
    let Some(text) = shared("nsl_kdd_train20.csv") else {
        return;
    };
    compare_families(&text, |workspace, whole| {
        Some(generated_schema(workspace, whole, "attack"))
    });
}

fn generated_schema(workspace: &Workspace, data: &Path, label: &str) -> PathBuf {
    let schema = workspace.path("schema.yaml");
    workspace.run(
        &[&"schema", &"generate", &data, &"--label", &label, &"--output", &schema],
        0,
    );
    schema
}

/// Every way of making features, on gaps, unseen categories and numbers of all sizes.
#[test]
fn every_setting_of_the_preprocessor_is_in_the_graph() {
    let settings = [
        ("{numeric_transform: log1p}", "logistic_regression"),
        (
            "{numeric_transform: square_root, scaling: min_max}",
            "logistic_regression",
        ),
        (
            "{scaling: robust, impute_numbers: mean, impute_categories: constant}",
            "naive_bayes_gaussian",
        ),
        (
            "{encoding: target_statistics, scaling: standard}",
            "logistic_regression",
        ),
        (
            "{encoding: ordinal, impute_numbers: constant, impute_constant: -1}",
            "naive_bayes_categorical",
        ),
        ("{top_k: 9, correlation_limit: 0.95}", "logistic_regression"),
        ("{encoding: one_hot, numeric_transform: log1p}", "gradient_boosting"),
        ("{max_categories: 2, port_features: false}", "extra_trees"),
        ("{numeric_transform: square_root}", "decision_tree"),
    ];
    let workspace = Workspace::new();
    let data = workspace.write("in.csv", mixed(700));
    let schema = workspace.write("mixed.yaml", MIXED);
    // Of other rows, too: categories and sizes that training did not see.
    let other = mixed(2_000).replace("dns", "never seen");
    let other = workspace.write("other.csv", other);
    for (transform, family) in settings {
        workspace.write("nsec.yaml", format!("transform: {transform}\n"));
        let run = train(&workspace, &data, Some(&schema), family);
        if !compare(&workspace, &run, &other) {
            return;
        }
    }
}
