//! Owns the two sides of a split in memory.

use polars::prelude::DataFrame;

use crate::data::Split;
use crate::schema::Column;
use crate::transform::TransformSettings;

use super::cross_validation::TrainingRows;

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
