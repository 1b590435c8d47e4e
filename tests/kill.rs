//! Owns the promise that nothing is torn: `kill -9` at random moments of `train` and `predict`.

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
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use training_common::{Dice, Place, read_json, temporary_files};

const MOMENTS: usize = 20;

/// Kills the command after a share of its usual time; says whether it was still running.
fn kill_after(place: &Place, arguments: &[&str], time: Duration) -> bool {
    let mut child = place.spawn(arguments);
    std::thread::sleep(time);
    let running = child.try_wait().expect("asked").is_none();
    child.kill().expect("killed");
    child.wait().expect("gone");
    running
}

/// How long a command takes where nothing else keeps the machine busy, as far as can be told.
fn duration_of(place: &Place, arguments: &[&str]) -> Duration {
    let once = || {
        let started = Instant::now();
        place.run(arguments).expect(0);
        started.elapsed()
    };
    [once(), once(), once()].into_iter().min().unwrap()
}

/// The moments, spread over the whole duration and a little beyond: one in each twentieth of it, at a random place.
fn moments(seed: u64, whole: Duration) -> Vec<Duration> {
    let mut dice = Dice(seed);
    (0..MOMENTS)
        .map(|i| whole.mul_f64((i as f64 + dice.share()) / MOMENTS as f64 * 1.1))
        .collect()
}

/// Everything that a run may leave is absent or whole.
fn assert_whole(place: &Place) {
    let registry = place.path("registry.json");
    if registry.exists() {
        let registry = read_json(&registry);
        if let Some(champion) = registry["champion"].as_str() {
            let manifest = read_json(&place.path("Artifacts").join(champion).join("manifest.json"));
            assert_eq!(manifest["status"], "finished", "only a finished run is champion");
        }
    }
    for run in place.runs() {
        let manifest = run.join("manifest.json");
        let status = if manifest.exists() {
            read_json(&manifest)["status"].clone()
        } else {
            Value::Null
        };
        for file in [
            "data_validation/report.json",
            "data_transformation/preprocessor.json",
            "model_trainer/metrics.json",
            "model_trainer/leaderboard.json",
            "model_trainer/learning_curves.json",
        ] {
            let path = run.join(file);
            if path.exists() {
                read_json(&path);
            } else {
                assert_ne!(status, "finished", "{} lacks {file}", run.display());
            }
        }
    }
}

fn assert_killed_runs_are_said(place: &Place, run: &Path) {
    let name = run.file_name().unwrap().to_string_lossy().into_owned();
    let listed = place.listed();
    let entry = listed.iter().find(|entry| entry["run_id"] == *name).expect("listed");
    let status = entry["status"].as_str().unwrap();
    // A run killed after its last manifest is whole; one killed in the instant after its directory was made is empty.
    let empty = fs::read_dir(run).unwrap().next().is_none();
    let fair = ["failed (killed)", "finished"].contains(&status) || (empty && status == "damaged");
    assert!(fair, "{name} is listed as {status}");
}

