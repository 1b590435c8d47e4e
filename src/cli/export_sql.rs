//! Owns `export sql`: the run a person means, and where the query goes.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::error::CliError;
use super::print;
use crate::artifacts::atomic;
use crate::pipeline::prediction::FinishedRun;
use crate::sql::{Dialect, query};
use crate::text::{grouped, visible_text};

/// `export sql`.
#[derive(Debug, Args)]
pub struct ExportSqlArgs {
    /// The model: a run id, champion, or a run's directory
    #[arg(value_name = "RUN|champion|DIR")]
    pub run: String,
    /// The engine the query is for: clickhouse, duckdb or spark
    #[arg(long, value_name = "D", value_parser = str::parse::<Dialect>)]
    pub dialect: Dialect,
    /// The table that holds the rows, under the schema's column names
    #[arg(long, value_name = "NAME", default_value = "flows")]
    pub table: String,
    /// SQL file to write; what is there is replaced [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Writes the query to a file, or prints it.
pub(super) fn run(args: &ExportSqlArgs, context: &Context) -> Result<(), CliError> {
    let found = FinishedRun::load(&context.workspace, &args.run)?;
    let run_id = found.manifest.run_id.to_string();
    context.log.run_tag().set(Some(&run_id));
    let query = query(&found.model, &run_id, args.dialect, &args.table).map_err(CliError::failed)?;
    let Some(path) = &args.output else {
        return print::out(&query.text);
    };
    atomic::write_bytes(path, query.text.as_bytes())?;
    context.progress.line(&format!(
        "{}: {} bytes, about {} elements, {} levels",
        visible_text(&path.display().to_string()),
        grouped(query.bytes as u64),
        grouped(query.elements as u64),
        query.depth
    ));
    Ok(())
}
