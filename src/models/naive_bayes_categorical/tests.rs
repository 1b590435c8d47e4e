//! Owns the tests of categorical naive Bayes. Expected probabilities: scikit-learn 1.7.2, `CategoricalNB(alpha,
//! min_categories=[4, 3, 3])`.

use ndarray::{Array2, arr2};

use super::*;
use crate::models::test_data::{assert_close, fit, matrix, numeric, params, try_fit};
use crate::models::{ParamValue, family};
use crate::transform::FeatureMatrix;

const WEIGHTS: [f32; 8] = [1.0, 2.0, 0.5, 1.0, 1.5, 1.0, 3.0, 0.25];

fn codes(values: Array2<f32>) -> FeatureMatrix {
    matrix(values, |j| FeatureKind::Categorical {
        cardinality: [4, 3, 3][j],
    })
}

fn train() -> (FeatureMatrix, [bool; 8]) {
    let values = arr2(&[
        [0.0, 1.0, 2.0],
        [1.0, 1.0, 0.0],
        [2.0, 0.0, 1.0],
        [0.0, 2.0, 2.0],
        [1.0, 0.0, 0.0],
        [2.0, 2.0, 1.0],
        [0.0, 0.0, 2.0],
        [1.0, 2.0, 1.0],
    ]);
    (codes(values), [true, false, true, true, false, false, true, false])
}

fn queries() -> Array2<f32> {
    arr2(&[[0.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
}

fn scikit_learn(alpha: f64, weights: Option<&[f32]>, expected: [f64; 4]) {
    let (x, y) = train();
    let params = params(&[("alpha", ParamValue::Float(alpha))]);
    let model = try_fit(family(NAME).unwrap(), &x, &y, weights, &params).unwrap();
    assert_close(&model.predict_proba(queries().view()).unwrap(), &expected, 1e-12);
}

#[test]
fn agrees_with_scikit_learn() {
    let plain = [
        0.7272727272727271,
        0.7272727272727274,
        0.07692307692307696,
        0.6666666666666669,
    ];
    scikit_learn(1.0, None, plain);
    let sharp = [
        0.9419889502762433,
        0.9419889502762433,
        0.0015337423312883447,
        0.7380952380952377,
    ];
    scikit_learn(0.1, None, sharp);
    let weighted = [
        0.7027542435256138,
        0.7800423348246102,
        0.02690764922210013,
        0.6802862221132631,
    ];
    scikit_learn(1.0, Some(&WEIGHTS), weighted);
    let both = [
        0.9009635413858161,
        0.9455561772004333,
        0.0002894912782239103,
        0.7094976255279277,
    ];
    scikit_learn(0.1, Some(&WEIGHTS), both);
}

#[test]
fn strange_codes_count_as_unseen() {
    let (x, y) = train();
    let model = fit(NAME, &x, &y, &[]);
    let strange = arr2(&[[3.0, 1.0, 1.0], [4.0, 1.0, 1.0], [-1.0, 1.0, 1.0], [1e30, 1.0, 1.0]]);
    let p = model.predict_proba(strange.view()).unwrap();
    assert!(p.iter().all(|v| *v == p[0]), "{p:?}");
}

#[test]
fn numbers_are_cut_at_quantiles() {
    let column = |values: &[f32]| Coding::learn(FeatureKind::Numeric, ndarray::ArrayView1::from(values), 4).unwrap();
    let hundred: Vec<f32> = (0..100).map(|i| i as f32).collect();
    assert_eq!(column(&hundred), Coding::Bins(vec![25.0, 50.0, 75.0]));
    assert_eq!(column(&[1.0, -1.0, 0.0, 1.0]), Coding::Bins(vec![0.0, 1.0]));
    assert_eq!(column(&[5.0; 9]), Coding::Bins(vec![]));
    assert_eq!(column(&[-0.0, 0.0]).codes(), 1);
    // Nine of ten values are one: no bin is empty.
    let mut skewed = vec![0.0; 90];
    skewed.extend((1..=10).map(|i| i as f32));
    let Coding::Bins(edges) = column(&skewed) else { panic!() };
    assert!(edges.iter().all(|e| *e > 0.0) && edges.len() <= 3, "{edges:?}");
    let coding = column(&hundred);
    let coded: Vec<usize> = [-9.0, 24.9, 25.0, 74.9, 75.0, 1e9]
        .iter()
        .map(|v| coding.code(*v))
        .collect();
    assert_eq!(coded, [0, 0, 1, 2, 3, 3]);
}

#[test]
fn a_number_in_disguise_is_refused() {
    let x = matrix(arr2(&[[0.0], [1.0]]), |_| FeatureKind::Categorical {
        cardinality: u32::MAX,
    });
    let error = try_fit(family(NAME).unwrap(), &x, &[true, false], None, &Params::default())
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("feature `f0`: 4294967295 categories"),
        "{error}"
    );
    let none = matrix(arr2(&[[0.0], [1.0]]), |_| FeatureKind::Categorical { cardinality: 0 });
    assert!(try_fit(family(NAME).unwrap(), &none, &[true, false], None, &Params::default()).is_err());
}

#[test]
fn contributions_by_hand() {
    // One binary feature: P(1 | malicious) = (2+1)/(2+2), P(1 | benign) = (0+1)/(2+2).
    let x = numeric(arr2(&[[1.0], [1.0], [0.0], [0.0]]));
    let model = fit(NAME, &x, &[true, true, false, false], &[]);
    let account = model.contributions(ndarray::arr1(&[1.0]).view()).unwrap();
    assert!(account.base.abs() < 1e-15);
    assert!((account.values[0] - 3.0f64.ln()).abs() < 1e-15);
    assert_close(
        &model.predict_proba(arr2(&[[1.0], [0.0]]).view()).unwrap(),
        &[0.75, 0.25],
        1e-15,
    );
}
