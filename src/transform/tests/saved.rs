//! Saving and reading back; errors of fitting and using.

use super::*;

/// Something of everything, with gaps.
pub(super) fn everything(rows: usize) -> (DataFrame, Vec<SchemaColumn>) {
    let every = |n: usize, row: usize| row % n == n - 1;
    let ints: Vec<Option<i64>> = (0..rows).map(|r| (!every(7, r)).then_some([-1, 0, 1][r % 3])).collect();
    let floats: Vec<Option<f64>> = (0..rows)
        .map(|r| (!every(5, r)).then(|| (r as f64 * 0.7).sin() * 10f64.powi((r % 9) as i32)))
        .collect();
    let texts: Vec<Option<String>> = (0..rows)
        .map(|r| (!every(11, r)).then(|| format!("s{}", r * r % 13)))
        .collect();
    let truths: Vec<Option<bool>> = (0..rows).map(|r| (!every(4, r)).then_some(r % 3 == 0)).collect();
    let ips: Vec<Option<String>> = (0..rows)
        .map(|r| (!every(9, r)).then(|| format!("10.{}.0.{}", r % 3, r % 200)))
        .collect();
    let ports: Vec<Option<i64>> = (0..rows)
        .map(|r| (!every(8, r)).then_some([22, 443, 51000, 4444][r % 4]))
        .collect();
    let stamps: Vec<Option<i64>> = (0..rows)
        .map(|r| (!every(6, r)).then_some(r as i64 * 7_919_000_000))
        .collect();
    let stamps = Series::new("when".into(), stamps)
        .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
        .unwrap();
    let mut frame = df!(
        "flag" => ints, "rate" => floats, "service" => texts, "tls" => truths, "src" => ips, "dst" => ports,
    )
    .unwrap();
    frame.with_column(stamps.into()).unwrap();
    let columns = vec![
        column("flag", ColumnType::Int),
        column("rate", ColumnType::Float),
        column("service", ColumnType::Category),
        column("tls", ColumnType::Bool),
        column("src", ColumnType::Ip),
        column("dst", ColumnType::Port),
        column("when", ColumnType::Timestamp),
    ];
    (frame, columns)
}

/// Wants and settings that between them reach every step.
pub(super) fn variants() -> Vec<(Wants, TransformSettings)> {
    let mut variants = Vec::new();
    for (i, categories) in [
        CategoryEncoding::OneHot,
        CategoryEncoding::Ordinal,
        CategoryEncoding::TargetStatistics,
        CategoryEncoding::Native,
    ]
    .into_iter()
    .enumerate()
    {
        for (j, scaling) in [Scaling::None, Scaling::Standard, Scaling::MinMax, Scaling::Robust]
            .into_iter()
            .enumerate()
        {
            for missing in [MissingValues::Impute, MissingValues::Keep] {
                let wants = Wants {
                    categories,
                    discrete_as_categories: (i + j) % 2 == 0,
                    scaling,
                    missing,
                };
                let settings = TransformSettings {
                    impute_numbers: [NumberImputation::Knn, NumberImputation::Mean][j % 2],
                    impute_categories: [CategoryImputation::Mode, CategoryImputation::Constant]
                        [usize::midpoint(i, j) % 2],
                    timestamp_parts: true,
                    correlation_limit: (i == 1).then_some(0.9),
                    top_k: (j == 2).then_some(9),
                    min_category_rows: 2,
                    ..TransformSettings::default()
                };
                variants.push((wants, settings));
            }
        }
    }
    variants
}

#[test]
fn reads_back_bit_for_bit_from_json_and_message_pack() {
    let (frame, columns) = everything(80);
    for (wants, settings) in variants() {
        let fitted = fit_with(&frame, &columns, &alternating(80), wants, &settings);
        let again = fit_with(&frame, &columns, &alternating(80), wants, &settings);
        let json = serde_json::to_vec(&fitted).unwrap();
        let pack = rmp_serde::to_vec(&fitted).unwrap();
        assert_eq!(json, serde_json::to_vec(&again).unwrap());
        let expected = bits(&fitted.transform(&frame).unwrap());
        let from_json: Preprocessor = serde_json::from_slice(&json).unwrap();
        let from_pack: Preprocessor = rmp_serde::from_slice(&pack).unwrap();
        for read in [&from_json, &from_pack] {
            assert_eq!(read, &fitted);
            assert_eq!(read.features(), fitted.features());
            assert_eq!(read.validate(), Ok(()));
            assert_eq!(bits(&read.transform(&frame).unwrap()), expected);
        }
        assert_eq!(serde_json::to_vec(&from_pack).unwrap(), json);
        assert_eq!(rmp_serde::to_vec(&from_json).unwrap(), pack);
    }
}

