//! A finished run made by hand: scores of 500 rows, curves and a dial from them, fits with iterations.

use nsec_tui::event::{Event, Stage};
use nsec_tui::metrics::{Dial, ThresholdRule, choose, evaluate};
use nsec_tui::models::{ParamValue, Params};
use nsec_tui::pipeline::training::{
    CurvePoint, Curves, CvScores, FitCurve, LeaderboardRow, LearningCurve, MetricsFile, RunScores, SideRecord, Spread,
    ThresholdChoice, TrainOutcome,
};
use nsec_tui::worker::RunFacts;
use serde_json::json;

/// The run's name.
pub(super) const RUN: &str = "20261127T100000Z-0a1b";
/// The run that a moved threshold makes.
pub(super) const MOVED: &str = "20261127T101500Z-0c2d";

/// Scores and labels of rows, two in five malicious; `noise` from 0 says how far scores stray.
fn rows(count: u32, noise: f64) -> (Vec<f64>, Vec<bool>) {
    let row = |at: u32| {
        let malicious = at % 5 < 2;
        // A fixed scatter over 0..1: multiples of the golden ratio.
        let scatter = (f64::from(at) * 0.618_033_988_75).fract();
        let middle = if malicious { 0.72 } else { 0.28 };
        let score = middle + (scatter - 0.5) * noise;
        (score.clamp(0.001, 0.999), malicious)
    };
    (0..count).map(row).unzip()
}

fn side(count: u32, noise: f64, threshold: f64) -> SideRecord {
    let (scores, labels) = rows(count, noise);
    SideRecord {
        metrics: evaluate(&scores, &labels, threshold).unwrap(),
        curves: Curves::of(&scores, &labels).unwrap(),
    }
}

/// What the run scored; with the rule by which its threshold was chosen.
pub(super) fn scores(rule: ThresholdRule) -> RunScores {
    let (out_of_fold, labels) = rows(400, 0.9);
    let chosen = choose(&out_of_fold, &labels, rule).unwrap();
    let metrics = MetricsFile {
        threshold: ThresholdChoice {
            rule: rule.to_string(),
            out_of_fold: chosen,
        },
        importances: vec![
            ("SSLfinal_State".to_owned(), 41.5),
            ("URL_of_Anchor".to_owned(), 22.25),
            ("web\u{202e}_traffic".to_owned(), 9.0),
            ("Prefix_Suffix".to_owned(), 4.5),
            ("having_Sub_Domain".to_owned(), 0.0),
        ],
        dial: Some(Dial::of(&out_of_fold, &labels, 1000, None).unwrap()),
        train: side(400, 0.6, chosen.threshold),
        test: side(100, 0.9, chosen.threshold),
        random_audit: None,
    };
    RunScores {
        metrics,
        leaderboard: leaderboard(),
        learning_curves: fits(),
    }
}

fn params() -> Params {
    Params(
        [("learning_rate", ParamValue::Float(0.1)), ("depth", ParamValue::Int(6))]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    )
}

fn leaderboard() -> Vec<LeaderboardRow> {
    let spread = |mean| Some(Spread { mean, sd: 0.004 });
    let row = |model: &str, score: Option<f64>, status: &str| LeaderboardRow {
        model: model.to_owned(),
        params: params(),
        cv: score.map(|score| CvScores {
            f1: spread(score - 0.03),
            roc_auc: spread(score + 0.001),
            pr_auc: spread(score),
            brier: spread(0.03),
            accuracy: spread(score - 0.02),
        }),
        fit_seconds: score.map(|_| 0.42),
        predict_us_per_row: score.map(|_| 1.25),
        status: status.to_owned(),
        trials: 10,
        selected_by: score,
    };
    vec![
        row("gradient_boosting", Some(0.9912), "champion"),
        row("random_forest", Some(0.9897), "trained"),
        row("logistic_regression", Some(0.9701), "trained"),
        row(
            "support_vector",
            None,
            "skipped: 11,055 rows are more than the 10,000 it takes",
        ),
        row("naive_bayes_gaussian", None, "failed: no spread in feature 3"),
    ]
}

/// Losses of an iteration: training falls on, validation is lowest at the 53rd.
pub(super) fn losses(iteration: usize) -> (f64, f64) {
    let at = iteration as f64;
    let train = 0.55 * (-at / 15.0).exp() + 0.05;
    (train, train + 0.02 + (at - 40.0).powi(2) * 4e-5)
}

fn fits() -> Vec<FitCurve> {
    let fit = |trial: Option<usize>, fold: Option<usize>, iterations: usize| FitCurve {
        model: "gradient_boosting".to_owned(),
        trial,
        fold,
        best_iteration: Some(53),
        curve: LearningCurve {
            metric: "log_loss".to_owned(),
            points: (1..=iterations)
                .map(|iteration| CurvePoint {
                    iteration,
                    train: losses(iteration).0,
                    validation: Some(losses(iteration).1),
                })
                .collect(),
        },
    };
    vec![
        fit(Some(3), Some(1), 60),
        fit(Some(3), Some(2), 65),
        fit(None, None, 70),
    ]
}

