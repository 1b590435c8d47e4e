//! Owns what the events of a case add up to: its verdict, who gave it, its note and tags, and whether analysts contradict
//! each other.

mod fold;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::any_story;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use self::fold::Fold;
use super::event::{CaseId, Change, Event, EventId, Lane, Score};
use super::verdict::Verdict;
use crate::artifacts::Timestamp;

/// A case as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseState {
    /// The verdict that stands, with who gave it; `None` is unreviewed.
    pub verdict: Option<Judgement>,
    /// Verdicts of others that say otherwise and had not been seen by whoever gave the one that stands. Somebody who has seen
    /// them all and judges again settles it.
    pub conflicts: Vec<Judgement>,
    /// The note.
    pub note: String,
    /// Tags that are on.
    pub tags: BTreeSet<String>,
    /// The latest event that nobody has seen, for [`Event::seen`].
    pub latest: Option<EventId>,
    /// The others that nobody has seen, for [`Event::seen_besides`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub latest_besides: Vec<EventId>,
    /// The time of the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_at: Option<Timestamp>,
}

/// A verdict with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The event.
    pub event: EventId,
    /// The verdict.
    pub verdict: Verdict,
    /// Its reason code.
    pub reason: Option<String>,
    /// Who.
    pub analyst: String,
    /// When.
    pub at: Timestamp,
    /// How they came to it.
    pub lane: Lane,
    /// How the case was scored then.
    pub score: Option<Score>,
}

impl CaseState {
    /// What events of one case add up to, in whatever order they are given: hosts that have the same events have the same state.
    ///
    /// One verdict goes before another if whoever gave it had seen the other (itself, or through what they had seen), or if it
    /// is the same analyst's later one and neither had been seen when the other was given (two consoles, an import). Verdicts
    /// before which none goes stand side by side; the latest of them is the case's. Of notes, tags and reasons the latest counts.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut events: Vec<&Event> = events.into_iter().collect();
        events.sort_by_key(|event| event.order());
        Fold::of(&events).state
    }

    /// The verdict, where there is one that nobody contradicts.
    pub fn settled(&self) -> Option<Verdict> {
        let verdict = self.verdict.as_ref()?;
        self.conflicts.is_empty().then_some(verdict.verdict)
    }

    /// Whether nobody has judged it.
    pub fn is_unreviewed(&self) -> bool {
        self.verdict.is_none()
    }
}

/// Groups whose events do not count: the latest of undo and redo decides. Events come in their case's order.
pub(super) fn undone_groups<'a>(events: impl IntoIterator<Item = &'a Event>) -> HashSet<EventId> {
    let mut undone = HashSet::new();
    for event in events {
        match event.change {
            Change::Undo { undone: group } => _ = undone.insert(group),
            Change::Redo { redone: group } => _ = undone.remove(&group),
            _ => {}
        }
    }
    undone
}

/// The states of many cases, kept up as events come.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    known: HashSet<EventId>,
    cases: HashMap<CaseId, Case>,
}

#[derive(Clone, Debug, Default)]
struct Case {
    /// By [`Event::order`].
    events: Vec<Event>,
    fold: Fold,
}

impl Case {
    fn add(&mut self, event: Event) {
        let place = self.events.partition_point(|known| known.order() < event.order());
        let last = place == self.events.len();
        if last && self.fold.can_follow(&event) {
            self.fold.take(&event, &self.events);
            self.fold.decide();
            self.events.push(event);
        } else {
            self.events.insert(place, event);
            self.fold = Fold::of(&self.events.iter().collect::<Vec<_>>());
        }
    }
}

impl Cases {
    /// Takes an event in; the same one twice counts once. Answers whether it is new. The work grows with the verdicts of its
    /// case alone; an undo, a redo or an event from the past goes through all events of it.
    pub fn add(&mut self, event: Event) -> bool {
        if !self.known.insert(event.id) {
            return false;
        }
        self.cases.entry(event.case.clone()).or_default().add(event);
        true
    }

    /// A case as it stands; `None` if nothing was ever said of it.
    pub fn state(&self, case: &CaseId) -> Option<&CaseState> {
        self.cases.get(case).map(|case| &case.fold.state)
    }

    /// Everything ever said of a case, the earliest first.
    pub fn history(&self, case: &CaseId) -> &[Event] {
        self.cases.get(case).map_or(&[], |case| case.events.as_slice())
    }

    /// Every case that something was said of, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&CaseId, &CaseState)> {
        self.cases.iter().map(|(id, case)| (id, &case.fold.state))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }
}

impl FromIterator<Event> for Cases {
    fn from_iter<I: IntoIterator<Item = Event>>(events: I) -> Self {
        let mut cases = Self::default();
        for event in events {
            cases.add(event);
        }
        cases
    }
}
