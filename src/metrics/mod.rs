//! What scores are worth: metrics and their registry, curves, calibration, thresholds and the comparison of two models.
//!
//! The positive class is malicious in all of it. Knows scores and labels as plain slices; no file, model or terminal.

pub mod calibration;
pub mod comparison;
pub mod curves;
mod dial;
mod error;
mod evaluation;
mod ranking;
mod registry;
mod scores;
pub mod threshold;

pub use calibration::{Calibrator, CalibratorFit, SQUEEZE, fit_isotonic, fit_sigmoid};
pub use comparison::{
    BootstrapOptions, Difference, McNemar, Paired, bootstrap_difference, bootstrap_difference_of, mcnemar,
};
pub use curves::{
    Binning, CalibrationBin, GainPoint, PrPoint, RocPoint, calibration_curve, gain_curve, pr_curve, roc_curve, thin,
};
pub use dial::{Dial, DialStop};
pub use error::MetricError;
pub use evaluation::{Metrics, evaluate, evaluate_scored};
pub use ranking::{Cut, Ranking};
pub use registry::{Metric, metric, metrics, named_metric};
pub use scores::{Confusion, ECE_BINS, Scored, brier, expected_calibration_error, log_loss};
pub use threshold::{AlertBudget, BudgetTracker, Chosen, ThresholdRule, alert_budget, choose};
