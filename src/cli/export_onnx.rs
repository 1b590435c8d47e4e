//! Owns `export onnx`: the model of a run as a directory that other engines score with.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::print;
use crate::onnx::{OnnxError, export};
use crate::text::{grouped, visible_text};

/// `export onnx`.
#[derive(Debug, Args)]
pub struct ExportOnnxArgs {
    /// The model: a run id, champion, or a run's directory
    #[arg(value_name = "RUN|champion|DIR")]
    pub run: String,
    /// Directory for model.onnx, schema.json, conformance.ndjson and score_spark.py; files of an earlier export in it are
    /// replaced
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Exports and says what was written.
pub(super) fn run(args: &ExportOnnxArgs, context: &Context) -> Result<(), CliError> {
    let exported = export(&context.workspace, &args.run, &args.output, &context.cancel)?;
    tracing::info!(
        run = exported.run_id,
        sha256 = exported.sha256,
        "model exported as ONNX"
    );
    if args.json {
        return print::json(&json!({
            "run_id": exported.run_id, "model": exported.family, "output": exported.directory,
            "bytes": exported.bytes, "sha256": exported.sha256, "inputs": exported.inputs,
            "conformance_rows": exported.conformance_rows,
        }));
    }
    let directory = exported.directory.display().to_string();
    print::out(&format!(
        "{} of run {}: {} inputs, {} bytes, in {}\n\
         {} rows in conformance.ndjson; score_spark.py checks them before it scores\n",
        exported.family,
        exported.run_id,
        exported.inputs.len(),
        grouped(exported.bytes),
        visible_text(&directory),
        grouped(exported.conformance_rows),
    ))
}

impl From<OnnxError> for CliError {
    fn from(error: OnnxError) -> Self {
        match error {
            OnnxError::Registry(inner) => inner.into(),
            OnnxError::Model(inner) => inner.into(),
            OnnxError::Write(inner) => inner.into(),
            OnnxError::Cancelled(_) => Self::Cancelled,
            OnnxError::Unfinished { .. } => Self::Unreachable(error.to_string()),
            OnnxError::Refused { .. } | OnnxError::Score(_) | OnnxError::Describe(_) => Self::failed(error),
        }
    }
}
