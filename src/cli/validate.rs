//! Owns `validate`: the report on a source, for people or as JSON, and its exit code.

use std::sync::Arc;

use super::args::ValidateArgs;
use super::context::Context;
use super::error::CliError;
use super::print;
use crate::artifacts::RegistryStore;
use crate::data::Source;
use crate::pipeline::training::read_reference;
use crate::pipeline::validation::{Baseline, ValidateRequest, validate};
use crate::validation::Status;

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
    let report = validate(&request, &context.progress, &context.cancel)?;
    if args.json {
        print::json(&report)?;
    } else {
        print::out(&report.table(terminal_width()))?;
    }
    if report.status == Status::Blocked {
        return Err(CliError::Blocked(format!(
            "{source} is blocked by validation: {}",
            report.blocking_summary()
        )));
    }
    Ok(())
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
