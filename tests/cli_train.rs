//! Owns the tests of `train`: what it prints and what it leaves on disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod training_common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use training_common::{Place, read_json, repository};

const FAMILIES: [&str; 9] = [
    "logistic_regression",
    "naive_bayes_categorical",
    "naive_bayes_gaussian",
    "decision_tree",
    "k_nearest_neighbors",
    "support_vector",
    "gradient_boosting",
    "random_forest",
    "extra_trees",
];

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

fn assert_keys(value: &Value, wanted: &[&str]) {
    let found = keys(value);
    for key in wanted {
        assert!(found.contains(key), "`{key}` is not among {found:?}");
    }
}

fn assert_metrics(metrics: &Value) {
    for name in ["accuracy", "precision", "recall", "f1", "roc_auc", "pr_auc", "brier"] {
        let value = metrics[name].as_f64().unwrap_or_else(|| panic!("no {name}"));
        assert!((0.0..=1.0).contains(&value), "{name} = {value}");
    }
    assert!(metrics["log_loss"].as_f64().is_some_and(|v| v >= 0.0));
    assert!(metrics["mcc"].as_f64().is_some_and(|v| (-1.0..=1.0).contains(&v)));
    assert!(metrics["precision_at"]["100"].is_f64());
    let count = |cell: &str| metrics["confusion"][cell].as_u64().expect("a count");
    assert_eq!(keys(&metrics["confusion"]), ["fn", "fp", "tn", "tp"].into());
    let rows = count("tp") + count("fp") + count("tn") + count("fn");
    let accuracy = (count("tp") + count("tn")) as f64 / rows as f64;
    assert!((accuracy - metrics["accuracy"].as_f64().unwrap()).abs() < 1e-12);
}

fn rows_of(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().count() as u64 - 1
}

fn files_below(root: &Path, below: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            files_below(root, &path, found);
        } else {
            found.push(path);
        }
    }
}

/// One run on the bundled data carries the checks of output and directory: it is the slowest part of this file.
#[test]
fn the_object_and_the_run_directory_are_as_the_contract_says() {
    let place = Place::new();
    let models = "naive_bayes_categorical,decision_tree";
    let ended = place.run(&["train", "--models", models, "--search", "none", "--json"]);
    let outcome = ended.json();
    assert!(ended.err.contains("training"), "people are told on standard error");
    check_outcome(&outcome);
    let run = Path::new(outcome["run_dir"].as_str().unwrap());
    assert_eq!(run, place.path("Artifacts").join(outcome["run_id"].as_str().unwrap()));
    check_layout(run);
    check_manifest(run, &outcome);
    check_model_trainer(run, &outcome);
    check_permutation(run);

    let split = &outcome["split"];
    let (train, test) = (
        split["train_rows"].as_u64().unwrap(),
        split["test_rows"].as_u64().unwrap(),
    );
    assert_eq!(train + test, 11_055);
    for side in ["data_ingestion/ingested", "data_validation/validated"] {
        assert_eq!(rows_of(&run.join(side).join("train.csv")), train);
        assert_eq!(rows_of(&run.join(side).join("test.csv")), test);
    }
    assert_eq!(rows_of(&run.join("data_ingestion/feature_store/data.csv")), 11_055);
    assert_eq!(rows_of(&run.join("data_validation/invalid/rejects.csv")), 0);
    // Test rows were scored once, all of them, at the one threshold.
    assert_eq!(outcome["metrics"]["test"]["rows"].as_u64(), Some(test));
    assert_eq!(outcome["metrics"]["train"]["rows"].as_u64(), Some(train));

    let registry = read_json(&place.path("registry.json"));
    assert_eq!(registry["champion"], outcome["run_id"]);
}

fn check_outcome(outcome: &Value) {
    let contract = [
        "run_id",
        "run_dir",
        "champion",
        "promoted",
        "split",
        "metrics",
        "leaderboard",
        "seconds",
    ];
    assert_keys(outcome, &contract);
    assert_keys(&outcome["champion"], &["model", "params", "threshold"]);
    assert_eq!(outcome["promoted"], true);
    let split = &outcome["split"];
    assert_keys(split, &["strategy", "seed", "train_rows", "test_rows", "seen_in_train"]);
    assert_eq!(split["strategy"], "grouped");
    assert_eq!(
        split["seen_in_train"].as_f64(),
        Some(0.0),
        "grouped: no test row was seen"
    );
    assert_metrics(&outcome["metrics"]["train"]);
    assert_metrics(&outcome["metrics"]["test"]);
    let board = outcome["leaderboard"].as_array().unwrap();
    assert_eq!(board.len(), 2);
    assert_eq!(
        (&board[0]["status"], &board[1]["status"]),
        (&"champion".into(), &"trained".into())
    );
    assert_eq!(board[0]["model"], outcome["champion"]["model"]);
    assert_eq!(board[0]["params"], outcome["champion"]["params"]);
    for row in board {
        assert_keys(
            row,
            &["model", "params", "cv", "fit_seconds", "predict_us_per_row", "status"],
        );
        for metric in ["f1", "roc_auc", "pr_auc", "brier"] {
            assert!(
                row["cv"][metric]["mean"].is_f64() && row["cv"][metric]["sd"].is_f64(),
                "{metric}"
            );
        }
    }
    let better = |row: &Value| row["cv"]["pr_auc"]["mean"].as_f64().unwrap();
    assert!(better(&board[0]) >= better(&board[1]), "best first, by pr_auc");
}

