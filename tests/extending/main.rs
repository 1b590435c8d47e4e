//! Owns the proof of docs/EXTENDING.md: its examples are compiled and run here, and its text is held against them.
//!
//! The modules of the crate are brought in under their own names, so that an example's `crate::…` paths are the very
//! ones it would have inside `src/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

use nsec_tui::{cancel, data, metrics, models, pipeline, schema, transform, validation};

mod document;
mod nearest_centroid;
mod specificity;
mod time_order;

use std::sync::Arc;

use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};

use cancel::CancelToken;
use data::{Layout, NullTokens, ReadSettings, SplitInput, SplitStrategy, feature_groups, open_bytes, parse_batch};
use metrics::evaluate;
use models::{Family, FitContext, NOT_MONOTONE, Params, TrainSet};
use nearest_centroid::NearestCentroid;
use pipeline::ingestion::take_rows;
use schema::{Column, ColumnType, LabelValue, Schema};
use transform::{CategoryEncoding, MissingValues, NumericTransform, Preprocessor, Scaling, TransformSettings, Wants};
use validation::{Against, CheckStatus, Purpose, Setup, ValidationSettings, Validator};

const DATA: &[u8] = include_bytes!("../../Network_Data/phisingData.csv");
const SCHEMA: &str = include_str!("../../data_schema/schema.yaml");

/// The bundled rows, typed.
fn bundled() -> (Schema, DataFrame, Vec<bool>) {
    let schema = Schema::parse(SCHEMA, "schema.yaml").unwrap();
    let mut reader = open_bytes("phisingData.csv", DATA, &ReadSettings::default()).unwrap();
    let raw = reader.next_batch(20_000).unwrap().unwrap();
    let layout = Layout::resolve(&schema, reader.header());
    let typed = parse_batch(&schema, &layout, &raw, reader.null_tokens());
    let labels: Vec<bool> = typed
        .labels
        .unwrap()
        .iter()
        .map(|label| *label == LabelValue::Malicious)
        .collect();
    (schema, typed.frame, labels)
}

#[test]
fn the_model_learns_real_data_and_survives_saving() {
    let (schema, frame, labels) = bundled();
    assert_eq!(labels.len(), 11_055);
    let groups = feature_groups(&schema, &frame);
    let input = SplitInput {
        groups: &groups,
        labels: &labels,
        times: None,
    };
    let parts = data::split(SplitStrategy::Grouped, &input, 0.2, 1).unwrap();
    let side = |rows: &[usize]| -> (DataFrame, Vec<bool>) {
        (
            take_rows(&frame, rows).unwrap(),
            rows.iter().map(|&row| labels[row]).collect(),
        )
    };
    let (train, train_labels) = side(&parts.train);
    let (test, test_labels) = side(&parts.test);
    let columns: Vec<Column> = schema
        .features()
        .filter(|column| train.column(&column.name).is_ok())
        .cloned()
        .collect();
    let family = NearestCentroid;
    let settings = TransformSettings::default();
    let preprocessor = Preprocessor::fit(&train, &columns, &train_labels, &family.wants(), &settings).unwrap();
    let matrix = preprocessor.transform(&train).unwrap();
    let data = TrainSet {
        matrix: &matrix,
        labels: &train_labels,
        weights: None,
    };
    let cancel = CancelToken::new();
    let mut context = FitContext {
        seed: 1,
        threads: 1,
        cancel: &cancel,
        validation: None,
        early_stopping: None,
        monotone: &NOT_MONOTONE,
        on_iteration: &mut |_| {},
    };
    let model = family.fit(&data, &Params::default(), &mut context).unwrap();
    let rows = preprocessor.transform(&test).unwrap();
    let scores = model.predict_proba(rows.values.view()).unwrap();
    let found = evaluate(&scores, &test_labels, 0.5).unwrap();
    // Always saying malicious has F1 .6.
    assert!(found.f1 > 0.8, "{found:?}");

    let bytes = model.save().unwrap();
    let again = family.load(&bytes).unwrap();
    assert_eq!(again.predict_proba(rows.values.view()).unwrap(), scores);
    assert_eq!(again.save().unwrap(), bytes);
    for cut in 0..bytes.len() {
        assert!(family.load(&bytes[..cut]).is_err(), "{cut} of {} bytes", bytes.len());
    }
    cancel.cancel();
    assert!(family.fit(&data, &Params::default(), &mut context).is_err());
}

