//! Owns the tests of logistic regression. Expected values: scikit-learn 1.7.2, `LogisticRegression(C, tol=1e-12)`.

use ndarray::{Array2, arr2};

use super::*;
use crate::models::ParamValue;
use crate::models::test_data::{assert_close, fit, noisy, numeric};

const LABELS: [bool; 8] = [true, false, true, true, false, false, true, false];

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

fn scikit_learn(c: f64, base: f64, values: [f64; 2], expected: [f64; 4]) {
    let queries = arr2(&[[0.0, 0.0], [2.0, 1.0], [-1.5, 3.5], [10.0, -4.0]]);
    let model = fit(NAME, &numeric(train()), &LABELS, &[("c", ParamValue::Float(c))]);
    assert_close(&model.predict_proba(queries.view()).unwrap(), &expected, 1e-6);
    // Features average 1.21875 and .96875; a row of zeros contributes -weight x mean.
    let account = model.contributions(queries.row(0)).unwrap();
    let [w0, w1] = values;
    assert_close(&account.values, &[-w0 * 1.21875, -w1 * 0.96875], 1e-5);
    assert_close(&[account.base], &[base + w0 * 1.21875 + w1 * 0.96875], 1e-5);
}

#[test]
fn agrees_with_scikit_learn_at_the_same_penalty() {
    let expected = [
        0.3687078340526286,
        0.537466738499669,
        0.5677606790012149,
        0.5232110702620995,
    ];
    scikit_learn(0.5, -0.53776422, [0.18790698872281045, 0.3120986507714859], expected);
    let expected = [
        0.3018277578921847,
        0.5607323608551983,
        0.555408216886092,
        0.6475539900993884,
    ];
    scikit_learn(10.0, -0.83860932, [0.320993925648849, 0.44075630254092824], expected);
}

#[test]
fn separable_data_and_weak_penalties_converge() {
    let x = numeric(Array2::from_shape_fn((100, 2), |(i, j)| {
        (i as f32 - 49.5) / 50.0 * [1.0, 0.0][j]
    }));
    let labels: Vec<bool> = (0..100).map(|i| i >= 50).collect();
    for c in [1e-4, 1.0, 1e4] {
        let model = fit(NAME, &x, &labels, &[("c", ParamValue::Float(c))]);
        let p = model.predict_proba(x.values.view()).unwrap();
        assert!(p[49] < 0.5 && p[50] > 0.5, "{c}: {} {}", p[49], p[50]);
        assert_eq!(model.importances().unwrap(), [1.0, 0.0]);
    }
}

#[test]
fn a_fit_short_of_the_optimum_is_told() {
    let (x, labels) = noisy(100, 1);
    let data = TrainSet {
        matrix: &x,
        labels: &labels,
        weights: None,
    };
    let start = Model::new(vec![0.0; 4], 0.0, &x.values);
    assert!(start.slope(&data, 1.0) > 10.0 * MOST_SLOPE);
    let (weights, intercept) = minimise(
        &engine_input::dense(NAME, &data, false).unwrap(),
        &engine_input::classes(&data),
        1.0,
    )
    .unwrap();
    assert!(Model::new(weights, intercept, &x.values).slope(&data, 1.0) < 1e-6);
}
