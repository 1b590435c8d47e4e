//! Sessions about the Runs panel.

use nsec_tui::tui::app::Effect;
use nsec_tui::worker::{ComparedRuns, Job, JudgedFlips, Kind, Reply, Report, RunFacts, RunLine, RunsJob, RunsList};
use serde_json::json;

use super::session::Session;
use super::world::{World, done, failed};

fn id(at: usize) -> String {
    format!("20261127T{:02}{:02}00Z-{:04x}", 8 + at / 60 % 12, at % 60, at)
}

fn run(at: usize) -> RunLine {
    let model = ["gradient_boosting", "random_forest", "logistic_regression"][at % 3];
    RunLine {
        run_id: id(at),
        status: "finished".to_owned(),
        aliases: Vec::new(),
        started_at: Some(format!("2026-11-27T08:{:02}:00.000Z", at % 60)),
        model: Some(model.to_owned()),
        data: Some("Network_Data/phisingData.csv".to_owned()),
        rows: Some(11_055),
        test_f1: Some(0.95 - at as f64 / 1e4),
        test_pr_auc: Some(0.99 - at as f64 / 1e4),
        seconds: Some(12.5 + at as f64),
        parent: None,
    }
}

/// So many runs, the newest first; the third is champion and grew from the last.
fn list(count: usize) -> RunsList {
    let mut runs: Vec<RunLine> = (0..count).rev().map(run).collect();
    "failed (killed)".clone_into(&mut runs[0].status);
    (runs[0].test_f1, runs[0].test_pr_auc) = (None, None);
    runs[1].data = Some("hostile\u{1b}[2J\u{202e}.csv".to_owned());
    runs[1].model = Some("\u{1b}]52;c;eA==\u{7}".to_owned());
    runs[2].parent = Some(id(0));
    runs[2].aliases = vec!["champion".to_owned()];
    RunsList {
        champion: Some(runs[2].run_id.clone()),
        previous: vec![id(0)],
        serving: None,
        runs,
    }
}

fn facts(run: &str) -> RunFacts {
    let manifest = json!({
        "format": 1, "run_id": run, "status": "finished", "started_at": "2026-11-27T08:40:00.000Z", "seconds": 12.5,
        "version": "0.1.0", "model": "random_forest", "params": {"trees": 300, "features": "sqrt"}, "threshold": 0.4123,
        "metrics": {
            "train": {"f1": 0.999, "precision": 1.0, "recall": 0.998, "pr_auc": 1.0},
            "test": {"f1": 0.951, "precision": 0.96, "recall": 0.942, "pr_auc": 0.989,
                "confusion": {"tp": 940, "fn": 58, "fp": 39, "tn": 1174}},
        },
        "data": {"name": "Network_Data/phisingData.csv", "sha256": "9f".repeat(32), "rows": 11055, "rejected_rows": 2},
        "schema": {"name": "phishing", "sha256": "ab".repeat(32)},
        "split": {"strategy": "grouped", "seed": 42, "test_fraction": 0.2, "train_rows": 8844, "test_rows": 2211,
            "seen_in_train": 0.0},
        "timings": [{"stage": "ingestion", "seconds": 0.2}, {"stage": "training", "seconds": 11.9}],
        "files": [{"path": "model_trainer/model.bin", "bytes": 1234567, "sha256": "cd".repeat(32)}],
        "note": "with \u{1b}[2J in it",
    });
    RunFacts {
        run_id: run.to_owned(),
        directory: format!("/srv/phishing/Artifacts/{run}"),
        manifest: Ok(serde_json::from_value(manifest).unwrap()),
        scores: Err("metrics.json is missing".to_owned()),
    }
}

fn compared(a: &str, b: &str, real: bool) -> ComparedRuns {
    let side = |run: &str| {
        json!({"run_id": run, "status": "finished", "model": "random_forest",
        "started_at": "2026-11-27T08:40:00.000Z", "seconds": 12.5})
    };
    let paired = if real {
        json!({"Ok": {"rows": 2211, "metrics": [
            {"name": "f1", "difference": 0.012, "low": 0.004, "high": 0.02, "probability_better": 0.99},
            {"name": "roc_auc", "difference": 0.001, "low": -0.003, "high": 0.005, "probability_better": 0.7},
            {"name": "pr_auc", "difference": -0.01, "low": -0.019, "high": -0.002, "probability_better": 0.02},
            {"name": "brier", "difference": -0.004, "low": -0.006, "high": -0.001, "probability_better": 0.99},
        ]}})
    } else {
        json!({"Err": "only 12 test rows are new to both models, 30 are asked"})
    };
    serde_json::from_value(json!({
        "a": a, "b": b, "paired": paired,
        "comparison": {
            "a": side(a), "b": side(b), "same_test_rows": real, "data": [],
            "metrics": [
                {"name": "test.confusion.tp", "a": 930.0, "b": 940.0, "difference": 10.0},
                {"name": "test.f1", "a": 0.939, "b": 0.951, "difference": 0.012},
                {"name": "test.mcc", "a": null, "b": 0.9, "difference": null},
            ],
            "params": [{"name": "trees", "a": 100, "b": 300}, {"name": "note", "a": null, "b": "\u{1b}[2Jx"}],
        },
    }))
    .unwrap()
}

