//! Owns the jobs that learn from verdicts: the label audit, and the judged rows that would change side; and how the stages
//! get what people judged out of the store.

use super::desk::Desk;
use super::failure::{Ended, Failure};
use super::news::Reply;
use super::reporter::Reporter;
use crate::event::{Event, EventSink, Level};
use crate::pipeline::judged::JudgedCases;
use crate::pipeline::judged_flips::{FlipsError, RunPair};
use crate::pipeline::label_audit::{LabelAuditError, LabelAuditRequest};
use crate::pipeline::prediction::KnownVerdicts;
use crate::store::{LocalStore, StoreError, StoreOptions, VerdictStore};
use crate::triage::Cases;
use crate::workspace::Workspace;

/// What people judged of a schema's rows; nothing where the workspace has no verdicts yet. `shared` is the workspace's
/// setting: the store is opened for the people who write to it, also to be read.
///
/// # Errors
/// The store cannot be opened or read; says what to do.
pub fn judged_cases(workspace: &Workspace, shared: bool, schema: &str) -> Result<JudgedCases, StoreError> {
    match existing_store(workspace, shared)? {
        Some(mut store) => judged_in(&mut store, schema),
        None => Ok(JudgedCases::default()),
    }
}

/// What was decided about a schema's cases, for files that are scored now. That it cannot be read is said and keeps no row from
/// being scored.
pub fn known_verdicts(workspace: &Workspace, shared: bool, schema: &str, events: &dyn EventSink) -> KnownVerdicts {
    let read = || -> Result<KnownVerdicts, StoreError> {
        let Some(mut store) = existing_store(workspace, shared)? else {
            return Ok(KnownVerdicts::none());
        };
        Ok(KnownVerdicts::of(schema, cases_in(&mut store)?.iter()))
    };
    read().unwrap_or_else(|error| {
        events.send(Event::Message {
            level: Level::Warning,
            text: format!("rows are scored without the verdicts they have: {error}"),
        });
        KnownVerdicts::none()
    })
}

/// The store, if there is one: reading must not leave one behind where there was none.
fn existing_store(workspace: &Workspace, shared: bool) -> Result<Option<LocalStore>, StoreError> {
    if !workspace.verdicts_file().exists() && !workspace.audit_file().exists() {
        return Ok(None);
    }
    let options = StoreOptions {
        shared,
        ..StoreOptions::default()
    };
    LocalStore::open(workspace, options).map(Some)
}

fn cases_in(store: &mut dyn VerdictStore) -> Result<Cases, StoreError> {
    Ok(store.events_since(0)?.0.into_iter().collect())
}

/// The same from an open store.
///
/// # Errors
/// It cannot be read.
pub fn judged_in(store: &mut dyn VerdictStore, schema: &str) -> Result<JudgedCases, StoreError> {
    let cases = cases_in(store)?;
    Ok(JudgedCases::of(schema, &cases, store.cells(schema)?))
}

/// Writes the file of a run's doubtful training labels.
pub(super) fn audit_labels(desk: &Desk, run: &str, reporter: &Reporter) -> Result<Reply, Ended> {
    let surroundings = &desk.surroundings;
    let request = LabelAuditRequest {
        workspace: &surroundings.workspace,
        run,
        output: None,
        transform: &surroundings.settings.transform,
        training: &surroundings.settings.training,
        risk: &surroundings.settings.risk,
        threads: desk.threads,
    };
    reporter.progress(0, None, "training rows read");
    let told = |done, of| reporter.progress(done, Some(of), "models that leave a fifth of the rows out");
    match crate::pipeline::label_audit::audit_labels(&request, &told, reporter.cancel()) {
        Ok(summary) => Ok(Reply::LabelsAudited(Box::new(summary))),
        Err(LabelAuditError::Cancelled(_)) => Err(Ended::Cancelled),
        Err(error) => Err(Ended::Failed(Failure::of(&error))),
    }
}

/// Holds a run and the champion against what people judged.
pub(super) fn flips(desk: &Desk, run: &str, reporter: &Reporter) -> Result<Reply, Ended> {
    let surroundings = &desk.surroundings;
    reporter.progress(0, None, "both models on the judged rows");
    let pair = RunPair::open(&surroundings.workspace, run)?;
    let judged = judged_cases(
        &surroundings.workspace,
        surroundings.settings.workspace.shared,
        pair.schema(),
    )?;
    match pair.flips(&judged, &surroundings.settings.validation, reporter.cancel()) {
        Ok(flips) => Ok(Reply::Flips(Box::new(flips))),
        Err(FlipsError::Cancelled(_)) => Err(Ended::Cancelled),
        Err(error) => Err(Ended::Failed(Failure::of(&error))),
    }
}
