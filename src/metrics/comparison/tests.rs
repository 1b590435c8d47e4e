//! Owns the tests of comparing two models.

use super::*;
use crate::metrics::metrics;

struct Rows {
    weak: Vec<f64>,
    strong: Vec<f64>,
    labels: Vec<bool>,
}

/// Two models of which one sees more of the label; both score in tenths, so that ties abound.
fn rows(n: usize) -> Rows {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let labels: Vec<bool> = (0..n).map(|_| rng.random_bool(0.4)).collect();
    let mut score = |signal: f64| -> Vec<f64> {
        let noisy = |&label: &bool| {
            let raw: f64 = rng.random::<f64>() * (1.0 - signal) + if label { signal } else { 0.0 };
            (raw * 10.0).round() / 10.0
        };
        labels.iter().map(noisy).collect()
    };
    let weak = score(0.1);
    let strong = score(0.5);
    Rows { weak, strong, labels }
}

fn pair<'a>(a: &'a [f64], b: &'a [f64], labels: &'a [bool]) -> Paired<'a> {
    Paired {
        a,
        b,
        labels,
        threshold_a: 0.5,
        threshold_b: 0.5,
        groups: None,
    }
}

fn compare(metric: &str, paired: &Paired<'_>) -> Difference {
    let options = BootstrapOptions {
        resamples: 300,
        seed: 3,
        ..BootstrapOptions::default()
    };
    bootstrap_difference(metric, paired, &options, &CancelToken::new()).unwrap()
}

#[test]
fn a_clear_difference_is_found_for_every_direction() {
    let r = rows(600);
    for name in ["roc_auc", "pr_auc", "f1", "brier", "log_loss"] {
        let d = compare(name, &pair(&r.weak, &r.strong, &r.labels));
        assert!(
            d.b_is_better && !d.a_is_better && d.probability_b_better > 0.99,
            "{d:?}"
        );
        assert!(d.low <= d.difference && d.difference <= d.high, "{d:?}");
        let turned = compare(name, &pair(&r.strong, &r.weak, &r.labels));
        assert!(turned.a_is_better && !turned.b_is_better, "{turned:?}");
        assert!((turned.low + d.high).abs() < 1e-12 && (turned.high + d.low).abs() < 1e-12);
    }
}

#[test]
fn a_model_is_no_better_than_itself() {
    let r = rows(200);
    for metric in metrics() {
        let d = compare(metric.name, &pair(&r.weak, &r.weak, &r.labels));
        assert_eq!(
            (d.low, d.high, d.probability_b_better),
            (0.0, 0.0, 0.5),
            "{}",
            metric.name
        );
        assert!(!d.b_is_better && !d.a_is_better);
    }
}

#[test]
fn threads_do_not_change_the_result_and_seeds_do() {
    let r = rows(300);
    let paired = pair(&r.weak, &r.strong, &r.labels);
    let with = |threads: usize, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = BootstrapOptions {
            resamples: 200,
            seed,
            ..BootstrapOptions::default()
        };
        pool.install(|| bootstrap_difference("pr_auc", &paired, &options, &CancelToken::new()).unwrap())
    };
    assert_eq!(with(1, 1), with(3, 1));
    assert_ne!(with(1, 1).low, with(1, 2).low);
}

#[test]
fn the_interval_matches_theory() {
    // Accuracy of a model that is always wrong against one that is right on 3 of 10 rows: the difference is binomial
    // with sd sqrt(.3 * .7 / 1000) = .01449, and 90 % of a normal lies within 1.645 sd.
    let labels = vec![true; 1000];
    let wrong = vec![0.0; 1000];
    let sometimes: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i % 10 < 3))).collect();
    let options = BootstrapOptions {
        resamples: 4000,
        level: 0.9,
        seed: 11,
    };
    let paired = pair(&wrong, &sometimes, &labels);
    let d = bootstrap_difference("accuracy", &paired, &options, &CancelToken::new()).unwrap();
    assert_eq!(d.difference, 0.3);
    let half = 1.645 * 0.01449;
    assert!(
        (d.low - (0.3 - half)).abs() < 0.003 && (d.high - (0.3 + half)).abs() < 0.003,
        "{d:?}"
    );
}

