//! Owns `runs push`, `runs pull`, `runs list --remote` and `runs promote --remote`: the runs that a team shares.

use std::fmt::Write;

use serde_json::json;

use super::super::args::MongoArgs;
use super::super::context::Context;
use super::super::error::CliError;
use super::super::mongo::connect;
use super::super::print;
use crate::artifacts::sharing::{Shared, SharingError, pull_run, push_run};
use crate::artifacts::{Manifest, RegistryStore, current_user};
use crate::mongo::{Naming, find_shared, name_shared, shared_names, shared_runs};
use crate::text::visible_text;

/// Shares a run.
pub(super) fn push(run: &str, server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let id = RegistryStore::new(&context.workspace).resolve(run)?;
    let connection = connect(server, context)?;
    let shared = push_run(&context.workspace, &connection, &id, &current_user(), &context.cancel)?;
    told(&shared, "shared", server.json)
}

/// Fetches a shared run.
pub(super) fn pull(run: &str, server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let connection = connect(server, context)?;
    let shared = pull_run(&context.workspace, &connection, run, &context.cancel)?;
    told(&shared, "fetched", server.json)
}

fn told(shared: &Shared, what: &str, json: bool) -> Result<(), CliError> {
    if json {
        return print::json(&json!({
            "run_id": shared.id,
            "already_there": shared.there,
            "files": shared.files,
            "bytes": shared.bytes,
        }));
    }
    if shared.there {
        return print::out(&format!("run {} is there already\n", shared.id));
    }
    print::out(&format!(
        "run {} {what}: {} files, {:.1} MB\n",
        shared.id,
        shared.files,
        shared.bytes as f64 / 1e6
    ))
}

/// Lists the shared runs, newest first.
pub(super) fn list(server: &MongoArgs, context: &Context) -> Result<(), CliError> {
    let connection = connect(server, context)?;
    let names = shared_names(&connection, &context.cancel)?;
    let runs = shared_runs(&connection, &context.cancel)?;
    let names_of = |id: &str| -> Vec<&str> {
        names
            .iter()
            .filter(|name| name.run == id)
            .map(|name| name.name.as_str())
            .collect()
    };
    let mut listed = Vec::new();
    let mut text = format!("{:21} {:23} {:>6} {:12} {}\n", "run", "model", "F1", "by", "shared at");
    for run in &runs {
        let manifest: Option<Manifest> = serde_json::from_str(&run.manifest).ok();
        let model = manifest.as_ref().and_then(|m| m.model.clone());
        let f1 = manifest
            .as_ref()
            .and_then(|m| m.metrics.pointer("/test/f1").and_then(serde_json::Value::as_f64));
        let names = names_of(&run.id);
        let _ = writeln!(
            text,
            "{:21} {:23} {:>6} {:12} {}{}",
            visible_text(&run.id),
            model.as_deref().map_or("-".into(), visible_text),
            f1.map_or_else(|| "-".to_owned(), |f1| format!("{f1:.4}")),
            visible_text(&run.by),
            visible_text(&run.at),
            if names.is_empty() {
                String::new()
            } else {
                format!("  <- {}", visible_text(&names.join(", ")))
            },
        );
        listed.push(json!({
            "run_id": run.id, "model": model, "test_f1": f1, "by": run.by, "at": run.at, "names": names,
            "files": run.files.len() + 1,
            "bytes": run.files.iter().map(|file| file.bytes).sum::<u64>() + run.manifest.len() as u64,
        }));
    }
    if server.json {
        let champion = names
            .iter()
            .find(|name| name.name == "champion")
            .map(|name| name.run.as_str());
        return print::json(&json!({ "champion": champion, "runs": listed }));
    }
    if runs.is_empty() {
        return print::out("no shared runs yet; `nsec-tui runs push RUN` shares one\n");
    }
    print::out(&text)
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
    let id = find_shared(&connection, run, &context.cancel)?.id;
    let by = current_user();
    let naming = Naming {
        name: alias,
        run: &id,
        by: &by,
        reason,
    };
    let named = name_shared(&connection, &naming, None, &context.cancel)?;
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
