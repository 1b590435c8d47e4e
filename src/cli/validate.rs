//! Owns `validate`: the report on a source, for people or as JSON, and its exit code.

use std::sync::Arc;

use serde::Serialize;

use super::args::ValidateArgs;
use super::context::Context;
use super::error::CliError;
use super::mongo::results::{StoredReport, store_report};
use super::print;
use crate::artifacts::RegistryStore;
use crate::data::Source;
use crate::pipeline::training::read_reference;
use crate::pipeline::validation::{Baseline, ValidateRequest, validate};
use crate::text::visible_text;
use crate::validation::{Report, Status};

/// Validates and prints the report. A blocked source is exit code 3.
pub(super) fn run(args: &ValidateArgs, context: &Context) -> Result<(), CliError> {
    let schema = context.schema(args.schema.as_deref())?;
    let source = context.source(args.data.as_ref(), args.query.as_deref())?;
    let baseline = args
        .baseline
        .as_deref()
        .map(|name| baseline(name, context))
        .transpose()?;
    let request = ValidateRequest {
        source: &source,
        schema: &schema,
        reading: &context.settings.reading,
        settings: &context.settings.validation,
        baseline: baseline.as_ref(),
        rejects: args.rejects.as_deref(),
        failing_lines: 0,
    };
    // Whoever has to be asked for a password is asked before the long part.
    let report_to = args
        .report_to
        .as_deref()
        .cloned()
        .map(|to| context.collection(to))
        .transpose()?;
    let report = validate(&request, &context.progress, &context.cancel)?;
    if !args.json {
        print::out(&report.table(terminal_width()))?;
    }
    let stored = report_to.map(|to| store_report(&report, &source, &schema, &to, context));
    if args.json {
        print::json(&Printed {
            report: &report,
            stored: stored.as_ref().and_then(|stored| stored.as_ref().ok()),
        })?;
    }
    let stored = stored.transpose();
    if report.status == Status::Blocked {
        // Of two things that went wrong the data's is the one that scripts wait for.
        if let Err(error) = stored {
            context
                .progress
                .line(&visible_text(&format!("the report was not stored: {error}")));
        }
        return Err(CliError::Blocked(format!(
            "{source} is blocked by validation: {}",
            report.blocking_summary()
        )));
    }
    stored.map(|_| ())
}

/// `validate --json`.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<&'a StoredReport>,
}

/// A run's training rows, or the rows of a source.
fn baseline(name: &str, context: &Context) -> Result<Baseline, CliError> {
    match RegistryStore::new(&context.workspace).find(name) {
        Ok((directory, _)) => Ok(Baseline::Reference(Arc::new(read_reference(&directory)?))),
        Err(not_a_run) => {
            let source = Source::parse(name)?;
            // No run's name has an extension: such a name is a file's, even of one that is not there.
            let is_file = matches!(&source, Source::Path(path) if path.exists() || path.extension().is_some());
            if is_file || matches!(source, Source::Stdin | Source::Collection(_)) {
                Ok(Baseline::Source(context.source(Some(&source), None)?))
            } else {
                Err(not_a_run.into())
            }
        }
    }
}

/// Columns of the terminal, else 100: wide enough for messages, narrow enough for a log.
fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0))
}
