//! Owns the small training sets and fits that the tests of several families share.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Classifier, Family, FitContext, ModelError, ParamValue, Params, TrainSet, family};
use crate::cancel::CancelToken;
use crate::transform::{Feature, FeatureKind, FeatureMatrix};

pub(super) fn matrix(values: Array2<f32>, kind: impl Fn(usize) -> FeatureKind) -> FeatureMatrix {
    let features = (0..values.ncols()).map(|j| Feature {
        name: format!("f{j}"),
        source: format!("c{}", j / 2),
        kind: kind(j),
    });
    FeatureMatrix {
        features: features.collect(),
        values,
    }
}

pub(super) fn numeric(values: Array2<f32>) -> FeatureMatrix {
    matrix(values, |_| FeatureKind::Numeric)
}

/// Codes (0 to 3), an indicator and two numbers; all but the last bear on the noisy label.
pub(super) fn noisy(rows: usize, seed: u64) -> (FeatureMatrix, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Array2::zeros((rows, 4));
    let mut labels = Vec::with_capacity(rows);
    for mut row in values.rows_mut() {
        let code = rng.random_range(0..3u8);
        let flag = rng.random_bool(0.4);
        let number = rng.random::<f32>() * 4.0 - 2.0;
        row[0] = f32::from(code);
        row[1] = f32::from(u8::from(flag));
        row[2] = number;
        row[3] = rng.random::<f32>() * 10.0;
        let evidence = f32::from(code) - 1.0 + if flag { 1.0 } else { -0.5 } + number;
        labels.push(evidence + rng.random::<f32>() * 2.0 - 1.0 > 0.0);
    }
    let kind = |j| match j {
        0 => FeatureKind::Categorical { cardinality: 4 },
        1 => FeatureKind::Indicator,
        _ => FeatureKind::Numeric,
    };
    (matrix(values, kind), labels)
}

pub(super) fn params(pairs: &[(&str, ParamValue)]) -> Params {
    Params(pairs.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect())
}

pub(super) fn try_fit(
    family: &dyn Family,
    matrix: &FeatureMatrix,
    labels: &[bool],
    weights: Option<&[f32]>,
    params: &Params,
) -> Result<Box<dyn Classifier>, ModelError> {
    let cancel = CancelToken::new();
    let data = TrainSet {
        matrix,
        labels,
        weights,
    };
    family.fit(&data, params, &mut context(&cancel, &mut |_| ()))
}

pub(super) fn context<'a>(
    cancel: &'a CancelToken,
    on_iteration: &'a mut dyn FnMut(&super::IterationReport),
) -> FitContext<'a> {
    FitContext {
        seed: 7,
        threads: 1,
        cancel,
        validation: None,
        early_stopping: None,
        monotone: &super::NOT_MONOTONE,
        on_iteration,
    }
}

pub(super) fn fit(
    name: &str,
    matrix: &FeatureMatrix,
    labels: &[bool],
    pairs: &[(&str, ParamValue)],
) -> Box<dyn Classifier> {
    try_fit(family(name).unwrap(), matrix, labels, None, &params(pairs)).unwrap()
}

pub(super) fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= tolerance, "{found:?} is not {expected:?}");
    }
}

/// Share of rows whose label the 0.5 threshold gets right.
pub(super) fn accuracy(probabilities: &[f64], labels: &[bool]) -> f64 {
    let right = probabilities
        .iter()
        .zip(labels)
        .filter(|(p, l)| (**p > 0.5) == **l)
        .count();
    right as f64 / labels.len() as f64
}