fn check_layout(run: &Path) {
    for file in [
        "manifest.json",
        "data_validation/report.json",
        "data_validation/drift_report/report.yaml",
        "data_transformation/preprocessor.json",
        "model_trainer/model.bin",
        "model_trainer/metrics.json",
        "model_trainer/leaderboard.json",
        "model_trainer/learning_curves.json",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    for directory in [
        "data_ingestion/feature_store",
        "data_ingestion/ingested",
        "data_validation/validated",
        "data_validation/invalid",
    ] {
        assert!(run.join(directory).is_dir(), "{directory}");
    }
    assert_eq!(training_common::temporary_files(run), Vec::<std::path::PathBuf>::new());
}

/// What each column is worth to the model on test rows: those that matter come first.
fn check_permutation(run: &Path) {
    let found = read_json(&run.join("model_trainer/permutation_importances.json"));
    assert_eq!((&found["metric"], &found["repeats"]), (&"pr_auc".into(), &3.into()));
    assert!((400..=5_000).contains(&found["rows"].as_u64().unwrap()), "{found}");
    let importances = found["importances"].as_array().unwrap();
    let lost: Vec<f64> = importances.iter().map(|pair| pair[1].as_f64().unwrap()).collect();
    assert!(lost.iter().rev().is_sorted() && lost[0] > 0.01, "{found}");
    // The two columns of this data that every model leans on.
    for column in ["SSLfinal_State", "URL_of_Anchor"] {
        assert!(importances[..2].iter().any(|pair| pair[0] == column), "{found}");
    }
    let mut names: Vec<&str> = importances.iter().map(|pair| pair[0].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), lost.len(), "each column once");
}

fn check_manifest(run: &Path, outcome: &Value) {
    let manifest = read_json(&run.join("manifest.json"));
    assert_eq!(manifest["status"], "finished");
    assert_eq!(manifest["run_id"], outcome["run_id"]);
    assert_eq!(manifest["seed"], 42);
    assert_eq!(manifest["data"]["rows"], 11_055);
    assert_eq!(manifest["model"], outcome["champion"]["model"]);
    assert_eq!(manifest["params"], outcome["champion"]["params"]);
    assert_eq!(manifest["threshold"], outcome["champion"]["threshold"]);
    assert_eq!(manifest["metrics"], outcome["metrics"]);
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    for key in ["schema", "split", "timings", "started_at", "finished_at"] {
        assert!(!manifest[key].is_null(), "{key}");
    }
    // Every file of the run but the manifest, with its size and hash.
    let mut found = Vec::new();
    files_below(run, "", &mut found);
    found.retain(|path| path != "manifest.json" && path != ".lock");
    found.sort();
    let listed: Vec<&str> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["path"].as_str().unwrap())
        .collect();
    assert_eq!(listed, found);
    for file in manifest["files"].as_array().unwrap() {
        let bytes = fs::read(run.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(file["bytes"].as_u64(), Some(bytes.len() as u64), "{file}");
        let hash = Sha256::digest(&bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<Vec<_>>()
            .concat();
        assert_eq!(file["sha256"].as_str(), Some(hash.as_str()), "{file}");
    }
}

fn check_model_trainer(run: &Path, outcome: &Value) {
    let metrics = read_json(&run.join("model_trainer/metrics.json"));
    for side in ["train", "test"] {
        assert_eq!(metrics[side]["metrics"], outcome["metrics"][side]);
        for curve in ["roc", "precision_recall", "gain", "calibration"] {
            assert!(
                !metrics[side]["curves"][curve].as_array().unwrap().is_empty(),
                "{curve}"
            );
        }
    }
    let board = read_json(&run.join("model_trainer/leaderboard.json"));
    assert_eq!(board, outcome["leaderboard"]);
    let curves = read_json(&run.join("model_trainer/learning_curves.json"));
    assert_eq!(
        curves,
        Value::Array(Vec::new()),
        "no family of this run fits in iterations"
    );
    let trials = fs::read_to_string(run.join("model_trainer/trials.ndjson")).unwrap();
    let models: Vec<Value> = trials
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["model"].clone())
        .collect();
    assert_eq!(models, ["naive_bayes_categorical", "decision_tree"], "registry order");
}