#[test]
fn the_metric_counts_benign_rows_left_alone() {
    let scores = [0.9, 0.8, 0.4, 0.3, 0.2];
    let labels = [true, false, false, true, false];
    let value = |threshold| specificity::SPECIFICITY.value(&scores, &labels, threshold).unwrap();
    assert_eq!(value(0.5), Some(2.0 / 3.0));
    assert_eq!(value(0.85), Some(1.0));
    let none = specificity::SPECIFICITY.value(&[0.5], &[true], 0.5).unwrap();
    assert_eq!(none, None, "no benign rows, no value");
    assert!(
        metrics::metric("specificity").is_none(),
        "the example is not in the list"
    );
}

#[test]
fn the_transformation_takes_signed_roots() {
    let frame = DataFrame::new(
        4,
        vec![Series::new("bytes".into(), [0.0, 9.0, -16.0, 2.0]).into_column()],
    )
    .unwrap();
    let text = "name: t\nlabel: {column: label, malicious: [1]}\ncolumns:\n  - {name: bytes, type: float}\n  - {name: label, type: int}\n";
    let schema = Schema::parse(text, "test").unwrap();
    let columns: Vec<Column> = schema.features().cloned().collect();
    let wants = Wants {
        categories: CategoryEncoding::OneHot,
        discrete_as_categories: false,
        scaling: Scaling::None,
        missing: MissingValues::Impute,
    };
    let settings = TransformSettings {
        numeric_transform: NumericTransform::SquareRoot,
        ..TransformSettings::default()
    };
    let fitted = Preprocessor::fit(&frame, &columns, &[false, true, false, true], &wants, &settings).unwrap();
    let matrix = fitted.transform(&frame).unwrap();
    assert_eq!(
        matrix.values.iter().copied().collect::<Vec<f32>>(),
        [0.0, 3.0, -4.0, std::f32::consts::SQRT_2]
    );
    assert_eq!(fitted.describe(), ["bytes: numeric, missing -> 1, signed square root"]);
    let saved = serde_json::to_string(&fitted).unwrap();
    assert!(saved.contains("\"square_root\""), "{saved}");
    assert_eq!(serde_json::from_str::<Preprocessor>(&saved).unwrap(), fitted);
}

#[test]
fn the_check_finds_rows_out_of_order_across_batches() {
    let text = "name: t\nlabel: {column: label, malicious: [1], benign: [0]}\ncolumns:\n  - {name: at, type: timestamp}\n  - {name: label, type: int}\n";
    let schema = Arc::new(Schema::parse(text, "test").unwrap());
    assert!(schema.columns.iter().any(|column| column.kind == ColumnType::Timestamp));
    let rows =
        "at,label\n2026-01-01T00:00:00Z,1\n2026-01-01T00:00:09Z,0\n2026-01-01T00:00:05Z,0\n2026-01-01T00:00:06Z,1\n";
    let mut reader = open_bytes("times.csv", rows.as_bytes().to_vec(), &ReadSettings::default()).unwrap();
    let layout = Layout::resolve(&schema, reader.header());
    let settings = ValidationSettings::default();
    let check = time_order::plan(&Setup {
        schema: &schema,
        layout: &layout,
        purpose: Purpose::Validate,
        settings: &settings,
        reference: None,
        now: None,
    });
    let mut validator = Validator::new(
        Arc::clone(&schema),
        layout.clone(),
        Purpose::Validate,
        &settings,
        Against::default(),
    )
    .unwrap();
    validator.add_check(check.unwrap());
    // Two rows at a time: the row out of order is the first of its batch.
    while let Some(raw) = reader.next_batch(2).unwrap() {
        let typed = parse_batch(&schema, &layout, &raw, &NullTokens::default());
        validator.check_batch(&raw, &typed).unwrap();
    }
    let report = validator.finish();
    let found = report.checks.iter().find(|outcome| outcome.id == "time_order").unwrap();
    assert_eq!((found.status, found.failing_rows), (CheckStatus::Failed, 1));
    assert_eq!(found.examples[0].line, 4);
    assert_eq!(report.rejected_rows, 0, "a warning rejects nothing");
}
