//! Owns past scores: rows that the model did not learn from, what it said of them and what they were.

use std::path::Path;

use crate::cancel::CancelToken;
use crate::pipeline::kept_rows::SplitSide;
use crate::pipeline::trained_model::TrainedModel;
use crate::pipeline::training_reference::checked_rows;
use crate::review::contract::Reliability;

/// Half widths of the ranges of scores that are looked at, the narrowest first, and how many rows make a range wide enough.
const HALF_WIDTHS: [f64; 4] = [0.02, 0.05, 0.1, 0.2];
const ENOUGH: u64 = 30;

/// Scores with labels, ascending.
#[derive(Clone, Debug)]
pub struct PastScores {
    scores: Vec<f64>,
    /// Malicious rows among the first n.
    malicious: Vec<u64>,
}

impl PastScores {
    /// Of calibrated probabilities with labels, true for malicious. Scores that are no number are left out.
    pub fn new(scored: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let mut scored: Vec<(f64, bool)> = scored.into_iter().filter(|(score, _)| !score.is_nan()).collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut malicious = vec![0];
        let mut sum = 0;
        for (_, label) in &scored {
            sum += u64::from(*label);
            malicious.push(sum);
        }
        Self {
            scores: scored.into_iter().map(|(score, _)| score).collect(),
            malicious,
        }
    }

    /// Scores the rows a run was tested on, which its model saw neither in the search nor in the last fit. A message if it
    /// cannot.
    pub(super) fn of_run(run: &Path, model: &TrainedModel, cancel: &CancelToken) -> Result<Self, String> {
        let rows = checked_rows(run, SplitSide::Test, model, cancel).map_err(|e| e.to_string())?;
        let scores = model.score(&rows.frame, cancel).map_err(|e| e.to_string())?;
        Ok(Self::new(scores.into_iter().zip(rows.labels)))
    }

    /// Rows with about this score, in the narrowest range that has enough of them, else in the widest; `None` if it is
    /// empty. Nothing is said of judged cases.
    pub(super) fn around(&self, score: f64) -> Option<Reliability> {
        if score.is_nan() {
            return None;
        }
        let range = |half: &f64| self.range((score - half).max(0.0), (score + half).min(1.0));
        let enough = HALF_WIDTHS.iter().map(range).find(|range| range.rows >= ENOUGH);
        let widest = || HALF_WIDTHS.last().map(range);
        enough.or_else(widest).filter(|range| range.rows > 0)
    }

    fn range(&self, from: f64, to: f64) -> Reliability {
        let first = self.scores.partition_point(|score| *score < from);
        let end = self.scores.partition_point(|score| *score <= to).max(first);
        let count = |at: usize| self.malicious.get(at).copied().unwrap_or_default();
        Reliability {
            from,
            to,
            rows: (end - first) as u64,
            malicious: count(end).saturating_sub(count(first)),
            judged: 0,
            true_positives: 0,
        }
    }
}
