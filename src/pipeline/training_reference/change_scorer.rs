//! Owns scoring changes of a row by columns: the seen values as the model's features, made once, and put into the row's.

use ndarray::Array2;

use crate::cancel::CancelToken;
use crate::explain::{Place, ScoreChanges, SeenColumn, SeenValues, Value};
use crate::models::{Variation, predict_in_blocks};
use crate::pipeline::trained_model::{ScoreError, TrainedModel};
use crate::pipeline::typed_values::frame_of;
use crate::schema::Column;
use crate::transform::{FeatureMatrix, TransformError};

/// Every seen value as features.
pub(super) struct SeenFeatures {
    columns: Vec<ColumnFeatures>,
}

/// The seen values of one column.
struct ColumnFeatures {
    /// Places of the column's features in the matrix.
    features: Vec<usize>,
    /// One value a feature, seen value by seen value; empty for columns that no change may touch.
    values: Vec<f32>,
    /// How many seen values.
    count: usize,
}

impl SeenFeatures {
    /// Encodes the values; `None` where a feature depends on the cells of other columns, too.
    pub(super) fn of(
        model: &TrainedModel,
        columns: &[Column],
        seen: &SeenValues,
    ) -> Result<Option<Self>, TransformError> {
        if !model.preprocessor.is_columnwise() {
            return Ok(None);
        }
        let most = seen.columns().iter().map(|column| column.values.len()).max();
        // Row i has the i-th value of each column: what stands beside a value does not matter.
        let rows: Vec<Vec<Option<&Value>>> = (0..most.unwrap_or_default())
            .map(|value| seen.columns().iter().map(|column| column.values.get(value)).collect())
            .collect();
        let matrix = model.matrix(&framed(columns, &rows)?)?;
        let of_column = |(at, known): (usize, &SeenColumn)| {
            let name = columns.get(at).map(|column| column.name.as_str());
            let own = matrix.features.iter().enumerate();
            let own = own.filter(|(_, feature)| Some(feature.source.as_str()) == name);
            let features: Vec<usize> = own.map(|(place, _)| place).collect();
            let count = if known.changeable { known.values.len() } else { 0 };
            let rows = matrix.values.rows().into_iter().take(count);
            let values = rows.flat_map(|row| features.iter().map(|&at| row[at]).collect::<Vec<f32>>());
            ColumnFeatures {
                values: values.collect(),
                features,
                count,
            }
        };
        let columns: Vec<ColumnFeatures> = seen.columns().iter().enumerate().map(of_column).collect();
        // A value without a feature of its own could not be put into a row.
        let complete = columns
            .iter()
            .all(|column| column.count == 0 || !column.features.is_empty());
        Ok(complete.then_some(Self { columns }))
    }

    /// Changes of one field, at most.
    pub(super) fn changes(&self) -> usize {
        self.columns.iter().map(|column| column.count).sum()
    }
}

/// A frame of rows in memory.
pub(super) fn framed(
    columns: &[Column],
    rows: &[Vec<Option<&Value>>],
) -> Result<polars::prelude::DataFrame, TransformError> {
    frame_of(columns, rows).map_err(|e| TransformError::Internal { reason: e.to_string() })
}

/// Scores changes of one row.
pub(super) struct ChangeScorer<'a> {
    model: &'a TrainedModel,
    seen: &'a SeenFeatures,
    matrix: FeatureMatrix,
    cancel: &'a CancelToken,
}

impl<'a> ChangeScorer<'a> {
    /// `matrix` is that of the row alone.
    pub(super) fn new(
        model: &'a TrainedModel,
        seen: &'a SeenFeatures,
        matrix: FeatureMatrix,
        cancel: &'a CancelToken,
    ) -> Self {
        Self {
            model,
            seen,
            matrix,
            cancel,
        }
    }

    fn row(&self) -> Vec<f32> {
        self.matrix.values.iter().take(self.matrix.width()).copied().collect()
    }

