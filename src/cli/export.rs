//! Owns `export …`: which form a model is written in.

use std::path::PathBuf;

use clap::Subcommand;

use super::context::Context;
use super::error::CliError;
use super::export_sql;
use crate::sql::Dialect;

/// `export …`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Write a linear or small tree model as one SQL query that gives probability and label
    Sql {
        /// Run id, champion, or a run's directory
        run: String,
        /// The engine it is for: clickhouse, duckdb or spark
        #[arg(long, value_name = "D", value_parser = str::parse::<Dialect>)]
        dialect: Dialect,
        /// The table with the rows [default: flows]
        #[arg(long, value_name = "NAME", default_value = "flows", hide_default_value = true)]
        table: String,
        /// SQL file to write; what is there is replaced [default: standard output]
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Runs an `export` command.
pub(super) fn run(command: &ExportCommand, context: &Context) -> Result<(), CliError> {
    match command {
        ExportCommand::Sql {
            run,
            dialect,
            table,
            output,
        } => export_sql::run(run, *dialect, table, output.as_deref(), context),
    }
}
