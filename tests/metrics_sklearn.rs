//! Owns the comparison of every metric, curve and calibrator with scikit-learn 1.7.2, on the vectors that
//! `fixtures/metrics_sklearn.py` draws: ties, equal scores, probabilities of 0 and 1, few rows, rare classes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed step of the comparison should fail the test"
)]

use nsec_tui::metrics::{
    Calibrator, Paired, Ranking, Scored, evaluate, fit_isotonic, fit_sigmoid, mcnemar, metric, pr_curve, roc_curve,
};
use serde_json::Value;

/// "To 1e-9 on fixed vectors."
const TOLERANCE: f64 = 1e-9;

struct Vector {
    name: String,
    scores: Vec<f64>,
    labels: Vec<bool>,
    expected: Value,
}

fn fixture() -> Value {
    let text = include_str!("fixtures/metrics_sklearn.json");
    let fixture: Value = serde_json::from_str(text).unwrap();
    assert_eq!(fixture["scikit_learn"], "1.7.2");
    fixture
}

fn vectors() -> Vec<Vector> {
    let list = fixture()["vectors"].as_array().unwrap().clone();
    assert!(list.len() >= 19);
    list.into_iter()
        .map(|expected| Vector {
            name: expected["name"].as_str().unwrap().to_owned(),
            scores: numbers(&expected["scores"]),
            labels: numbers(&expected["labels"]).iter().map(|&label| label == 1.0).collect(),
            expected,
        })
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[track_caller]
fn assert_close(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{what}: ours {ours}, scikit-learn {theirs}"
    );
}

#[track_caller]
fn assert_all_close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (&ours, &theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_close(ours, theirs, tolerance, &format!("{what}[{i}]"));
    }
}

#[track_caller]
fn assert_optional(ours: Option<f64>, theirs: &Value, what: &str) {
    match (ours, theirs.as_f64()) {
        (None, None) => {}
        (Some(ours), Some(theirs)) => assert_close(ours, theirs, TOLERANCE, what),
        (ours, theirs) => panic!("{what}: ours {ours:?}, scikit-learn {theirs:?}"),
    }
}

#[test]
fn threshold_free_metrics() {
    for v in vectors() {
        let ours = evaluate(&v.scores, &v.labels, 0.5).unwrap();
        let what = |metric: &str| format!("{}: {metric}", v.name);
        assert_optional(ours.roc_auc, &v.expected["roc_auc"], &what("roc_auc"));
        assert_optional(ours.pr_auc, &v.expected["pr_auc"], &what("pr_auc"));
        assert_optional(Some(ours.brier), &v.expected["brier"], &what("brier"));
        assert_optional(Some(ours.log_loss), &v.expected["log_loss"], &what("log_loss"));
        assert_optional(Some(ours.ece), &v.expected["ece"], &what("ece"));
        let rates = v.expected["recall_at_fpr"].as_object().unwrap();
        assert_eq!(rates.len(), ours.recall_at_fpr.len());
        for (rate, theirs) in rates {
            assert_optional(ours.recall_at_fpr[rate], theirs, &what(rate));
        }
    }
}

#[test]
fn threshold_metrics() {
    for v in vectors() {
        for at in v.expected["at"].as_array().unwrap() {
            let threshold = at["threshold"].as_f64().unwrap();
            let ours = serde_json::to_value(evaluate(&v.scores, &v.labels, threshold).unwrap()).unwrap();
            assert_eq!(ours["confusion"], at["confusion"], "{} at {threshold}", v.name);
            for name in ["accuracy", "precision", "recall", "f1", "mcc"] {
                let what = format!("{}: {name} at {threshold}", v.name);
                assert_optional(ours[name].as_f64(), &at[name], &what);
                assert_optional(
                    metric(name).unwrap().value(&v.scores, &v.labels, threshold).unwrap(),
                    &at[name],
                    &what,
                );
            }
        }
    }
}

#[test]
fn row_order_does_not_matter() {
    for v in vectors() {
        let reversed_scores: Vec<f64> = v.scores.iter().rev().copied().collect();
        let reversed_labels: Vec<bool> = v.labels.iter().rev().copied().collect();
        let there = evaluate(&v.scores, &v.labels, 0.5).unwrap();
        let back = evaluate(&reversed_scores, &reversed_labels, 0.5).unwrap();
        assert_eq!(
            (there.roc_auc, there.pr_auc, &there.precision_at),
            (back.roc_auc, back.pr_auc, &back.precision_at)
        );
    }
}

