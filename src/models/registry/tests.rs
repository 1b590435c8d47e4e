//! Owns the tests that every registered family must pass, present and future.

use ndarray::{Array2, Axis, Slice};
use proptest::prelude::*;

use crate::cancel::CancelToken;
use crate::models::test_data::{accuracy, context, noisy, numeric, try_fit};
use crate::models::{Classifier, Family, ModelError, ParamKind, Params, ScoreScale, TrainSet, grid, random};
use crate::transform::{FeatureMatrix, MissingValues};

use super::*;

fn fitted(family: &dyn Family) -> Box<dyn Classifier> {
    let (matrix, labels) = noisy(200, 1);
    try_fit(family, &matrix, &labels, None, &Params::default()).unwrap()
}

#[test]
fn names_are_unique_and_found() {
    let mut names: Vec<_> = families().iter().map(|f| f.name()).collect();
    assert!(names.iter().all(|n| family(n).unwrap().name() == *n));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), families().len());
    let mut ranks: Vec<_> = families().iter().map(|f| f.cost_rank()).collect();
    ranks.sort_unstable();
    ranks.dedup();
    assert_eq!(ranks.len(), families().len(), "equal ranks leave ties open");
    let error = family("logistic_regresion").err().unwrap().to_string();
    assert!(error.contains("did you mean `logistic_regression`?"), "{error}");
    assert!(
        load("qqq", &[])
            .err()
            .unwrap()
            .to_string()
            .contains("families: logistic_regression, ")
    );
}

#[test]
fn parameters_are_sound_and_grids_small() {
    for family in families() {
        let specs = family.parameters();
        let points = grid(&specs);
        assert!((1..=12).contains(&points.len()), "{}", family.name());
        let defaults = Params::default().resolve(family.name(), &specs).unwrap();
        assert!(
            points.contains(&defaults),
            "{}: defaults are not in the grid",
            family.name()
        );
        for params in points.iter().chain(&random(&specs, 30, 5)) {
            assert_eq!(&params.resolve(family.name(), &specs).unwrap(), params);
        }
        for spec in &specs {
            assert!(!spec.help.is_empty());
            assert!(!matches!(&spec.kind, ParamKind::Float { low, log: true, .. } if *low <= 0.0));
        }
    }
}

#[test]
fn every_family_learns_and_probabilities_are_probabilities() {
    let (test, test_labels) = noisy(400, 2);
    for family in families() {
        let model = fitted(*family);
        assert_eq!((model.family(), model.width()), (family.name(), 4));
        let p = model.predict_proba(test.values.view()).unwrap();
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)));
        // The label's noise leaves about .9; the larger class is about .5.
        let found = accuracy(&p, &test_labels);
        assert!(found > 0.78, "{}: {found}", family.name());
    }
}

#[test]
fn fits_are_deterministic_and_saved_models_score_alike() {
    let (test, _) = noisy(300, 3);
    for family in families() {
        let (one, two) = (fitted(*family), fitted(*family));
        let bytes = one.save().unwrap();
        assert_eq!(bytes, two.save().unwrap(), "{}", family.name());
        let back = load(family.name(), &bytes).unwrap();
        assert_eq!(bytes, back.save().unwrap(), "{}", family.name());
        assert_eq!(
            one.predict_proba(test.values.view()).unwrap(),
            back.predict_proba(test.values.view()).unwrap()
        );
        assert_eq!(one.importances(), back.importances());
        let row = test.values.row(0);
        assert_eq!(one.contributions(row), back.contributions(row));
    }
}

#[test]
fn thread_counts_change_nothing() {
    let (test, _) = noisy(1500, 4);
    for family in families() {
        let in_pool = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let model = fitted(*family);
                (model.save().unwrap(), model.predict_proba(test.values.view()).unwrap())
            })
        };
        assert_eq!(in_pool(1), in_pool(3), "{}", family.name());
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let (test, _) = noisy(300, 5);
    for family in families() {
        let model = fitted(*family);
        let together = model.predict_proba(test.values.view()).unwrap();
        for row in [0, 1, 31, 32, 255, 256, 299] {
            let alone = model
                .predict_proba(test.values.slice_axis(Axis(0), Slice::from(row..=row)))
                .unwrap();
            assert_eq!(alone, together[row..=row], "{} row {row}", family.name());
        }
        let reversed = model
            .predict_proba(test.values.slice_axis(Axis(0), Slice::new(0, None, -1)))
            .unwrap();
        assert!(reversed.iter().rev().eq(&together));
        assert!(model.predict_proba(Array2::zeros((0, 4)).view()).unwrap().is_empty());
    }
}

