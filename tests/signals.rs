//! Owns the promise of a clean end: SIGINT, SIGTERM and SIGHUP at several moments, each with its own exit code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod training_common;

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use training_common::{Place, read_json, signal, temporary_files, wait};

/// Catches hangs. The budget is 200 ms and is measured elsewhere: a busy machine must not fail a test.
const LIMIT: Duration = Duration::from_mins(1);
/// The program waits no shorter than this for its work to stop; then it ends all the same, and what it leaves is as after a kill.
const GRACE: Duration = Duration::from_millis(2_900);

const SIGNALS: [(&str, i32); 3] = [("HUP", 129), ("INT", 130), ("TERM", 143)];

/// Whether this very process was started with SIGHUP ignored (`nohup`): the program then ignores it, too.
fn hup_is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok())
        .is_some_and(|m| m & 1 == 1)
}

fn signals() -> impl Iterator<Item = (&'static str, i32)> {
    SIGNALS
        .into_iter()
        .filter(|(name, _)| *name != "HUP" || !hup_is_ignored())
}

/// Waits until `done` says so; a process that never gets there fails the test.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_mins(1), "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How far a training run may come before the signal.
#[derive(Clone, Copy, Debug)]
enum Reached {
    /// Its directory is there.
    Begun,
    /// The split is written; preprocessors or fits go on.
    Split,
    /// The search has begun; a smartcore fit of many seconds goes on.
    Search,
}

#[test]
fn train_ends_with_the_signals_own_code_and_is_marked_cancelled() {
    let place = Place::new();
    // Each fit of logistic regression on all the bundled rows takes seconds and cannot be interrupted.
    let arguments = ["train", "--models", "logistic_regression", "--json"];
    let mut late = 0;
    // The shortest end of each signal and at each moment: a busy machine may hold up one, a program that waits holds up all.
    let mut shortest = BTreeMap::new();
    for reached in [Reached::Begun, Reached::Split, Reached::Search] {
        for (name, code) in signals() {
            let before = place.runs();
            let child = place.spawn(&arguments);
            let mut run = None;
            until("a run's directory", || {
                run = place.runs().into_iter().find(|run| !before.contains(run));
                run.as_ref().is_some_and(|run| run.join("manifest.json").exists())
            });
            let run = run.unwrap();
            match reached {
                Reached::Begun => {}
                Reached::Split => until("the split", || run.join("data_validation/validated/test.csv").exists()),
                Reached::Search => {
                    until("the trial log", || run.join("model_trainer/trials.ndjson").exists());
                    std::thread::sleep(Duration::from_millis(300));
                }
            }
            let sent = Instant::now();
            signal(&child, name);
            let (ended, _) = wait(child, LIMIT);
            let took = sent.elapsed();
            println!("train, {reached:?}, SIG{name}: {} ms", took.as_millis());
            for of in [name.to_owned(), format!("{reached:?}")] {
                let shortest = shortest.entry(of).or_insert(took);
                *shortest = took.min(*shortest);
            }
            assert_eq!(ended.code, Some(code), "{reached:?}: {}", ended.err);
            assert_eq!(ended.out, "", "no half object");
            assert!(
                ended.err.lines().all(|line| !line.contains("panicked")),
                "{}",
                ended.err
            );
            let manifest = read_json(&run.join("manifest.json"));
            assert!(!run.join("model_trainer/model.bin").exists());
            if took >= GRACE && manifest["status"] == "running" {
                late += 1;
                continue;
            }
            assert_eq!(manifest["status"], "cancelled", "{reached:?} {name}");
            assert!(manifest["finished_at"].is_string());
        }
    }
    assert!(!place.path("registry.json").exists());
    let listed = place.listed();
    let of = |status: &str| listed.iter().filter(|run| run["status"] == status).count();
    assert_eq!(of("failed (killed)"), late);
    assert_eq!(of("cancelled"), listed.len() - late);
    assert!(shortest.values().all(|took| *took < GRACE), "{shortest:?}");
    if late == 0 {
        assert_eq!(temporary_files(place.root()), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn predict_ends_with_the_signals_own_code_and_keeps_the_old_output() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 31);
    place.phishing("batch.csv", 60_000, 32);
    let models = "naive_bayes_categorical";
    place
        .run(&["train", "--data", "rows.csv", "--models", models, "--search", "none"])
        .expect(0);
    place.run(&["predict", "rows.csv"]).expect(0);
    let old = place.read("prediction_output/output.csv");
    let (mut cancelled, mut late) = (0, 0);
    for (name, code) in signals() {
        for delay in [0, 60, 200] {
            let child = place.spawn(&["predict", "batch.csv", "--json"]);
            // From here on signals are handled.
            until("the handlers", || handles_signals(child.id()));
            std::thread::sleep(Duration::from_millis(delay));
            let sent = Instant::now();
            signal(&child, name);
            let (ended, _) = wait(child, LIMIT);
            let took = sent.elapsed();
            println!("predict after {delay} ms, SIG{name}: {} ms", took.as_millis());
            if ended.code == Some(0) {
                // It was done before the signal came; put the old state back.
                place.write("prediction_output/output.csv", &old);
                continue;
            }
            cancelled += 1;
            late += u32::from(took >= GRACE);
            assert_eq!(ended.code, Some(code), "{}", ended.err);
            assert_eq!(ended.out, "");
            assert!(
                place.read("prediction_output/output.csv") == old,
                "the old output is touched"
            );
        }
    }
    assert!(cancelled > 0, "every signal came too late");
    if late == 0 {
        assert_eq!(temporary_files(place.root()), Vec::<std::path::PathBuf>::new());
    }
}

/// Whether a process has handlers for all that it handles, as Linux tells; elsewhere a moment has to do.
fn handles_signals(process: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else {
        std::thread::sleep(Duration::from_millis(300));
        return true;
    };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).unwrap_or(0);
    // One that has ended already handles nothing and needs nothing.
    let ended = status.lines().any(|line| line.starts_with("State:\tZ"));
    let handles = |signal: u32| mask & (1 << (signal - 1)) != 0;
    ended || handles(2) && handles(15) && (handles(1) || hup_is_ignored())
}

