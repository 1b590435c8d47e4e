//! Owns the job that scores a file a person chose.

use std::path::Path;

use serde_json::json;

use super::desk::Desk;
use super::failure::{Ended, Failure};
use super::job::PredictPlan;
use super::learning::known_verdicts;
use super::news::Reply;
use super::reporter::Reporter;
use crate::artifacts::audit::{self, AuditEntry};
use crate::artifacts::{Timestamp, current_user};
use crate::data::Source;
use crate::event::{Event, EventSink};
use crate::mongo::Address;
use crate::pipeline::prediction::{KnownVerdicts, PredictSummary, PredictionError, ScoreOrder, ScoringModel, score};
use crate::surroundings::Surroundings;
use crate::text::shell_word;

/// Scores the plan's file with the plan's model, by the way the command line goes. Rejected rows are in a file of their own.
pub(super) fn predict(desk: &Desk, plan: &PredictPlan, reporter: &Reporter) -> Result<Reply, Ended> {
    let surroundings = &desk.surroundings;
    let output = plan.output.as_deref().and_then(Path::to_str);
    if output.is_some_and(Address::is_meant) {
        let text = "a collection is no file; name a file here, or give the address to `nsec-tui predict --output`";
        return Err(Ended::Failed(Failure::new(text)));
    }
    let source = surroundings.source(plan.path.as_deref().map(Source::named).as_ref());
    let inputs = [source];
    // Before the model is loaded and the first rows are scored, which may take a while.
    reporter.progress(0, None, "loading the model");
    let model = ScoringModel::load(&surroundings.workspace, &plan.model, reporter)?;
    let known = known_verdicts(
        &surroundings.workspace,
        surroundings.settings.workspace.shared,
        model.schema_name(),
        reporter,
    );
    let order = ScoreOrder {
        output: plan.output.as_deref(),
        threshold: plan.threshold,
        alerts: plan.alerts,
        ..order(surroundings, &inputs, &known)
    };
    let events = |event: Event| match event {
        Event::StageProgress { done, total, note, .. } => reporter.progress(done, total, note),
        other => reporter.send(other),
    };
    let mut summary = match score(&order, &model, &events, reporter.cancel()) {
        Err(PredictionError::Cancelled(_)) => return Err(Ended::Cancelled),
        result => result?,
    };
    let entry = AuditEntry {
        time: Timestamp::now(),
        action: "predict".to_owned(),
        subject: summary.output.clone(),
        by: current_user(),
        reason: "asked for in the console".to_owned(),
        details: json!({
            "command": command_line(plan, &inputs[0], &summary),
            "rows": summary.rows, "flagged": summary.flagged, "rejected": summary.rejected,
        }),
    };
    // The rows are scored and on disk; that this is not in the audit log is said with them.
    if let Err(error) = audit::append(&surroundings.workspace, &entry) {
        tracing::warn!("{error}");
        summary
            .notes
            .push(format!("the audit log does not know of this: {error}"));
    }
    Ok(Reply::Predicted(Box::new(summary)))
}

/// What scoring needs of the surroundings, with nothing chosen.
pub(super) fn order<'a>(
    surroundings: &'a Surroundings,
    inputs: &'a [Source],
    known: &'a KnownVerdicts,
) -> ScoreOrder<'a> {
    let settings = &surroundings.settings;
    ScoreOrder {
        workspace: &surroundings.workspace,
        inputs,
        output: None,
        keep_old: true,
        threshold: None,
        alerts: None,
        explain: None,
        raw: false,
        known,
        reading: &settings.reading,
        validation: &settings.validation,
        risk: &settings.risk,
        settings: &settings.prediction,
    }
}

/// What would do the same from a shell.
fn command_line(plan: &PredictPlan, source: &Source, summary: &PredictSummary) -> String {
    let word = |text: &str| shell_word(text).into_owned();
    let mut words = vec!["nsec-tui".to_owned(), "predict".to_owned(), word(&source.to_string())];
    words.extend(["--model".to_owned(), word(&summary.model.run_id)]);
    if let Some(threshold) = plan.threshold {
        words.extend(["--threshold".to_owned(), threshold.to_string()]);
    }
    if let Some(alerts) = plan.alerts {
        words.extend(["--alerts".to_owned(), alerts.to_string()]);
    }
    words.extend(["--output".to_owned(), word(&summary.output)]);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, written) in [
            ("a/b-c.csv", "a/b-c.csv"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$(rm)", "'$(rm)'"),
        ] {
            assert_eq!(shell_word(word), written);
        }
    }
}
