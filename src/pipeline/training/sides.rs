//! Owns the two sides of a split in memory.

use polars::prelude::DataFrame;

use crate::data::{Fold, Split, SplitError, SplitStrategy, folds, time_folds};
use crate::pipeline::ingestion::{Dataset, IngestionError, take_rows};
use crate::schema::{Column, Role, Schema};
use crate::transform::TransformSettings;

use super::cross_validation::TrainingRows;
use super::settings::TrainingSettings;
use super::verdicts::{Taught, VerdictUse};

/// The columns models may learn from: those of the schema that a frame has.
pub(super) fn learned_columns(schema: &Schema, transform: &TransformSettings, frame: &DataFrame) -> Vec<Column> {
    let times = schema
        .columns
        .iter()
        .filter(|c| transform.timestamp_parts && c.role == Role::Timestamp && !schema.is_label(&c.name));
    let here = |c: &&Column| frame.column(&c.name).is_ok();
    schema.features().chain(times).filter(here).cloned().collect()
}

/// The two sides of a split, each with its own frame.
pub(super) struct Sides {
    /// Rows to learn from.
    pub(super) train: Side,
    /// Rows that are scored once.
    pub(super) test: Side,
    /// Share of test rows whose features stand in the training rows too.
    pub(super) seen_in_train: f64,
    /// Typed columns and labels of the random audit, where verdicts gave some.
    pub(super) audit: Option<(DataFrame, Vec<bool>)>,
    /// What was taken from verdicts, where they were asked for.
    pub(super) verdicts: Option<VerdictUse>,
}

/// One side.
pub(super) struct Side {
    /// Typed columns.
    pub(super) frame: DataFrame,
    /// True for malicious, one a row.
    pub(super) labels: Vec<bool>,
    /// Feature hashes, one a row.
    pub(super) groups: Vec<u64>,
    /// As [`Dataset::times`].
    times: Option<Vec<Option<i64>>>,
    /// What each row weighs; `None` where all weigh the same.
    pub(super) weights: Option<Vec<f32>>,
}

impl Side {
    /// Rows of the dataset with the labels they have there.
    fn of(dataset: &Dataset, rows: &[usize]) -> Result<Self, IngestionError> {
        Ok(Self {
            frame: take_rows(&dataset.frame, rows)?,
            labels: rows.iter().map(|&r| dataset.labels[r]).collect(),
            groups: rows.iter().map(|&r| dataset.groups[r]).collect(),
            times: dataset
                .times
                .as_ref()
                .map(|times| rows.iter().map(|&r| times[r]).collect()),
            weights: None,
        })
    }

    /// The test side of a split.
    pub(super) fn test(dataset: &Dataset, parts: &Split) -> Result<Self, IngestionError> {
        Self::of(dataset, &parts.test)
    }

    /// The training side as verdicts left it: rows of the dataset, then added cases.
    pub(super) fn taught(dataset: &Dataset, taught: &Taught) -> Result<Self, IngestionError> {
        let mut side = Self::of(dataset, &taught.rows)?;
        side.labels.clone_from(&taught.labels);
        side.weights.clone_from(&taught.weights);
        let Some(added) = &taught.added else {
            return Ok(side);
        };
        side.frame.vstack_mut(&added.frame)?;
        side.frame.rechunk_mut();
        side.labels.extend_from_slice(&added.labels);
        side.groups.extend_from_slice(&added.groups);
        if let Some(times) = &mut side.times {
            let none = || vec![None; added.labels.len()];
            times.extend(added.times.clone().unwrap_or_else(none));
        }
        Ok(side)
    }

    /// Folds over these rows, cut as the split was.
    pub(super) fn folds(&self, settings: &TrainingSettings) -> Result<Vec<Fold>, SplitError> {
        match settings.split {
            SplitStrategy::Grouped => folds(&self.labels, Some(&self.groups), settings.folds, settings.seed),
            SplitStrategy::Stratified => folds(&self.labels, None, settings.folds, settings.seed),
            SplitStrategy::Time => {
                let none = || vec![None; self.labels.len()];
                let times = self.times.clone().unwrap_or_else(none);
                time_folds(&times, &self.labels, settings.folds)
            }
        }
    }

    /// These rows as cross-validation and the final fit take them.
    pub(super) fn rows<'a>(&'a self, columns: &'a [Column], transform: &'a TransformSettings) -> TrainingRows<'a> {
        TrainingRows {
            frame: &self.frame,
            columns,
            labels: &self.labels,
            groups: &self.groups,
            weights: self.weights.as_deref(),
            transform,
        }
    }
}
