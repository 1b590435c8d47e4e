//! Owns the tests of the support vector machine.

use super::*;
use crate::models::test_data::{accuracy, assert_close, fit, noisy, numeric};

#[test]
fn decisions_are_those_of_smartcore() {
    let (x, labels) = noisy(300, 31);
    let (queries, _) = noisy(50, 32);
    let data = |matrix| TrainSet {
        matrix,
        labels: &labels,
        weights: None,
    };
    let gamma = scale(&x.values);
    let dense = engine_input::dense(NAME, &data(&x), false).unwrap();
    let y = engine_input::classes(&data(&x));
    let parameters = SVCParameters::default()
        .with_epoch(EPOCHS)
        .with_seed(Some(7))
        .with_kernel(Kernels::rbf().with_gamma(gamma));
    let engine = Engine::fit(&dense, &y, &parameters).unwrap();
    let asked = engine_input::dense(NAME, &data(&queries), false).unwrap();
    let decisions: Vec<f64> = engine.decision_function(&asked).unwrap();
    let expected: Vec<f64> = decisions.iter().map(|d| 1.0 / (1.0 + (-SLOPE * d).exp())).collect();
    let found = fit(NAME, &x, &labels, &[])
        .predict_proba(queries.values.view())
        .unwrap();
    assert_close(&found, &expected, 1e-12);
    assert!(expected.iter().any(|p| *p > 0.6) && expected.iter().any(|p| *p < 0.4));
}

#[test]
fn a_ring_around_a_core_is_learnt() {
    let values = Array2::from_shape_fn((200, 2), |(i, j)| {
        let radius = if i % 2 == 0 { 0.5 } else { 2.0 };
        let angle = i as f32 * 0.7;
        radius * if j == 0 { angle.cos() } else { angle.sin() }
    });
    let labels: Vec<bool> = (0..200).map(|i| i % 2 == 0).collect();
    let x = numeric(values);
    let p = fit(NAME, &x, &labels, &[]).predict_proba(x.values.view()).unwrap();
    assert_eq!(accuracy(&p, &labels), 1.0);
}

#[test]
fn scale_is_that_of_scikit_learn() {
    // Values 1, 2, 3, 4: variance 1.25, 2 features.
    let x = ndarray::arr2(&[[1.0f32, 2.0], [3.0, 4.0]]);
    assert_eq!(scale(&x), 1.0 / (2.0 * 1.25));
    assert_eq!(scale(&Array2::from_elem((3, 2), 5.0)), 1.0);
}
