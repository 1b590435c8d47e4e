//! Owns putting another analyst's history beside one's own: what of it is taken in, and on which cases the two contradict
//! each other.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use serde::Serialize;

use super::case::Cases;
use super::event::{CaseId, Change, Event};
use super::statistics::Conflict;

/// What of another history is to be appended to one's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Merged {
    /// The events, in the other history's order.
    #[serde(skip)]
    pub events: Vec<Event>,
    /// Events that were here already.
    pub known: u64,
    /// Cases with a note that does not show, because there is a later one here.
    pub older_notes: Vec<CaseId>,
    /// Cases with something new on which analysts contradict each other, by row id.
    pub conflicts: Vec<Conflict>,
}

/// Holds another history against one's own. Events say themselves what their analyst had seen, so what is new is taken in as it
/// is, and a verdict from elsewhere never goes before one that its analyst did not see.
pub fn merge(mut own: Cases, other: Vec<Event>) -> Merged {
    let mut merged = Merged::default();
    let mut taken = HashSet::new();
    for event in other {
        let history = own.history(&event.case);
        if !taken.insert(event.id) || history.iter().any(|known| is_same(known, &event)) {
            merged.known += 1;
            continue;
        }
        if is_older_note(&event, history) {
            merged.older_notes.push(event.case.clone());
        }
        merged.events.push(event);
    }
    let mut cases: Vec<CaseId> = merged.events.iter().map(|event| event.case.clone()).collect();
    cases.sort();
    cases.dedup();
    for event in &merged.events {
        own.add(event.clone());
    }
    let contested = cases.iter().filter_map(|case| Conflict::of(case, own.state(case)?));
    merged.conflicts = contested.collect();
    merged
}

/// Whether two events are one decision. A file without events tells a decision under a name of its own; that the same person
/// made the same change to a case at the same millisecond twice is not to be thought of.
fn is_same(known: &Event, other: &Event) -> bool {
    let told = |event: &Event| matches!(event.change, Change::Judge { .. } | Change::Note { .. });
    known.id == other.id
        || (told(known) && known.at == other.at && known.analyst == other.analyst && known.change == other.change)
}

/// Whether it is a note while a later one stands here.
fn is_older_note(event: &Event, history: &[Event]) -> bool {
    let is_note = |event: &&Event| matches!(event.change, Change::Note { .. });
    let latest = history.iter().rev().find(is_note);
    is_note(&event) && latest.is_some_and(|note| note.at > event.at)
}
