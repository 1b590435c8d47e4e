//! Owns the tests of k-nearest neighbours.

use ndarray::{Array2, ArrayView1, arr2};
use proptest::prelude::*;

use super::*;
use crate::models::test_data::{assert_close, fit, noisy, numeric};
use crate::models::{ParamValue, load};

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
fn distances_are_those_of_the_plane() {
    // From the origin: 5 (malicious), 1 and 13 (benign).
    let x = numeric(arr2(&[[3.0, 4.0], [0.0, -1.0], [-5.0, 12.0]]));
    let p = fit(NAME, &x, &[true, false, false], &k(3, "distance"));
    let expected = 0.2 / (0.2 + 1.0 + 1.0 / 13.0);
    assert_close(
        &p.predict_proba(arr2(&[[0.0, 0.0]]).view()).unwrap(),
        &[expected],
        1e-12,
    );
}

#[test]
fn the_nearest_of_equals_is_the_earlier_row() {
    let x = numeric(arr2(&[[1.0], [-1.0], [1.0], [-1.0]]));
    let p = fit(NAME, &x, &[true, false, false, true], &k(1, "uniform"));
    assert_eq!(p.predict_proba(arr2(&[[0.0]]).view()).unwrap(), [1.0]);
    let x = numeric(arr2(&[[-1.0], [1.0], [1.0], [-1.0]]));
    let p = fit(NAME, &x, &[false, true, false, true], &k(1, "uniform"));
    assert_eq!(p.predict_proba(arr2(&[[0.0]]).view()).unwrap(), [0.0]);
}

#[test]
fn equal_rows_share_the_vote() {
    // Three rows at the query, one of them malicious; the far one does not count by distance, but does one each.
    let x = numeric(arr2(&[[2.0], [2.0], [2.0], [9.0]]));
    let labels = [true, false, false, true];
    let p = |weight| {
        fit(NAME, &x, &labels, &k(4, weight))
            .predict_proba(arr2(&[[2.0]]).view())
            .unwrap()
    };
    assert_close(&p("distance"), &[1.0 / 3.0], 1e-15);
    assert_close(&p("uniform"), &[0.5], 1e-15);
}

/// Least and greatest P(malicious) over all ways to choose among rows tied at the k-th distance. Sorts everything.
fn brute_force(
    rows: &Array2<f32>,
    labels: &[bool],
    query: ArrayView1<'_, f32>,
    k: usize,
    by_distance: bool,
) -> (f64, f64) {
    let distance = |row: ArrayView1<'_, f32>| {
        let squares = row
            .iter()
            .zip(query)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let mut near: Vec<(f64, bool)> = rows
        .rows()
        .into_iter()
        .map(distance)
        .zip(labels.iter().copied())
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    let k = k.min(near.len());
    let cut = near[k - 1].0;
    let share = |malicious_first: bool| {
        let (mut chosen, mut tied): (Vec<_>, Vec<_>) =
            near.iter().copied().filter(|n| n.0 <= cut).partition(|n| n.0 < cut);
        tied.sort_by_key(|n| n.1 != malicious_first);
        chosen.extend(tied);
        chosen.truncate(k);
        let exact = chosen.iter().any(|n| n.0 == 0.0);
        let weight = |d: f64| match (by_distance, exact) {
            (false, _) => 1.0,
            (true, true) => f64::from(u8::from(d == 0.0)),
            (true, false) => 1.0 / d,
        };
        let total: f64 = chosen.iter().map(|n| weight(n.0)).sum();
        chosen.iter().filter(|n| n.1).map(|n| weight(n.0)).sum::<f64>() / total
    };
    (share(false), share(true))
}

#[test]
fn without_ties_probabilities_are_those_of_brute_force() {
    let (x, labels) = noisy(300, 21);
    let (queries, _) = noisy(60, 22);
    for (weight, by_distance) in [("uniform", false), ("distance", true)] {
        for neighbors in [1, 2, 9, 31, 200] {
            let found = fit(NAME, &x, &labels, &k(neighbors, weight))
                .predict_proba(queries.values.view())
                .unwrap();
            let expected: Vec<f64> = (queries.values.rows().into_iter())
                .map(|q| {
                    let (low, high) = brute_force(&x.values, &labels, q, neighbors as usize, by_distance);
                    assert_eq!(low, high, "the data has ties");
                    low
                })
                .collect();
            assert_close(&found, &expected, 1e-12);
        }
    }
}

