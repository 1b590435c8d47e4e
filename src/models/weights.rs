//! Owns class weights: as row weights, and as repeated rows for families that take none.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Row weights under which both classes weigh the same and all rows weigh their number: `n / (2 x rows of the class)`,
/// scikit-learn's `balanced`. All 1 where a class is missing.
pub fn balanced(labels: &[bool]) -> Vec<f32> {
    let n = labels.len() as f64;
    let malicious = labels.iter().filter(|l| **l).count() as f64;
    let benign = n - malicious;
    if malicious == 0.0 || benign == 0.0 {
        return vec![1.0; labels.len()];
    }
    labels
        .iter()
        .map(|l| (n / (2.0 * if *l { malicious } else { benign })) as f32)
        .collect()
}

/// Row indices, ascending, in which each row stands as often as its share of the weight says: about as many in all as
/// there are rows, and each class within one of its due. Fractions are settled by systematic sampling from a seeded
/// start, so rows of one weight differ by at most one copy. A class with rows keeps at least one. Weights that are not
/// positive numbers count as 0.
pub fn repeat_rows(labels: &[bool], weights: &[f32], seed: u64) -> Vec<usize> {
    let weight = |row: usize| {
        let w = weights.get(row).map_or(1.0, |w| f64::from(*w));
        if w.is_finite() && w > 0.0 { w } else { 0.0 }
    };
    let total: f64 = (0..labels.len()).map(weight).sum();
    if total <= 0.0 {
        return (0..labels.len()).collect();
    }
    let scale = labels.len() as f64 / total;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = Vec::with_capacity(labels.len());
    for class in [false, true] {
        let members = || (0..labels.len()).filter(|row| labels[*row] == class);
        let before = rows.len();
        let mut cumulated: f64 = rng.random();
        for row in members() {
            let next = cumulated + weight(row) * scale;
            let copies = next.floor() - cumulated.floor();
            rows.extend(std::iter::repeat_n(row, copies as usize));
            cumulated = next;
        }
        if rows.len() == before {
            rows.extend(members().max_by(|a, b| weight(*a).total_cmp(&weight(*b))));
        }
    }
    rows.sort_unstable();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn balanced_weights_by_hand() {
        assert_eq!(
            balanced(&[true, false, false, false]),
            [2.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]
        );
        assert_eq!(balanced(&[true, true]), [1.0, 1.0]);
        assert!(balanced(&[]).is_empty());
    }

    #[test]
    fn equal_weights_repeat_every_row_once() {
        let labels = [true, false, true, false, false];
        assert_eq!(repeat_rows(&labels, &[3.0; 5], 1), [0, 1, 2, 3, 4]);
        assert_eq!(repeat_rows(&labels, &[f32::NAN; 5], 1), [0, 1, 2, 3, 4]);
        assert!(repeat_rows(&[], &[], 1).is_empty());
    }

    #[test]
    fn balanced_repetition_evens_the_classes() {
        let labels: Vec<bool> = (0..1000).map(|i| i % 10 == 0).collect();
        let rows = repeat_rows(&labels, &balanced(&labels), 3);
        let malicious = rows.iter().filter(|r| labels[**r]).count();
        assert!(malicious.abs_diff(500) <= 1 && rows.len().abs_diff(1000) <= 2);
        assert!(
            (0..1000)
                .filter(|r| labels[*r])
                .all(|r| rows.iter().filter(|x| **x == r).count() == 5)
        );
        assert_eq!(rows, repeat_rows(&labels, &balanced(&labels), 3));
        assert_ne!(rows, repeat_rows(&labels, &balanced(&labels), 4));
    }

    proptest! {
        #[test]
        fn shares_are_kept(rows in prop::collection::vec((any::<bool>(), 0.01f32..50.0), 1..200), seed: u64) {
            let (labels, weights): (Vec<bool>, Vec<f32>) = rows.into_iter().unzip();
            let picked = repeat_rows(&labels, &weights, seed);
            prop_assert!(picked.is_sorted() && picked.iter().all(|r| *r < labels.len()));
            let scale = labels.len() as f64 / weights.iter().map(|w| f64::from(*w)).sum::<f64>();
            for class in [false, true] {
                let due: f64 = labels.iter().zip(&weights).filter(|(l, _)| **l == class).map(|(_, w)| f64::from(*w) * scale).sum();
                let got = picked.iter().filter(|r| labels[**r] == class).count();
                prop_assert!((got as f64 - due).abs() <= 1.0 + 1e-6, "{got} of {due}");
                prop_assert!(got > 0 || !labels.contains(&class));
            }
        }
    }
}
