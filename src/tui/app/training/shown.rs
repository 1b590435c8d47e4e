//! Owns a finished run as the panel shows it: its facts, scores, leaderboard and fits.

use super::board::Board;
use super::curves::Curves;
use crate::worker::{Dial, Manifest, MetricsFile, RunFacts, ThresholdRule};

/// A finished run.
#[derive(Clone, Debug)]
pub struct ShownRun {
    /// Its name.
    pub run_id: String,
    /// What it was made from, or why that cannot be read.
    pub manifest: Result<Manifest, String>,
    /// Metrics, curves and thresholds, or why they cannot be read.
    pub metrics: Result<MetricsFile, String>,
    /// Its families.
    pub board: Board,
    /// Its fits.
    pub curves: Curves,
}

impl ShownRun {
    /// As it was read.
    pub fn new(facts: &RunFacts) -> Self {
        let (board, curves, metrics) = match &facts.scores {
            Ok(scores) => (
                Board::finished(&scores.leaderboard, None),
                Curves::finished(&scores.learning_curves),
                Ok(scores.metrics.clone()),
            ),
            Err(why) => (Board::default(), Curves::default(), Err(why.clone())),
        };
        Self {
            run_id: facts.run_id.clone(),
            manifest: facts.manifest.clone(),
            metrics,
            board,
            curves,
        }
    }

    /// What every threshold would do, if the run has kept that.
    pub fn dial(&self) -> Option<&Dial> {
        let dial = self.metrics.as_ref().ok()?.dial.as_ref()?;
        (!dial.stops.is_empty()).then_some(dial)
    }

    /// The model's threshold.
    pub fn threshold(&self) -> Option<f64> {
        let moved = self.manifest.as_ref().ok().and_then(|manifest| manifest.threshold);
        moved.or_else(|| Some(self.metrics.as_ref().ok()?.threshold.out_of_fold.threshold))
    }

    /// Costs of a false alarm and of a miss, where the threshold was chosen by them.
    pub fn costs(&self) -> Option<(f64, f64)> {
        match self.metrics.as_ref().ok()?.threshold.out_of_fold.rule {
            ThresholdRule::Cost {
                false_positive,
                false_negative,
            } => Some((false_positive, false_negative)),
            _ => None,
        }
    }
}