#[test]
fn train_killed_at_any_moment_leaves_nothing_torn() {
    let place = Place::new();
    place.phishing("rows.csv", 1_500, 21);
    let models = "naive_bayes_gaussian,naive_bayes_categorical,decision_tree";
    let arguments = ["train", "--data", "rows.csv", "--models", models, "--search", "none"];
    let whole = duration_of(&place, &arguments);
    let mut killed = 0;
    for moment in moments(1, whole) {
        let before = place.runs();
        killed += usize::from(kill_after(&place, &arguments, moment));
        assert_whole(&place);
        for run in place.runs().iter().filter(|run| !before.contains(run)) {
            assert_killed_runs_are_said(&place, run);
        }
    }
    assert!(
        killed >= MOMENTS / 4,
        "only {killed} of {MOMENTS} kills met a running process"
    );
    let outcome = place.run(&[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(place.listed()[0]["run_id"], outcome["run_id"]);
    assert_eq!(place.listed()[0]["status"], "finished");
}

/// The rows of a scored file: all of them, each with as many cells as the header.
fn assert_scored(path: &Path, rows: usize) {
    let mut reader = csv::Reader::from_path(path).expect("opened");
    // The reader refuses a row with another number of cells than the header.
    let scored = reader
        .records()
        .map(|record| record.expect("a whole row"))
        .fold(0, |rows, _| rows + 1);
    assert_eq!(scored, rows, "{}", path.display());
    assert!(fs::read(path).unwrap().ends_with(b"\n"));
}

#[test]
fn predict_killed_at_any_moment_leaves_a_whole_output_or_none() {
    const ROWS: usize = 30_000;
    let place = Place::new();
    place.phishing("rows.csv", 400, 21);
    place.phishing("batch.csv", ROWS, 22);
    let mut batch = fs::OpenOptions::new()
        .append(true)
        .open(place.path("batch.csv"))
        .unwrap();
    // Three rows that cannot be scored, so that there are rejects to tear.
    std::io::Write::write_all(&mut batch, b"x,1\nx,2\nx,3\n").unwrap();
    let train = [
        "train",
        "--data",
        "rows.csv",
        "--models",
        "naive_bayes_categorical",
        "--search",
        "none",
    ];
    place.run(&train).expect(0);
    let arguments = ["predict", "batch.csv", "--explain", "5"];
    let whole = duration_of(&place, &arguments);
    let output = place.path("prediction_output");
    fs::remove_dir_all(&output).unwrap();
    let mut killed = 0;
    for moment in moments(2, whole) {
        killed += usize::from(kill_after(&place, &arguments, moment));
        for entry in fs::read_dir(&output).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == "rejects.csv" {
                let text = fs::read_to_string(entry.path()).unwrap();
                assert_eq!(text.lines().count(), 4, "{text}");
            } else if !name.starts_with(".nsec-tmp-") {
                assert_scored(&entry.path(), ROWS);
            }
        }
    }
    assert!(
        killed >= MOMENTS / 4,
        "only {killed} of {MOMENTS} kills met a running process"
    );
    let summary = place.run(&[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(
        (summary["rows"].as_u64(), summary["rejected"].as_u64()),
        (Some(ROWS as u64 + 3), Some(3))
    );
    assert_scored(&output.join("output.csv"), ROWS);
}

/// What killed processes left half written goes away with a later run, once it is old enough that no living writer can
/// be meant.
#[test]
fn old_temporary_files_are_swept_by_the_next_run() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 21);
    let train = [
        "train",
        "--data",
        "rows.csv",
        "--models",
        "naive_bayes_gaussian",
        "--search",
        "none",
    ];
    place.run(&train).expect(0);
    // A killed run, made by hand from a finished one: its manifest still says that it runs.
    let finished = place.runs()[0].clone();
    let killed = place.path("Artifacts/20200101T000000Z-0000");
    fs::create_dir_all(killed.join("model_trainer")).unwrap();
    let mut manifest = read_json(&finished.join("manifest.json"));
    manifest["status"] = "running".into();
    manifest["run_id"] = "20200101T000000Z-0000".into();
    fs::write(killed.join("manifest.json"), manifest.to_string()).unwrap();
    fs::write(killed.join(".lock"), "").unwrap();

    let stale = [
        killed.join(".nsec-tmp-1-aaaaaaaaaa"),
        killed.join("model_trainer/.nsec-tmp-1-aaaaaaaaaa"),
        place.path("prediction_output/.nsec-tmp-1-aaaaaaaaaa"),
    ];
    let young = place.path("prediction_output/.nsec-tmp-1-bbbbbbbbbb");
    fs::create_dir_all(place.path("prediction_output")).unwrap();
    let an_hour_ago = SystemTime::now() - Duration::from_hours(1);
    for path in &stale {
        fs::write(path, "half").unwrap();
        fs::File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(an_hour_ago)
            .unwrap();
    }
    fs::write(&young, "a living writer's").unwrap();
    // It stays young however long the commands take.
    let in_an_hour = SystemTime::now() + Duration::from_hours(1);
    let file = fs::File::options().write(true).open(&young).unwrap();
    file.set_modified(in_an_hour).unwrap();
    place.run(&train).expect(0);
    place.run(&["predict", "rows.csv"]).expect(0);
    assert_eq!(temporary_files(place.root()), [young]);
    let statuses: Vec<Value> = place.listed().iter().map(|run| run["status"].clone()).collect();
    assert_eq!(statuses, ["finished", "finished", "failed (killed)"]);
}
