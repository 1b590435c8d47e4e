//! Owns the tests that varied rows score as rows do.

use ndarray::Array2;
use proptest::prelude::*;

use super::super::super::test_data::Mixed;
use super::*;
use crate::cancel::CancelToken;
use crate::models::trees::{Boosting, Ensemble, Forest, Sample};

/// Ensembles of both links on columns of all kinds, with gaps and infinities.
fn ensembles(seed: u64) -> Vec<Ensemble> {
    let data = Mixed::new(300, 7, seed);
    let labels: Vec<bool> = (0..300).map(|row| (row * 7 + row / 3) % 5 < 2).collect();
    let sample = Sample {
        table: data.table(),
        labels: &labels,
        weights: None,
    };
    let cancel = CancelToken::new();
    let boosting = Boosting {
        trees: 12,
        seed,
        ..Boosting::default()
    };
    let forest = Forest {
        trees: 12,
        seed,
        ..Forest::default()
    };
    vec![
        boosting.fit(&sample, None, None, 1, &cancel).unwrap(),
        forest.fit(&sample, None, 1, &cancel).unwrap(),
    ]
}

/// Rows one by one.
fn plainly(predictor: &Predictor, row: &[f32], variation: &Variation<'_>) -> Vec<f64> {
    let alternatives = variation.values.chunks_exact(variation.features.len());
    let score = |alternative: &[f32]| {
        let mut row = row.to_vec();
        for (feature, value) in variation.features.iter().zip(alternative) {
            row[*feature] = *value;
        }
        let all = Array2::from_shape_vec((1, row.len()), row.clone()).unwrap();
        let score = predictor.score(&row).unwrap();
        assert_eq!(predictor.scores(all.view()).unwrap(), [score]);
        score
    };
    alternatives.map(score).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_varied_row_scores_as_the_row_does_to_the_last_bit(seed in 0u64..1000, at in 0usize..300, cut in 1usize..6) {
        let rows = Mixed::new(340, 7, seed + 1).values;
        let row = rows.row(at).to_vec();
        // Two variations of several features each, with values of 40 other rows.
        let features: Vec<usize> = vec![3, 0, 5, 2, 6, 1, 4];
        let (first, second) = features.split_at(cut);
        let values = |features: &[usize]| -> Vec<f32> {
            (300..340).flat_map(|other| features.iter().map(move |f| (other, *f))).map(|at| rows[at]).collect()
        };
        let (of_first, of_second) = (values(first), values(second));
        let variations = [
            Variation { features: first, values: &of_first },
            Variation { features: second, values: &of_second },
        ];
        for ensemble in ensembles(seed) {
            let predictor = Predictor::new(&ensemble).unwrap();
            let scores = predictor.variations(&row, &variations).unwrap();
            for (scores, variation) in scores.iter().zip(&variations) {
                prop_assert_eq!(scores.len(), 40);
                prop_assert_eq!(scores, &plainly(&predictor, &row, variation));
            }
        }
    }
}

#[test]
fn nothing_varied_is_nothing_scored() {
    for ensemble in ensembles(1) {
        let predictor = Predictor::new(&ensemble).unwrap();
        assert_eq!(predictor.variations(&[0.0; 7], &[]).unwrap(), Vec::<Vec<f64>>::new());
        let none = Variation {
            features: &[1],
            values: &[],
        };
        assert_eq!(predictor.variations(&[0.0; 7], &[none]).unwrap(), [Vec::<f64>::new()]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let predictor = Predictor::new(&ensembles(2)[0]).unwrap();
    let of = |features: &'static [usize], values: &'static [f32]| Variation { features, values };
    let row = [0.0; 7];
    assert!(predictor.variations(&row[..6], &[]).is_err());
    assert!(predictor.variations(&row, &[of(&[7], &[0.0])]).is_err());
    assert!(predictor.variations(&row, &[of(&[1, 1], &[0.0, 0.0])]).is_err());
    assert!(
        predictor
            .variations(&row, &[of(&[1], &[0.0]), of(&[0, 1], &[])])
            .is_err()
    );
    assert!(predictor.variations(&row, &[of(&[0, 1], &[0.0])]).is_err());
}
