//! Owns the tests of one fit: the early-stopping split, the best iteration, class weights, cancellation.

use super::super::test_family::{ITERATIONS, PEAK, Steps, impatient, plan, table};
use super::*;
use crate::transform::{Feature, FeatureKind};

/// The table's column as a matrix, without a preprocessor.
fn matrix(values: &[f64]) -> FeatureMatrix {
    FeatureMatrix {
        values: ndarray::Array2::from_shape_fn((values.len(), 1), |(row, _)| values[row] as f32),
        features: [Feature {
            name: "a".into(),
            source: "a".into(),
            kind: FeatureKind::Numeric,
        }]
        .into(),
    }
}

struct Fixture {
    matrix: FeatureMatrix,
    labels: Vec<bool>,
    groups: Vec<u64>,
}

fn fixture(rows: usize) -> Fixture {
    let table = table(rows);
    let column = table.frame.column("a").unwrap().f64().unwrap().to_vec();
    Fixture {
        matrix: matrix(&column.into_iter().flatten().collect::<Vec<_>>()),
        labels: table.labels,
        groups: table.groups,
    }
}

impl Fixture {
    fn rows(&self) -> FitRows<'_> {
        FitRows {
            matrix: &self.matrix,
            labels: &self.labels,
            groups: &self.groups,
            weights: None,
        }
    }
}

fn run(
    family: &Steps,
    rows: FitRows<'_>,
    plan: FitPlan<'_>,
) -> (Result<Box<dyn Classifier>, ModelError>, Vec<IterationReport>) {
    let mut reports = Vec::new();
    let fitted = fit(family, &Params::default(), rows, plan, &mut |report| {
        reports.push(report.clone());
    });
    (fitted, reports)
}

#[test]
fn early_stopping_keeps_the_best_iteration_of_the_inner_split() {
    let fixture = fixture(200);
    let (settings, cancel) = (impatient(), CancelToken::new());
    let family = Steps::iterative();
    let (model, reports) = run(&family, fixture.rows(), plan(&settings, &cancel));
    assert_eq!(model.unwrap().best_iteration(), Some(PEAK));
    // Four more after the best, then it gives up.
    assert_eq!(reports.len(), PEAK + 4);
    assert!(
        reports
            .iter()
            .zip(1..)
            .all(|(r, i)| r.iteration == i && r.of == ITERATIONS)
    );
    assert!(reports.iter().all(|r| r.metric == "log_loss" && r.validation.is_some()));
    let best = reports
        .iter()
        .min_by(|a, b| a.validation.partial_cmp(&b.validation).unwrap());
    assert_eq!(best.unwrap().iteration, PEAK);
}

#[test]
fn the_inner_split_keeps_groups_whole_and_takes_its_share() {
    let fixture = fixture(200);
    let (settings, cancel) = (impatient(), CancelToken::new());
    let family = Steps::iterative();
    run(&family, fixture.rows(), plan(&settings, &cancel)).0.unwrap();
    let given = family.given.lock().unwrap()[0].clone();
    let watched = given.watched.unwrap();
    assert_eq!(given.train.len() + watched.len(), 200);
    assert!((26..=34).contains(&watched.len()), "15 % of 200, not {}", watched.len());
    // Every group has a value of its own.
    assert!(watched.iter().all(|v| !given.train.contains(v)));
}

#[test]
fn the_watched_metric_is_the_one_that_settings_name() {
    let fixture = fixture(200);
    let cancel = CancelToken::new();
    let settings = EarlyStoppingSettings {
        metric: "brier".into(),
        ..impatient()
    };
    let (model, reports) = run(&Steps::iterative(), fixture.rows(), plan(&settings, &cancel));
    assert_eq!(model.unwrap().best_iteration(), Some(PEAK));
    assert!(reports.iter().all(|r| r.metric == "brier"));
}

#[test]
fn without_patience_or_iterations_every_row_is_learned_from() {
    let fixture = fixture(200);
    let cancel = CancelToken::new();
    let off = EarlyStoppingSettings {
        patience: 0,
        ..impatient()
    };
    let family = Steps::iterative();
    let (model, reports) = run(&family, fixture.rows(), plan(&off, &cancel));
    assert_eq!(model.unwrap().best_iteration(), Some(ITERATIONS), "nothing stops it");
    assert_eq!(reports.len(), ITERATIONS);
    assert!(reports.iter().all(|r| r.validation.is_none()));
    let settings = impatient();
    let plain = Steps::default();
    run(&plain, fixture.rows(), plan(&settings, &cancel)).0.unwrap();
    for family in [&family, &plain] {
        let given = family.given.lock().unwrap()[0].clone();
        assert_eq!((given.train.len(), given.watched), (200, None));
    }
}

#[test]
fn data_too_small_to_spare_a_row_is_fitted_whole() {
    // Two groups, one of each class: any split leaves a side with one class.
    let fixture = Fixture {
        matrix: matrix(&[1.0, 1.0, -1.0, -1.0]),
        labels: vec![true, true, false, false],
        groups: vec![0, 0, 1, 1],
    };
    let (settings, cancel) = (impatient(), CancelToken::new());
    let family = Steps::iterative();
    run(&family, fixture.rows(), plan(&settings, &cancel)).0.unwrap();
    let given = family.given.lock().unwrap()[0].clone();
    assert_eq!((given.train.len(), given.watched), (4, None));
}

#[test]
fn the_rarer_class_counts_more_when_asked() {
    let mut fixture = fixture(200);
    for (row, label) in fixture.labels.iter_mut().enumerate() {
        *label = row % 10 == 0;
    }
    let (settings, cancel) = (impatient(), CancelToken::new());
    let balanced = FitPlan {
        class_weight: ClassWeight::Balanced,
        ..plan(&settings, &cancel)
    };
    let weighs = Steps {
        row_weights: true,
        ..Steps::default()
    };
    run(&weighs, fixture.rows(), balanced).0.unwrap();
    let given = weighs.given.lock().unwrap()[0].clone();
    assert!(given.weighted);
    assert_eq!(given.labels, fixture.labels, "rows as they are, weights beside them");

    let repeats = Steps::default();
    run(&repeats, fixture.rows(), balanced).0.unwrap();
    let given = repeats.given.lock().unwrap()[0].clone();
    assert!(!given.weighted);
    let share = given.labels.iter().filter(|l| **l).count() as f64 / given.labels.len() as f64;
    assert!((0.4..0.6).contains(&share), "20 of 200 malicious, now {share}");
    let malicious = (0..200).filter(|row| fixture.labels[*row]);
    assert!(
        malicious
            .map(|row| fixture.matrix.values[[row, 0]])
            .all(|v| given.train.contains(&v))
    );
}

#[test]
fn a_cancelled_fit_stops_between_iterations() {
    let fixture = fixture(200);
    let (settings, cancel) = (impatient(), CancelToken::new());
    let mut seen = 0;
    let result = fit(
        &Steps::iterative(),
        &Params::default(),
        fixture.rows(),
        plan(&settings, &cancel),
        &mut |report| {
            seen = report.iteration;
            if seen == 3 {
                cancel.cancel();
            }
        },
    );
    assert!(matches!(result, Err(ModelError::Cancelled(_))));
    assert_eq!(seen, 3);
}
