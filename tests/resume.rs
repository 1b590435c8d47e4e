//! Owns the promise of `--resume`: finished trials are not run again, and the model is that of an uninterrupted run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod training_common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use training_common::{Place, read_json};

/// Catches hangs.
const LIMIT: Duration = Duration::from_mins(2);

/// A grid of a dozen trials, the slow family first.
const SEARCH: [&str; 8] = [
    "train",
    "--models",
    "logistic_regression,naive_bayes_gaussian,decision_tree",
    "--search",
    "grid",
    "--threads",
    "1",
    "--data",
];

fn arguments<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&SEARCH[..], &[data], more].concat()
}

/// Whole lines of a run's trial log.
fn trials(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("model_trainer/trials.ndjson")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).expect("a whole line"))
        .collect()
}

/// Starts a search and stops it by a signal once so many trials are in its log; gives back its run, which `stopped` finds as it
/// should be. One that was done before it could be stopped is started again.
fn stopped_after(
    place: &Place,
    wanted: usize,
    more: &[&str],
    name: &str,
    stopped: impl Fn(&Path, Option<i32>) -> bool,
) -> PathBuf {
    for _ in 0..10 {
        let before = place.runs();
        let mut child = place.spawn(&arguments("rows.csv", more));
        let started = Instant::now();
        let run = loop {
            assert!(started.elapsed() < LIMIT, "the log never grew");
            let run = place.runs().into_iter().find(|run| !before.contains(run));
            let ended = child.try_wait().unwrap().is_some();
            if let Some(run) = run.filter(|run| ended || trials(run).len() >= wanted) {
                break run;
            }
            assert!(!ended, "it made no run");
            std::thread::sleep(Duration::from_millis(5));
        };
        if child.try_wait().unwrap().is_none() {
            training_common::signal(&child, name);
        }
        let (ended, _) = training_common::wait(child, LIMIT);
        if stopped(&run, ended.code) {
            return run;
        }
        let status = status(&run);
        assert!(["finished", "running"].contains(&status.as_str().unwrap()), "{status}");
    }
    panic!("it was always done before it could be stopped");
}

fn status(run: &Path) -> Value {
    read_json(&run.join("manifest.json"))["status"].clone()
}

/// Starts a search and kills it once so many trials are in its log, but not `all`; gives back its run.
fn killed_after(place: &Place, wanted: usize, all: usize, more: &[&str]) -> PathBuf {
    stopped_after(place, wanted, more, "KILL", |run, _| {
        status(run) == "running" && trials(run).len() < all
    })
}

fn id(run: &Path) -> String {
    run.file_name().unwrap().to_string_lossy().into_owned()
}

/// What identifies a trial, and the seconds it took: a trial that was run again would not take the same to the bit.
fn mark(trial: &Value) -> String {
    let seconds: Vec<&Value> = trial["folds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["fit_seconds"])
        .collect();
    format!("{} {} {} {seconds:?}", trial["model"], trial["trial"], trial["params"])
}

#[test]
fn finished_trials_are_taken_over_and_the_model_is_the_same() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 41);
    let whole = place.run(&arguments("rows.csv", &["--json"])).json();
    let whole_run = PathBuf::from(whole["run_dir"].as_str().unwrap());

    let all = trials(&whole_run).len();
    let first = killed_after(&place, 2, all, &[]);
    let of_first: Vec<String> = trials(&first).iter().map(mark).collect();
    // Killed once more, while it runs the rest: what the first had finished is not lost with the second.
    let second = killed_after(&place, of_first.len() + 1, all, &["--resume", &id(&first)]);
    let of_second: Vec<String> = trials(&second).iter().map(mark).collect();
    assert_eq!(of_second[..of_first.len()], of_first);

    let outcome = place
        .run(&arguments("rows.csv", &["--resume", &id(&second), "--json"]))
        .json();
    let run = PathBuf::from(outcome["run_dir"].as_str().unwrap());
    let done: Vec<String> = trials(&run).iter().map(mark).collect();
    assert!(done.len() > of_second.len(), "something was left to do");
    for taken in &of_second {
        assert!(done.contains(taken), "run again: {taken}");
    }
    let model = |run: &Path| fs::read(run.join("model_trainer/model.bin")).unwrap();
    assert!(model(&run) == model(&whole_run), "resuming gives another model");
    assert_eq!(outcome["metrics"], whole["metrics"]);
    assert_eq!(done.len(), all);

    refusals(&place, &first, &whole_run);
}

/// Every way in which a run cannot be resumed: exit code, one line, and no new run where that can be known before.
fn refusals(place: &Place, killed: &Path, finished: &Path) {
    place.phishing("other.csv", 300, 42);
    let killed = id(killed);
    for more in [&["--seed", "7"][..], &["--split", "stratified"], &["--select-by", "f1"]] {
        let ended = place
            .run(&arguments("rows.csv", &[more, &["--resume", &killed]].concat()))
            .expect(2);
        assert!(
            ended.complaint().contains("cannot be resumed"),
            "{more:?}: {}",
            ended.err
        );
        assert!(
            ended.complaint().contains("settings are others"),
            "{more:?}: {}",
            ended.err
        );
    }
    let ended = place.run(&arguments("other.csv", &["--resume", &killed])).expect(2);
    assert!(ended.complaint().contains("its data"), "{}", ended.err);
    place.write("nsec.yaml", "transform:\n  class_weight: balanced\n");
    let ended = place.run(&arguments("rows.csv", &["--resume", &killed])).expect(2);
    assert!(ended.complaint().contains("settings are others"), "{}", ended.err);
    fs::remove_file(place.path("nsec.yaml")).unwrap();

    let before = place.runs();
    let ended = place
        .run(&arguments("rows.csv", &["--resume", &id(finished)]))
        .expect(2);
    assert!(ended.complaint().contains("it has finished"), "{}", ended.err);
    let ended = place.run(&arguments("rows.csv", &["--resume", "nothing"])).expect(4);
    assert!(ended.complaint().contains("`nothing`"), "{}", ended.err);
    assert_eq!(place.runs(), before);
}

#[test]
fn a_run_that_still_goes_on_is_not_resumed() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 41);
    // All the bundled rows: it takes far longer than this test.
    let mut child = place.spawn(&["train", "--models", "logistic_regression"]);
    let started = Instant::now();
    while !place.runs().iter().any(|run| run.join("manifest.json").exists()) {
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    let run = id(&place.runs()[0]);
    assert_eq!(place.listed()[0]["status"], "running");
    let ended = place.run(&arguments("rows.csv", &["--resume", &run])).expect(2);
    assert!(ended.complaint().contains("still running"), "{}", ended.err);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(place.listed()[0]["status"], "failed (killed)");
}

#[test]
fn a_cancelled_run_can_be_resumed_too() {
    let place = Place::new();
    place.phishing("rows.csv", 300, 41);
    let run = stopped_after(&place, 1, &[], "INT", |run, code| {
        status(run) == "cancelled" && code == Some(130)
    });
    let taken: Vec<String> = trials(&run).iter().map(mark).collect();
    let outcome = place
        .run(&arguments("rows.csv", &["--resume", &id(&run), "--json"]))
        .json();
    let done: Vec<String> = trials(Path::new(outcome["run_dir"].as_str().unwrap()))
        .iter()
        .map(mark)
        .collect();
    assert!(taken.iter().all(|trial| done.contains(trial)));
}
