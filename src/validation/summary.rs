//! Owns the short forms of a report: why a file is blocked, what to warn about, and the drift report of a run.

use super::report::{CheckOutcome, CheckStatus, Report, Scope};
use crate::schema::Severity;
use crate::text::visible_text;

/// Reasons in one line at most; the report has them all.
const MOST_REASONS: usize = 3;

/// Warnings shown at most; the report has them all.
const MOST_WARNINGS: usize = 6;

impl Report {
    /// Why the file is blocked, in one line. Safe to show.
    pub fn blocking_summary(&self) -> String {
        let failed: Vec<String> = self
            .failed()
            .filter(|c| c.severity == Severity::Block && c.scope == Scope::File)
            .map(describe)
            .collect();
        let more = failed.len().saturating_sub(MOST_REASONS);
        match (failed.is_empty(), more) {
            (true, _) => "no check says why".to_owned(),
            (false, 0) => failed.join("; "),
            (false, _) => format!(
                "{}; and {more} more, which `validate` lists",
                failed[..MOST_REASONS].join("; ")
            ),
        }
    }

    /// What a person should read before trusting the rows, one line each; the rest is counted. Safe to show.
    pub fn warnings(&self) -> Vec<String> {
        let all: Vec<String> = self
            .failed()
            .filter(|c| c.severity >= Severity::Warn)
            .map(describe)
            .collect();
        let more = all.len().saturating_sub(MOST_WARNINGS);
        let mut shown: Vec<String> = all.into_iter().take(MOST_WARNINGS).collect();
        if more > 0 {
            shown.push(format!("and {more} more; `nsec-tui validate` lists them"));
        }
        shown
    }

    /// The drift part alone, as YAML; `[]` where nothing was compared.
    ///
    /// # Errors
    /// Never in practice; the serialiser's own.
    pub fn drift_yaml(&self) -> Result<String, serde_yaml::Error> {
        serde_yaml::to_string(&self.drift)
    }

    fn failed(&self) -> impl Iterator<Item = &CheckOutcome> {
        self.checks.iter().filter(|c| c.status == CheckStatus::Failed)
    }
}

fn describe(check: &CheckOutcome) -> String {
    let column = check
        .column
        .as_deref()
        .map(|c| format!("{}: ", visible_text(c)))
        .unwrap_or_default();
    format!("{column}{}", check.message)
}
