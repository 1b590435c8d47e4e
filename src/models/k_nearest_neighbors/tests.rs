//! Owns the tests of k-nearest neighbours.

use ndarray::{Array2, arr2};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::neighbors::KNNWeightFunction;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};

use super::*;
use crate::models::ParamValue;
use crate::models::test_data::{assert_close, fit, noisy, numeric};

fn k(k: i64, weight: &str) -> [(&'static str, ParamValue); 2] {
    [
        ("k", ParamValue::Int(k)),
        ("weight", ParamValue::Text(weight.to_owned())),
    ]
}

#[test]
fn votes_by_hand() {
    let x = numeric(arr2(&[[0.0], [1.0], [3.0], [10.0]]));
    let labels = [true, false, true, false];
    let queries = arr2(&[[2.5], [1.0], [100.0]]);
    let p = |pairs: &[_]| fit(NAME, &x, &labels, pairs).predict_proba(queries.view()).unwrap();
    assert_close(&p(&k(1, "uniform")), &[1.0, 0.0, 0.0], 0.0);
    assert_close(&p(&k(3, "uniform")), &[2.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0], 1e-15);
    // From 2.5: 1/.5 and 1/2.5 malicious, 1/1.5 benign. At 1 a training row lies: it alone votes.
    let far = (1.0 / 97.0) / (1.0 / 97.0 + 1.0 / 90.0 + 1.0 / 99.0);
    assert_close(&p(&k(3, "distance")), &[2.4 / (2.4 + 2.0 / 3.0), 0.0, far], 1e-12);
    // More neighbours than rows: all vote.
    assert_close(&p(&k(200, "uniform")), &[0.5; 3], 0.0);
}

#[test]
fn ties_go_to_the_earlier_row() {
    let x = numeric(arr2(&[[1.0], [-1.0], [1.0], [-1.0]]));
    let p = fit(NAME, &x, &[true, false, false, true], &k(1, "uniform"));
    assert_eq!(p.predict_proba(arr2(&[[0.0]]).view()).unwrap(), [1.0]);
    let x = numeric(arr2(&[[-1.0], [1.0], [1.0], [-1.0]]));
    let p = fit(NAME, &x, &[false, true, false, true], &k(1, "uniform"));
    assert_eq!(p.predict_proba(arr2(&[[0.0]]).view()).unwrap(), [0.0]);
}

#[test]
fn probabilities_are_those_of_smartcore() {
    // Without ties, which smartcore settles by the state of its heap.
    let (x, labels) = noisy(700, 21);
    let (queries, _) = noisy(100, 22);
    let dense = |m: &Array2<f32>| {
        let values: Vec<f64> = m.iter().map(|v| f64::from(*v)).collect();
        DenseMatrix::new(m.nrows(), m.ncols(), values, false).unwrap()
    };
    let y: Vec<i32> = labels.iter().map(|l| i32::from(*l)).collect();
    for (weight, theirs) in [
        ("uniform", KNNWeightFunction::Uniform),
        ("distance", KNNWeightFunction::Distance),
    ] {
        let parameters = KNNClassifierParameters::default().with_k(9).with_weight(theirs);
        let engine = KNNClassifier::fit(&dense(&x.values), &y, parameters).unwrap();
        let expected = engine.predict_proba(&dense(&queries.values)).unwrap();
        let expected: Vec<f64> = expected.into_iter().map(|p| p[1]).collect();
        let found = fit(NAME, &x, &labels, &k(9, weight))
            .predict_proba(queries.values.view())
            .unwrap();
        assert_close(&found, &expected, 1e-9);
    }
}

#[test]
fn distances_use_every_lane_and_the_rest() {
    for width in 1..40 {
        let a: Vec<f32> = (0..width).map(|i| i as f32).collect();
        let b: Vec<f32> = (0..width).map(|i| 2.0 * i as f32 + 1.0).collect();
        let expected: f32 = (0..width).map(|i| ((i + 1) * (i + 1)) as f32).sum();
        assert_eq!(squared_distance(&a, &b), expected);
    }
}
