//! Owns the curves kept with a run, thinned to what any screen can show.

use serde::{Deserialize, Serialize};

use crate::metrics::{
    Binning, CalibrationBin, GainPoint, MetricError, PrPoint, Ranking, RocPoint, Scored, calibration_curve, gain_curve,
    pr_curve, roc_curve, thin,
};

/// Points a curve is thinned to; its ends are kept.
const POINTS: usize = 512;

/// Bins of the calibration curve.
const BINS: usize = 15;

/// The curves of one side of a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// Receiver operating characteristic.
    pub roc: Vec<RocPoint>,
    /// Precision and recall.
    pub precision_recall: Vec<PrPoint>,
    /// Cumulative gain and lift.
    pub gain: Vec<GainPoint>,
    /// Predicted against observed shares.
    pub calibration: Vec<CalibrationBin>,
}

impl Curves {
    /// Of calibrated probabilities and labels.
    ///
    /// # Errors
    /// Rows that cannot be measured.
    pub fn of(scores: &[f64], labels: &[bool]) -> Result<Self, MetricError> {
        let scored = Scored::new(scores, labels)?;
        let ranking = Ranking::new(&scored);
        Ok(Self {
            roc: thin(&roc_curve(&ranking), POINTS),
            precision_recall: thin(&pr_curve(&ranking), POINTS),
            gain: thin(&gain_curve(&ranking), POINTS),
            calibration: calibration_curve(&scored, BINS, Binning::Width),
        })
    }
}