/// Everything about a run of that name.
pub(super) fn facts(run: &str, rule: ThresholdRule) -> RunFacts {
    let scores = scores(rule);
    let manifest = json!({
        "format": 1,
        "run_id": run,
        "status": "finished",
        "started_at": "2026-11-27T10:00:00Z",
        "seconds": 41.5,
        "version": "0.1.0",
        "data": {"name": "Network_Data/phisingData.csv", "sha256": "00", "rows": 11055, "rejected_rows": 12},
        "split": {"strategy": "grouped", "seed": 42, "test_fraction": 0.2, "train_rows": 8844, "test_rows": 2211,
            "seen_in_train": 0.0},
        "model": "gradient_boosting",
        "threshold": scores.metrics.threshold.out_of_fold.threshold,
    });
    RunFacts {
        run_id: run.to_owned(),
        directory: format!("Artifacts/{run}"),
        manifest: Ok(serde_json::from_value(manifest).unwrap()),
        scores: Ok(scores),
    }
}

/// What the run answered when it finished.
pub(super) fn outcome() -> TrainOutcome {
    let scores = scores(ThresholdRule::F1);
    let metrics = &scores.metrics;
    serde_json::from_value(json!({
        "run_id": RUN,
        "run_dir": format!("Artifacts/{RUN}"),
        "champion": {"model": "gradient_boosting", "params": {"depth": 6},
            "threshold": metrics.threshold.out_of_fold.threshold},
        "promoted": true,
        "split": {"strategy": "grouped", "seed": 42, "train_rows": 8844, "test_rows": 2211, "seen_in_train": 0.0},
        "metrics": {"train": metrics.train.metrics, "test": metrics.test.metrics},
        "leaderboard": scores.leaderboard,
        "seconds": 41.5,
        "overfit_gap": 0.01,
        "threshold": metrics.threshold,
        "promotion": {"promoted": true, "reason": "there was no champion", "champion": null, "fresh_rows": 0,
            "probability_better": null, "interval": null},
        "rows": 11055,
        "rejected_rows": 12,
    }))
    .unwrap()
}

/// A stage that is done.
fn stage(stage: Stage, seconds: f64, summary: &str) -> [Event; 2] {
    [
        Event::StageStarted { stage, total: None },
        Event::StageFinished {
            stage,
            seconds,
            summary: summary.to_owned(),
        },
    ]
}

/// From the start of a run to its training stage, `done` of 150 folds.
pub(super) fn up_to_training(done: u64) -> Vec<Event> {
    let mut events = vec![Event::RunStarted { run_id: RUN.to_owned() }];
    events.extend(stage(
        Stage::Ingestion,
        0.21,
        "11,055 rows of Network_Data/phisingData.csv",
    ));
    events.extend(stage(
        Stage::Validation,
        0.04,
        "11,043 rows accepted, 12 rejected, 4,891 malicious",
    ));
    events.extend(stage(
        Stage::Transformation,
        0.13,
        "grouped split: 8,844 training rows in 5 folds",
    ));
    events.push(Event::StageStarted {
        stage: Stage::Training,
        total: None,
    });
    events.push(progress(done));
    events
}

/// The search, so far.
pub(super) fn progress(done: u64) -> Event {
    Event::StageProgress {
        stage: Stage::Training,
        done,
        total: Some(150),
        note: "gradient_boosting, trial 2 of 10".to_owned(),
    }
}

/// A trial of a family with its two folds: begun, and finished if it has a score.
pub(super) fn trial(model: &str, trial: usize, folds: &[f64], score: Option<f64>) -> Vec<Event> {
    let (model, of, params) = (model.to_owned(), 10, params());
    let mut events = vec![Event::TrialStarted {
        model: model.clone(),
        trial,
        of,
        params: params.clone(),
    }];
    events.extend(folds.iter().enumerate().map(|(at, value)| Event::FoldFinished {
        model: model.clone(),
        trial,
        fold: at + 1,
        folds: 5,
        metric: "pr_auc".to_owned(),
        value: *value,
    }));
    if score.is_some() {
        events.push(Event::TrialFinished {
            model,
            trial,
            of,
            params,
            score,
            seconds: 1.5,
            error: None,
        });
    }
    events
}

/// Iterations of a fit of gradient boosting.
pub(super) fn iterations(
    trial: usize,
    fold: usize,
    iterations: std::ops::RangeInclusive<usize>,
    of: usize,
) -> Vec<Event> {
    let one = |iteration: usize| {
        let (train, validation) = losses(iteration);
        Event::Iteration {
            model: "gradient_boosting".to_owned(),
            trial: Some(trial),
            fold: Some(fold),
            iteration,
            of,
            metric: "log_loss".to_owned(),
            train,
            validation: Some(validation),
        }
    };
    iterations.map(one).collect()
}
