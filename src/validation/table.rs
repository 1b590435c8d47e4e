//! Owns the report as a table for people.

use crate::schema::Severity;

use super::report::{CheckOutcome, CheckStatus, ColumnDrift, Report};
use crate::text::{fit, grouped, text_width, visible_text, wrap};

/// Columns the table needs at least.
const NARROWEST: usize = 40;

impl Report {
    /// The report as text, no line wider than `width` columns (at least 40), every value from the data made visible.
    pub fn table(&self, width: usize) -> String {
        let width = width.max(NARROWEST);
        let mut out = String::new();
        let head = format!(
            "{}: {} rows, {} rejected",
            self.status.name(),
            grouped(self.rows),
            grouped(self.rejected_rows)
        );
        line(&mut out, &fit(&head, width));
        self.checks_table(&mut out, width);
        self.drift_table(&mut out, width);
        out
    }

    fn checks_table(&self, out: &mut String, width: usize) {
        let mut failed: Vec<&CheckOutcome> = self.with_status(CheckStatus::Failed).collect();
        failed.sort_by_key(|check| std::cmp::Reverse(check.severity));
        if !failed.is_empty() {
            out.push('\n');
        }
        let names = failed
            .iter()
            .map(|c| text_width(&title(c)))
            .max()
            .unwrap_or(0)
            .clamp(8, width / 3);
        for check in failed {
            let row = format!("{:<5}  {}  ", severity(check.severity), fit(&title(check), names));
            let indent = text_width(&row);
            wrap(out, &row, &check.message, indent, width);
            for example in &check.examples {
                let value = visible_text(&example.value);
                let shown = if value.is_empty() { "(empty)".into() } else { value };
                line(out, &fit(&format!("{:7}line {}: {shown}", "", example.line), width));
            }
        }
        for (word, status) in [("passed", CheckStatus::Passed), ("skipped", CheckStatus::Skipped)] {
            let ids: Vec<_> = self
                .with_status(status)
                .map(|c| visible_text(&c.id).into_owned())
                .collect();
            if !ids.is_empty() {
                out.push('\n');
                wrap(out, &format!("{word}: "), &ids.join(", "), 2, width);
            }
        }
    }

    fn with_status(&self, status: CheckStatus) -> impl Iterator<Item = &CheckOutcome> {
        self.checks.iter().filter(move |check| check.status == status)
    }

    fn drift_table(&self, out: &mut String, width: usize) {
        if self.drift.is_empty() {
            return;
        }
        let names = self
            .drift
            .iter()
            .map(|d| text_width(&visible_text(&d.column)))
            .max()
            .unwrap_or(0);
        // 50 columns stand to the right of the name.
        let names = names.clamp(6, width.saturating_sub(50).max(6));
        let header = format!(
            "{}  {:<14} {:>9} {:>9}  drifted",
            fit("drift", names),
            "metric",
            "value",
            "from"
        );
        out.push('\n');
        line(out, &fit(&header, width));
        for drift in &self.drift {
            line(out, &fit(&drift_row(drift, names), width));
        }
    }
}

fn drift_row(drift: &ColumnDrift, names: usize) -> String {
    let verdict = match drift.drifted {
        Some(true) => "YES",
        Some(false) => "no",
        None => "too few rows",
    };
    let name = fit(&visible_text(&drift.column), names);
    let metric = drift.metric.name();
    format!(
        "{name}  {metric:<14} {:>9.4} {:>9.4}  {verdict}",
        drift.value, drift.threshold
    )
}

fn title(check: &CheckOutcome) -> String {
    let id = visible_text(&check.id);
    match &check.column {
        Some(column) => format!("{id} {}", visible_text(column)),
        None => id.into_owned(),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Block => "BLOCK",
        Severity::Warn => "warn",
        Severity::Info => "info",
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}
