//! Owns putting another analyst's history beside one's own: what of it is taken in, and on which cases the two contradict
//! each other.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::case::Cases;
use super::event::{CaseId, Change, Event, EventId};
use super::statistics::Conflict;

/// What of another history is to be appended to one's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Merged {
    /// The events, in the other history's order.
    #[serde(skip)]
    pub events: Vec<Event>,
    /// Events that were here already.
    pub known: u64,
    /// Notes that were left out because there is a later one here.
    pub older_notes: Vec<CaseId>,
    /// Cases with something new on which analysts contradict each other, by row id.
    pub conflicts: Vec<Conflict>,
}

/// Holds another history against one's own.
///
/// What an event's analyst had seen counts here only if it held everything that was said here: else a verdict from elsewhere
/// would go before one that its analyst never saw. Where it did not, the event is taken in as one that has seen nothing.
pub fn merge(mut own: Cases, other: Vec<Event>) -> Merged {
    let mut merged = Merged::default();
    let places = places(&other);
    let mut last_own = HashMap::new();
    let mut taken = HashSet::new();
    for (at, mut event) in other.into_iter().enumerate() {
        let case = event.case.clone();
        let history = own.history(&case);
        if !taken.insert(event.id) || history.iter().any(|known| is_same(known, &event)) {
            merged.known += 1;
            continue;
        }
        if is_older_note(&event, history) {
            merged.older_notes.push(case);
            continue;
        }
        // Where in the other history the last of what was said here stands; `None` if not all of it does.
        let last = *last_own.entry(case).or_insert_with(|| {
            let own_places = history.iter().map(|known| places.get(&known.id).copied());
            own_places
                .collect::<Option<Vec<usize>>>()
                .map(|all| all.into_iter().max())
        });
        let seen_to = event.seen.and_then(|seen| places.get(&seen)).filter(|seen| **seen < at);
        let had_all = match (last, seen_to) {
            (None, _) => false,
            (Some(None), _) => true,
            (Some(Some(last)), seen) => seen.is_some_and(|seen| last <= *seen),
        };
        if !had_all {
            event.seen = None;
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

fn places(events: &[Event]) -> HashMap<EventId, usize> {
    let mut places = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        places.entry(event.id).or_insert(at);
    }
    places
}

/// Whether it is a note while a later one stands here.
fn is_older_note(event: &Event, history: &[Event]) -> bool {
    let is_note = |event: &&Event| matches!(event.change, Change::Note { .. });
    let latest = history.iter().rev().find(is_note);
    is_note(&event) && latest.is_some_and(|note| note.at > event.at)
}