#[test]
fn contributions_add_up_to_the_score() {
    let (test, _) = noisy(50, 6);
    for family in families() {
        let model = fitted(*family);
        let p = model.predict_proba(test.values.view()).unwrap();
        for (row, p) in test.values.rows().into_iter().zip(p) {
            let account = model.contributions(row);
            assert_eq!(
                account.is_some(),
                family.capabilities().contributions,
                "{}",
                family.name()
            );
            let Some(account) = account else { continue };
            let sum = account.base + account.values.iter().sum::<f64>();
            let score = match account.scale {
                ScoreScale::LogOdds => (p / (1.0 - p)).ln(),
                ScoreScale::Probability => p,
            };
            assert!((sum - score).abs() < 1e-9, "{}: {sum} is not {score}", family.name());
        }
        assert!(model.contributions(test.values.column(0)).is_none());
        if let Some(importances) = model.importances() {
            assert!((importances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(importances.iter().all(|i| *i >= 0.0));
            assert!(importances[3] < importances[2], "{}: noise matters most", family.name());
        }
    }
}

#[test]
fn data_nobody_can_learn_from_is_a_typed_error() {
    fn reason(family: &dyn Family, matrix: &FeatureMatrix, labels: &[bool], weights: Option<&[f32]>) -> String {
        match try_fit(family, matrix, labels, weights, &Params::default()) {
            Err(ModelError::Data { reason, .. }) => reason,
            other => panic!("{}: {:?}", family.name(), other.err()),
        }
    }
    let (matrix, labels) = noisy(40, 7);
    for family in families() {
        assert!(reason(*family, &matrix, &[true; 40], None).contains("all 40 training rows are malicious"));
        assert!(reason(*family, &matrix, &[false; 40], None).contains("are benign"));
        assert!(reason(*family, &matrix, &labels[..39], None).contains("39 labels"));
        assert!(reason(*family, &numeric(Array2::zeros((0, 4))), &[], None).contains("0 rows x 4"));
        assert!(reason(*family, &numeric(Array2::zeros((40, 0))), &labels, None).contains("40 rows x 0"));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            if family.wants().missing == MissingValues::Keep {
                break;
            }
            let mut broken = matrix.clone();
            broken.values[[17, 2]] = bad;
            assert!(reason(*family, &broken, &labels, None).contains("in row 17, feature 2"));
            let model = fitted(*family);
            let error = model.predict_proba(broken.values.view()).unwrap_err();
            assert!(matches!(error, ModelError::Data { .. }), "{error}");
            assert!(model.contributions(broken.values.row(17)).is_none());
        }
        for weights in [vec![1.0; 39], vec![0.0; 40], vec![f32::NAN; 40]] {
            assert!(reason(*family, &matrix, &labels, Some(&weights)).contains("weight"));
        }
        let error = fitted(*family).predict_proba(Array2::zeros((2, 3)).view()).unwrap_err();
        assert!(
            error.to_string().contains("fitted on 4 features but the rows have 3"),
            "{error}"
        );
    }
}

#[test]
fn families_that_keep_missing_values_learn_and_score_with_any_number() {
    let (mut matrix, labels) = noisy(400, 10);
    for (at, bad) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY]
        .into_iter()
        .cycle()
        .take(200)
        .enumerate()
    {
        matrix.values[[at * 2, at % 4]] = bad;
    }
    for family in families().iter().filter(|f| f.wants().missing == MissingValues::Keep) {
        let model = try_fit(*family, &matrix, &labels, None, &Params::default()).unwrap();
        let p = model.predict_proba(matrix.values.view()).unwrap();
        assert!(accuracy(&p, &labels) > 0.78, "{}", family.name());
        for (row, p) in matrix.values.rows().into_iter().zip(p) {
            let account = model.contributions(row).unwrap();
            let sum = account.base + account.values.iter().sum::<f64>();
            let score = match account.scale {
                ScoreScale::LogOdds => (p / (1.0 - p)).ln(),
                ScoreScale::Probability => p,
            };
            assert!((sum - score).abs() < 1e-9, "{}: {sum} is not {score}", family.name());
        }
    }
}

#[test]
fn hard_but_finite_data_fits_or_fails_cleanly() {
    crate::models::silence_engine_panics();
    let labels: Vec<bool> = (0..60).map(|i| i % 3 == 0).collect();
    let constant = Array2::from_elem((60, 3), 5.0);
    let huge = Array2::from_shape_fn((60, 3), |(i, j)| if (i + j) % 2 == 0 { f32::MAX } else { f32::MIN });
    let tiny = Array2::from_shape_fn((60, 3), |(i, j)| f32::MIN_POSITIVE * (i * j) as f32);
    let separable = Array2::from_shape_fn((60, 1), |(i, _)| f32::from(u8::from(i % 3 == 0)));
    for values in [constant, huge, tiny, separable] {
        let matrix = numeric(values);
        for family in families() {
            match try_fit(*family, &matrix, &labels, None, &Params::default()) {
                Ok(model) => {
                    let p = model.predict_proba(matrix.values.view()).unwrap();
                    assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{}: {p:?}", family.name());
                }
                Err(error) => assert!(matches!(error, ModelError::Engine { .. }), "{error}"),
            }
        }
    }
}

