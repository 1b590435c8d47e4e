//! Owns `runs push`, `runs pull`, `runs list --remote` and `runs promote --remote`: the runs that a team shares.

use std::fmt::Write;

use serde_json::json;

use super::super::args::MongoArgs;
use super::super::context::Context;
use super::super::error::CliError;
use super::super::mongo::connect;
use super::super::print;
use crate::artifacts::shared_list::{SharedOverview, name_run, shared_list};
use crate::artifacts::sharing::{Shared, SharingError, pull_run, push_run};
use crate::artifacts::{RegistryStore, current_user};
use crate::mongo::Naming;
use crate::text::visible_text;

/// Shares a run.
pub(super) fn push(run: &str, server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let id = RegistryStore::new(&context.workspace).resolve(run)?;
    let connection = connect(server, context)?;
    let shared = push_run(&context.workspace, &connection, &id, &current_user(), &context.cancel)?;
    let next = format!(
        "nsec-tui runs promote {} --remote makes it the team's champion",
        shared.id
    );
    told(&shared, "shared", &next, server.json)
}

/// Fetches a shared run.
pub(super) fn pull(run: &str, server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let connection = connect(server, context)?;
    let shared = pull_run(&context.workspace, &connection, run, &context.cancel)?;
    let next = format!("nsec-tui runs promote {} makes it the champion here", shared.id);
    told(&shared, "fetched", &next, server.json)
}

fn told(shared: &Shared, what: &str, next: &str, json: bool) -> Result<(), CliError> {
    if json {
        return print::json(&json!({
            "run_id": shared.id,
            "already_there": shared.there,
            "files": shared.files,
            "bytes": shared.bytes,
        }));
    }
    print::out(&format!("{}\n  {next}\n", shared.told(what)))
}

/// Lists the shared runs, newest first.
pub(super) fn list(server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let connection = connect(server, context)?;
    let list = shared_list(&connection, &context.cancel)?;
    if server.json {
        let runs: Vec<_> = list.runs.iter().map(as_json).collect();
        return print::json(&json!({ "champion": list.champion, "runs": runs }));
    }
    if list.runs.is_empty() {
        return print::out("no shared runs yet; `nsec-tui runs push RUN` shares one\n");
    }
    let mut text = format!("{:21} {:23} {:>6} {:12} {}\n", "run", "model", "F1", "by", "shared at");
    for run in &list.runs {
        let _ = writeln!(
            text,
            "{:21} {:23} {:>6} {:12} {}{}",
            visible_text(&run.run_id),
            run.model.as_deref().map_or("-".into(), visible_text),
            run.test_f1.map_or_else(|| "-".to_owned(), |f1| format!("{f1:.4}")),
            visible_text(&run.by),
            visible_text(&run.at),
            if run.names.is_empty() {
                String::new()
            } else {
                format!("  <- {}", visible_text(&run.names.join(", ")))
            },
        );
    }
    print::out(&text)
}

fn as_json(run: &SharedOverview) -> serde_json::Value {
    json!({
        "run_id": run.run_id, "model": run.model, "test_f1": run.test_f1, "by": run.by, "at": run.at, "names": run.names,
        "files": run.files, "bytes": run.bytes,
    })
}

/// Gives a shared run a name.
pub(super) fn promote(
    run: &str,
    alias: &str,
    reason: &str,
    server: &MongoArgs,
    context: &Context,
) -> Result<(), CliError> {
    let connection = connect(server, context)?;
    let by = current_user();
    let naming = Naming {
        name: alias,
        run,
        by: &by,
        reason,
    };
    let named = name_run(&connection, &naming, None, &context.cancel)?;
    if server.json {
        return print::json(
            &json!({ "name": named.name, "run_id": named.run, "version": named.version, "by": named.by }),
        );
    }
    let text = format!("{}: {} (shared)", named.name, named.run);
    print::out(&format!("{}\n", visible_text(&text)))
}

impl From<SharingError> for CliError {
    fn from(error: SharingError) -> Self {
        match error {
            SharingError::Mongo(inner) => inner.into(),
            SharingError::Run(inner) => inner.into(),
            SharingError::NotFinished { .. } | SharingError::Refused { .. } => Self::Unreachable(error.to_string()),
            SharingError::File { .. } => Self::failed(error),
        }
    }
}
