//! Owns the look at the first scored rows for drift: enough to tell, not so many as to cost time.

use polars::prelude::DataFrame;

use crate::pipeline::ingestion::{IngestionError, keep};
use crate::pipeline::trained_model::TrainedModel;
use crate::validation::ColumnDrift;
use crate::validation::drift::{BatchProfile, Reference, drift};

use super::error::PredictionError;
use super::output::ScoredBatch;
use super::run::PredictRequest;

/// Compares the first rows of a batch with the training reference.
pub(super) struct DriftWatch<'a> {
    reference: Option<&'a Reference>,
    profile: Option<BatchProfile>,
    model: &'a TrainedModel,
    left: u64,
    scored: u64,
    flagged: u64,
}

impl<'a> DriftWatch<'a> {
    /// Starts with no rows seen.
    pub(super) fn new(request: &'a PredictRequest<'a>) -> Self {
        Self {
            reference: request.reference,
            profile: request.reference.map(BatchProfile::new),
            model: request.model,
            left: request.settings.drift_rows,
            scored: 0,
            flagged: 0,
        }
    }

    /// Whether it has not seen enough rows yet.
    pub(super) fn wants_more(&self) -> bool {
        self.profile.is_some() && self.left > 0
    }

    /// Adds the accepted rows of a batch and their scores.
    pub(super) fn add(
        &mut self,
        frame: &DataFrame,
        accepted: &[bool],
        scored: &ScoredBatch,
    ) -> Result<(), PredictionError> {
        let Some(profile) = &mut self.profile else {
            return Ok(());
        };
        let frame = keep(frame, accepted).map_err(IngestionError::from)?;
        let scores: Vec<f64> = scored.rows.iter().map(|row| row.probability).collect();
        profile.add(&frame);
        profile.add_scores(&scores);
        self.left = self.left.saturating_sub(scores.len() as u64);
        self.scored += scores.len() as u64;
        // By the model's own threshold, as in training; this call may flag by another.
        self.flagged += scores.iter().filter(|&&s| s >= self.model.threshold).count() as u64;
        Ok(())
    }

    /// How far the rows are from the reference.
    pub(super) fn finish(self) -> Vec<ColumnDrift> {
        let (Some(reference), Some(mut profile)) = (self.reference, self.profile) else {
            return Vec::new();
        };
        if self.scored > 0 {
            profile.set_positive_rate(self.flagged as f64 / self.scored as f64);
        }
        drift(reference, &profile, &self.model.schema.drift)
    }
}