#[test]
fn a_stratified_split_of_the_bundled_data_says_how_much_was_seen() {
    let place = Place::new();
    let arguments = [
        "train",
        "--models",
        "naive_bayes_categorical",
        "--search",
        "none",
        "--split",
        "stratified",
    ];
    let outcome = place.run(&[&arguments[..], &["--json"]].concat()).json();
    let seen = outcome["split"]["seen_in_train"].as_f64().unwrap();
    // 63 % of the bundled rows repeat another; a random split finds most of those on both sides.
    assert!((0.6..0.95).contains(&seen), "{seen}");
    let plain = place.run(&arguments).expect(0);
    assert!(
        plain.out.contains("seen in training"),
        "people are told, too: {}",
        plain.out
    );
}

/// 400 rows, so that even the slowest family takes part; then 2,100, above what the support vector machine accepts.
#[test]
fn every_family_runs_or_says_why_not() {
    let place = Place::new();
    place.phishing("small.csv", 300, 1);
    let outcome = place
        .run(&["train", "--data", "small.csv", "--search", "none", "--json"])
        .json();
    let board = outcome["leaderboard"].as_array().unwrap();
    let models: BTreeSet<&str> = board.iter().map(|row| row["model"].as_str().unwrap()).collect();
    assert_eq!(models, FAMILIES.into());
    for row in board {
        let status = row["status"].as_str().unwrap();
        assert!(status == "champion" || status == "trained", "{row}");
    }

    place.phishing("large.csv", 2_700, 1);
    let models = "support_vector,naive_bayes_gaussian";
    let arguments = ["train", "--data", "large.csv", "--models", models, "--search", "none"];
    let outcome = place.run(&[&arguments[..], &["--json"]].concat()).json();
    let board = outcome["leaderboard"].as_array().unwrap();
    assert_eq!(board[1]["model"], "support_vector", "those without scores stand last");
    let status = board[1]["status"].as_str().unwrap();
    assert!(
        status.starts_with("skipped: ") && status.contains("2160 rows"),
        "{status}"
    );
    assert!(board[1]["cv"].is_null());
    let shown = place.run(&arguments).expect(0).out;
    // The table may break the line.
    let shown: Vec<&str> = shown.split_whitespace().collect();
    assert!(shown.join(" ").contains(status), "{shown:?}");
}

#[test]
fn the_search_decides_how_many_trials_run() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 1);
    let trials = |search: &[&str]| {
        let base = [
            "train",
            "--data",
            "rows.csv",
            "--models",
            "naive_bayes_gaussian,decision_tree",
            "--json",
        ];
        let outcome = place.run(&[&base[..], search].concat()).json();
        let board = outcome["leaderboard"].as_array().unwrap().clone();
        let counts: Vec<u64> = board.iter().map(|row| row["trials"].as_u64().unwrap()).collect();
        let run = Path::new(outcome["run_dir"].as_str().unwrap()).join("model_trainer/trials.ndjson");
        let logged = fs::read_to_string(run).unwrap().lines().count() as u64;
        assert_eq!(counts.iter().sum::<u64>(), logged, "every trial is in the log");
        counts
    };
    assert_eq!(trials(&["--search", "none"]), [1, 1]);
    assert_eq!(trials(&["--search", "random", "--trials", "3"]), [3, 3]);
    assert!(trials(&["--search", "grid"]).into_iter().sum::<u64>() > 2);
}

/// What stands in the leaderboard's first place is the best by the metric that was asked for.
#[test]
fn the_metric_that_selects_is_the_one_named() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 3);
    for (metric, higher) in [("f1", true), ("brier", false), ("roc_auc", true)] {
        let models = "naive_bayes_gaussian,naive_bayes_categorical,decision_tree";
        let arguments = [
            "train", "--data", "rows.csv", "--models", models, "--search", "none", "--json",
        ];
        let outcome = place.run(&[&arguments[..], &["--select-by", metric]].concat()).json();
        let board = outcome["leaderboard"].as_array().unwrap();
        let values: Vec<f64> = board.iter().map(|row| row["selected_by"].as_f64().unwrap()).collect();
        // To four decimals: a tie goes to the cheaper family.
        let ordered = |pair: &[f64]| (if higher { pair[0] - pair[1] } else { pair[1] - pair[0] }) > -1e-4;
        assert!(values.windows(2).all(ordered), "{metric}: {values:?}");
        let mean = board[0]["cv"][metric]["mean"].as_f64().unwrap();
        assert!((values[0] - mean).abs() < 1e-9, "{metric}: {} and {mean}", values[0]);
    }
}