#[test]
fn copies_of_a_row_are_no_more_evidence_in_groups() {
    // Each row ten times: by rows the interval shrinks by sqrt(10), by groups it is as wide as without copies.
    let r = rows(100);
    let copy = |v: &[f64]| -> Vec<f64> { v.iter().flat_map(|&x| [x; 10]).collect() };
    let (weak, strong) = (copy(&r.weak), copy(&r.strong));
    let labels: Vec<bool> = r.labels.iter().flat_map(|&l| [l; 10]).collect();
    let groups: Vec<u64> = (0..1000).map(|i| u64::MAX - i / 10).collect();
    let width = |d: Difference| d.high - d.low;
    let plain = width(compare("roc_auc", &pair(&r.weak, &r.strong, &r.labels)));
    let by_row = width(compare("roc_auc", &pair(&weak, &strong, &labels)));
    let by_group = width(compare(
        "roc_auc",
        &Paired {
            groups: Some(&groups),
            ..pair(&weak, &strong, &labels)
        },
    ));
    assert!((by_group - plain).abs() < 1e-12, "{by_group} {plain}");
    assert!(by_row < 0.5 * plain, "{by_row} {plain}");
}

#[test]
fn resamples_without_a_class_are_left_out() {
    // One malicious row of six: a third of the draws miss it, and the area has no value there.
    let labels = [true, false, false, false, false, false];
    let a = [0.5, 0.1, 0.2, 0.6, 0.7, 0.3];
    let b = [0.9, 0.1, 0.2, 0.6, 0.7, 0.3];
    let d = compare("roc_auc", &pair(&a, &b, &labels));
    assert!((100..300).contains(&d.resamples), "{}", d.resamples);
}

#[test]
fn bad_questions_get_answers() {
    let r = rows(50);
    let paired = pair(&r.weak, &r.strong, &r.labels);
    let token = CancelToken::new();
    let options = BootstrapOptions::default();
    let ask = |metric: &str, p: &Paired<'_>, o: &BootstrapOptions| bootstrap_difference(metric, p, o, &token);
    assert!(matches!(
        ask("aoc", &paired, &options),
        Err(MetricError::UnknownMetric { .. })
    ));
    let one_class = vec![true; 50];
    assert_eq!(
        ask("roc_auc", &pair(&r.weak, &r.strong, &one_class), &options).unwrap_err(),
        MetricError::Undefined { metric: "roc_auc" }
    );
    assert!(matches!(
        ask(
            "f1",
            &Paired {
                groups: Some(&[1]),
                ..paired
            },
            &options
        ),
        Err(MetricError::Lengths { .. })
    ));
    assert_eq!(
        ask(
            "f1",
            &Paired {
                threshold_b: f64::NAN,
                ..paired
            },
            &options
        ),
        Err(MetricError::Threshold)
    );
    for bad in [
        BootstrapOptions {
            resamples: 0,
            ..options
        },
        BootstrapOptions { level: 1.0, ..options },
    ] {
        assert!(matches!(ask("f1", &paired, &bad), Err(MetricError::Setting { .. })));
    }
    token.cancel();
    assert_eq!(
        ask("f1", &paired, &options).unwrap_err(),
        MetricError::Cancelled(Cancelled)
    );
}

#[test]
fn quantiles_as_numpy() {
    // numpy.quantile([1, 2, 3, 4], [0, .1, .5, 1])
    let values = [1.0, 2.0, 3.0, 4.0];
    let at: Vec<f64> = [0.0, 0.1, 0.5, 1.0]
        .iter()
        .map(|&q| quantile(&values, q).unwrap())
        .collect();
    assert_eq!(at, [1.0, 1.3, 2.5, 4.0]);
    assert_eq!(quantile(&[], 0.5), None);
}

#[test]
fn sign_test_by_hand() {
    // 1 of 6: 2 (1 + 6) / 64, mid-p takes off 6/64. 2 of 5: 2 (1 + 5 + 10) / 32, and 32 - 10 of 32.
    let (exact, mid) = sign_test(1, 6);
    assert!((exact - 14.0 / 64.0).abs() < 1e-15 && (mid - 8.0 / 64.0).abs() < 1e-15);
    let (exact, mid) = sign_test(2, 5);
    assert!((exact - 1.0).abs() < 1e-15 && (mid - 22.0 / 32.0).abs() < 1e-15);
    let (exact, mid) = sign_test(3, 6);
    assert!(exact == 1.0 && (mid - 1.0).abs() < 1e-15);
    assert_eq!(sign_test(0, 0), (1.0, 1.0));
    // Far out it is tiny, not NaN.
    let (exact, mid) = sign_test(0, 100_000);
    assert!(exact == 0.0 && mid == 0.0);
}

#[test]
fn mcnemar_counts_discordant_rows() {
    let labels = [true, true, true, false, false, false];
    let a = [0.9, 0.1, 0.1, 0.1, 0.9, 0.1];
    let b = [0.1, 0.9, 0.9, 0.1, 0.1, 0.1];
    let test = mcnemar(&pair(&a, &b, &labels)).unwrap();
    assert_eq!((test.only_a_right, test.only_b_right), (1, 3));
    assert!((test.exact_p - 10.0 / 16.0).abs() < 1e-15 && (test.mid_p - 6.0 / 16.0).abs() < 1e-15);
}
