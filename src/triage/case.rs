//! Owns what the events of a case add up to: its verdict, who gave it, its note and tags, and whether analysts contradict
//! each other.

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::any_story;

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
    /// What events of one case add up to, in the order in which the store has them.
    ///
    /// One verdict goes before another if whoever gave it had seen the other, or if it is the same analyst's later one and
    /// neither had been seen when the other was given (two consoles, an import). Verdicts before which none goes stand side by
    /// side; the latest of them is the case's. So verdicts of which nobody had seen another's add up to the same in any order.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let events: Vec<&Event> = events.into_iter().collect();
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

/// Groups whose events do not count: the latest of undo and redo decides.
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

/// A verdict, or a verdict taken back, among those of its case.
#[derive(Clone, Debug)]
struct Judged {
    place: usize,
    id: EventId,
    analyst: String,
    at: Timestamp,
    /// Everything up to this place had been seen.
    seen_to: Option<usize>,
    seen: Option<EventId>,
    /// `None` takes the case back to the unreviewed ones.
    verdict: Option<Judgement>,
    beaten: bool,
}

impl Judged {
    fn saw(&self, other: &Self) -> bool {
        self.seen == Some(other.id)
            || other.place < self.place && self.seen_to.is_some_and(|seen_to| other.place <= seen_to)
    }

    /// Whether it goes before the other.
    fn beats(&self, other: &Self) -> bool {
        self.saw(other)
            || self.analyst == other.analyst && !other.saw(self) && (self.at, self.id) > (other.at, other.id)
    }
}

/// A state with what is needed to take in one event more.
#[derive(Clone, Debug, Default)]
struct Fold {
    judged: Vec<Judged>,
    undone: HashSet<EventId>,
    /// Events taken in, those that do not count included.
    events: usize,
    state: CaseState,
}

impl Fold {
    fn of(events: &[&Event]) -> Self {
        let mut fold = Self {
            undone: undone_groups(events.iter().copied()),
            ..Self::default()
        };
        for (at, event) in events.iter().enumerate() {
            fold.take(event, |seen| events[..at].iter().rposition(|e| e.id == seen));
        }
        fold.decide();
        fold
    }

    /// Takes in an event; whether groups are undone is known already. `place_of` finds an earlier one.
    fn take(&mut self, event: &Event, place_of: impl FnOnce(EventId) -> Option<usize>) {
        let place = self.events;
        self.events += 1;
        self.state.latest = Some(event.id);
        if self.undone.contains(&event.group) {
            return;
        }
        match &event.change {
            Change::Judge { verdict, reason } => {
                let judgement = verdict.map(|verdict| Judgement {
                    event: event.id,
                    verdict,
                    reason: reason.clone(),
                    analyst: event.analyst.clone(),
                    at: event.at,
                    lane: event.lane,
                    score: event.score.clone(),
                });
                let seen_to = event.seen.and_then(place_of);
                self.judge(Judged {
                    place,
                    id: event.id,
                    analyst: event.analyst.clone(),
                    at: event.at,
                    seen_to,
                    seen: event.seen,
                    verdict: judgement,
                    beaten: false,
                });
            }
            Change::Reason { reason } => {
                if let Some(at) = self.foremost()
                    && let Some(judgement) = &mut self.judged[at].verdict
                {
                    judgement.reason.clone_from(reason);
                }
            }
            Change::Note { text } => self.state.note.clone_from(text),
            Change::Tag { tag, on: true } => _ = self.state.tags.insert(tag.clone()),
            Change::Tag { tag, on: false } => _ = self.state.tags.remove(tag),
            Change::Undo { .. } | Change::Redo { .. } => {}
        }
    }

    fn judge(&mut self, mut new: Judged) {
        for other in &mut self.judged {
            other.beaten |= new.beats(other);
            new.beaten |= other.beats(&new);
        }
        self.judged.push(new);
    }

    /// The verdict that stands, of those that stand side by side the latest.
    fn foremost(&self) -> Option<usize> {
        let standing = self
            .judged
            .iter()
            .enumerate()
            .filter(|(_, j)| !j.beaten && j.verdict.is_some());
        standing.max_by_key(|(_, j)| (j.at, j.id)).map(|(at, _)| at)
    }

    /// Brings the state's verdict up to date.
    fn decide(&mut self) {
        let foremost = self.foremost();
        self.state.verdict = foremost.and_then(|at| self.judged[at].verdict.clone());
        let said = self.state.verdict.as_ref().map(|judgement| judgement.verdict);
        let standing = self
            .judged
            .iter()
            .filter(|j| !j.beaten)
            .filter_map(|j| j.verdict.as_ref());
        let mut others: Vec<&Judgement> = standing.filter(|j| Some(j.verdict) != said).collect();
        others.sort_by_key(|j| (j.at, j.event));
        self.state.conflicts = others.into_iter().cloned().collect();
    }
}

/// The states of many cases, kept up as events come.
#[derive(Clone, Debug, Default)]
pub struct Cases {
    known: HashSet<EventId>,
    cases: HashMap<CaseId, Case>,
}

#[derive(Clone, Debug, Default)]
struct Case {
    events: Vec<Event>,
    fold: Fold,
}

impl Cases {
    /// Takes an event in; the same one twice counts once. Answers whether it is new. The work grows with the verdicts of its
    /// case alone; an undo or a redo goes through all events of it.
    pub fn add(&mut self, event: Event) -> bool {
        if !self.known.insert(event.id) {
            return false;
        }
        let Case { events, fold } = self.cases.entry(event.case.clone()).or_default();
        if matches!(event.change, Change::Undo { .. } | Change::Redo { .. }) {
            events.push(event);
            *fold = Fold::of(&events.iter().collect::<Vec<_>>());
        } else {
            fold.take(&event, |seen| events.iter().rposition(|e| e.id == seen));
            fold.decide();
            events.push(event);
        }
        true
    }

    /// A case as it stands; `None` if nothing was ever said of it.
    pub fn state(&self, case: &CaseId) -> Option<&CaseState> {
        self.cases.get(case).map(|case| &case.fold.state)
    }

    /// Everything ever said of a case, in the store's order.
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
