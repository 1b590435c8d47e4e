//! Category encodings: by hand, and against scikit-learn 1.7.2.

use super::*;

fn protocols() -> (DataFrame, [SchemaColumn; 1], Vec<bool>) {
    let frame = df!("proto" => ["tcp", "udp", "icmp", "tcp", "udp"]).unwrap();
    (
        frame,
        [column("proto", ColumnType::Category)],
        vec![true, false, true, true, true],
    )
}

fn encoded(categories: CategoryEncoding, missing: MissingValues, settings: &TransformSettings) -> Preprocessor {
    let (frame, columns, labels) = protocols();
    let wants = Wants {
        categories,
        missing,
        ..PLAIN
    };
    fit_with(&frame, &columns, &labels, wants, settings)
}

fn scored() -> DataFrame {
    df!("proto" => [Some("udp"), Some("sctp"), Some("icmp"), Some("tcp"), None]).unwrap()
}

#[test]
fn one_hot_is_that_of_scikit_learn_with_an_infrequent_category() {
    // OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2): x0_tcp, x0_udp, x0_infrequent_sklearn
    let rare = TransformSettings {
        min_category_rows: 2,
        ..settings()
    };
    let fitted = encoded(CategoryEncoding::OneHot, MissingValues::Impute, &rare);
    assert_eq!(names(&fitted), ["proto=tcp", "proto=udp", "proto=(other)"]);
    let matrix = fitted.transform(&scored()).unwrap();
    assert_eq!(feature(&matrix, "proto=tcp"), [0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(feature(&matrix, "proto=udp"), [1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(feature(&matrix, "proto=(other)"), [0.0, 1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_category_unseen_in_training_is_other_though_no_training_row_was() {
    let fitted = encoded(CategoryEncoding::OneHot, MissingValues::Impute, &settings());
    assert_eq!(
        names(&fitted),
        ["proto=icmp", "proto=tcp", "proto=udp", "proto=(other)"]
    );
    let matrix = fitted.transform(&scored()).unwrap();
    assert_eq!(matrix.values.row(1).to_vec(), [0.0, 0.0, 0.0, 1.0]);
    // tcp and udp are equally frequent: the mode is the first of them.
    assert_eq!(matrix.values.row(4).to_vec(), [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn the_cap_keeps_the_most_frequent() {
    let capped = TransformSettings {
        max_categories: 1,
        ..settings()
    };
    let fitted = encoded(CategoryEncoding::OneHot, MissingValues::Impute, &capped);
    assert_eq!(names(&fitted), ["proto=tcp", "proto=(other)"]);
}

#[test]
fn ordinal_ranks_by_frequency() {
    let fitted = encoded(CategoryEncoding::Ordinal, MissingValues::Impute, &settings());
    let matrix = fitted.transform(&scored()).unwrap();
    assert_eq!(feature(&matrix, "proto"), [1.0, -1.0, 2.0, 0.0, 0.0]);
    assert_eq!(matrix.features[0].kind, FeatureKind::Numeric);
}

#[test]
fn target_statistics_are_smoothed_shares() {
    // 4 of 5 malicious, prior .8 counted as 2 rows: udp (1 + 1.6) / 4, icmp (1 + 1.6) / 3, tcp (2 + 1.6) / 4.
    let smooth = TransformSettings {
        target_prior_rows: 2.0,
        ..settings()
    };
    let fitted = encoded(CategoryEncoding::TargetStatistics, MissingValues::Impute, &smooth);
    let found = feature(&fitted.transform(&scored()).unwrap(), "proto");
    assert_close(&found, &[0.65, 0.8, 2.6 / 3.0, 0.9, 0.9]);
}

#[test]
fn target_statistics_are_scaled_like_numbers() {
    let (frame, columns, labels) = protocols();
    let wants = Wants {
        categories: CategoryEncoding::TargetStatistics,
        scaling: Scaling::MinMax,
        ..PLAIN
    };
    let none = TransformSettings {
        target_prior_rows: 0.0,
        ..settings()
    };
    let fitted = fit_with(&frame, &columns, &labels, wants, &none);
    // Shares: tcp 1, udp .5, icmp 1; other has no rows and takes the prior .8.
    assert_close(
        &feature(&fitted.transform(&scored()).unwrap(), "proto"),
        &[0.0, 0.6, 1.0, 1.0, 1.0],
    );
}

#[test]
fn native_codes_end_with_unknown_and_can_keep_gaps() {
    let fitted = encoded(CategoryEncoding::Native, MissingValues::Keep, &settings());
    assert_eq!(fitted.features()[0].kind, FeatureKind::Categorical { cardinality: 4 });
    let found = feature(&fitted.transform(&scored()).unwrap(), "proto");
    assert_eq!(found[..4], [2.0, 3.0, 0.0, 1.0]);
    assert!(found[4].is_nan());
}

#[test]
fn kept_gaps_are_zero_in_every_one_hot_feature() {
    let fitted = encoded(CategoryEncoding::OneHot, MissingValues::Keep, &settings());
    assert_eq!(fitted.transform(&scored()).unwrap().values.row(4).to_vec(), [0.0; 4]);
}

#[test]
fn a_constant_gives_gaps_their_own_category_where_training_had_gaps() {
    let constant = TransformSettings {
        impute_categories: CategoryImputation::Constant,
        ..settings()
    };
    let frame = df!("proto" => [Some("tcp"), None, Some("udp")]).unwrap();
    let columns = [column("proto", ColumnType::Category)];
    let fitted = fit_with(&frame, &columns, &alternating(3), PLAIN, &constant);
    let expected = [
        "proto=tcp",
        "proto=udp",
        "proto=(missing)",
        "proto=(other)",
        "proto is missing",
    ];
    assert_eq!(names(&fitted), expected);
    let matrix = fitted.transform(&scored()).unwrap();
    assert_eq!(feature(&matrix, "proto=(missing)"), [0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(feature(&matrix, "proto=(other)"), [0.0, 1.0, 1.0, 0.0, 0.0]);
    // Without gaps in training, a gap is something new.
    let without = encoded(CategoryEncoding::OneHot, MissingValues::Impute, &constant);
    assert_eq!(
        without.transform(&scored()).unwrap().values.row(4).to_vec(),
        [0.0, 0.0, 0.0, 1.0]
    );
    // An existing category of that name takes the gaps.
    let tcp = TransformSettings {
        missing_category: "udp".to_owned(),
        ..constant
    };
    let fitted = fit_with(&frame, &columns, &alternating(3), PLAIN, &tcp);
    assert_eq!(
        feature(&fitted.transform(&frame).unwrap(), "proto=udp"),
        [0.0, 1.0, 1.0]
    );
}

#[test]
fn few_whole_numbers_are_categories_only_where_that_is_wanted() {
    let values: Vec<i64> = (0..22).map(|i| [-1, 0, 1][i % 3]).collect();
    let many: Vec<i64> = (0..22).map(|i| i64::from(i % 11)).collect();
    let frame = df!("few" => &values, "many" => &many).unwrap();
    let columns = [column("few", ColumnType::Int), column("many", ColumnType::Int)];
    let wants = Wants {
        discrete_as_categories: true,
        ..PLAIN
    };
    let fitted = fit_with(&frame, &columns, &alternating(22), wants, &settings());
    assert_eq!(names(&fitted), ["few=-1", "few=0", "few=1", "few=(other)", "many"]);
    let scored = df!("few" => [1i64, i64::MIN, i64::MAX, -1], "many" => [0i64, 0, 0, 0]).unwrap();
    let matrix = fitted.transform(&scored).unwrap();
    assert_eq!(feature(&matrix, "few=1"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(feature(&matrix, "few=-1"), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(feature(&matrix, "few=(other)"), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(
        names(&fit_with(&frame, &columns, &alternating(22), PLAIN, &settings())),
        ["few", "many"]
    );
    let ordinal = Wants {
        categories: CategoryEncoding::Ordinal,
        ..wants
    };
    let fitted = fit_with(&frame, &columns, &alternating(22), ordinal, &settings());
    assert_eq!(
        feature(&fitted.transform(&frame).unwrap(), "few")[..3],
        [-1.0, 0.0, 1.0]
    );
}

#[test]
fn whole_numbers_far_apart_are_found_too() {
    let values = [i64::MIN, i64::MAX, 0, 5, i64::MIN, 5];
    let frame = df!("id" => values).unwrap();
    let wants = Wants {
        categories: CategoryEncoding::Native,
        discrete_as_categories: true,
        ..PLAIN
    };
    let fitted = fit_with(
        &frame,
        &[column("id", ColumnType::Int)],
        &alternating(6),
        wants,
        &settings(),
    );
    assert_eq!(
        feature(&fitted.transform(&frame).unwrap(), "id"),
        [0.0, 3.0, 1.0, 2.0, 0.0, 2.0]
    );
    assert_eq!(
        feature(&fitted.transform(&df!("id" => [6i64]).unwrap()).unwrap(), "id"),
        [4.0]
    );
}

#[test]
fn truth_values_are_named() {
    let frame = df!("tls" => [Some(true), Some(false), None]).unwrap();
    let fitted = fit_with(
        &frame,
        &[column("tls", ColumnType::Bool)],
        &alternating(3),
        PLAIN,
        &settings(),
    );
    assert_eq!(
        names(&fitted),
        ["tls=false", "tls=true", "tls=(other)", "tls is missing"]
    );
    assert_eq!(
        feature(&fitted.transform(&frame).unwrap(), "tls=false"),
        [0.0, 1.0, 1.0]
    );
}

#[test]
fn native_codes_are_not_forced_on_families_that_read_numbers() {
    let override_native = TransformSettings {
        encoding: Some(CategoryEncoding::Native),
        ..settings()
    };
    assert_eq!(
        encoded(CategoryEncoding::OneHot, MissingValues::Impute, &override_native).width(),
        4
    );
    let override_ordinal = TransformSettings {
        encoding: Some(CategoryEncoding::Ordinal),
        ..settings()
    };
    assert_eq!(
        encoded(CategoryEncoding::Native, MissingValues::Impute, &override_ordinal).width(),
        1
    );
}

#[test]
fn odd_names_stay_unique_and_long_cells_stay_out() {
    let long = "x".repeat(10_000);
    let alike: Vec<String> = (0..3).map(|i| format!("{}{i}", "y".repeat(70))).collect();
    let frame = df!(
        "a" => ["b=c", "(other)", long.as_str(), alike[0].as_str(), alike[1].as_str(), alike[2].as_str()],
        "a=b" => ["c", "d", "c", "d", "c", "d"],
    )
    .unwrap();
    let columns = [column("a", ColumnType::Category), column("a=b", ColumnType::Category)];
    let fitted = fit_with(&frame, &columns, &alternating(6), PLAIN, &settings());
    let mut unique = names(&fitted);
    assert!(unique.iter().all(|n| n.len() < 100), "{unique:?}");
    assert!(
        unique.contains(&"a=b=c #2") && unique.contains(&"a=(other) #2"),
        "{unique:?}"
    );
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), fitted.width());
    let other = feature(&fitted.transform(&frame).unwrap(), "a=(other) #2");
    assert_eq!(other, [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
}
