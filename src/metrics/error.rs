//! Owns the errors of measuring: what, where, and what to do next.

use crate::cancel::Cancelled;

/// Why scores could not be measured, calibrated, cut or compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// No rows at all.
    #[error("no rows to measure: give at least one scored row")]
    Empty,
    /// Two columns that belong together differ in length.
    #[error("{left} has {left_rows} rows, {right} has {right_rows}: they must belong to the same rows")]
    Lengths {
        /// The first column.
        left: &'static str,
        /// Its rows.
        left_rows: usize,
        /// The second column.
        right: &'static str,
        /// Its rows.
        right_rows: usize,
    },
    /// A score that is no probability.
    #[error("row {row}: the score {value} is not a probability: expected a number from 0 to 1")]
    NotAProbability {
        /// 0-based row.
        row: usize,
        /// The score.
        value: f64,
    },
    /// A threshold that is not a number.
    #[error("the threshold is not a number: give one from 0 to 1")]
    Threshold,
    /// No metric of that name.
    #[error("unknown metric `{name}`{}: known are {known}", nearest.map(|n| format!(", did you mean `{n}`?")).unwrap_or_default())]
    UnknownMetric {
        /// The name asked for.
        name: String,
        /// The nearest known name, if one is near.
        nearest: Option<&'static str>,
        /// All names, with commas.
        known: String,
    },
    /// What was asked for needs rows of a class that has none.
    #[error("{what} needs at least one {class} row, and there is none: {advice}")]
    ClassMissing {
        /// What was asked for.
        what: &'static str,
        /// The class that is missing.
        class: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// The text is no threshold rule.
    #[error("`{text}` is not a threshold rule: {expected}")]
    Rule {
        /// What was given.
        text: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// A setting outside its range.
    #[error("{name} = {value}: {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// A saved calibrator that no fit can have made.
    #[error("the saved calibrator is damaged: {reason}: train the model again")]
    Calibrator {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The metric has no value on these rows.
    #[error("{metric} has no value on these rows: they need both malicious and benign ones")]
    Undefined {
        /// The metric's name.
        metric: &'static str,
    },
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl MetricError {
    /// `Ok` if both columns have the same number of rows.
    pub(super) fn same_length(left: (&'static str, usize), right: (&'static str, usize)) -> Result<(), Self> {
        if left.1 == right.1 {
            return Ok(());
        }
        Err(Self::Lengths {
            left: left.0,
            left_rows: left.1,
            right: right.0,
            right_rows: right.1,
        })
    }
}
