//! Owns adding up the events of one case, in their order: who had seen what, which verdicts stand, what else counts.

use std::collections::{HashMap, HashSet};

use super::{CaseState, Judgement, undone_groups};
use crate::artifacts::Timestamp;
use crate::triage::event::{Change, Event, EventId};

/// A verdict, or a verdict taken back, among those of its case.
#[derive(Clone, Debug)]
struct Judged {
    id: EventId,
    analyst: String,
    at: Timestamp,
    /// `None` takes the case back to the unreviewed ones.
    verdict: Option<Judgement>,
    beaten: bool,
}

/// A state with what is needed to take in one event more.
#[derive(Clone, Debug, Default)]
pub(super) struct Fold {
    judged: Vec<Judged>,
    undone: HashSet<EventId>,
    /// What is named as seen and is not among the events (yet).
    awaited: HashSet<EventId>,
    /// Events that no later one names, the latest last.
    heads: Vec<EventId>,
    pub(super) state: CaseState,
}

impl Fold {
    /// Adds up all events of a case, which come in their order. An event cannot have seen a later one: where it says so, that
    /// counts for nothing, and so names never go round in a circle.
    pub(super) fn of(events: &[&Event]) -> Self {
        let sight = Sight::of(events);
        let mut fold = Self {
            undone: undone_groups(events.iter().copied()),
            ..Self::default()
        };
        let mut named = vec![false; events.len()];
        for (at, event) in events.iter().enumerate() {
            fold.count(event, |a, b| sight.saw(a, b));
            for id in event.names() {
                match sight.places.get(&id) {
                    Some(place) if *place < at => named[*place] = true,
                    Some(_) => {}
                    None => _ = fold.awaited.insert(id),
                }
            }
            fold.state.latest_at = Some(event.at);
        }
        let heads = events.iter().zip(named).filter(|(_, named)| !named);
        fold.heads = heads.map(|(event, _)| event.id).collect();
        fold.decide();
        fold
    }

    /// Whether an event can simply be put behind those that were taken in: nothing that was added up changes by it.
    pub(super) fn can_follow(&self, event: &Event) -> bool {
        !matches!(event.change, Change::Undo { .. } | Change::Redo { .. }) && !self.awaited.contains(&event.id)
    }

    /// Takes in an event that [can follow](Self::can_follow) the `earlier` ones.
    pub(super) fn take(&mut self, event: &Event, earlier: &[Event]) {
        let names: HashSet<EventId> = event.names().collect();
        if names.len() == self.heads.len() && self.heads.iter().all(|head| names.contains(head)) {
            // The ordinary case: all there was had been seen.
            self.count(event, |a, _| a == event.id);
        } else {
            let seen = seen_by(event, earlier);
            self.count(event, |a, b| a == event.id && seen.contains(&b));
            let known: HashSet<EventId> = earlier.iter().map(|event| event.id).collect();
            let others = names.iter().filter(|id| **id != event.id && !known.contains(id));
            self.awaited.extend(others);
        }
        self.heads.retain(|head| !names.contains(head));
        self.heads.push(event.id);
        self.state.latest_at = Some(event.at);
    }

    /// Counts an event; `saw` tells whether the first event's analyst had seen the second.
    fn count(&mut self, event: &Event, saw: impl Fn(EventId, EventId) -> bool) {
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
                let new = Judged {
                    id: event.id,
                    analyst: event.analyst.clone(),
                    at: event.at,
                    verdict: judgement,
                    beaten: false,
                };
                self.judge(new, saw);
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

    fn judge(&mut self, mut new: Judged, saw: impl Fn(EventId, EventId) -> bool) {
        let beats = |one: &Judged, other: &Judged| {
            saw(one.id, other.id)
                || one.analyst == other.analyst && !saw(other.id, one.id) && (one.at, one.id) > (other.at, other.id)
        };
        for other in &mut self.judged {
            other.beaten |= beats(&new, other);
            new.beaten |= beats(other, &new);
        }
        self.judged.push(new);
    }

    /// The verdict that stands, of those that stand side by side the latest.
    fn foremost(&self) -> Option<usize> {
        self.judged.iter().rposition(|j| !j.beaten && j.verdict.is_some())
    }

    /// Brings the state's verdict and what is to be named as seen up to date.
    pub(super) fn decide(&mut self) {
        let foremost = self.foremost();
        self.state.verdict = foremost.and_then(|at| self.judged[at].verdict.clone());
        let said = self.state.verdict.as_ref().map(|judgement| judgement.verdict);
        let standing = self.judged.iter().filter(|j| !j.beaten);
        let others = standing
            .filter_map(|j| j.verdict.as_ref())
            .filter(|j| Some(j.verdict) != said);
        self.state.conflicts = others.cloned().collect();
        self.state.latest = self.heads.last().copied();
        self.state.latest_besides = self.heads[..self.heads.len().saturating_sub(1)].to_vec();
    }
}

/// What the analyst of an event had seen of the `earlier` ones, which come in their order.
fn seen_by(event: &Event, earlier: &[Event]) -> HashSet<EventId> {
    let places: HashMap<EventId, usize> = earlier.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
    let mut seen = vec![false; earlier.len()];
    let look = |event: &Event, before: usize, seen: &mut Vec<bool>| {
        for place in event
            .names()
            .filter_map(|id| places.get(&id))
            .filter(|place| **place < before)
        {
            seen[*place] = true;
        }
    };
    look(event, earlier.len(), &mut seen);
    // Names only go back, so that one way through is enough.
    for at in (0..earlier.len()).rev() {
        if seen[at] {
            look(&earlier[at], at, &mut seen);
        }
    }
    let seen = earlier.iter().zip(seen).filter(|(_, seen)| *seen);
    seen.map(|(event, _)| event.id).collect()
}

/// Which of the events of a case had been seen when another one was made: one bit for each pair.
struct Sight {
    places: HashMap<EventId, usize>,
    words: usize,
    bits: Vec<u64>,
}

impl Sight {
    fn of(events: &[&Event]) -> Self {
        let places: HashMap<EventId, usize> = events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
        let words = events.len().div_ceil(64);
        let mut bits = vec![0; words * events.len()];
        for (at, event) in events.iter().enumerate() {
            let (before, own) = bits.split_at_mut(at * words);
            for place in event
                .names()
                .filter_map(|id| places.get(&id).copied())
                .filter(|place| *place < at)
            {
                own[place / 64] |= 1 << (place % 64);
                for (word, other) in own.iter_mut().zip(&before[place * words..(place + 1) * words]) {
                    *word |= other;
                }
            }
        }
        Self { places, words, bits }
    }

    fn saw(&self, one: EventId, other: EventId) -> bool {
        let (Some(one), Some(other)) = (self.places.get(&one), self.places.get(&other)) else {
            return false;
        };
        self.bits[one * self.words + other / 64] >> (other % 64) & 1 == 1
    }
}