#[test]
fn curve_points() {
    let mut compared = 0;
    for v in vectors() {
        let Some(curves) = v.expected.get("curves") else {
            continue;
        };
        compared += 1;
        let ranking = Ranking::new(&Scored::new(&v.scores, &v.labels).unwrap());
        let roc = roc_curve(&ranking);
        let column = |f: fn(&nsec_tui::metrics::RocPoint) -> f64| roc.iter().map(f).collect::<Vec<_>>();
        assert_all_close(&column(|p| p.fpr), &numbers(&curves["roc"]["fpr"]), TOLERANCE, &v.name);
        assert_all_close(&column(|p| p.tpr), &numbers(&curves["roc"]["tpr"]), TOLERANCE, &v.name);
        let thresholds: Vec<f64> = roc.iter().filter_map(|p| p.threshold).collect();
        assert_eq!(thresholds, numbers(&curves["roc"]["threshold"]), "{}", v.name);
        let pr = pr_curve(&ranking);
        let column = |f: fn(&nsec_tui::metrics::PrPoint) -> f64| pr.iter().map(f).collect::<Vec<_>>();
        assert_all_close(
            &column(|p| p.recall),
            &numbers(&curves["pr"]["recall"]),
            TOLERANCE,
            &v.name,
        );
        assert_all_close(
            &column(|p| p.precision),
            &numbers(&curves["pr"]["precision"]),
            TOLERANCE,
            &v.name,
        );
        let thresholds: Vec<f64> = pr.iter().filter_map(|p| p.threshold).collect();
        assert_eq!(thresholds, numbers(&curves["pr"]["threshold"]), "{}", v.name);
    }
    assert!(compared >= 14, "{compared}");
}

#[test]
fn isotonic_regression() {
    let mut compared = 0;
    for v in vectors() {
        let Some(isotonic) = v.expected.get("isotonic") else {
            continue;
        };
        compared += 1;
        let fit = fit_isotonic(&v.scores, &v.labels).unwrap();
        assert_eq!(fit.fallback, None);
        let ours = fit.calibrator.apply_all(&numbers(&isotonic["at"]));
        assert_all_close(&ours, &numbers(&isotonic["fitted"]), TOLERANCE, &v.name);
    }
    assert!(compared >= 10, "{compared}");
}

/// scikit-learn's L-BFGS stops at a gradient of 1e-6, ours goes on to rounding: fitted probabilities agree to 1e-6,
/// not to 1e-9. That ours is the optimum is tested beside the code.
#[test]
fn sigmoid_calibration() {
    let mut compared = 0;
    for v in vectors() {
        let Some(sigmoid) = v.expected.get("sigmoid") else {
            continue;
        };
        compared += 1;
        let fit = fit_sigmoid(&v.scores, &v.labels).unwrap();
        let Calibrator::Sigmoid { a, b } = fit.calibrator else {
            panic!("{}: {fit:?}", v.name)
        };
        assert_close(a, sigmoid["a"].as_f64().unwrap(), 1e-5, &v.name);
        assert_close(b, sigmoid["b"].as_f64().unwrap(), 1e-5, &v.name);
        assert_all_close(
            &fit.calibrator.apply_all(&v.scores),
            &numbers(&sigmoid["fitted"]),
            1e-6,
            &v.name,
        );
    }
    assert_eq!(compared, 6);
}

/// Against scipy's exact binomial test.
#[test]
fn mcnemar_test() {
    for case in fixture()["mcnemar"].as_array().unwrap() {
        let count = |name: &str| usize::try_from(case[name].as_u64().unwrap()).unwrap();
        let (only_a, only_b) = (count("only_a"), count("only_b"));
        let labels = vec![true; only_a + only_b + 5];
        let right = |from: usize, to: usize| -> Vec<f64> {
            (0..labels.len())
                .map(|i| if (from..to).contains(&i) { 0.9 } else { 0.1 })
                .collect()
        };
        let (a, b) = (right(0, only_a), right(only_a, only_a + only_b));
        let paired = Paired {
            a: &a,
            b: &b,
            labels: &labels,
            threshold_a: 0.5,
            threshold_b: 0.5,
            groups: None,
        };
        let ours = mcnemar(&paired).unwrap();
        assert_eq!((ours.only_a_right, ours.only_b_right), (only_a as u64, only_b as u64));
        assert_close(ours.exact_p, case["exact"].as_f64().unwrap(), TOLERANCE, "exact");
        assert_close(ours.mid_p, case["mid"].as_f64().unwrap(), TOLERANCE, "mid");
    }
}