proptest! {
    #[test]
    fn tied_rows_are_chosen_among_the_tied(
        cells in prop::collection::vec(0..3u8, 2 * 4..2 * 40),
        label_bits in any::<u64>(),
        neighbors in 1..45i64,
        by_distance in any::<bool>(),
    ) {
        // Nine points at most, so that rows repeat and most distances are tied.
        let n = cells.len() / 2;
        let x = Array2::from_shape_fn((n, 2), |(i, j)| f32::from(cells[2 * i + j]));
        let mut labels: Vec<bool> = (0..n).map(|i| label_bits >> i & 1 == 1).collect();
        (labels[0], labels[1]) = (true, false);
        let model = fit(NAME, &numeric(x.clone()), &labels, &k(neighbors, if by_distance { "distance" } else { "uniform" }));
        let queries = Array2::from_shape_fn((16, 2), |(i, j)| (if j == 0 { i / 4 } else { i % 4 }) as f32);
        let found = model.predict_proba(queries.view()).unwrap();
        for (query, p) in queries.rows().into_iter().zip(&found) {
            let (low, high) = brute_force(&x, &labels, query, neighbors as usize, by_distance);
            prop_assert!((low - 1e-12..=high + 1e-12).contains(p), "{p} is not in {low}..={high}");
        }
        let back = load(NAME, &model.save().unwrap()).unwrap();
        prop_assert_eq!(back.predict_proba(queries.view()).unwrap(), found);
        prop_assert_eq!(back.save().unwrap(), model.save().unwrap());
    }
}

type Damage = fn(&mut Examples);

#[test]
fn models_that_do_not_fit_together_are_damaged() {
    let sound = Examples {
        width: 2,
        k: 2,
        by_distance: true,
        rows: vec![0.0, 1.0, 2.0, 3.0],
        labels: vec![true, false],
    };
    let family = KNearestNeighbors;
    let bytes = |examples: &Examples| saved::write(NAME, VERSION, examples).unwrap();
    assert!(family.load(&bytes(&sound)).is_ok());
    let damages: [Damage; 9] = [
        |e| e.width = 0,
        |e| e.width = 3,
        |e| e.width = usize::MAX,
        |e| e.k = 0,
        |e| e.k = 3,
        |e| e.rows[3] = f32::NAN,
        |e| e.rows[3] = f32::INFINITY,
        |e| e.labels = vec![true, true],
        |e| e.labels.push(false),
    ];
    for (at, damage) in damages.iter().enumerate() {
        let mut examples = sound.clone();
        damage(&mut examples);
        let error = family.load(&bytes(&examples)).err();
        assert!(
            matches!(error, Some(ModelError::Damaged { .. })),
            "damage {at}: {error:?}"
        );
    }
}

#[test]
fn the_larger_the_model_the_shorter_its_blocks() {
    let model = |rows: usize, width: usize| Model {
        engine: Model::of(Examples {
            width: 1,
            k: 1,
            by_distance: false,
            rows: vec![0.0, 1.0],
            labels: vec![true, false],
        })
        .unwrap()
        .engine,
        examples: Examples {
            width,
            k: 1,
            by_distance: false,
            rows: vec![0.0; rows * width],
            labels: vec![true; rows],
        },
    };
    assert_eq!(model(2, 1).block_rows(), 1_024);
    assert_eq!(model(10_000, 100).block_rows(), 16);
    assert_eq!(model(20_000, 1_000).block_rows(), 1);
}

#[test]
fn blocks_change_no_score_and_stop_when_asked() {
    use crate::cancel::CancelToken;
    use crate::models::predict_in_blocks;

    let (x, labels) = noisy(1_500, 23);
    let model = fit(NAME, &x, &labels, &k(5, "distance"));
    assert!(model.block_rows() < 1_500);
    let cancel = CancelToken::new();
    assert_eq!(
        predict_in_blocks(model.as_ref(), &x, &cancel).unwrap(),
        model.predict_proba(x.values.view()).unwrap()
    );
    cancel.cancel();
    assert!(matches!(
        predict_in_blocks(model.as_ref(), &x, &cancel),
        Err(ModelError::Cancelled(_))
    ));
}