    fn score(&self, row: &[f32], variations: &[Variation<'_>]) -> Result<Vec<Vec<f64>>, ScoreError> {
        self.cancel.check().map_err(crate::models::ModelError::from)?;
        let raw = match self.model.classifier.predict_variations(row, variations) {
            Some(raw) => raw,
            None => self.one_by_one(row, variations)?,
        };
        Ok(raw.iter().map(|raw| self.model.calibrator.apply_all(raw)).collect())
    }

    /// For families without a way of their own: all changed rows in one matrix.
    fn one_by_one(&self, row: &[f32], variations: &[Variation<'_>]) -> Result<Vec<Vec<f64>>, ScoreError> {
        let rows: usize = variations.iter().map(Variation::alternatives).sum();
        let mut values = Vec::with_capacity(rows * row.len());
        for variation in variations {
            for alternative in variation.values.chunks_exact(variation.features.len().max(1)) {
                let first = values.len();
                values.extend_from_slice(row);
                for (feature, value) in variation.features.iter().zip(alternative) {
                    if let Some(cell) = values.get_mut(first + feature) {
                        *cell = *value;
                    }
                }
            }
        }
        let internal = |e: ndarray::ShapeError| TransformError::Internal { reason: e.to_string() };
        let matrix = FeatureMatrix {
            values: Array2::from_shape_vec((rows, row.len()), values).map_err(internal)?,
            features: std::sync::Arc::clone(&self.matrix.features),
        };
        let mut scores = predict_in_blocks(self.model.classifier.as_ref(), &matrix, self.cancel)?.into_iter();
        let of = |variation: &Variation<'_>| scores.by_ref().take(variation.alternatives()).collect();
        Ok(variations.iter().map(of).collect())
    }
}

impl ColumnFeatures {
    /// Sets the column to a seen value.
    fn set(&self, row: &mut [f32], value: usize) {
        let width = self.features.len();
        let values = self.values.get(value * width..).unwrap_or_default();
        for (feature, value) in self.features.iter().zip(values) {
            if let Some(cell) = row.get_mut(*feature) {
                *cell = *value;
            }
        }
    }

    fn value(&self, value: usize) -> &[f32] {
        let width = self.features.len();
        self.values.get(value * width..(value + 1) * width).unwrap_or_default()
    }
}

impl ScoreChanges for ChangeScorer<'_> {
    type Error = ScoreError;

    fn unchanged(&mut self) -> Result<f64, ScoreError> {
        let scores = self.model.probabilities(&self.matrix, self.cancel)?;
        Ok(scores.first().copied().unwrap_or(f64::NAN))
    }

    fn each(&mut self, first: Option<Place>, changes: &[Place]) -> Result<Vec<f64>, ScoreError> {
        let mut row = self.row();
        if let Some((column, value)) = first
            && let Some(column) = self.seen.columns.get(column)
        {
            column.set(&mut row, value);
        }
        let mut columns: Vec<(&ColumnFeatures, Vec<f32>)> = Vec::new();
        for of_column in changes.chunk_by(|a, b| a.0 == b.0) {
            let Some(column) = of_column.first().and_then(|place| self.seen.columns.get(place.0)) else {
                continue;
            };
            let values = of_column.iter().flat_map(|place| column.value(place.1)).copied();
            columns.push((column, values.collect()));
        }
        let variations = columns.iter().map(|(column, values)| Variation {
            features: &column.features,
            values,
        });
        Ok(self.score(&row, &variations.collect::<Vec<_>>())?.concat())
    }

    fn both(&mut self, pairs: &[(Place, Place)]) -> Result<Vec<f64>, ScoreError> {
        let columns = pairs.first().and_then(|(a, b)| {
            let column = |place: &Place| self.seen.columns.get(place.0);
            column(a).zip(column(b))
        });
        let Some((a, b)) = columns else { return Ok(Vec::new()) };
        let features = [a.features.as_slice(), &b.features].concat();
        let values = pairs
            .iter()
            .flat_map(|(first, second)| a.value(first.1).iter().chain(b.value(second.1)));
        let values: Vec<f32> = values.copied().collect();
        let pairs = Variation {
            features: &features,
            values: &values,
        };
        Ok(self.score(&self.row(), &[pairs])?.concat())
    }
}