/// A person who types `predict -` and then Ctrl-C must get the prompt back, though nothing ever came.
#[test]
fn waiting_for_standard_input_can_be_interrupted() {
    let place = Place::new();
    place.phishing("rows.csv", 400, 31);
    let models = "naive_bayes_categorical";
    place
        .run(&["train", "--data", "rows.csv", "--models", models, "--search", "none"])
        .expect(0);
    let runs = place.runs().len();
    let header = fs::read_to_string(place.path("rows.csv"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    for arguments in [
        &["predict", "-"][..],
        &["predict", "-", "--alerts", "5"],
        &["train", "--data", "-"],
        &["validate", "--data", "-"],
    ] {
        for begin in ["", header.as_str(), "\n"] {
            let mut child = place.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            std::io::Write::write_all(&mut stdin, begin.as_bytes()).unwrap();
            until("the handlers", || handles_signals(child.id()));
            std::thread::sleep(Duration::from_millis(100));
            if child.try_wait().unwrap().is_some() {
                // An empty first line is an error of its own and needs no signal.
                assert_eq!(begin, "\n", "{arguments:?}");
                continue;
            }
            signal(&child, "INT");
            let (ended, took) = wait(child, LIMIT);
            if begin == "\n" && ended.code != Some(130) {
                // The error was a little earlier.
                assert!(
                    ended.code.is_some_and(|code| (1..6).contains(&code)),
                    "{arguments:?}: {}",
                    ended.err
                );
                continue;
            }
            println!("{arguments:?} after {} bytes: {} ms", begin.len(), took.as_millis());
            assert_eq!(ended.code, Some(130), "{arguments:?}: {}", ended.err);
            drop(stdin);
        }
    }
    // Where nothing could be read no run began; where a header came, it is marked.
    let listed = place.listed();
    assert!(
        listed
            .iter()
            .take(listed.len() - runs)
            .all(|run| run["status"] == "cancelled")
    );
}

/// A second signal ends a process that the first did not; both at once must not hang either.
#[test]
fn two_signals_at_once_end_it_too() {
    let place = Place::new();
    let child = place.spawn(&["train", "--models", "logistic_regression"]);
    until("a run", || {
        place.runs().iter().any(|run| run.join("manifest.json").exists())
    });
    signal(&child, "TERM");
    signal(&child, "INT");
    let (ended, _) = wait(child, LIMIT);
    assert!(matches!(ended.code, Some(130 | 143)), "{:?}: {}", ended.code, ended.err);
    let status = place.listed()[0]["status"].clone();
    assert!(
        ["cancelled", "failed (killed)"].contains(&status.as_str().unwrap()),
        "{status}"
    );
    let next = ["train", "--models", "naive_bayes_gaussian", "--search", "none"];
    place.run(&next).expect(0);
}
