//! Owns probabilities of training rows by models that did not see them: some families, fitted over folds anew.

use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::DataFrame;

use crate::cancel::CancelToken;
use crate::data::{Fold, folds};
use crate::models::{Family, Params, predict_in_blocks};
use crate::pipeline::ingestion::{IngestionError, take_rows};
use crate::schema::Schema;
use crate::transform::TransformSettings;

use super::cross_validation::{TrainingRows, in_parallel};
use super::error::TrainingError;
use super::fitting::{FitPlan, FitRows, fit};
use super::settings::TrainingSettings;
use super::sides::learned_columns;

/// Labelled rows in memory, borrowed.
#[derive(Clone, Copy)]
pub struct LabelledRows<'a> {
    /// Their schema.
    pub schema: &'a Schema,
    /// Typed columns.
    pub frame: &'a DataFrame,
    /// True is malicious, one a row.
    pub labels: &'a [bool],
    /// Equal for rows with identical features, one a row.
    pub groups: &'a [u64],
}

/// How they are fitted.
pub struct OutOfFoldFits<'a> {
    /// Families with their parameters.
    pub families: &'a [(&'static dyn Family, Params)],
    /// How columns become features.
    pub transform: &'a TransformSettings,
    /// Early stopping and directions.
    pub training: &'a TrainingSettings,
    /// Folds, 2 or more; rows with identical features are in one.
    pub folds: usize,
    /// Seed of folds and fits.
    pub seed: u64,
    /// Fits side by side; never changes the result.
    pub threads: usize,
    /// Asks to stop.
    pub cancel: &'a CancelToken,
}

impl OutOfFoldFits<'_> {
    /// Uncalibrated probabilities of malicious, one list a family in their order, one entry a row. `told` hears fits done and
    /// fits in all.
    ///
    /// # Errors
    /// No fair folds are possible, a fit fails, or cancellation.
    pub fn scores(
        &self,
        rows: LabelledRows<'_>,
        told: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Vec<Vec<f64>>, TrainingError> {
        let columns = learned_columns(rows.schema, self.transform, rows.frame);
        let all = TrainingRows {
            frame: rows.frame,
            columns: &columns,
            labels: rows.labels,
            groups: rows.groups,
            weights: None,
            transform: self.transform,
        };
        let folds = folds(rows.labels, Some(rows.groups), self.folds, self.seed)?;
        let tasks = folds.len() * self.families.len();
        let done = AtomicUsize::new(0);
        let parts = in_parallel(self.threads, tasks, self.cancel, |task| {
            let (family, params) = &self.families[task / folds.len()];
            let scores = self.fold_scores(&all, &folds[task % folds.len()], *family, params);
            told(done.fetch_add(1, Ordering::Relaxed) as u64 + 1, tasks as u64);
            scores
        })?;
        let mut scores = vec![vec![f64::NAN; rows.labels.len()]; self.families.len()];
        for (task, part) in parts.into_iter().enumerate() {
            let of_family = &mut scores[task / folds.len()];
            for (&row, score) in folds[task % folds.len()].validation.iter().zip(part?) {
                of_family[row] = score;
            }
        }
        Ok(scores)
    }

    fn fold_scores(
        &self,
        rows: &TrainingRows<'_>,
        fold: &Fold,
        family: &'static dyn Family,
        params: &Params,
    ) -> Result<Vec<f64>, TrainingError> {
        self.cancel.check()?;
        let (preprocessor, matrix) = rows.preprocessor(family.wants(), Some(&fold.train))?;
        let held_out =
            preprocessor.transform(&take_rows(rows.frame, &fold.validation).map_err(IngestionError::from)?)?;
        let labels: Vec<bool> = fold.train.iter().map(|&row| rows.labels[row]).collect();
        let groups: Vec<u64> = fold.train.iter().map(|&row| rows.groups[row]).collect();
        let fit_rows = FitRows {
            matrix: &matrix,
            labels: &labels,
            groups: &groups,
            weights: None,
        };
        let plan = FitPlan {
            seed: self.seed,
            threads: 1,
            class_weight: self.transform.class_weight,
            early_stopping: &self.training.early_stopping,
            monotone: &self.training.monotone,
            cancel: self.cancel,
        };
        let model = fit(family, params, fit_rows, plan, &mut |_| ())?;
        Ok(predict_in_blocks(model.as_ref(), &held_out, self.cancel)?)
    }
}
