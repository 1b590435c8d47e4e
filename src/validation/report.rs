//! Owns the validation report: its types and the JSON and YAML they become (a contract of the command line).

use serde::{Deserialize, Serialize};

use crate::schema::Severity;

/// What validation found in one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The verdict on the file.
    pub status: Status,
    /// Every input row, rejected and malformed ones included.
    pub rows: u64,
    /// Rows that were rejected.
    pub rejected_rows: u64,
    /// One entry for each failure (check and column), one for each check that passed or was left out.
    pub checks: Vec<CheckOutcome>,
    /// How far the accepted rows have moved from the training reference; empty without one.
    pub drift: Vec<ColumnDrift>,
}

/// The verdict on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing worth a look.
    Passed,
    /// Usable; something is worth a look, or some rows were rejected.
    Warned,
    /// Not usable.
    Blocked,
}

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// Which check: `range`, `missing_column`, `rule:ports`.
    pub id: String,
    /// How grave a failure is.
    pub severity: Severity,
    /// How it ended.
    pub status: CheckStatus,
    /// The column, where it is about one.
    pub column: Option<String>,
    /// Rows that fail it.
    pub failing_rows: u64,
    /// The first failing cells, capped by `max_examples`.
    pub examples: Vec<Example>,
    /// One line for people. Text from the data is made visible in it, see [`crate::text::visible_text`].
    pub message: String,
    /// Whether a `block` failure costs the row or the file.
    pub scope: Scope,
    /// Lines of the failing rows, ascending, at most as many as [`super::Validator::keep_failing_lines`] asks for. No part
    /// of the written report.
    #[serde(skip)]
    pub lines: Vec<u64>,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Nothing found.
    Passed,
    /// Something found.
    Failed,
    /// Not run; the message says why.
    Skipped,
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Single rows.
    Row,
    /// The file as a whole.
    File,
}

/// One failing cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// 1-based line in the source.
    pub line: u64,
    /// The cell's text, lossily decoded, shortened to 200 characters, otherwise as it stands in the source: make it
    /// safe with [`crate::text::visible_text`] before showing it.
    pub value: String,
}

/// One measure of how far a column has moved from the training reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// The column; `(prediction)` for the model's scores.
    pub column: String,
    /// What kind of values it compares.
    pub kind: DriftKind,
    /// Which measure.
    pub metric: DriftMetric,
    /// The effect size; never NaN or infinite.
    pub value: f64,
    /// From which value on it counts as drifted.
    pub threshold: f64,
    /// Whether it has drifted; `null` where there are too few rows to say.
    pub drifted: Option<bool>,
    /// Reference rows behind the value.
    pub reference_rows: u64,
    /// Batch rows behind the value.
    pub batch_rows: u64,
}

/// What kind of values a drift measure compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DriftKind {
    /// Categories, missing being one.
    Discrete,
    /// Numbers; missing values are left out.
    Numeric,
    /// The model's scores, or the share of rows it flags.
    Prediction,
}

/// A measure of drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftMetric {
    /// Jensen-Shannon distance, base 2, 0 to 1.
    JensenShannon,
    /// Population stability index.
    Psi,
    /// Wasserstein distance in units of the reference's standard deviation.
    Wasserstein,
    /// Two-sample Kolmogorov-Smirnov statistic, 0 to 1.
    Ks,
}

impl DriftMetric {
    /// Its name, as in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::JensenShannon => "jensen_shannon",
            Self::Psi => "psi",
            Self::Wasserstein => "wasserstein",
            Self::Ks => "ks",
        }
    }
}

impl Status {
    /// Its name, as in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Blocked => "blocked",
        }
    }

    /// The verdict that these outcomes add up to: a failed `block` check of the file blocks, a failed `warn` check
    /// or any rejected row warns, `info` never counts.
    pub(crate) fn of(checks: &[CheckOutcome], rejected_rows: u64) -> Self {
        let failed = |check: &&CheckOutcome| check.status == CheckStatus::Failed;
        let blocks = |check: &CheckOutcome| check.severity == Severity::Block && check.scope == Scope::File;
        if checks.iter().filter(failed).any(blocks) {
            Self::Blocked
        } else if rejected_rows > 0 || checks.iter().filter(failed).any(|c| c.severity >= Severity::Warn) {
            Self::Warned
        } else {
            Self::Passed
        }
    }
}

impl CheckOutcome {
    /// A check that found nothing.
    pub fn passed(id: impl Into<String>, severity: Severity, scope: Scope, message: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            severity,
            status: CheckStatus::Passed,
            column: None,
            failing_rows: 0,
            examples: Vec::new(),
            message: message.into(),
            scope,
            lines: Vec::new(),
        }
    }

    /// A check that was not run.
    pub fn skipped(id: impl Into<String>, severity: Severity, scope: Scope, message: impl Into<String>) -> Self {
        Self {
            status: CheckStatus::Skipped,
            ..Self::passed(id, severity, scope, message)
        }
    }

    /// A check of the file as a whole that failed.
    pub fn failed(id: impl Into<String>, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            status: CheckStatus::Failed,
            ..Self::passed(id, severity, Scope::File, message)
        }
    }

    /// The same outcome, about a column.
    pub fn about(self, column: impl Into<String>) -> Self {
        Self {
            column: Some(column.into()),
            ..self
        }
    }

    /// The same outcome with a number of rows it touches.
    pub fn touching(self, failing_rows: u64) -> Self {
        Self { failing_rows, ..self }
    }
}

impl Report {
    /// The report as one JSON object, the shape of `validate --json`.
    ///
    /// # Errors
    /// Never in practice; the serialiser's own.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// The report as YAML, the same shape.
    ///
    /// # Errors
    /// Never in practice; the serialiser's own.
    pub fn to_yaml(&self) -> Result<String, serde_yaml::Error> {
        serde_yaml::to_string(self)
    }

    /// The first failed check that blocks the file, for the one-line error.
    pub fn blocking(&self) -> Option<&CheckOutcome> {
        self.checks.iter().find(|check| {
            check.status == CheckStatus::Failed && check.severity == Severity::Block && check.scope == Scope::File
        })
    }
}
