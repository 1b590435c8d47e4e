//! Owns the tests of the decision tree.

use ndarray::{Array2, arr1, arr2};

use super::*;
use crate::models::ParamValue;
use crate::models::test_data::{assert_close, fit, noisy, numeric};

fn leaf_of_one() -> [(&'static str, ParamValue); 1] {
    [("min_samples_leaf", ParamValue::Int(1))]
}

#[test]
fn a_tree_by_hand() {
    // f0 parts all; 3 benign rows below 1.5, 2 malicious above.
    let x = numeric(arr2(&[[0.0, 7.0], [1.0, 7.0], [1.0, 7.0], [2.0, 7.0], [3.0, 7.0]]));
    let model = fit(NAME, &x, &[false, false, false, true, true], &leaf_of_one());
    let p = model.predict_proba(arr2(&[[1.5, 0.0], [1.6, 0.0]]).view()).unwrap();
    assert_close(&p, &[1.0 / 5.0, 3.0 / 4.0], 1e-15);
    assert_eq!(model.importances().unwrap(), [1.0, 0.0]);
    let account = model.contributions(arr1(&[9.0, 0.0]).view()).unwrap();
    assert!((account.base - 3.0 / 7.0).abs() < 1e-15);
    assert_close(&account.values, &[0.75 - 3.0 / 7.0, 0.0], 1e-15);
    assert_eq!(account.scale, ScoreScale::Probability);
}

#[test]
fn classes_are_those_of_smartcore() {
    let (x, labels) = noisy(500, 11);
    let data = TrainSet {
        matrix: &x,
        labels: &labels,
        weights: None,
    };
    let dense = engine_input::dense(NAME, &data, true).unwrap();
    let engine = Engine::fit(
        &dense,
        &engine_input::classes(&data),
        DecisionTreeClassifierParameters::default(),
    )
    .unwrap();
    let expected: Vec<i32> = engine.predict(&dense).unwrap();
    let mut pairs = leaf_of_one().to_vec();
    pairs.push(("max_depth", ParamValue::Int(64)));
    let p = fit(NAME, &x, &labels, &pairs).predict_proba(x.values.view()).unwrap();
    for (p, class) in p.iter().zip(expected) {
        assert_eq!(i32::from(*p > 0.5), class, "{p}");
    }
}

#[test]
fn depth_counts_splits_and_leaves_hold_enough() {
    let (x, labels) = noisy(400, 12);
    for (depth, leaves) in [(1, 2), (2, 4), (3, 8)] {
        let pairs = [
            ("max_depth", ParamValue::Int(depth)),
            ("min_samples_leaf", ParamValue::Int(3)),
        ];
        let mut p = fit(NAME, &x, &labels, &pairs).predict_proba(x.values.view()).unwrap();
        p.sort_unstable_by(f64::total_cmp);
        p.dedup();
        assert!(p.len() > leaves / 2 && p.len() <= leaves, "depth {depth}: {p:?}");
    }
    let pairs = [("min_samples_leaf", ParamValue::Int(100))];
    let bytes = fit(NAME, &x, &labels, &pairs).save().unwrap();
    let model: Model = saved::read(NAME, VERSION, &bytes).unwrap();
    assert!(model.nodes.iter().all(|n| n.rows >= 100));
    assert_eq!(model.nodes[0].rows, 400);
}

#[test]
fn thresholds_are_rounded_down() {
    // The midpoint of neighbouring floats is none itself; up would send the larger one left.
    for low in [1.0f32, -1.0, 0.1, 1e30, f32::MIN_POSITIVE] {
        let high = low.next_up();
        let middle = f64::midpoint(f64::from(low), f64::from(high));
        assert_eq!(round_down(middle), low);
        assert_eq!(round_down(f64::from(low)), low);
        let x = numeric(Array2::from_shape_vec((2, 1), vec![low, high]).unwrap());
        let p = fit(NAME, &x, &[true, false], &leaf_of_one())
            .predict_proba(x.values.view())
            .unwrap();
        assert_close(&p, &[2.0 / 3.0, 1.0 / 3.0], 1e-15);
    }
}

#[test]
fn loops_and_strays_are_damaged() {
    let node = |low, high| Node {
        low,
        high,
        ..Node::default()
    };
    let leaf = Node::default();
    let wired = |nodes: Vec<Node>| Model { width: 1, nodes }.wire();
    assert!(wired(vec![node(1, 2), leaf, leaf]).is_ok());
    assert!(wired(vec![]).is_err());
    assert!(wired(vec![node(0, 2), leaf, leaf]).is_err());
    assert!(wired(vec![node(1, 3), leaf, leaf]).is_err());
    assert!(wired(vec![node(1, 2), node(1, 2), leaf]).is_err());
    assert!(wired(vec![node(1, 1), leaf]).is_err());
    assert!(wired(vec![node(1, 0), leaf]).is_err());
    let stray = Node {
        feature: 1,
        ..node(1, 2)
    };
    assert!(wired(vec![stray, leaf, leaf]).is_err());
    let nan = Node {
        threshold: f32::NAN,
        ..node(1, 2)
    };
    assert!(wired(vec![nan, leaf, leaf]).is_err());
    let miscounted = Node { malicious: 1, ..leaf };
    assert!(wired(vec![miscounted]).is_err());
}
