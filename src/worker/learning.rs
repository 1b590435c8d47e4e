//! Owns the jobs that learn from verdicts: the label audit, and the judged rows that would change side; and how the stages
//! get what people judged out of the store.

use super::desk::Desk;
use super::failure::{Ended, Failure};
use super::news::Reply;
use super::reporter::Reporter;
use crate::pipeline::judged::JudgedCases;
use crate::pipeline::judged_flips::{FlipsError, RunPair};
use crate::pipeline::label_audit::{LabelAuditError, LabelAuditRequest};
use crate::store::{LocalStore, StoreError, StoreOptions, VerdictStore};
use crate::triage::Cases;
use crate::workspace::Workspace;

/// What people judged of a schema's rows; nothing where the workspace has no verdicts yet. `shared` is the workspace's
/// setting.
///
/// # Errors
/// The store cannot be opened or read; says what to do.
pub fn judged_cases(workspace: &Workspace, shared: bool, schema: &str) -> Result<JudgedCases, StoreError> {
    // Reading must not leave a store behind where there was none.
    if !workspace.verdicts_file().exists() && !workspace.audit_file().exists() {
        return Ok(JudgedCases::default());
    }
    let options = StoreOptions {
        shared,
        ..StoreOptions::default()
    };
    judged_in(&mut LocalStore::open(workspace, options)?, schema)
}

/// The same from an open store.
///
/// # Errors
/// It cannot be read.
pub fn judged_in(store: &mut dyn VerdictStore, schema: &str) -> Result<JudgedCases, StoreError> {
    let (events, _) = store.events_since(0)?;
    let mut cases = Cases::default();
    for event in events {
        cases.add(event);
    }
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
