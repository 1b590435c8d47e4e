//! Owns the tests of cards, on models small enough to foresee, and what they share.

mod judged_cases;
mod model_parts;
mod ready_cards;

use std::sync::Arc;

use super::row_text::RowText;
use super::*;
use crate::cancel::CancelToken;
use crate::data::NullTokens;
use crate::metrics::Calibrator;
use crate::models::{FitContext, NOT_MONOTONE, ParamValue, Params, TrainSet, family};
use crate::pipeline::trained_model::TrainedModel;
use crate::pipeline::training_reference::TrainingReference;
use crate::schema::{Column, ColumnType, DriftThresholds, Schema};
use crate::transform::{Preprocessor, TransformSettings};
use polars::prelude::DataFrame;

/// Columns `level` (0 to 4), `port` (numbers with a fraction), `service` (three names), `id` (not read by models).
pub(super) fn schema() -> Schema {
    let mut service = Column::new("service", ColumnType::Category);
    service.aliases = vec!["proto".to_owned()];
    service.nullable = true;
    let mut id = Column::new("id", ColumnType::Text);
    id.role = crate::schema::Role::Id;
    Schema {
        name: "small".to_owned(),
        description: None,
        label: None,
        columns: vec![
            Column::new("level", ColumnType::Int),
            Column::new("size", ColumnType::Float),
            service,
            id,
        ],
        rules: Vec::new(),
        drift: DriftThresholds::default(),
    }
}

const NAMES: [&str; 4] = ["level", "size", "service", "id"];

/// Training rows: malicious from level 3 on, whatever else they have.
pub(super) fn rows() -> (Vec<Vec<String>>, Vec<bool>) {
    let row = |at: usize| {
        let service = ["http", "dns", "smtp"][at / 5 % 3];
        let size = format!("{:.1}", (at * 7 % 40) as f64 / 2.0);
        vec![(at % 5).to_string(), size, service.to_owned(), format!("row {at}")]
    };
    let rows = (0..200).map(row).collect();
    (rows, (0..200).map(|at| at % 5 >= 3).collect())
}

pub(super) fn frame() -> DataFrame {
    let text = RowText::new(Arc::new(schema()), NullTokens::default());
    text.frame_of(&NAMES.map(str::to_owned), &rows().0)
}

/// A model of these rows, with a few trees where it has trees.
pub(super) fn model(name: &str) -> TrainedModel {
    let (schema, frame, labels) = (Arc::new(schema()), frame(), rows().1);
    let family = family(name).unwrap();
    let columns: Vec<Column> = schema.features().cloned().collect();
    let preprocessor = Preprocessor::fit(
        &frame,
        &columns,
        &labels,
        &family.wants(),
        &TransformSettings::default(),
    )
    .unwrap();
    let matrix = preprocessor.transform(&frame).unwrap();
    let set = TrainSet {
        matrix: &matrix,
        labels: &labels,
        weights: None,
    };
    let has_trees = family.parameters().iter().any(|spec| spec.name == "trees");
    let trees = has_trees.then(|| ("trees".to_owned(), ParamValue::Int(20)));
    let params = Params(trees.into_iter().collect());
    let mut context = FitContext {
        seed: 1,
        threads: 1,
        cancel: &CancelToken::new(),
        validation: None,
        early_stopping: None,
        monotone: &NOT_MONOTONE,
        on_iteration: &mut |_| {},
    };
    TrainedModel {
        classifier: family.fit(&set, &params, &mut context).unwrap(),
        schema,
        preprocessor,
        params,
        calibrator: Calibrator::Sigmoid { a: 0.9, b: 0.1 },
        threshold: 0.5,
    }
}

pub(super) fn training(model: &TrainedModel) -> TrainingReference {
    TrainingReference::of(model, &frame(), &rows().1).unwrap()
}

/// A maker of cards for a model, with training rows and past scores.
pub(super) fn maker(name: &str) -> CardMaker {
    let model = model(name);
    let training = training(&model);
    let scores = model.score(&frame(), &CancelToken::new()).unwrap();
    let past = PastScores::new(scores.into_iter().zip(rows().1));
    CardMaker::of(
        "run-1".to_owned(),
        model,
        Some(training),
        Some(past),
        NullTokens::default(),
    )
    .unwrap()
}

pub(super) fn cells(texts: [&str; 4]) -> Vec<(String, String)> {
    NAMES
        .iter()
        .zip(texts)
        .map(|(name, text)| ((*name).to_owned(), text.to_owned()))
        .collect()
}

/// A flagged row as it would be scored.
pub(super) fn input(maker_of: &TrainedModel, texts: [&str; 4]) -> CardInput {
    let text = RowText::new(Arc::clone(&maker_of.schema), NullTokens::default());
    let frame = text.frame(&cells(texts));
    CardInput {
        row: RowId(7),
        cells: cells(texts),
        probability: maker_of.score(&frame, &CancelToken::new()).unwrap()[0],
        flagged: true,
        threshold: None,
    }
}
