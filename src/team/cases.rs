//! Owns how each case stands as the server tells it to whoever has no store: one document a case, worked out anew from all of
//! its decisions after each of them.

use std::collections::HashMap;

use super::encoding::{case_key, case_name, event_of, state_of};
use super::error::TeamError;
use super::exchange::Server;
use crate::cancel::CancelToken;
use crate::mongo::{NewState, change_states, state_versions};
use crate::triage::{CaseId, Cases};

/// The collection of cases.
pub(super) const CASES: &str = "nsec_cases";
/// Cases that are asked for by name at once.
const NAMED_AT_ONCE: usize = 1_000;
/// The field of how many decisions a state was worked out from.
const EVENTS_FIELD: &str = "events";
/// How often a case is worked out anew because others are at it, too. Whoever is last has seen all.
const ATTEMPTS: usize = 20;

/// Works out how cases stand. The version of a document is read before the decisions are, and the document changes only if
/// that is still its version: so whoever is last has seen every decision, and nobody puts an older state over a newer one.
pub(super) fn work_out(server: &Server, cases: &[CaseId], cancel: &CancelToken) -> Result<(), TeamError> {
    let mut open: Vec<CaseId> = cases.to_vec();
    for _ in 0..ATTEMPTS {
        if open.is_empty() {
            return Ok(());
        }
        cancel.check()?;
        let outdated = try_once(server, &open, cancel)?;
        open.retain(|case| outdated.contains(&case_name(case)));
    }
    tracing::warn!(
        "{} cases change so often on the team's server that their states are left to others",
        open.len()
    );
    Ok(())
}

fn try_once(server: &Server, cases: &[CaseId], cancel: &CancelToken) -> Result<Vec<String>, TeamError> {
    let names: Vec<String> = cases.iter().map(case_name).collect();
    let mut versions = state_versions(&server.connection, CASES, &names, EVENTS_FIELD, cancel)?;
    let keys: Vec<_> = cases.iter().map(case_key).collect();
    let found = server.events.alike(&keys, cancel)?;
    let known: Cases = found.into_iter().filter_map(|record| event_of(record).ok()).collect();
    let states = cases.iter().filter_map(|case| {
        let id = case_name(case);
        Some(NewState {
            version: versions.remove(&id).map(|(version, _)| version),
            body: state_of(case, known.state(case)?, known.history(case).len()),
            id,
        })
    });
    Ok(change_states(&server.connection, CASES, states.collect(), cancel)?)
}

/// The cases whose state on the server was worked out from fewer decisions than these.
pub(super) fn outdated(
    server: &Server,
    counts: &HashMap<CaseId, i64>,
    cancel: &CancelToken,
) -> Result<Vec<CaseId>, TeamError> {
    let names: Vec<String> = counts.keys().map(case_name).collect();
    let mut told = HashMap::new();
    for some in names.chunks(NAMED_AT_ONCE) {
        told.extend(state_versions(&server.connection, CASES, some, EVENTS_FIELD, cancel)?);
    }
    let lacks = |(case, count): &(&CaseId, &i64)| {
        let told = told.get(&case_name(case)).and_then(|(_, events)| *events);
        told.is_none_or(|told| told < **count)
    };
    Ok(counts.iter().filter(lacks).map(|(case, _)| case.clone()).collect())
}