#[test]
fn the_threshold_keeps_its_rule_on_out_of_fold_scores() {
    let place = Place::new();
    place.flows("flows.csv", 1_200, 5);
    let schema = repository("data_schema/network_flows.yaml");
    let train = |rule: &str| {
        let base = [
            "train",
            "--data",
            "flows.csv",
            "--schema",
            &schema,
            "--models",
            "naive_bayes_gaussian",
        ];
        let outcome = place
            .run(&[&base[..], &["--search", "none", "--json", "--threshold-by", rule]].concat())
            .json();
        assert_eq!(outcome["threshold"]["rule"], rule);
        let threshold = outcome["champion"]["threshold"].as_f64().unwrap();
        assert_eq!(
            outcome["threshold"]["out_of_fold"]["threshold"].as_f64(),
            Some(threshold)
        );
        let chosen = outcome["threshold"]["out_of_fold"].clone();
        let rows: u64 = ["tp", "fp", "tn", "fn"]
            .iter()
            .map(|c| chosen["confusion"][c].as_u64().unwrap())
            .sum();
        assert_eq!(
            Some(rows),
            outcome["split"]["train_rows"].as_u64(),
            "each training row once, no test row"
        );
        chosen
    };
    let best_f1 = train("f1")["f1"].as_f64().unwrap();
    let budget = train("alerts:40");
    assert!(budget["flagged"].as_u64().unwrap() <= 40);
    let rate = train("fpr:0.02");
    let cell = |chosen: &Value, name: &str| chosen["confusion"][name].as_u64().unwrap();
    assert!(cell(&rate, "fp") as f64 / (cell(&rate, "fp") + cell(&rate, "tn")) as f64 <= 0.02);
    let (cheap, dear) = (train("cost:1,1"), train("cost:1,50"));
    assert!(
        cell(&dear, "fn") <= cell(&cheap, "fn"),
        "a dear miss is made less often"
    );
    for other in [&budget, &rate, &cheap, &dear] {
        assert!(other["f1"].as_f64().unwrap() <= best_f1 + 1e-12);
    }
}

/// Test rows decide nothing: with every label of the later rows turned round, a time split gives the same model to
/// the byte, threshold and calibration included, and other test metrics.
#[test]
fn the_model_does_not_depend_on_test_labels() {
    let place = Place::new();
    place.flows("flows.csv", 1_200, 5);
    let text = fs::read_to_string(place.path("flows.csv")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = lines[0].split(',').position(|name| name == "label").unwrap();
    // The last fifth is the test side; a margin keeps rows of equal times out of the game.
    for line in &mut lines[980..] {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[at] = if cells[at] == "benign" { "scan" } else { "benign" };
        *line = cells.join(",");
    }
    place.write("turned.csv", lines.join("\n") + "\n");
    let schema = repository("data_schema/network_flows.yaml");
    let train = |data: &str| {
        let models = "naive_bayes_gaussian,decision_tree";
        let base = [
            "train", "--data", data, "--schema", &schema, "--models", models, "--search", "none",
        ];
        let outcome = place.run(&[&base[..], &["--split", "time", "--json"]].concat()).json();
        assert_eq!(outcome["split"]["strategy"], "time");
        let run = Path::new(outcome["run_dir"].as_str().unwrap()).to_owned();
        (
            fs::read(run.join("model_trainer/model.bin")).unwrap(),
            outcome["metrics"]["test"].clone(),
        )
    };
    let (model, metrics) = train("flows.csv");
    let (turned, turned_metrics) = train("turned.csv");
    assert_ne!(metrics, turned_metrics);
    assert!(model == turned, "model.bin depends on the labels of test rows");
}

#[test]
fn standard_input_is_a_source() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 1);
    let models = ["--models", "naive_bayes_gaussian", "--search", "none", "--json"];
    let from_file = place
        .run(&[&["train", "--data", "rows.csv"][..], &models].concat())
        .json();
    let mut command = place.command(&[&["train", "--data", "-"][..], &models].concat());
    command.stdin(fs::File::open(place.path("rows.csv")).unwrap());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let from_stdin: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(from_stdin["metrics"], from_file["metrics"]);
}
