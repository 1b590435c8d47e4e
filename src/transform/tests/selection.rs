//! Selection of features, class weights, settings.

use super::*;
use crate::transform::select::mutual_information;

fn numbers() -> (DataFrame, Vec<SchemaColumn>, Vec<bool>) {
    let labels = vec![false, false, false, false, true, true, true, true];
    let frame = df!(
        "constant" => [5.0; 8],
        "signal" => [0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 1.3],
        "copy" => [0.0, -0.2, -0.4, -0.6, -2.0, -2.2, -2.4, -2.6],
        "noise" => [1.0, 3.0, 2.0, 4.0, 1.0, 3.0, 2.0, 4.0],
        "weak" => [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0],
    )
    .unwrap();
    let columns = ["constant", "signal", "copy", "noise", "weak"].map(|name| column(name, ColumnType::Float));
    (frame, columns.to_vec(), labels)
}

#[test]
fn what_never_varies_is_dropped_and_no_longer_needed() {
    let (frame, columns, labels) = numbers();
    let fitted = fit_with(&frame, &columns, &labels, PLAIN, &settings());
    assert_eq!(names(&fitted), ["signal", "copy", "noise", "weak"]);
    assert_eq!(
        fitted.columns().collect::<Vec<_>>(),
        ["signal", "copy", "noise", "weak"]
    );
    assert!(fitted.transform(&frame.drop("constant").unwrap()).is_ok());
    assert_eq!(
        fitted.describe()[0],
        "constant: numeric, missing -> 5; 1 of 1 features dropped (constant)"
    );
}

#[test]
fn a_column_of_one_category_gives_nothing_not_even_other() {
    let frame = df!("one" => ["a"; 4], "two" => ["a", "b", "a", "b"]).unwrap();
    let columns = [column("one", ColumnType::Category), column("two", ColumnType::Category)];
    let fitted = fit_with(&frame, &columns, &alternating(4), PLAIN, &settings());
    assert_eq!(names(&fitted), ["two=a", "two=b", "two=(other)"]);
}

#[test]
fn of_two_that_say_the_same_the_later_goes() {
    let (frame, columns, labels) = numbers();
    let close = TransformSettings {
        correlation_limit: Some(0.999),
        ..settings()
    };
    let fitted = fit_with(&frame, &columns, &labels, PLAIN, &close);
    assert_eq!(names(&fitted), ["signal", "noise", "weak"]);
}

#[test]
fn the_best_k_stay() {
    let (frame, columns, labels) = numbers();
    for (by, expected) in [
        (FeatureRanking::MutualInformation, ["signal", "copy"]),
        (FeatureRanking::Correlation, ["signal", "copy"]),
    ] {
        let best = TransformSettings {
            top_k: Some(2),
            rank_features_by: by,
            ..settings()
        };
        assert_eq!(
            names(&fit_with(&frame, &columns, &labels, PLAIN, &best)),
            expected,
            "{by:?}"
        );
    }
    let best = TransformSettings {
        top_k: Some(1),
        correlation_limit: Some(0.9),
        ..settings()
    };
    assert_eq!(names(&fit_with(&frame, &columns, &labels, PLAIN, &best)), ["signal"]);
}

#[test]
fn mutual_information_is_that_of_scikit_learn() {
    // sklearn 1.7.2: mutual_info_score([0,0,0,1,1,1,1,0], [0,1,2,2,2,1,2,0])
    let labels = [false, false, false, true, true, true, true, false];
    let values = [0.0, 1.0, 2.0, 2.0, 2.0, 1.0, 2.0, 0.0];
    assert!((mutual_information(&values, &labels) - 0.2386928131105548).abs() < 1e-12);
    // Missing is a value of its own: the same partition gives the same information.
    let missing = values.map(|v| if v == 0.0 { f32::NAN } else { v });
    assert!((mutual_information(&missing, &labels) - 0.2386928131105548).abs() < 1e-12);
    assert_eq!(mutual_information(&[3.0; 8], &labels), 0.0);
    assert_eq!(mutual_information(&[], &[]), 0.0);
    // A perfect split of many distinct values: ln 2.
    let many: Vec<f32> = (0..100u8).map(f32::from).collect();
    let halves: Vec<bool> = (0..100).map(|i| i > 50).collect();
    let at_an_edge = mutual_information(&many, &halves);
    let p = 0.51f64;
    assert!(
        (at_an_edge + p * p.ln() + (1.0 - p) * (1.0 - p).ln()).abs() < 1e-12,
        "{at_an_edge}"
    );
}

#[test]
fn balanced_weights_are_those_of_scikit_learn() {
    // compute_class_weight("balanced", y=[0, 0, 0, 1])
    let labels = [false, false, false, true];
    assert_eq!(ClassWeight::Balanced.weights(&labels), (0.6666666666666666, 2.0));
    assert_eq!(ClassWeight::None.weights(&labels), (1.0, 1.0));
    assert_eq!(class_weights(&[true, true]), (1.0, 1.0));
    assert_eq!(class_weights(&[]), (1.0, 1.0));
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    type Change = fn(&mut TransformSettings);
    let changes: [(&str, Change); 9] = [
        ("impute_constant", |s| s.impute_constant = f64::NAN),
        ("knn_neighbours", |s| s.knn_neighbours = 0),
        ("knn_sample_rows", |s| s.knn_sample_rows = 0),
        ("max_categories", |s| s.max_categories = 0),
        ("ip_max_groups", |s| s.ip_max_groups = 0),
        ("discrete_limit", |s| s.discrete_limit = 1_000_000),
        ("target_prior_rows", |s| s.target_prior_rows = -1.0),
        ("correlation_limit", |s| s.correlation_limit = Some(f64::NAN)),
        ("top_k", |s| s.top_k = Some(0)),
    ];
    assert_eq!(TransformSettings::default().check(), Ok(()));
    for (name, change) in changes {
        let mut settings = TransformSettings::default();
        change(&mut settings);
        let found = settings.check();
        assert!(
            matches!(found, Err(TransformError::Setting { key, .. }) if key == name),
            "{name}: {found:?}"
        );
    }
    assert!(serde_json::from_str::<TransformSettings>(r#"{"imputation":"median"}"#).is_err());
    assert_eq!(
        serde_json::from_str::<TransformSettings>("{}").unwrap(),
        TransformSettings::default()
    );
}