#[test]
fn damaged_content_is_an_error() {
    let (frame, columns) = everything(60);
    let settings = TransformSettings {
        impute_numbers: NumberImputation::Knn,
        timestamp_parts: true,
        ..settings()
    };
    let wants = Wants {
        scaling: Scaling::Standard,
        categories: CategoryEncoding::TargetStatistics,
        ..PLAIN
    };
    let good = serde_json::to_value(fit_with(&frame, &columns, &alternating(60), wants, &settings)).unwrap();
    let read = |value: &serde_json::Value| serde_json::from_value::<Preprocessor>(value.clone());
    assert!(read(&good).is_ok());
    let damage = [
        ("/format", serde_json::json!(2)),
        ("/missing", serde_json::json!("keep")),
        ("/columns/1/name", serde_json::json!("flag")),
        ("/columns/0/kind", serde_json::json!("category")),
        ("/columns/1/kind", serde_json::json!("timestamp")),
        ("/columns/0/steps/0/number/fill", serde_json::json!(null)),
        ("/columns/0/steps/0/number/scale/linear/divisor", serde_json::json!(0.0)),
        (
            "/columns/0/steps/0/number/scale/linear/divisor",
            serde_json::json!(-1.0),
        ),
        ("/columns/0/steps/1/flags", serde_json::json!(["private"])),
        ("/columns/0/steps/1/flags", serde_json::json!([])),
        ("/columns/0/steps/1/flags", serde_json::json!(vec!["missing"; 9])),
        ("/columns/2/steps/0/category/view", serde_json::json!("weekday")),
        (
            "/columns/2/steps/0/category/keys",
            serde_json::json!({"texts": ["b", "a"]}),
        ),
        ("/columns/2/steps/0/category/keys", serde_json::json!({"ints": [1, 2]})),
        ("/columns/2/steps/0/category/missing_code", serde_json::json!(4_000_000)),
        ("/columns/2/steps/0/category/missing_code", serde_json::json!(null)),
        (
            "/columns/2/steps/0/category/encoding/numbers/values",
            serde_json::json!([0.5]),
        ),
        ("/neighbours/k", serde_json::json!(0)),
        ("/neighbours/columns", serde_json::json!([0, 9999])),
        ("/neighbours/columns", serde_json::json!([0, 2, 5])),
        ("/neighbours/deviations", serde_json::json!([1.0])),
        ("/neighbours/rows/0", serde_json::json!([])),
        ("/neighbours/rows", serde_json::json!([])),
        (
            "/dropped",
            serde_json::json!([{"feature": 100_000, "reason": "constant"}]),
        ),
        (
            "/dropped",
            serde_json::json!([{"feature": 1, "reason": "constant"}, {"feature": 1, "reason": "constant"}]),
        ),
        ("/columns", serde_json::json!([])),
    ];
    for (place, value) in damage {
        let mut bad = good.clone();
        let target = bad
            .pointer_mut(place)
            .unwrap_or_else(|| panic!("{place} is not there: {good}"));
        *target = value;
        assert!(read(&bad).is_err(), "{place} was taken as {:?}", bad.pointer(place));
    }
    let mut more = good.clone();
    more["surprise"] = serde_json::json!(1);
    assert!(read(&more).is_err());
}

#[test]
fn cut_or_flipped_bytes_never_panic() {
    let (frame, columns) = everything(40);
    let (wants, settings) = variants()[0].clone();
    let fitted = fit_with(&frame, &columns, &alternating(40), wants, &settings);
    let json = serde_json::to_vec(&fitted).unwrap();
    let pack = rmp_serde::to_vec(&fitted).unwrap();
    for cut in (0..json.len()).step_by(7) {
        assert!(serde_json::from_slice::<Preprocessor>(&json[..cut]).is_err());
    }
    for at in 0..pack.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut bad = pack.clone();
            bad[at] ^= mask;
            // Some flips only change a number; what can be read must still be usable.
            if let Ok(read) = rmp_serde::from_slice::<Preprocessor>(&bad) {
                assert_eq!(read.validate(), Ok(()));
                let matrix = read.transform(&frame);
                assert!(matrix.is_err() || matrix.unwrap().values.iter().all(|v| v.is_finite()));
            }
        }
    }
}

