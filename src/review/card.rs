//! Owns what a card is made from and what comes of it: a scored row as text, judged cases, and the parts of a card that
//! depend on a model. Knows no file but the run's.

mod cache;
mod drifted;
mod judged;
mod maker;
mod past_scores;
mod row_text;

pub use cache::{CardCache, ahead};
pub use judged::{JudgedCase, JudgedRows};
pub use maker::{CardMaker, ModelParts};
pub use past_scores::PastScores;

use crate::artifacts::RunError;
use crate::cancel::Cancelled;
use crate::data::RowId;
use crate::explain::SmallestChange;
use crate::models::ModelError;
use crate::pipeline::trained_model::{ModelFileError, ScoreError};
use crate::transform::TransformError;

use super::contract::{CardColumn, CardNeighbour, Reliability};

/// A scored row about which everything is to be known.
#[derive(Clone, Debug, PartialEq)]
pub struct CardInput {
    /// The case.
    pub row: RowId,
    /// Columns of the scored file with the row's text, in file order: the input's own columns, not those that scoring added.
    /// Schema columns may bear any name that scoring accepts.
    pub cells: Vec<(String, String)>,
    /// Its calibrated probability of malicious, as the file has it.
    pub probability: f64,
    /// Whether it was flagged.
    pub flagged: bool,
    /// The probability from which rows were flagged; `None` is the model's own threshold.
    pub threshold: Option<f64>,
}

/// The parts of a [`super::Card`] that depend on the model, its training rows and judged cases. Their meaning is the card's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardParts {
    /// Columns the model reads, the largest share of the evidence first.
    pub columns: Vec<CardColumn>,
    /// The row's other columns.
    pub other: Vec<(String, String)>,
    /// The smallest change that would clear it.
    pub smallest_change: Option<SmallestChange>,
    /// The nearest judged rows, then the nearest training rows.
    pub neighbours: Vec<CardNeighbour>,
    /// What past cases with about this score turned out to be.
    pub reliability: Option<Reliability>,
    /// Why a part is missing.
    pub missing: Vec<String>,
}

/// Why there is no card.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The run's model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The row does not fit the model.
    #[error("the row cannot be explained: {0}")]
    Score(ScoreError),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<ScoreError> for CardError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Model(ModelError::Cancelled(cancelled)) => Self::Cancelled(cancelled),
            other => Self::Score(other),
        }
    }
}

impl From<TransformError> for CardError {
    fn from(error: TransformError) -> Self {
        Self::Score(error.into())
    }
}

impl From<ModelError> for CardError {
    fn from(error: ModelError) -> Self {
        ScoreError::from(error).into()
    }
}

#[cfg(test)]
mod tests;
