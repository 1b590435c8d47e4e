//! Owns `export sql`: the run a person means, and where the query goes.

use std::path::Path;

use super::context::Context;
use super::error::CliError;
use super::print;
use crate::artifacts::atomic;
use crate::pipeline::prediction::FinishedRun;
use crate::sql::{Dialect, query};
use crate::text::{grouped, visible_text};

/// Writes the query to a file, or prints it.
pub(super) fn run(
    run: &str,
    dialect: Dialect,
    table: &str,
    output: Option<&Path>,
    context: &Context,
) -> Result<(), CliError> {
    let found = FinishedRun::load(&context.workspace, run)?;
    let run_id = found.manifest.run_id.to_string();
    context.log.run_tag().set(Some(&run_id));
    let query = query(&found.model, &run_id, dialect, table).map_err(|error| CliError::Usage(error.to_string()))?;
    let Some(path) = output else {
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
