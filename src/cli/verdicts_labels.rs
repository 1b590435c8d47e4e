//! Owns `verdicts audit-labels` and `verdicts clean`: doubtful training labels to review, and the data with the labels that
//! people settled.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
use super::print;
use crate::pipeline::event::{Event, EventSink, Stage};
use crate::pipeline::label_audit::{LabelAuditRequest, audit_labels};
use crate::pipeline::label_cleaning::{AuditedData, CleanRequest, audited_data, clean_labels};
use crate::text::{grouped, visible_text};
use crate::worker::judged_cases;

/// Commands about labels.
#[derive(Debug, Subcommand)]
pub enum LabelsCommand {
    /// Find a run's training rows whose labels are doubtful, and write them, the most doubtful first, as a file to review
    AuditLabels {
        /// Run id, champion, or a run's directory
        run: String,
        /// The file [default: the workspace's prediction_output/label_audit.csv]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
    /// Write data anew with the labels that verdicts settled; every other byte stays
    Clean {
        /// A file by audit-labels (its run's data is cleaned), or a CSV file with the schema's columns
        #[arg(value_name = "SCORED")]
        file: PathBuf,
        /// The cleaned file
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
        /// Print one JSON object on standard output
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command about labels.
pub(super) fn run(command: &LabelsCommand, context: &Context) -> Result<(), CliError> {
    match command {
        LabelsCommand::AuditLabels { run, output, json } => audit(context, run, output.as_deref(), *json),
        LabelsCommand::Clean { file, output, json } => clean(context, file, output, *json),
    }
}

fn audit(context: &Context, run: &str, output: Option<&Path>, json: bool) -> Result<(), CliError> {
    let settings = &context.settings;
    let request = LabelAuditRequest {
        workspace: &context.workspace,
        run,
        output,
        transform: &settings.transform,
        training: &settings.training,
        risk: &settings.risk,
        threads: available_parallelism().map_or(1, NonZero::get),
    };
    let told = |done, of| {
        context.progress.send(Event::StageProgress {
            stage: Stage::Training,
            done,
            total: Some(of),
            note: "models that leave a fifth of the rows out".to_owned(),
        });
    };
    let summary = audit_labels(&request, &told, &context.cancel)?;
    if json {
        return print::json(&summary);
    }
    print::out(&format!(
        "{} training rows of {}: {} labels are doubted more than believed, {} rows have a twin with the other label\n\
         {}\nreview it (t: the row is malicious, f: it is benign), then write the data anew: verdicts clean FILE --output \
         CLEANED\n",
        grouped(summary.rows),
        summary.run,
        grouped(summary.contradicted),
        grouped(summary.conflicting),
        visible_text(&summary.output.display().to_string())
    ))
}

fn clean(context: &Context, file: &Path, output: &Path, json: bool) -> Result<(), CliError> {
    let reading = &context.settings.reading;
    let audited = audited_data(file, &context.workspace, reading)?;
    let own_reading = AuditedData::reading();
    let (data, schema, reading) = match &audited {
        Some(audited) => (audited.data.as_path(), audited.schema.clone(), &own_reading),
        None => (file, context.schema(None)?, reading),
    };
    let judged = judged_cases(&context.workspace, context.settings.workspace.shared, &schema.name)?;
    if judged.is_empty() {
        context.progress.line(&format!(
            "no verdicts on rows of schema {} yet: nothing to correct",
            visible_text(&schema.name)
        ));
    }
    let request = CleanRequest {
        data,
        schema: &schema,
        reading,
        judged: &judged,
        output,
    };
    let cleaned = clean_labels(&request, &context.cancel)?;
    if json {
        return print::json(&cleaned);
    }
    let conflicting = match cleaned.conflicting {
        0 => String::new(),
        cases => format!("; {} cases are contradicted and count for nothing", grouped(cases)),
    };
    print::out(&format!(
        "{} rows: {} labels corrected, {} confirmed, {} left as they were{conflicting}\n{}\n",
        grouped(cleaned.rows),
        grouped(cleaned.corrected),
        grouped(cleaned.confirmed),
        grouped(cleaned.left),
        visible_text(&cleaned.output.display().to_string())
    ))
}
