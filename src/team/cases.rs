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
/// Cases that are worked out at once.
const AT_ONCE: usize = 200;

/// Works out how cases stand. The version of a document is read before the decisions are, and the document changes only if
/// that is still its version: so whoever is last has seen every decision, and nobody puts an older state over a newer one.
pub(super) fn work_out(server: &Server, cases: &[CaseId], cancel: &CancelToken) -> Result<(), TeamError> {
    for some in cases.chunks(AT_ONCE) {
        let mut open: Vec<CaseId> = some.to_vec();
        while !open.is_empty() {
            cancel.check()?;
            let outdated = try_once(server, &open, cancel)?;
            open.retain(|case| outdated.contains(&case_name(case)));
        }
    }
    Ok(())
}

fn try_once(server: &Server, cases: &[CaseId], cancel: &CancelToken) -> Result<Vec<String>, TeamError> {
    let names: Vec<String> = cases.iter().map(case_name).collect();
    let versions: HashMap<String, i64> = state_versions(&server.connection, CASES, &names, cancel)?;
    let keys: Vec<_> = cases.iter().map(case_key).collect();
    let found = server.events.alike(&keys, cancel)?;
    let known: Cases = found.into_iter().filter_map(|record| event_of(record).ok()).collect();
    let states = cases.iter().filter_map(|case| {
        let id = case_name(case);
        Some(NewState {
            version: versions.get(&id).copied(),
            body: state_of(case, known.state(case)?, known.history(case).len()),
            id,
        })
    });
    Ok(change_states(&server.connection, CASES, states.collect(), cancel)?)
}
