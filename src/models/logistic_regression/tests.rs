//! Owns the tests of logistic regression. Expected values: scikit-learn 1.7.2, `LogisticRegression(C, tol=1e-12)`.

use ndarray::{Array2, arr2};
use smartcore::linalg::basic::arrays::Array as _;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

use super::LogisticRegression as LogisticRegressionFamily;
use super::loss::Loss;
use super::{MOST_SLOPE, NAME};
use crate::cancel::CancelToken;
use crate::models::test_data::{assert_close, context, fit, noisy, numeric};
use crate::models::{Family as _, ModelError, ParamValue, Params, TrainSet, engine_input};
use crate::transform::FeatureMatrix;

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
    let loss = Loss::new(x.values.as_slice().unwrap(), 4, data.labels, data.weights, 1.0);
    assert!(loss.steepest(&[0.0; 5]) > 10.0 * MOST_SLOPE);
    assert!(loss.steepest(&loss.minimum(&CancelToken::new())) < 1e-7);
}

/// Coefficients and intercept of smartcore's own `LogisticRegression`.
fn smartcore(x: &FeatureMatrix, labels: &[bool], c: f64) -> Vec<f64> {
    let data = TrainSet {
        matrix: x,
        labels,
        weights: None,
    };
    let parameters = LogisticRegressionParameters::default().with_alpha(1.0 / c);
    let fitted = LogisticRegression::fit(
        &engine_input::dense(NAME, &data, false).unwrap(),
        &engine_input::classes(&data),
        parameters,
    )
    .unwrap();
    let weights = fitted.coefficients().iterator(0);
    weights.chain(fitted.intercept().iterator(0)).copied().collect()
}

#[test]
fn agrees_with_smartcore_and_row_weights_are_copies() {
    // Coarse values, so that rows repeat.
    let (x, labels) = noisy(600, 5);
    let x = numeric(x.values.mapv(f32::round));
    let copies: Vec<usize> = (0..600).flat_map(|row| vec![row; 1 + row % 3]).collect();
    let weights: Vec<f32> = (0..600).map(|row| 1.0 + (row % 3) as f32).collect();
    let (many, many_labels) = (
        x.select_rows(&copies),
        copies.iter().map(|r| labels[*r]).collect::<Vec<_>>(),
    );
    for c in [0.01, 1.0, 100.0] {
        let minimum = |x: &FeatureMatrix, labels: &[bool], weights: Option<&[f32]>| {
            let loss = Loss::new(x.values.as_slice().unwrap(), 4, labels, weights, c);
            loss.minimum(&CancelToken::new())
        };
        assert_close(&minimum(&x, &labels, None), &smartcore(&x, &labels, c), 1e-5);
        let expected = smartcore(&many, &many_labels, c);
        assert_close(&minimum(&many, &many_labels, None), &expected, 1e-5);
        assert_close(&minimum(&x, &labels, Some(&weights)), &expected, 1e-5);
    }
}

#[test]
fn the_order_of_rows_changes_nothing_but_the_last_digits() {
    let (x, labels) = noisy(200, 9);
    let reversed: Vec<usize> = (0..200).rev().collect();
    let backwards: Vec<bool> = labels.iter().rev().copied().collect();
    let model = fit(NAME, &x, &labels, &[]).predict_proba(x.values.view()).unwrap();
    let other = fit(NAME, &x.select_rows(&reversed), &backwards, &[]);
    assert_close(&other.predict_proba(x.values.view()).unwrap(), &model, 1e-6);
}

#[test]
fn a_cancelled_fit_ends_by_itself() {
    let (x, labels) = noisy(200, 2);
    let loss = Loss::new(x.values.as_slice().unwrap(), 4, &labels, None, 1.0);
    let cancel = CancelToken::new();
    cancel.cancel();
    assert_eq!(loss.minimum(&cancel), [0.0; 5]);
    let data = TrainSet {
        matrix: &x,
        labels: &labels,
        weights: None,
    };
    let result = LogisticRegressionFamily.fit(&data, &Params::default(), &mut context(&cancel, &mut |_| ()));
    assert!(matches!(result, Err(ModelError::Cancelled(_))));
}