#[test]
fn two_rows_are_enough() {
    let matrix = numeric(Array2::from_shape_vec((2, 1), vec![0.0, 1.0]).unwrap());
    for family in families() {
        let model = try_fit(*family, &matrix, &[false, true], None, &Params::default()).unwrap();
        assert_eq!(model.predict_proba(matrix.values.view()).unwrap().len(), 2);
    }
}

#[test]
fn cancelled_and_mistaken_fits_are_refused() {
    let (matrix, labels) = noisy(40, 8);
    let data = TrainSet {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let cancel = CancelToken::new();
    cancel.cancel();
    for family in families() {
        let result = family.fit(&data, &Params::default(), &mut context(&cancel, &mut |_| ()));
        assert!(matches!(result, Err(ModelError::Cancelled(_))), "{}", family.name());
        let wrong = crate::models::test_data::params(&[("nonsense", crate::models::ParamValue::Int(1))]);
        let result = try_fit(*family, &matrix, &labels, None, &wrong);
        assert!(matches!(result, Err(ModelError::Parameter { .. })));
    }
}

#[test]
fn refusals_grow_with_size_and_spare_the_usual() {
    for family in families() {
        assert_eq!(family.refuses(1_000, 68), None, "{}", family.name());
        if family.refuses(usize::MAX, usize::MAX).is_none() {
            assert!(family.name().starts_with("naive_bayes"), "{}", family.name());
        }
        if family.name() != "support_vector" {
            assert_eq!(family.refuses(8_844, 75), None, "{}", family.name());
        }
        if !["support_vector", "k_nearest_neighbors"].contains(&family.name()) {
            assert_eq!(family.refuses(20_000, 125), None, "{}", family.name());
        }
    }
    let refuses = |rows, features| family("k_nearest_neighbors").unwrap().refuses(rows, features);
    assert_eq!(refuses(10_000, 100), None);
    assert_eq!(
        refuses(20_000, 125).unwrap(),
        "20000 rows; each row scored is compared with all of them, and the time grows with the square: at most 10000"
    );
    assert_eq!(
        refuses(10_000, 101).unwrap(),
        "10000 rows x 101 features; each row scored is compared with all of them: at most 1000000 cells"
    );
    let reason = family("support_vector").unwrap().refuses(8_844, 68).unwrap();
    assert_eq!(
        reason,
        "8844 rows; its fit cannot be interrupted and grows with the square: at most 1000"
    );
}

#[test]
fn empty_foreign_and_newer_bytes_are_damaged() {
    for family in families() {
        let bytes = fitted(*family).save().unwrap();
        let mut newer = bytes.clone();
        newer[0] += 1;
        let mut longer = bytes.clone();
        longer.push(0);
        let other = families().iter().find(|f| f.name() != family.name()).unwrap();
        let foreign = fitted(*other).save().unwrap();
        for bad in [&[][..], &bytes[..1], &newer, &longer, &foreign] {
            let error = family.load(bad).err().unwrap();
            assert!(matches!(error, ModelError::Damaged { .. }), "{error}");
        }
    }
}

fn scores_without_panic(family: &dyn Family, bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(model) = family.load(bytes) {
        let (rows, _) = noisy(20, 9);
        let extreme = Array2::from_shape_fn((4, model.width().min(64)), |(i, j)| {
            [0.0, f32::MAX, f32::MIN, 1e9][(i + j) % 4]
        });
        for x in [rows.values.view(), extreme.view()] {
            if let Ok(p) = model.predict_proba(x) {
                prop_assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{}: {p:?}", family.name());
                let _ = model.contributions(x.row(0));
            }
        }
        let _ = model.importances();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_bytes_never_panic(cut in 0.0..1.0f64, flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..6)) {
        static SAVED: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
        let saved = SAVED.get_or_init(|| families().iter().map(|f| fitted(*f).save().unwrap()).collect());
        for (family, bytes) in families().iter().zip(saved) {
            let short = &bytes[..(bytes.len() as f64 * cut) as usize];
            prop_assert!(family.load(short).is_err());
            let mut flipped = bytes.clone();
            for (at, bit) in &flips {
                let at = at.index(flipped.len());
                flipped[at] ^= 1 << bit;
                scores_without_panic(*family, &flipped)?;
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        for family in families() {
            scores_without_panic(*family, &bytes)?;
        }
    }
}
