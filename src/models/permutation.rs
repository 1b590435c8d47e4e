//! Owns permutation importances: what a model's score on some rows loses when a column's values are shuffled among them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::transform::FeatureMatrix;

/// For each column of the schema, how much `value` (larger is better) falls when all features made of the column are
/// shuffled together: the mean over `repeats` shuffles. Not above 0 where the model does without the column. Columns come
/// in the order of their first feature. The same seed shuffles the same way, and each column on its own.
///
/// # Errors
/// Whatever `value` answers.
pub fn permutation_importances<E>(
    matrix: &FeatureMatrix,
    repeats: usize,
    seed: u64,
    mut value: impl FnMut(&FeatureMatrix) -> Result<f64, E>,
) -> Result<Vec<(String, f64)>, E> {
    let whole = value(matrix)?;
    let mut found: Vec<(String, f64)> = Vec::new();
    for (at, feature) in matrix.features.iter().enumerate() {
        if found.iter().any(|(source, _)| *source == feature.source) {
            continue;
        }
        let together: Vec<usize> = (at..matrix.width())
            .filter(|other| matrix.features[*other].source == feature.source)
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(at as u64);
        let mut shuffled = matrix.clone();
        let mut lost = 0.0;
        for _ in 0..repeats {
            shuffle(&mut shuffled, &together, &mut rng);
            lost += whole - value(&shuffled)?;
        }
        found.push((feature.source.clone(), lost / repeats.max(1) as f64));
    }
    Ok(found)
}

/// Fisher and Yates, the columns' values of a row staying together.
fn shuffle(matrix: &mut FeatureMatrix, columns: &[usize], rng: &mut ChaCha8Rng) {
    for row in (1..matrix.rows()).rev() {
        let other = rng.random_range(0..=row);
        for column in columns {
            matrix.values.swap([row, *column], [other, *column]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use ndarray::Array2;

    use super::*;
    use crate::transform::{Feature, FeatureKind};

    /// Column `a` in two features that are each other's opposite, and column `b` in one.
    fn matrix(rows: usize) -> FeatureMatrix {
        let feature = |name: &str, source: &str| Feature {
            name: name.to_owned(),
            source: source.to_owned(),
            kind: FeatureKind::Numeric,
        };
        FeatureMatrix {
            values: Array2::from_shape_fn((rows, 3), |(row, col)| match col {
                0 => row as f32,
                1 => 7.0 + row as f32,
                _ => -(row as f32),
            }),
            features: [feature("a=1", "a"), feature("b", "b"), feature("a=2", "a")].into(),
        }
    }

    fn importances(seed: u64, value: impl Fn(&FeatureMatrix) -> f64) -> Vec<(String, f64)> {
        let found = permutation_importances(&matrix(50), 4, seed, |m| Ok::<_, Infallible>(value(m)));
        found.unwrap()
    }

    /// Share of the rows whose feature is where it was.
    fn in_place(matrix: &FeatureMatrix, column: usize, first: f32, step: f32) -> f64 {
        let values = matrix.values.column(column);
        let rows = values.iter().enumerate();
        rows.filter(|(row, v)| **v == first + step * *row as f32).count() as f64 / 50.0
    }

    #[test]
    fn a_column_that_is_read_matters_and_another_does_not() {
        let found = importances(1, |m| in_place(m, 0, 0.0, 1.0));
        assert_eq!(found[1], ("b".to_owned(), 0.0));
        assert_eq!(found[0].0, "a");
        // One row in 50 stays in its place, on average.
        assert!((0.9..1.0).contains(&found[0].1), "{found:?}");
    }

    #[test]
    fn features_of_one_column_are_shuffled_together_and_keep_their_values() {
        let found = importances(2, |m| {
            let pairs = m.values.rows().into_iter().filter(|r| r[0] == -r[2]).count();
            let mut all = m.values.column(0).to_vec();
            all.sort_by(f32::total_cmp);
            let kept = all.iter().enumerate().all(|(at, v)| *v == at as f32);
            pairs as f64 / 50.0 + f64::from(u8::from(kept))
        });
        assert_eq!(found, [("a".to_owned(), 0.0), ("b".to_owned(), 0.0)]);
    }

    #[test]
    fn a_seed_shuffles_alike_and_an_error_ends_it() {
        let by_place = |m: &FeatureMatrix| in_place(m, 1, 7.0, 1.0) + in_place(m, 0, 0.0, 1.0) / 3.0;
        assert_eq!(importances(3, by_place), importances(3, by_place));
        let refused = permutation_importances(&matrix(5), 1, 1, |_| Err::<f64, _>("no"));
        assert_eq!(refused, Err("no"));
        let one_row = permutation_importances(&matrix(1), 2, 1, |_| Ok::<_, Infallible>(1.0)).unwrap();
        assert_eq!(one_row, [("a".to_owned(), 0.0), ("b".to_owned(), 0.0)]);
    }
}
