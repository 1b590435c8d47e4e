//! Owns the scoring of one checked batch: probabilities, risk, actions, and the rows worth explaining.

use crate::cancel::CancelToken;
use crate::data::{Layout, RawBatch, RowId, row_ids};
use crate::explain::{column_shares, format_reasons};
use crate::pipeline::checking::CheckedBatch;
use crate::pipeline::ingestion::{IngestionError, keep};
use crate::pipeline::trained_model::TrainedModel;
use crate::transform::FeatureMatrix;
use crate::triage::RiskSettings;

use super::error::PredictionError;
use super::output::{ScoredBatch, ScoredRow};
use super::summary::RiskCounts;
use super::top::{Candidate, TopRows};

/// Scores batches, and keeps count.
pub struct Scorer<'a> {
    /// What scores.
    pub model: &'a TrainedModel,
    /// Asks to stop.
    pub cancel: &'a CancelToken,
    /// Bands and actions.
    pub risk: &'a RiskSettings,
    /// Rows with at least this probability are flagged.
    pub threshold: f64,
    /// The rows worth explaining.
    pub top: TopRows,
    /// Scored rows by level.
    pub counts: RiskCounts,
    /// Rows flagged.
    pub flagged: u64,
    /// Rows scored.
    pub scored: u64,
}

/// Where a source's columns are, as far as scoring needs to know.
pub struct SourceColumns {
    /// The position of each column the model reads, in the model's order.
    explained: Vec<Option<usize>>,
    /// The position of the column that names the asset.
    asset: Option<usize>,
}

impl SourceColumns {
    /// Finds them.
    pub fn find(model: &TrainedModel, layout: &Layout, names: &[String], risk: &RiskSettings) -> Self {
        let position = |name: &str| {
            let at = model.schema.columns.iter().position(|c| c.name == name)?;
            layout.sources.get(at).copied().flatten()
        };
        Self {
            explained: model.preprocessor.columns().map(position).collect(),
            asset: risk
                .asset_column
                .as_ref()
                .and_then(|asset| names.iter().position(|n| n == asset)),
        }
    }
}

impl Scorer<'_> {
    /// Calibrated probabilities of the accepted rows of a batch.
    ///
    /// # Errors
    /// Rows do not fit the model, or cancellation.
    pub fn probabilities(&self, batch: &CheckedBatch) -> Result<(Vec<f64>, FeatureMatrix), PredictionError> {
        let frame = keep(&batch.typed.frame, &batch.verdict.accepted).map_err(IngestionError::from)?;
        let matrix = self.model.matrix(&frame)?;
        Ok((self.model.probabilities(&matrix, self.cancel)?, matrix))
    }

    /// Scores the accepted rows of a batch of input `source`.
    ///
    /// # Errors
    /// Rows do not fit the model, or cancellation.
    pub fn score(
        &mut self,
        batch: CheckedBatch,
        source: usize,
        columns: &SourceColumns,
    ) -> Result<ScoredBatch, PredictionError> {
        let (probabilities, matrix) = self.probabilities(&batch)?;
        let ids = row_ids(&self.model.schema, &batch.typed.frame);
        let accepted = (0..batch.raw.rows()).filter(|&row| batch.verdict.accepted[row]);
        let known = accepted.map(|row| (row, ids[row])).zip(probabilities);
        let rows = self.judged(&batch.raw, known, &matrix, columns);
        Ok(self.batch(batch.raw, rows, source))
    }

    /// Scores every row of a batch whose features and ids are known already.
    ///
    /// # Errors
    /// The model refuses the matrix, or cancellation.
    pub fn score_features(
        &mut self,
        raw: RawBatch,
        matrix: &FeatureMatrix,
        ids: &[RowId],
        columns: &SourceColumns,
    ) -> Result<ScoredBatch, PredictionError> {
        let probabilities = self.model.probabilities(matrix, self.cancel)?;
        let known = ids.iter().copied().enumerate().zip(probabilities);
        let rows = self.judged(&raw, known, matrix, columns);
        Ok(self.batch(raw, rows, 0))
    }

    fn batch(&self, raw: RawBatch, rows: Vec<ScoredRow>, source: usize) -> ScoredBatch {
        ScoredBatch {
            raw,
            rows,
            source,
            least: self.top.least(),
        }
    }

    /// What follows from the probabilities: `known` has row, id and probability of each row of `matrix`.
    fn judged(
        &mut self,
        raw: &RawBatch,
        known: impl Iterator<Item = ((usize, RowId), f64)>,
        matrix: &FeatureMatrix,
        columns: &SourceColumns,
    ) -> Vec<ScoredRow> {
        let mut rows = Vec::with_capacity(matrix.rows());
        for (place, ((row, id), probability)) in known.enumerate() {
            let malicious = probability >= self.threshold;
            let asset = columns.asset.map(|c| String::from_utf8_lossy(raw.cell(row, c)));
            let risk = self.risk.level(self.risk.risk(probability, asset.as_deref()));
            let candidate = malicious && self.top.admits(probability);
            if candidate {
                let cell = |c: &Option<usize>| c.map_or_else(Vec::new, |c| shown(raw.cell(row, c)).to_vec());
                self.top.push(Candidate {
                    probability,
                    row: self.scored,
                    features: matrix.values.row(place).to_vec(),
                    cells: columns.explained.iter().map(cell).collect(),
                });
            }
            self.counts.add(risk);
            self.flagged += u64::from(malicious);
            self.scored += 1;
            let action = self.risk.recommended_action(malicious, risk);
            rows.push(ScoredRow {
                row,
                id,
                probability,
                malicious,
                risk,
                action,
                candidate,
            });
        }
        rows
    }
}

/// As much of a cell as reasons can show; a hostile one may be megabytes long.
fn shown(cell: &[u8]) -> &[u8] {
    const MOST: usize = 4096;
    let cell = cell.trim_ascii();
    &cell[..cell.len().min(MOST)]
}

/// The reasons of a candidate in words; empty where the family gives none.
pub fn reasons(model: &TrainedModel, candidate: &Candidate, at_most: usize) -> String {
    let row = ndarray::ArrayView1::from(&candidate.features);
    let Some(contributions) = model.classifier.contributions(row) else {
        return String::new();
    };
    let shares = column_shares(&contributions, model.preprocessor.features());
    let cells: Vec<(&str, String)> = (model.preprocessor.columns().zip(&candidate.cells))
        .map(|(column, cell)| (column, String::from_utf8_lossy(cell).trim().to_owned()))
        .collect();
    let value = |column: &str| {
        cells
            .iter()
            .find(|(name, _)| *name == column)
            .map(|(_, text)| text.as_str())
    };
    format_reasons(&shares, at_most, value)
}
