//! A workspace in which everything has been done once: a source that was checked, runs, a log.

use nsec_tui::event::Level;
use nsec_tui::metrics::ThresholdRule;
use nsec_tui::worker::{Job, Kind, LogLine, Reply, RunLine, RunsJob, RunsList, Survey, ValidationOutcome};
use serde_json::{Value, json};

use super::trained::{self, RUN};
use super::world::{World, done, survey};

/// Teaches a world everything but data: validation, runs, scores, the log.
pub(super) fn knowing(world: World) -> World {
    world
        .on(Kind::Validate, |_| done(Reply::Validated(Box::new(validated()))))
        .on(Kind::Runs, |_| done(Reply::Runs(runs())))
        .on(Kind::Run, described)
        .on(Kind::Scores, described)
        .on(Kind::Compare, |job| match job {
            Job::Runs(RunsJob::Compare { a, b }) => done(compared(a, b)),
            _ => Vec::new(),
        })
        .on(Kind::Registry, |_| done(Reply::Registry("done".to_owned())))
        .on(Kind::Log, |_| done(Reply::Log(log())))
}

/// The survey of such a workspace.
pub(super) fn known_survey() -> Survey {
    Survey {
        champion: Some(RUN.to_owned()),
        runs: 4,
        ..survey()
    }
}

fn described(job: &Job) -> Vec<nsec_tui::worker::Report> {
    match job {
        Job::Runs(RunsJob::Show { run } | RunsJob::Scores { run }) => {
            done(Reply::Run(Box::new(trained::facts(run, ThresholdRule::F1))))
        }
        _ => Vec::new(),
    }
}

fn check(id: &str, severity: &str, column: Option<&str>, failing: u64, message: &str) -> Value {
    let examples = match failing {
        0 => json!([]),
        _ => json!([{"line": 12, "value": "7"}, {"line": 4711, "value": "\u{1b}[2J"}]),
    };
    json!({
        "id": id, "severity": severity, "status": if failing > 0 { "failed" } else { "passed" }, "column": column,
        "failing_rows": failing, "examples": examples, "message": message, "scope": "row",
    })
}

/// What validation found.
pub(super) fn validated() -> ValidationOutcome {
    let drift = |column: &str, value: f64| {
        json!({
            "column": column, "kind": "discrete", "metric": "jensen_shannon", "value": value, "threshold": 0.1,
            "drifted": value > 0.1, "reference_rows": 8844, "batch_rows": 11055,
        })
    };
    serde_json::from_value(json!({
        "source": "phisingData.csv", "path": null, "baseline": RUN,
        "report": {
            "status": "warned", "rows": 11055, "rejected_rows": 3,
            "checks": [
                check("allowed", "block", Some("URL_Length"), 3, "values are among -1, 0, 1"),
                check("repeated_rows", "warn", None, 5206, "rows repeat others"),
                check("missing", "block", Some("Result"), 0, "every row has a label"),
                check("type", "block", Some("SSLfinal_State"), 0, "every value is a whole number"),
            ],
            "drift": [drift("web_traffic", 0.18), drift("URL_of_Anchor", 0.07), drift("age_of_domain", 0.01)],
        },
        "failing_lines": [[12, 4711, 9000], [3, 4, 5], [], []],
        "rejects": null, "seconds": 0.4,
    }))
    .unwrap()
}

fn run(run_id: &str, model: &str, f1: f64, status: &str) -> RunLine {
    RunLine {
        run_id: run_id.to_owned(),
        status: status.to_owned(),
        aliases: if run_id == RUN {
            vec!["champion".to_owned()]
        } else {
            Vec::new()
        },
        started_at: Some("2026-11-27T10:00:00.000Z".to_owned()),
        model: Some(model.to_owned()),
        data: Some("phisingData.csv".to_owned()),
        rows: Some(11_055),
        test_f1: Some(f1),
        test_pr_auc: Some(f1 + 0.02),
        seconds: Some(41.5),
        parent: None,
    }
}

/// The runs, the newest first.
pub(super) fn runs() -> RunsList {
    let older = "20261126T091500Z-77fe";
    RunsList {
        champion: Some(RUN.to_owned()),
        previous: vec![older.to_owned()],
        serving: None,
        runs: vec![
            run("20261127T110000Z-1b2c", "random_forest", 0.951, "finished"),
            run(RUN, "gradient_boosting", 0.956, "finished"),
            run("20261126T170000Z-90aa", "extra_trees", 0.94, "failed"),
            run(older, "logistic_regression", 0.921, "finished"),
        ],
    }
}

fn compared(a: &str, b: &str) -> Reply {
    let side = |run: &str, model: &str| json!({"run_id": run, "status": "finished", "model": model, "started_at": "2026-11-27T10:00:00.000Z", "seconds": 41.5});
    let metric = |name: &str, a: f64, b: f64| json!({"name": name, "a": a, "b": b, "difference": b - a});
    let compared = json!({
        "a": a, "b": b,
        "comparison": {
            "a": side(a, "gradient_boosting"), "b": side(b, "random_forest"),
            "metrics": [metric("test.f1", 0.956, 0.951), metric("test.pr_auc", 0.99, 0.987)],
            "params": [{"name": "depth", "a": 6, "b": null}], "data": [], "same_test_rows": true,
        },
        "paired": {"Ok": {"rows": 2211, "metrics": [
            {"name": "f1", "difference": -0.005, "low": -0.011, "high": 0.001, "probability_better": 0.08},
            {"name": "pr_auc", "difference": -0.003, "low": -0.006, "high": -0.001, "probability_better": 0.01},
        ]}},
    });
    Reply::Compared(serde_json::from_value(compared).unwrap())
}

/// The end of the log, with a line that somebody hoped would be obeyed.
pub(super) fn log() -> Vec<LogLine> {
    let line = |level, text: &str| LogLine {
        level,
        text: format!("2026-11-27T10:00:00.000Z {text}"),
    };
    let mut lines = vec![
        line(Level::Info, "INFO run: begins run_id=20261127T100000Z-0a1b"),
        line(
            Level::Warning,
            "WARN ingestion: line 4711: expected 23 cells, found 24: \u{1b}]0;owned\u{7}",
        ),
        line(Level::Error, "ERROR training: knn: too large for its declared cost"),
    ];
    lines.extend((0..40).map(|at| line(Level::Info, &format!("INFO training: trial {at} of 40"))));
    lines
}
