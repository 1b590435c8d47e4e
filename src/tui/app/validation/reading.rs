//! Owns what there is to read and to copy about the line under the cursor.

use super::{ValidationPanel, View, checks, drift};
use crate::text::grouped;
use crate::tui::app::Panel;
use crate::tui::app::layer::{Layer, Reader, ReaderLine, Tone};
use crate::tui::app::shared::Shared;
use crate::worker::{CheckOutcome, CheckStatus, ColumnDrift, SchemaColumn, SchemaFacts, Scope, Severity};

/// What a failure costs, in words.
pub fn consequence(check: &CheckOutcome) -> &'static str {
    match (check.severity, check.scope) {
        (Severity::Block, Scope::Row) => "rows that fail are rejected",
        (Severity::Block, Scope::File) => "the file is refused",
        (Severity::Warn, _) => "rows pass, with a warning",
        (Severity::Info, _) => "for the record",
    }
}

/// How a check ended, in a word.
pub fn ending(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Passed => "passed",
        CheckStatus::Failed => "failed",
        CheckStatus::Skipped => "left out",
    }
}

impl ValidationPanel {
    /// Everything about the line under the cursor.
    pub(super) fn reader(&self, shared: &Shared) -> Option<Layer> {
        let at = self.cursor().at;
        let reader = match self.view {
            View::Checks => about_check(self.outcome.as_ref()?.report.checks.get(self.current_check()?)?),
            View::Drift => about_drift(self.outcome.as_ref()?.report.drift.get(*self.drift.get(at)?)?),
            View::Schema => about_schema(&shared.survey.as_ref()?.schema, at)?,
        };
        Some(Layer::reader(Panel::Validation, reader))
    }

    /// The line under the cursor as text, tabs between its parts.
    pub(super) fn line_to_copy(&self, shared: &Shared) -> Option<String> {
        let at = self.cursor().at;
        match self.view {
            View::Checks => {
                let check = self.outcome.as_ref()?.report.checks.get(self.current_check()?)?;
                Some(format!("{}: {}", checks::title(check), check.message))
            }
            View::Drift => {
                let drift = self.outcome.as_ref()?.report.drift.get(*self.drift.get(at)?)?;
                let (name, metric) = (&drift.column, drift.metric.name());
                let verdict = drift::verdict(drift);
                Some(format!(
                    "{name}\t{metric}\t{}\t{}\t{verdict}",
                    drift.value, drift.threshold
                ))
            }
            View::Schema => {
                let schema = &shared.survey.as_ref()?.schema;
                match schema.columns.get(at) {
                    Some(column) => Some(column.name.clone()),
                    None => schema.rules.get(at - schema.columns.len()).map(|rule| rule.2.clone()),
                }
            }
        }
    }
}

fn about_check(check: &CheckOutcome) -> Reader {
    let mut lines = vec![
        ReaderLine::labelled("ended", ending(check.status)),
        ReaderLine::labelled("if it fails", consequence(check)),
        ReaderLine::labelled("rows", grouped(check.failing_rows)),
        ReaderLine::labelled("found", check.message.clone()),
    ];
    for example in &check.examples {
        let line = format!("line {}", example.line);
        lines.push(ReaderLine::labelled(line, example.value.clone()));
    }
    Reader::new(checks::title(check), lines)
}

fn about_drift(drift: &ColumnDrift) -> Reader {
    let verdict = match drift.drifted {
        Some(true) => ReaderLine::labelled("verdict", "has drifted").in_tone(Tone::Warning),
        Some(false) => ReaderLine::labelled("verdict", "has not drifted"),
        None => ReaderLine::labelled("verdict", "too few rows to say"),
    };
    let lines = vec![
        ReaderLine::labelled("compared", drift::kind(drift)),
        ReaderLine::labelled("measure", drift.metric.name()),
        ReaderLine::labelled("effect", format!("{:.4}", drift.value)),
        ReaderLine::labelled("drifted from", format!("{:.4} on", drift.threshold)),
        verdict,
        ReaderLine::labelled("reference", format!("{} rows", grouped(drift.reference_rows))),
        ReaderLine::labelled("this batch", format!("{} rows", grouped(drift.batch_rows))),
        ReaderLine::default(),
        ReaderLine::plain(drift::meaning(drift.metric)).in_tone(Tone::Faint),
    ];
    Reader::new(drift.column.clone(), lines)
}

fn about_schema(schema: &SchemaFacts, at: usize) -> Option<Reader> {
    if let Some(column) = schema.columns.get(at) {
        return Some(about_column(column));
    }
    let (id, severity, expression) = schema.rules.get(at - schema.columns.len())?;
    let lines = vec![
        ReaderLine::labelled("if it fails", severity.clone()),
        ReaderLine::labelled("true for a sound row", expression.clone()),
    ];
    Some(Reader::new(format!("rule {id}"), lines))
}

fn about_column(column: &SchemaColumn) -> Reader {
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let or_none = |text: &str| if text.is_empty() { "none" } else { text }.to_owned();
    let lines = vec![
        ReaderLine::labelled("type", column.kind.clone()),
        ReaderLine::labelled("role", column.role.clone()),
        ReaderLine::labelled("must be there", yes(column.required)),
        ReaderLine::labelled("may be empty", yes(column.nullable)),
        ReaderLine::labelled("limits", or_none(&column.limits)),
        ReaderLine::labelled("other names", or_none(&column.aliases.join(", "))),
        ReaderLine::labelled("meaning", or_none(&column.description)),
    ];
    Reader::new(column.name.clone(), lines)
}