fn world(count: usize, real: bool) -> World {
    World::new()
        .on(Kind::Runs, move |_| done(Reply::Runs(list(count))))
        .on(Kind::Flips, |_| {
            let flips = JudgedFlips {
                judged: 41,
                ..JudgedFlips::default()
            };
            done(Reply::Flips(Box::new(flips)))
        })
        .on(Kind::Run, |job| match job {
            Job::Runs(RunsJob::Show { run }) => done(Reply::Run(Box::new(facts(run)))),
            _ => Vec::new(),
        })
        .on(Kind::Compare, move |job| match job {
            Job::Runs(RunsJob::Compare { a, b }) => done(Reply::Compared(Box::new(compared(a, b, real)))),
            _ => Vec::new(),
        })
}

#[test]
fn before_the_first_run_the_panel_says_what_to_do() {
    let world = World::new().on(Kind::Runs, |_| done(Reply::Runs(RunsList::default())));
    Session::new(world).keys("5").shows("runs-none");
    Session::new(World::new()).keys("5").shows("runs-reading");
    let world = World::new().on(Kind::Runs, |_| {
        failed("/srv/Artifacts: permission denied \u{1b}[2J", &["because: x"])
    });
    Session::new(world).keys("5").shows("runs-failed");
}

#[test]
fn runs_are_listed_with_what_the_one_under_the_cursor_is() {
    let mut session = Session::new(world(5, true));
    session.keys("5").wait(500).shows("runs-list").shows_plain("runs-list");
    session.keys("j j").wait(500).shows("runs-champion");
    session.replays();
    session.keys("enter").shows("runs-details");
}

#[test]
fn thousands_of_runs_are_walked_and_filtered() {
    let mut session = Session::new(world(5_000, true));
    session.keys("5 G").wait(500).shows("runs-many");
    session
        .keys("&")
        .typed("gradient T0900")
        .keys("enter")
        .wait(500)
        .shows("runs-filtered");
    session
        .keys("&")
        .typed(" nothing")
        .keys("enter")
        .shows("runs-filtered-away");
    session.keys("esc");
    assert!(session.text().contains("5,000 runs"));
}

#[test]
fn two_runs_are_compared() {
    let mut session = Session::new(world(5, true));
    session
        .keys("5 G m k c")
        .shows("runs-compared")
        .shows_plain("runs-compared");
    session.keys("G").shows("runs-compared-end");
    session.keys("esc");
    assert!(session.text().contains("5 runs"));
    let mut session = Session::new(world(5, false));
    session.keys("5 G c").shows("runs-compared-untold");
}

#[test]
fn a_comparison_shows_its_progress_and_is_stopped() {
    let world = World::new().on(Kind::Runs, |_| done(Reply::Runs(list(5))));
    let mut session = Session::new(world);
    session.keys("5 G c");
    let progress = Report::Progress {
        done: 3,
        total: Some(10),
        note: "both models on rows new to both".to_owned(),
    };
    session.tell(Kind::Compare, &progress).shows("runs-comparing");
    session.effects();
    session.keys("esc");
    assert!(
        session
            .effects()
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(t) if t.kind == Kind::Compare))
    );
}

#[test]
fn changes_are_asked_about_first() {
    let mut session = Session::new(world(5, true));
    session.keys("5 G p").shows("runs-promote");
    session.effects();
    session.keys("n b").shows("runs-rollback");
    session.keys("n D").shows("runs-delete").shows_plain("runs-delete");
    assert!(
        !session
            .effects()
            .iter()
            .any(|e| matches!(e, Effect::Submit(t, _) if t.kind == Kind::Registry))
    );
    session.keys("y");
    let job = session.effects().into_iter().find_map(|effect| match effect {
        Effect::Submit(_, Job::Runs(job)) => Some(job),
        _ => None,
    });
    assert_eq!(job, Some(RunsJob::Delete { run: id(0) }));
    let told = failed("the registry is locked by another program; try again", &[]).remove(0);
    session.tell(Kind::Registry, &told).shows("runs-change-failed");
    session.keys("g j j D");
    assert!(session.text().contains("the champion is kept"));
}
