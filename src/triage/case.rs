//! Owns what the events of a case add up to: its verdict, who gave it, its note and tags, and whether analysts contradict
//! each other.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

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
    /// The latest event, for [`Event::seen`].
    pub latest: Option<EventId>,
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
    /// What events of one case add up to, in the order in which the store has them. O(n) in their number, but for verdicts by
    /// several analysts, which are held against each other.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let events: Vec<&Event> = events.into_iter().collect();
        let undone = undone_groups(&events);
        let mut state = Self::default();
        // The verdicts that stand side by side: the last of each analyst that nobody has seen and judged over.
        let mut standing: Vec<Judgement> = Vec::new();
        let place: HashMap<EventId, usize> = events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
        for (at, event) in events.iter().enumerate() {
            state.latest = Some(event.id);
            if undone.contains(&event.group) {
                continue;
            }
            match &event.change {
                Change::Judge { verdict, reason } => {
                    let seen_to = event.seen.and_then(|seen| place.get(&seen)).copied();
                    standing.retain(|older| {
                        let seen = seen_to.zip(place.get(&older.event)).is_some_and(|(to, of)| *of <= to);
                        !(seen || older.analyst == event.analyst && place.get(&older.event).is_some_and(|of| *of < at))
                    });
                    if let Some(verdict) = verdict {
                        standing.push(Judgement {
                            event: event.id,
                            verdict: *verdict,
                            reason: reason.clone(),
                            analyst: event.analyst.clone(),
                            at: event.at,
                            lane: event.lane,
                            score: event.score.clone(),
                        });
                    }
                }
                Change::Reason { reason } => {
                    if let Some(judgement) = standing.last_mut() {
                        judgement.reason.clone_from(reason);
                    }
                }
                Change::Note { text } => state.note.clone_from(text),
                Change::Tag { tag, on: true } => _ = state.tags.insert(tag.clone()),
                Change::Tag { tag, on: false } => _ = state.tags.remove(tag),
                Change::Undo { .. } | Change::Redo { .. } => {}
            }
        }
        state.verdict = standing.pop();
        if let Some(judgement) = &state.verdict {
            standing.retain(|other| other.verdict != judgement.verdict);
        }
        state.conflicts = standing;
        state
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

/// Groups whose events do not count: the latest of undo and redo decides.
fn undone_groups(events: &[&Event]) -> HashSet<EventId> {
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
    events: HashMap<CaseId, Vec<Event>>,
    states: HashMap<CaseId, CaseState>,
}

impl Cases {
    /// Takes an event in; the same one twice counts once. Answers whether it is new.
    pub fn add(&mut self, event: Event) -> bool {
        let events = self.events.entry(event.case.clone()).or_default();
        if events.iter().any(|known| known.id == event.id) {
            return false;
        }
        let case = event.case.clone();
        events.push(event);
        let state = CaseState::of(events.iter());
        self.states.insert(case, state);
        true
    }

    /// A case as it stands; `None` if nothing was ever said of it.
    pub fn state(&self, case: &CaseId) -> Option<&CaseState> {
        self.states.get(case)
    }

    /// Everything ever said of a case, in the store's order.
    pub fn history(&self, case: &CaseId) -> &[Event] {
        self.events.get(case).map_or(&[], Vec::as_slice)
    }

    /// Every case that something was said of, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&CaseId, &CaseState)> {
        self.states.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }
}
