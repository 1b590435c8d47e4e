//! Owns the proof of `export sql`: engines that read the query say what we say, and what cannot be said is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Workspace, bundled, repository};

/// Straight to standard error: the test harness swallows what is printed by tests that pass.
fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

/// Compares an engine's answer with `predict`'s, if the engine is here.
#[track_caller]
fn check(dialect: &str, query: &Path, input: &Path, scored: &Path, size: &[String]) {
    let python = match (dialect, std::env::var_os("NSEC_TEST_SPARK_PYTHON")) {
        ("spark", Some(python)) => python,
        _ => std::env::var_os("NSEC_TEST_PYTHON").unwrap_or_else(|| "python3".into()),
    };
    let mut command = Command::new(&python);
    command.arg(repository("tests/exports/check_sql.py")).arg(dialect);
    let output = command.args([query, input, scored]).args(size).output();
    let Ok(output) = output else {
        return say(&format!(
            "\nSKIPPED: {dialect}: {} is not there\n",
            python.to_string_lossy()
        ));
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.code() == Some(77) {
        return say(&format!(
            "\nSKIPPED: {dialect} is not installed (tests/exports/README.md)\n"
        ));
    }
    assert!(output.status.success(), "{dialect}: {text}");
    say(&format!("\n{text}"));
}

/// Trains `family` on a file and compares every engine on the rows of `input`.
fn agree(workspace: &Workspace, family: &str, settings: &str, data: &[&dyn AsRef<OsStr>], input: &Path) {
    workspace.write("nsec.yaml", settings);
    let mut train: Vec<&dyn AsRef<OsStr>> = vec![&"train", &"--models", &family, &"--search", &"none", &"--json"];
    train.extend(data);
    let run = workspace.run(&train, 0).json()["run_id"].as_str().unwrap().to_owned();
    let scored = workspace.path("scored.csv");
    workspace.run(
        &[
            &"predict",
            &input,
            &"--model",
            &run,
            &"--output",
            &scored,
            &"--explain",
            &"0",
        ],
        0,
    );
    for dialect in ["duckdb", "clickhouse", "spark"] {
        let query = workspace.path("query.sql");
        let call: [&dyn AsRef<OsStr>; 7] = [&"export", &"sql", &run, &"--dialect", &dialect, &"--output", &query];
        let told = workspace.run(&call, 0).err();
        // `…: 5,659 bytes, about 600 elements, 200 levels`
        let numbers = told
            .lines()
            .last()
            .unwrap()
            .rsplit(", ")
            .take(2)
            .map(|part| part.chars().filter(char::is_ascii_digit).collect::<String>());
        let mut size: Vec<String> = numbers.collect();
        size.reverse();
        say(&format!("\n{family}, {} bytes", fs::metadata(&query).unwrap().len()));
        check(dialect, &query, input, &scored, &size);
    }
}

/// Ensembles that a query can hold.
const FEW_TREES: &str = "training:\n  params:\n    gradient_boosting: {trees: 12, max_leaves: 12}\n    \
    random_forest: {trees: 6, max_depth: 6}\n    extra_trees: {trees: 6, max_depth: 6}\n";

#[test]
fn engines_agree_on_the_bundled_rows() {
    let workspace = Workspace::new();
    let input = workspace.write("uci.csv", bundled(11_055));
    // Fewer rows to learn from, so that the test is quick without optimisation, too.
    let some = workspace.write("some.csv", bundled(2_000));
    for family in [
        "logistic_regression",
        "decision_tree",
        "naive_bayes_categorical",
        "naive_bayes_gaussian",
    ] {
        agree(&workspace, family, "", &[&"--data", &some], &input);
    }
    for family in ["gradient_boosting", "random_forest", "extra_trees"] {
        agree(&workspace, family, FEW_TREES, &[&"--data", &some], &input);
    }
}

/// NSL-KDD from the shared data, or `None`, said loudly, where this machine does not have it.
fn nsl_kdd() -> Option<PathBuf> {
    let directory = std::env::var_os("NSEC_SHARED_DATA").map_or_else(|| repository("../shared/data"), PathBuf::from);
    let path = directory.join("nsl_kdd_train20.csv");
    if !path.is_file() {
        say(&format!(
            "\nSKIPPED: {} is not here; set NSEC_SHARED_DATA\n",
            path.display()
        ));
        return None;
    }
    Some(path)
}

#[test]
fn engines_agree_on_network_flows() {
    let Some(input) = nsl_kdd() else { return };
    let workspace = Workspace::new();
    let text = fs::read_to_string(&input).unwrap();
    let head: String = text.lines().take(4_001).flat_map(|line| [line, "\n"]).collect();
    let some = workspace.write("some.csv", head);
    let schema = workspace.path("flows.yaml");
    workspace.run(
        &[
            &"schema",
            &"generate",
            &input,
            &"--label",
            &"attack",
            &"--output",
            &schema,
        ],
        0,
    );
    for (family, settings) in [
        ("logistic_regression", ""),
        ("decision_tree", ""),
        ("naive_bayes_gaussian", ""),
        ("gradient_boosting", FEW_TREES),
        ("extra_trees", FEW_TREES),
    ] {
        agree(
            &workspace,
            family,
            settings,
            &[&"--data", &some, &"--schema", &schema],
            &input,
        );
    }
}

/// Rows with gaps, quotes, signs and odd names; what is missing is NULL in the engine.
#[test]
fn engines_agree_on_gaps_and_odd_names() {
    let mut text = "size\"s,ki`nd,it's,b,when,y\n".to_owned();
    for at in 0..600_i32 {
        let value = at * 7919 % 1009;
        let size = if at % 11 == 0 {
            String::new()
        } else {
            format!("{}.{}", (value - 400) * 10_i32.pow(at as u32 % 5), at % 7)
        };
        let kind = ["tcp", "o'brien", "back\\slash", "", "a`b", "\"q\"\"\""][at as usize % 6];
        let more = if at % 13 == 0 {
            String::new()
        } else {
            (value % 9 - 3).to_string()
        };
        let truth = ["true", "false", ""][at as usize % 3];
        let label = if value > 500 { "bad" } else { "good" };
        text.push_str(&format!("{size},{kind},{more},{truth},{at},{label}\n"));
    }
    let workspace = Workspace::new();
    let input = workspace.write("odd.csv", text);
    let schema = workspace.write(
        "odd.yaml",
        "name: odd\nlabel: {column: y, malicious: [bad], benign: [good]}\ncolumns:\n\
         - {name: 'size\"s', type: float, nullable: true}\n- {name: 'ki`nd', type: category, nullable: true}\n\
         - {name: \"it's\", type: int, nullable: true}\n- {name: b, type: bool, nullable: true}\n\
         - {name: when, type: int, role: ignore}\n",
    );
    let skewed = "transform: {numeric_transform: log1p}\n";
    for (family, settings) in [
        ("logistic_regression", skewed),
        ("logistic_regression", ""),
        ("decision_tree", ""),
        ("naive_bayes_categorical", ""),
        ("naive_bayes_gaussian", ""),
        ("gradient_boosting", FEW_TREES),
        ("random_forest", FEW_TREES),
    ] {
        agree(
            &workspace,
            family,
            settings,
            &[&"--data", &input, &"--schema", &schema],
            &input,
        );
    }
}

#[test]
fn what_a_query_cannot_say_is_refused_with_the_reason() {
    let workspace = Workspace::new();
    let input = workspace.write("uci.csv", bundled(1_500));
    for (family, settings, told) in [
        ("k_nearest_neighbors", "", "stored training rows"),
        ("random_forest", "", "of at most 262,144 (max_query_size of ClickHouse"),
        (
            "logistic_regression",
            "training: {calibration: isotonic}\n",
            "isotonic calibration",
        ),
        ("logistic_regression", "transform: {impute_numbers: knn}\n", ""),
    ] {
        workspace.write("nsec.yaml", settings);
        let train: [&dyn AsRef<OsStr>; 8] = [
            &"train",
            &"--data",
            &input,
            &"--models",
            &family,
            &"--search",
            &"none",
            &"--json",
        ];
        let run = workspace.run(&train, 0).json()["run_id"].as_str().unwrap().to_owned();
        let output = workspace.path("query.sql");
        let call: [&dyn AsRef<OsStr>; 7] = [&"export", &"sql", &run, &"--dialect", &"duckdb", &"--output", &output];
        if told.is_empty() {
            // The bundled columns are all categories to it, so there are no gaps to fill.
            workspace.run(&call, 0);
            continue;
        }
        let error = workspace.run(&call, 1).error();
        assert!(error.contains(told), "{error}");
        assert!(!output.exists());
    }
}

#[test]
fn the_query_goes_to_standard_output_or_to_a_file() {
    let workspace = Workspace::with_champion();
    let call: [&dyn AsRef<OsStr>; 7] = [
        &"export",
        &"sql",
        &"champion",
        &"--dialect",
        &"spark",
        &"--table",
        &"db.flows",
    ];
    let printed = workspace.run(&call, 0);
    let text = printed.out();
    assert!(printed.stderr.is_empty());
    assert!(
        text.starts_with("-- logistic_regression of run ") && text.contains("FROM `db`.`flows`"),
        "{text}"
    );
    let output = workspace.path("query.sql");
    let mut to_file = call.to_vec();
    to_file.extend([&"--output" as &dyn AsRef<OsStr>, &output]);
    let told = workspace.run(&to_file, 0);
    assert!(told.stdout.is_empty() && told.err().contains("bytes"), "{}", told.err());
    assert_eq!(fs::read_to_string(&output).unwrap(), text);
    workspace.run(&[&"export", &"sql", &"champion", &"--dialect", &"oracle"], 2);
    workspace.run(&[&"export", &"sql", &"nobody", &"--dialect", &"duckdb"], 4);
}