#[test]
fn what_is_missing_or_of_another_type_is_named() {
    let (frame, columns) = everything(40);
    let labels = alternating(40);
    let fit = |frame: &DataFrame, columns: &[SchemaColumn], labels: &[bool]| {
        Preprocessor::fit(frame, columns, labels, &PLAIN, &settings())
    };
    let missing = Err(TransformError::MissingColumn {
        column: "rate".to_owned(),
    });
    let without = frame.drop("rate").unwrap();
    assert_eq!(fit(&without, &columns, &labels), missing);
    let fitted = fit(&frame, &columns, &labels).unwrap();
    let error = fitted.transform(&without).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `rate` is missing; add it to the data, or name its alias in the schema"
    );

    let mut other = frame.clone();
    other
        .with_column(Series::new("rate".into(), vec!["1"; 40]).into())
        .unwrap();
    let error = fitted.transform(&other).unwrap_err();
    assert!(
        matches!(&error, TransformError::ColumnType { column, expected: "Float64", .. } if column == "rate"),
        "{error}"
    );

    assert_eq!(
        fit(&frame, &columns, &labels[..39]),
        Err(TransformError::LabelCount { rows: 40, labels: 39 })
    );
    assert_eq!(fit(&frame.slice(0, 0), &columns, &[]), Err(TransformError::NoRows));
    let twice = [columns[0].clone(), columns[0].clone()];
    assert!(matches!(
        fit(&frame, &twice, &labels),
        Err(TransformError::RepeatedColumn { .. })
    ));
    assert_eq!(
        fit(&frame.slice(0, 1), &columns, &labels[..1]),
        Err(TransformError::NoFeatures { rows: 1 })
    );
}

#[test]
fn columns_that_may_be_absent_or_must_not_be_learned_from_give_nothing() {
    let frame = df!("x" => [1.0, 2.0, 3.0], "id" => [1i64, 2, 3], "note" => ["a", "b", "c"]).unwrap();
    let mut absent = column("Redirect", ColumnType::Int);
    absent.required = false;
    let mut id = column("id", ColumnType::Int);
    id.role = Role::Id;
    let columns = [
        absent,
        column("x", ColumnType::Float),
        id,
        column("note", ColumnType::Text),
    ];
    let fitted = fit_with(&frame, &columns, &alternating(3), PLAIN, &settings());
    assert_eq!(names(&fitted), ["x"]);
    let expected = [
        "Redirect: not used (not in the training data)",
        "x: numeric, missing -> 2",
        "id: not used (names rows, never learned from)",
        "note: not used (free text, never learned from)",
    ];
    assert_eq!(fitted.describe(), expected);
}

#[test]
fn descriptions_tell_what_was_done() {
    let (frame, columns) = everything(80);
    let wants = Wants {
        scaling: Scaling::MinMax,
        discrete_as_categories: true,
        ..PLAIN
    };
    let fitted = fit_with(&frame, &columns, &alternating(80), wants, &settings());
    let lines = fitted.describe();
    assert_eq!(
        lines[0],
        "flag: one-hot, 3 categories + other, missing -> -1; a feature for missing"
    );
    assert!(lines[2].starts_with("service: one-hot, "), "{}", lines[2]);
    assert_eq!(lines[6], "when: not used (timestamp_parts is off)");
}

#[test]
fn too_many_features_are_refused_before_they_are_made() {
    let rows = 700;
    let texts: Vec<String> = (0..rows).map(|r| format!("{r}")).collect();
    let names: Vec<String> = (0..100).map(|c| format!("c{c}")).collect();
    let series = names
        .iter()
        .map(|name| Series::new(name.as_str().into(), &texts).into())
        .collect();
    let frame = DataFrame::new(rows, series).unwrap();
    let columns: Vec<SchemaColumn> = names.iter().map(|name| column(name, ColumnType::Category)).collect();
    let wide = TransformSettings {
        max_categories: 10_000,
        ..settings()
    };
    let found = Preprocessor::fit(&frame, &columns, &alternating(rows), &PLAIN, &wide);
    assert_eq!(
        found,
        Err(TransformError::TooWide {
            features: 70_100,
            limit: 65_536
        })
    );
}
