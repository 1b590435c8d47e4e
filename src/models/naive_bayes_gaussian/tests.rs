//! Owns the tests of Gaussian naive Bayes. Expected probabilities: scikit-learn 1.7.2, `GaussianNB(var_smoothing)`.

use ndarray::{Array2, arr2};

use super::*;
use crate::models::test_data::{assert_close, fit, numeric, params, try_fit};
use crate::models::{ParamValue, family};

const LABELS: [bool; 8] = [true, false, true, true, false, false, true, false];
const WEIGHTS: [f32; 8] = [1.0, 2.0, 0.5, 1.0, 1.5, 1.0, 3.0, 0.25];

fn train() -> Array2<f32> {
    arr2(&[
        [1.0, 2.5],
        [2.0, -0.5],
        [3.25, 1.0],
        [-1.0, 0.75],
        [0.0, 4.0],
        [0.5, -2.0],
        [2.5, 2.0],
        [1.5, 0.0],
    ])
}

fn scikit_learn(var_smoothing: f64, weights: Option<&[f32]>, expected: [f64; 4]) {
    let queries = arr2(&[[0.0, 0.0], [2.0, 1.0], [-1.5, 3.5], [10.0, -4.0]]);
    let params = params(&[("var_smoothing", ParamValue::Float(var_smoothing))]);
    let model = try_fit(family(NAME).unwrap(), &numeric(train()), &LABELS, weights, &params).unwrap();
    assert_close(&model.predict_proba(queries.view()).unwrap(), &expected, 1e-12);
}

#[test]
fn agrees_with_scikit_learn() {
    let sharp = [
        0.17494232999428164,
        0.7073581549092479,
        0.750240180702879,
        0.9999999998994866,
    ];
    scikit_learn(1e-9, None, sharp);
    let smooth = [
        0.3572773763108089,
        0.6277345097579633,
        0.6608361965852411,
        0.9997267478777859,
    ];
    scikit_learn(0.25, None, smooth);
    let weighted = [
        0.03885471987627684,
        0.6940634655236462,
        0.31089848558669336,
        7.0003481237258e-05,
    ];
    scikit_learn(1e-9, Some(&WEIGHTS), weighted);
    let both = [
        0.31247413132934915,
        0.6807424998671198,
        0.5692667497569507,
        0.6779913304370129,
    ];
    scikit_learn(0.25, Some(&WEIGHTS), both);
}

#[test]
fn a_feature_constant_in_one_class_or_in_all_is_no_division_by_zero() {
    let x = numeric(arr2(&[[0.0, 3.0], [0.0, 3.0], [1.0, 3.0], [-1.0, 3.0]]));
    let model = fit(NAME, &x, &[true, true, false, false], &[]);
    let p = model.predict_proba(x.values.view()).unwrap();
    assert!(p[0] > 0.9 && p[2] < 0.1, "{p:?}");
    let constant = numeric(Array2::from_elem((4, 2), 3.0));
    let model = fit(NAME, &constant, &[true, true, true, false], &[]);
    assert_close(&model.predict_proba(constant.values.view()).unwrap(), &[0.75; 4], 1e-12);
    assert_eq!(model.importances().unwrap(), [0.0, 0.0]);
}

#[test]
fn large_means_keep_their_digits() {
    let far = train().mapv(|v| v + 1_000_000.0);
    let model = fit(NAME, &numeric(far.clone()), &LABELS, &[]);
    let near = fit(NAME, &numeric(far.mapv(|v| v - 1_000_000.0)), &LABELS, &[]);
    let shifted = far.mapv(|v| v - 1_000_000.0);
    assert_close(
        &model.predict_proba(far.view()).unwrap(),
        &near.predict_proba(shifted.view()).unwrap(),
        1e-9,
    );
}
