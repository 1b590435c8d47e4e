//! Owns the tests of calibration.

use proptest::prelude::*;

use super::*;

fn isotonic(scores: &[f64], labels: &[bool]) -> (Vec<f64>, Vec<f64>) {
    match fit_isotonic(scores, labels).unwrap().calibrator {
        Calibrator::Isotonic { x, y } => (x, y),
        other => panic!("{other:?}"),
    }
}

fn slope(fit: &CalibratorFit) -> (f64, f64) {
    match fit.calibrator {
        Calibrator::Sigmoid { a, b } => (a, b),
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn isotonic_by_hand() {
    // .2 and .3 violate and pool to 1/2; the tied .6 pool to 2/3 first.
    let scores = [0.1, 0.2, 0.3, 0.6, 0.6, 0.6, 0.9];
    let labels = [false, true, false, true, false, true, true];
    let (x, y) = isotonic(&scores, &labels);
    assert_eq!(x, [0.1, 0.2, 0.3, 0.6, 0.9]);
    assert_eq!(y, [0.0, 0.5, 0.5, 2.0 / 3.0, 1.0]);
    let fitted = fit_isotonic(&scores, &labels).unwrap().calibrator;
    for (raw, expected) in [(0.0, 0.0), (0.15, 0.25), (0.25, 0.5), (0.9, 1.0), (1.0, 1.0)] {
        assert!((fitted.apply(raw) - expected).abs() < 1e-15, "{raw}");
    }
}

#[test]
fn isotonic_of_a_reversed_ranking_is_the_base_rate() {
    let (x, y) = isotonic(&[0.9, 0.8, 0.1], &[false, false, true]);
    assert_eq!((x, y), (vec![0.1, 0.9], vec![1.0 / 3.0, 1.0 / 3.0]));
}

#[test]
fn sigmoid_is_at_the_optimum() {
    let scores = [0.05, 0.1, 0.2, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95, 0.0, 1.0];
    let labels = [
        false, false, true, false, false, true, false, true, true, true, false, true,
    ];
    let (a, b) = slope(&fit_sigmoid(&scores, &labels).unwrap());
    let (high, low) = (7.0 / 8.0, 1.0 / 8.0);
    let (mut ga, mut gb) = (0.0, 0.0);
    for (score, label) in scores.iter().zip(labels) {
        let q: f64 = 1e-4 + (1.0 - 2e-4) * score;
        let x = (q / (1.0 - q)).ln();
        let residual = 1.0 / (1.0 + (-(a * x + b)).exp()) - if label { high } else { low };
        ga += x * residual;
        gb += residual;
    }
    assert!(ga.abs() < 1e-9 && gb.abs() < 1e-9, "{ga} {gb}");
}

#[test]
fn calibrated_scores_are_left_nearly_alone() {
    // In each tenth exactly that share is malicious.
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for tenth in 1..10 {
        for i in 0..1000 {
            scores.push(f64::from(tenth) / 10.0);
            labels.push(i < tenth * 100);
        }
    }
    let (a, b) = slope(&fit_sigmoid(&scores, &labels).unwrap());
    assert!((a - 1.0).abs() < 2e-3 && b.abs() < 2e-3, "{a} {b}");
    // Overconfident by a factor of two in log-odds: the slope takes it back.
    let sure: Vec<f64> = scores.iter().map(|p| p * p / (p * p + (1.0 - p) * (1.0 - p))).collect();
    let (a, _) = slope(&fit_sigmoid(&sure, &labels).unwrap());
    assert!((a - 0.5).abs() < 2e-3, "{a}");
}

#[test]
fn separated_classes_give_a_finite_sigmoid() {
    let scores: Vec<f64> = (0..1000).map(|i| f64::from(u8::from(i >= 500))).collect();
    let labels: Vec<bool> = (0..1000).map(|i| i >= 500).collect();
    let fit = fit_sigmoid(&scores, &labels).unwrap();
    // The smoothed targets: 501/502 and 1/502.
    assert!((fit.calibrator.apply(1.0) - 501.0 / 502.0).abs() < 1e-9);
    assert!((fit.calibrator.apply(0.0) - 1.0 / 502.0).abs() < 1e-9);
}

#[test]
fn what_cannot_be_fitted_falls_back_with_a_reason() {
    for (scores, labels) in [
        (vec![0.3], vec![true]),
        (vec![0.1, 0.9], vec![false, false]),
        (vec![0.4; 5], vec![true, false, true, false, false]),
    ] {
        for fit in [
            fit_sigmoid(&scores, &labels).unwrap(),
            fit_isotonic(&scores, &labels).unwrap(),
        ] {
            assert_eq!(fit.calibrator, Calibrator::Identity);
            assert!(fit.fallback.is_some());
        }
    }
    let reversed = fit_sigmoid(&[0.9, 0.8, 0.2, 0.1], &[false, false, true, true]).unwrap();
    assert_eq!(reversed.calibrator, Calibrator::Identity);
    assert!(reversed.fallback.unwrap().contains("ranking"));
    // No relation at all: the slope is 0.
    let unrelated = fit_sigmoid(&[0.2, 0.2, 0.8, 0.8], &[false, true, false, true]).unwrap();
    assert_eq!(unrelated.calibrator, Calibrator::Identity);
    assert!(fit_sigmoid(&[f64::NAN], &[true]).is_err());
}

#[test]
fn two_rows_are_enough() {
    let fit = fit_sigmoid(&[0.2, 0.9], &[false, true]).unwrap();
    assert_eq!(fit.fallback, None);
    assert!(fit.calibrator.apply(0.2) < 0.5 && fit.calibrator.apply(0.9) > 0.5);
}

#[test]
fn odd_input_gives_no_odd_output() {
    let calibrators = [
        Calibrator::Identity,
        Calibrator::Sigmoid { a: 1e300, b: -1e300 },
        Calibrator::Isotonic {
            x: vec![0.2, 0.8],
            y: vec![0.1, 0.9],
        },
        // Not buildable from a file, but the fields are public.
        Calibrator::Isotonic { x: vec![], y: vec![] },
        Calibrator::Isotonic {
            x: vec![0.5, 0.1],
            y: vec![7.0],
        },
    ];
    for calibrator in &calibrators {
        assert!(calibrator.apply(f64::NAN).is_nan());
        for raw in [f64::NEG_INFINITY, -1.0, -0.0, 0.0, 5e-324, 0.5, 1.0, 2.0, f64::INFINITY] {
            let p = calibrator.apply(raw);
            assert!((0.0..=1.0).contains(&p), "{calibrator:?} {raw} {p}");
        }
    }
}

#[test]
fn damaged_files_are_refused() {
    for json in [
        r#"{"sigmoid":{"a":-1.0,"b":0.0}}"#,
        r#"{"sigmoid":{"a":0.0,"b":0.0}}"#,
        r#"{"isotonic":{"x":[],"y":[]}}"#,
        r#"{"isotonic":{"x":[0.1],"y":[0.1,0.2]}}"#,
        r#"{"isotonic":{"x":[0.2,0.1],"y":[0.1,0.2]}}"#,
        r#"{"isotonic":{"x":[0.1,0.2],"y":[0.2,0.1]}}"#,
        r#"{"isotonic":{"x":[0.1,0.2],"y":[0.2,1.5]}}"#,
        r#""unknown""#,
    ] {
        assert!(serde_json::from_str::<Calibrator>(json).is_err(), "{json}");
    }
}

#[test]
fn round_trips_in_both_formats() {
    for calibrator in [
        Calibrator::Identity,
        Calibrator::Sigmoid { a: 1.25, b: -0.1 },
        Calibrator::Isotonic {
            x: vec![0.1, 0.3],
            y: vec![0.0, 1.0 / 3.0],
        },
    ] {
        let json = serde_json::to_string(&calibrator).unwrap();
        assert_eq!(serde_json::from_str::<Calibrator>(&json).unwrap(), calibrator);
        let packed = rmp_serde::to_vec(&calibrator).unwrap();
        assert_eq!(rmp_serde::from_slice::<Calibrator>(&packed).unwrap(), calibrator);
    }
}

proptest! {
    #[test]
    fn order_is_kept(rows in proptest::collection::vec((0.0_f64..=1.0, any::<bool>()), 2..100)) {
        let mut scores: Vec<f64> = rows.iter().map(|r| r.0).collect();
        let labels: Vec<bool> = rows.iter().map(|r| r.1).collect();
        let sigmoid = fit_sigmoid(&scores, &labels).unwrap().calibrator;
        let isotonic = fit_isotonic(&scores, &labels).unwrap().calibrator;
        scores.extend([0.0, 1e-300, 1e-9, 1.0 - 1e-9, 1.0]);
        scores.sort_by(f64::total_cmp);
        for pair in scores.windows(2) {
            prop_assert!(sigmoid.apply(pair[0]) <= sigmoid.apply(pair[1]));
            prop_assert!(pair[1] - pair[0] < 1e-9 || sigmoid.apply(pair[0]) < sigmoid.apply(pair[1]));
            prop_assert!(isotonic.apply(pair[0]) <= isotonic.apply(pair[1]) + 1e-15);
        }
    }

    #[test]
    fn isotonic_keeps_the_mean(rows in proptest::collection::vec((0_u8..20, any::<bool>()), 2..100)) {
        let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 19.0).collect();
        let labels: Vec<bool> = rows.iter().map(|r| r.1).collect();
        let fit = fit_isotonic(&scores, &labels).unwrap();
        if fit.fallback.is_none() {
            let calibrated: f64 = fit.calibrator.apply_all(&scores).iter().sum();
            let positives = labels.iter().filter(|&&l| l).count() as f64;
            prop_assert!((calibrated - positives).abs() < 1e-9);
        }
    }
}
