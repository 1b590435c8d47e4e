//! Owns `predict`: the model and files a person means, and the summary they read.

use std::fmt::Write;

use super::args::PredictArgs;
use super::context::Context;
use super::error::CliError;
use super::print;
use crate::artifacts::{RegistryStore, RunFile};
use crate::pipeline::event::RunStatus;
use crate::pipeline::prediction::{EXPLAIN_LIMIT, PredictRequest, PredictSummary, predict};
use crate::pipeline::trained_model::TrainedModel;
use crate::pipeline::training::read_reference;
use crate::text::visible_text;

/// Scores and prints what came of it.
pub(super) fn run(args: &PredictArgs, context: &Context) -> Result<(), CliError> {
    let (directory, manifest) = RegistryStore::new(&context.workspace).find(&args.model)?;
    if manifest.status != RunStatus::Finished {
        let state = match manifest.status {
            RunStatus::Running => "still running",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Failed | RunStatus::Finished => "failed",
        };
        let text = format!(
            "run {} is {state} and has no model; `nsec-tui runs list` shows those that do",
            manifest.run_id
        );
        return Err(CliError::Unreachable(text));
    }
    if args.output.as_deref().is_some_and(|output| output.as_os_str() == "-") {
        let text = "--output - : the scored file and its rejects are two files; name the first one";
        return Err(CliError::Usage(text.to_owned()));
    }
    let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
    let settings = &context.settings.prediction;
    let explain = args.explain.unwrap_or(settings.explain);
    if explain > EXPLAIN_LIMIT {
        return Err(CliError::Usage(format!("--explain {explain} is above {EXPLAIN_LIMIT}")));
    }
    // Drift informs; a reference that cannot be read must not keep rows from being scored.
    let reference = match read_reference(&directory) {
        Ok(reference) => Some(reference),
        Err(error) => {
            context
                .progress
                .line(&format!("warning: drift is not measured: {error}"));
            None
        }
    };
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| context.workspace.default_output());
    let rejects = match &args.output {
        Some(output) => output.with_file_name(rejects_name(output)),
        None => context.workspace.rejects_file(),
    };
    let inputs = args
        .inputs
        .iter()
        .map(|input| context.source(Some(input), args.query.as_deref()));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let request = PredictRequest {
        inputs: &inputs,
        model: &model,
        run_id: manifest.run_id.as_str(),
        reference: reference.as_ref(),
        output: &output,
        rejects: &rejects,
        threshold: args.threshold,
        alerts: args.alerts,
        explain,
        guard: settings.guard_formulas && !args.raw,
        reading: &context.settings.reading,
        validation: &context.settings.validation,
        risk: &context.settings.risk,
        settings,
    };
    context.log.run_tag().set(Some(manifest.run_id.as_str()));
    let summary = predict(&request, &context.progress, &context.cancel)?;
    if args.json {
        print::json(&summary)
    } else {
        print::out(&report(&summary))
    }
}

/// `flows.csv` -> `flows.rejects.csv`, so that two outputs in one directory do not share their rejects.
fn rejects_name(output: &std::path::Path) -> String {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "output" {
        "rejects.csv".to_owned()
    } else {
        format!("{stem}.rejects.csv")
    }
}

fn report(summary: &PredictSummary) -> String {
    let mut text = String::new();
    let threshold = summary
        .threshold
        .map_or_else(|| "above every score".to_owned(), |t| format!("{t:.4}"));
    let _ = writeln!(
        text,
        "{} rows: {} flagged at threshold {threshold}, {} rejected\nmodel:   {} of run {}",
        summary.rows, summary.flagged, summary.rejected, summary.model.name, summary.model.run_id
    );
    if summary.tied_out > 0 {
        let tied = summary.tied_out;
        let _ = writeln!(
            text,
            "{tied} rows more tie at the cut and stay out; --alerts {} flags them too",
            summary.flagged + tied
        );
    }
    let risk = &summary.risk;
    let _ = writeln!(
        text,
        "risk: {} critical, {} high, {} medium, {} low",
        risk.critical, risk.high, risk.medium, risk.low
    );
    let drifted: Vec<&str> = summary
        .drift
        .iter()
        .filter(|d| d.drifted == Some(true))
        .map(|d| d.column.as_str())
        .collect();
    if !drifted.is_empty() {
        let mut columns = drifted.clone();
        columns.dedup();
        let _ = writeln!(
            text,
            "drifted from the training data: {}",
            visible_text(&columns.join(", "))
        );
    }
    let _ = writeln!(text, "output:  {}", visible_text(&summary.output));
    if let Some(old) = &summary.kept_old {
        let _ = writeln!(text, "the older output is kept as {}", visible_text(old));
    }
    if summary.rejected > 0 {
        let _ = writeln!(text, "rejects: {}", visible_text(&summary.rejects));
    }
    text
}
