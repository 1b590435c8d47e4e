//! Owns the two sides of a split in memory.

use polars::prelude::DataFrame;

use crate::data::{Fold, Split, SplitError, SplitStrategy, folds, time_folds};
use crate::pipeline::ingestion::Dataset;
use crate::schema::Column;
use crate::transform::TransformSettings;

use super::cross_validation::TrainingRows;
use super::settings::TrainingSettings;

/// The two sides of a split, each with its own frame.
pub(super) struct Sides {
    /// Which row is on which side.
    pub(super) split: Split,
    /// Rows to learn from.
    pub(super) train: Side,
    /// Rows that are scored once.
    pub(super) test: Side,
    /// Share of test rows whose features stand in the training rows too.
    pub(super) seen_in_train: f64,
}

/// One side.
pub(super) struct Side {
    /// Typed columns.
    pub(super) frame: DataFrame,
    /// True for malicious, one a row.
    pub(super) labels: Vec<bool>,
    /// Feature hashes, one a row.
    pub(super) groups: Vec<u64>,
}

impl Side {
    /// Folds over these rows, cut as the split was.
    pub(super) fn folds(
        &self,
        settings: &TrainingSettings,
        parts: &Split,
        dataset: &Dataset,
    ) -> Result<Vec<Fold>, SplitError> {
        match settings.split {
            SplitStrategy::Grouped => folds(&self.labels, Some(&self.groups), settings.folds, settings.seed),
            SplitStrategy::Stratified => folds(&self.labels, None, settings.folds, settings.seed),
            SplitStrategy::Time => {
                let times = dataset.times.as_deref().unwrap_or_default();
                let times: Vec<Option<i64>> = parts.train.iter().map(|&r| times.get(r).copied().flatten()).collect();
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
            transform,
        }
    }
}
