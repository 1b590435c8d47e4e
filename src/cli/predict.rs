//! Owns `predict`: the model and files a person means, and the summary they read.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::args::PredictArgs;
use super::context::Context;
use super::error::CliError;
use super::mongo::results::{ScoredRows, StoredRows, store_scored};
use super::print;
use crate::data::CollectionSource;
use crate::mongo::Address;
use crate::pipeline::prediction::{PredictSummary, ScoreOrder, ScoringModel, score};
use crate::text::visible_text;
use crate::worker::known_verdicts;

/// Scores and prints what came of it.
pub(super) fn run(args: &PredictArgs, context: &Context) -> Result<(), CliError> {
    let (output, collection) = output(args.output.as_deref(), context)?;
    let model = ScoringModel::load(&context.workspace, &args.model, &context.progress)?;
    let known = known_verdicts(
        &context.workspace,
        context.settings.workspace.shared,
        model.schema_name(),
        &context.progress,
    );
    let inputs = args
        .inputs
        .iter()
        .map(|input| context.source(Some(input), args.query.as_deref()));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let order = ScoreOrder {
        workspace: &context.workspace,
        inputs: &inputs,
        output,
        keep_old: true,
        threshold: args.threshold,
        alerts: args.alerts,
        explain: args.explain,
        raw: args.raw,
        known: &known,
        reading: &context.settings.reading,
        validation: &context.settings.validation,
        risk: &context.settings.risk,
        settings: &context.settings.prediction,
    };
    context.log.run_tag().set(Some(model.run_id()));
    let summary = score(&order, &model, &context.progress, &context.cancel)?;
    if !args.json {
        print::out(&report(&summary))?;
    }
    // What is on disk stays and is said, whatever becomes of the rows on their way to the server.
    let stored = collection.map(|collection| {
        let scored = ScoredRows {
            file: Path::new(&summary.output),
            run: model.run_id(),
            inputs: &inputs,
            schema: model.schema(),
        };
        store_scored(&scored, &collection, context)
    });
    if args.json {
        print::json(&Printed {
            summary: &summary,
            stored: stored.as_ref().and_then(|stored| stored.as_ref().ok()),
        })?;
    }
    match stored {
        Some(stored) => stored?.check(),
        None => Ok(()),
    }
}

/// `predict --json`.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    summary: &'a PredictSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<&'a StoredRows>,
}

/// The file that `--output` names, or the collection, with the file at its default place then.
fn output<'a>(
    named: Option<&'a Path>,
    context: &Context,
) -> Result<(Option<&'a Path>, Option<CollectionSource>), CliError> {
    match named.and_then(Path::to_str).filter(|text| Address::is_meant(text)) {
        Some(address) => Ok((None, Some(context.collection(CollectionSource::parse(address)?)?))),
        None => Ok((named, None)),
    }
}

/// Four digits, or as many as tell it from 1.
fn threshold_text(threshold: f64) -> String {
    let text = format!("{threshold:.4}");
    if text == "1.0000" && threshold < 1.0 {
        return threshold.to_string();
    }
    text
}

fn report(summary: &PredictSummary) -> String {
    let mut text = String::new();
    let threshold = summary
        .threshold
        .map_or_else(|| "above every score".to_owned(), threshold_text);
    let _ = writeln!(
        text,
        "{} rows: {} flagged at threshold {threshold}, {} rejected\nmodel:   {} of run {}",
        summary.rows, summary.flagged, summary.rejected, summary.model.name, summary.model.run_id
    );
    if summary.tied_out > 0 {
        let tied = summary.tied_out;
        let all = summary.flagged + tied;
        let _ = if summary.flagged == 0 {
            writeln!(
                text,
                "nothing is flagged: the {tied} highest rows have the same score, more than --alerts asks for; --alerts {all} flags them"
            )
        } else {
            writeln!(
                text,
                "{tied} rows more tie at the cut and stay out; --alerts {all} flags them too"
            )
        };
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
