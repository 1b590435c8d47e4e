//! Owns deciding: what a decision is about, the events it makes, keeping them, taking them back.

use std::collections::HashSet;

use super::arrange::CaseView;
use super::contract::{Decision, Progress, Selection};
use super::error::ReviewError;
use super::ledger::words;
use super::live::Live;
use super::open::Review;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::store::Kept;
use crate::triage::{CaseState, Change, Event, EventId, Lane, Score, command_line};

/// Characters of a note at most.
const NOTE: usize = 10_000;
/// Cases that are decided at once at most.
const MOST: usize = 1_000_000;
/// Cases whose events are kept in one go: their cells are held meanwhile.
const PART: usize = 20_000;

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// In one line: `true positive on 12 cases`.
    pub what: String,
    /// Cases changed.
    pub cases: u64,
    /// Cases that were selected but are not in the view, and were left alone.
    pub hidden: u64,
    /// How safely it was kept.
    pub kept: Kept,
    /// How the work stands now.
    pub progress: Progress,
    /// Analysts whose other verdicts on these cases now stand against this one.
    pub conflicts: u64,
    /// For undo and redo, the place of a case that was changed.
    pub at: Option<u64>,
}

/// Which way to go through what was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Back,
    Forth,
}

impl Review {
    /// Decides. What is answered is on disk.
    ///
    /// # Errors
    /// Nothing was kept: there is no such case, the file has changed, or the store says why.
    pub fn decide(&self, decision: &Decision) -> Result<Outcome, ReviewError> {
        if let Change::Undo { .. } | Change::Redo { .. } = decision.change {
            return Err(ReviewError::Refused("an undo is asked for by itself".to_owned()));
        }
        if let Change::Note { text } = &decision.change
            && text.chars().count() > NOTE
        {
            let text = format!("a note has at most {NOTE} characters; put longer texts into a file and note its name");
            return Err(ReviewError::Refused(text));
        }
        let view = self.view();
        let shown = decision.view.is_none_or(|number| number == view.number);
        if !shown && !matches!(&decision.selection, Selection::Cases(rows) if rows.len() == 1) {
            let text = "the list has changed since; nothing was decided: look at it and decide again";
            return Err(ReviewError::Refused(text.to_owned()));
        }
        // How one case was come to is not known any more once another list is shown.
        let lane = if shown || self.file.doubt.is_some() {
            view.lane
        } else {
            Lane::Picked
        };
        let (selected, hidden) = self.selected(&view, &decision.selection)?;
        if selected.len() > MOST {
            return Err(ReviewError::Refused(format!(
                "{} are more than can be decided at once ({MOST}); filter first",
                cases(selected.len())
            )));
        }
        let (group, at) = (EventId::new(), Timestamp::now());
        let (mut changed, mut kept, mut conflicts) = (0, Kept::Stored, 0);
        for part in selected.chunks(PART) {
            let events = {
                let live = self.live();
                self.events_of(&live, part, &decision.change, (group, at, lane))
            };
            if events.is_empty() {
                continue;
            }
            let count = events.len();
            let done = self.with_cells(events).and_then(|events| self.keep(events));
            let (how, against) = done.map_err(|error| match changed {
                0 => error,
                done => ReviewError::Partly {
                    done,
                    of: selected.len(),
                    cause: Box::new(error),
                },
            })?;
            changed += count;
            conflicts = conflicts.max(against);
            if how != Kept::Stored {
                kept = how;
            }
        }
        let mut what = format!("{} on {}", words(&decision.change), cases(changed));
        if changed == 0 {
            what += ": nothing to change";
        }
        Ok(Outcome {
            what,
            cases: changed as u64,
            hidden,
            kept,
            conflicts,
            ..self.nothing()
        })
    }

    /// Takes back the latest group of this analyst's decisions that stands and touches this file.
    ///
    /// # Errors
    /// Nothing was kept: there is nothing to undo, or the store says why.
    pub fn undo(&self) -> Result<Outcome, ReviewError> {
        self.go(Way::Back)
    }

    /// Decides anew what was taken back last.
    ///
    /// # Errors
    /// Nothing was kept: there is nothing to redo, or the store says why.
    pub fn redo(&self) -> Result<Outcome, ReviewError> {
        self.go(Way::Forth)
    }

    fn go(&self, way: Way) -> Result<Outcome, ReviewError> {
        let at_hand = |row| self.cases().find(row).is_some();
        let (events, of, first) = {
            let live = self.live();
            let stack = &live.ledger.stack;
            let (group, nothing) = match way {
                Way::Back => (stack.to_undo(at_hand), "nothing of yours is left to undo in this file"),
                Way::Forth => (stack.to_redo(at_hand), "nothing is left to redo in this file"),
            };
            let group = group.ok_or_else(|| ReviewError::Refused(nothing.to_owned()))?;
            let change = match way {
                Way::Back => Change::Undo { undone: group.id },
                Way::Forth => Change::Redo { redone: group.id },
            };
            let (id, at) = (EventId::new(), Timestamp::now());
            let mut done = HashSet::new();
            let rows = group.rows.iter().filter(|row| done.insert(**row));
            let events: Vec<Event> = rows
                .map(|&row| {
                    let mut event = Event::now(live.ledger.case(row), &self.analyst, change.clone());
                    (event.group, event.at) = (id, at);
                    event.having_seen(live.ledger.state(row));
                    event
                })
                .collect();
            let view = self.view();
            let place = |row: &RowId| view.place(self.cases().find(*row)?);
            (events, words(&group.change), group.rows.iter().find_map(place))
        };
        let count = events.len();
        let (kept, conflicts) = self.keep(events)?;
        let word = match way {
            Way::Back => "undone",
            Way::Forth => "decided anew",
        };
        Ok(Outcome {
            what: format!("{word}: {of} on {}", cases(count)),
            cases: count as u64,
            kept,
            conflicts,
            at: first,
            ..self.nothing()
        })
    }

    /// The cases that are meant, and how many of those selected are not.
    fn selected(&self, view: &CaseView, selection: &Selection) -> Result<(Vec<u32>, u64), ReviewError> {
        match selection {
            Selection::View => Ok((view.order.clone(), 0)),
            // The case on the card is never hidden.
            Selection::Cases(rows) if rows.len() == 1 => Ok((vec![self.find_case(rows[0])?], 0)),
            Selection::Cases(rows) => {
                let distinct: HashSet<RowId> = rows.iter().copied().collect();
                let inside = |row: &RowId| self.cases().find(*row).filter(|case| view.place(*case).is_some());
                let mut found: Vec<u32> = distinct.iter().filter_map(inside).collect();
                found.sort_unstable_by_key(|case| view.place(*case));
                let hidden = distinct.len() - found.len();
                Ok((found, hidden as u64))
            }
        }
    }

    /// One event for each case that the change changes.
    fn events_of(
        &self,
        live: &Live,
        selected: &[u32],
        change: &Change,
        (group, at, lane): (EventId, Timestamp, Lane),
    ) -> Vec<(u32, Event)> {
        let mut events = Vec::with_capacity(selected.len());
        for &case in selected {
            let row = self.cases().id(case);
            let state = live.ledger.state(row);
            if changes_nothing(state, change) {
                continue;
            }
            let mut event = Event::now(live.ledger.case(row), &self.analyst, change.clone());
            (event.group, event.at, event.lane) = (group, at, lane);
            event.having_seen(state);
            if matches!(change, Change::Judge { .. }) {
                event.score = Some(self.score(case));
            }
            events.push((case, event));
        }
        events
    }

    fn score(&self, case: u32) -> Score {
        let cases = self.cases();
        Score {
            run: self.file.run().to_owned(),
            probability: cases.probability(case),
            threshold: self.file.threshold,
            risk: cases.risk(case),
            flagged: cases.flagged(case),
            file: self.file.name().to_owned(),
        }
    }

    /// Puts the cells to events of cases of which the store has none yet.
    fn with_cells(&self, mut events: Vec<(u32, Event)>) -> Result<Vec<Event>, ReviewError> {
        let without: Vec<usize> = {
            let live = self.live();
            let known = |event: &Event| live.ledger.has_cells(event.case.row);
            (0..events.len()).filter(|&at| !known(&events[at].1)).collect()
        };
        let cases: Vec<u32> = without.iter().map(|&at| events[at].0).collect();
        for (at, cells) in without.into_iter().zip(self.file.cells_of(&cases)?) {
            events[at].1.cells = Some(cells);
        }
        Ok(events.into_iter().map(|(_, event)| event).collect())
    }

    /// Brings events to disk, and only then into the state. Also the number of analysts who contradict.
    fn keep(&self, events: Vec<Event>) -> Result<(Kept, u64), ReviewError> {
        let rows: Vec<RowId> = events.iter().map(|event| event.case.row).collect();
        // Held until the state knows it, so that nobody reads these events from the store as somebody else's.
        let mut shelf = self.shelf();
        let Some(store) = &mut shelf.store else {
            return Err(ReviewError::NoStore(shelf.without().to_owned()));
        };
        // Events that are kept together make one change, each to its own case.
        let command = events
            .first()
            .map(|event| command_line(&event.change, &event.case.schema, &rows));
        let kept = match store.append(&events, &command.unwrap_or_default()) {
            Ok(kept) => kept,
            Err(error) => {
                shelf.failed = Some(error.to_string());
                return Err(error.into());
            }
        };
        shelf.failed = None;
        // What others wrote in between stands before it, there as here: who contradicts whom depends on the order.
        let others = shelf.read_on().unwrap_or_default();
        let mut live = self.live_mut();
        let mine: HashSet<EventId> = events.iter().map(|event| event.id).collect();
        let mut new = live.add(self.cases(), others);
        self.explainer.note(&new);
        self.explainer.note(&live.add(self.cases(), events));
        new.retain(|event| !mine.contains(&event.id));
        shelf.unsaid.append(&mut new);
        let states = rows.iter().filter_map(|row| live.ledger.state(*row));
        let against = states.flat_map(|state| state.conflicts.iter().map(|other| other.analyst.as_str()));
        let against: HashSet<&str> = against.filter(|analyst| *analyst != self.analyst).collect();
        Ok((kept, against.len() as u64))
    }

    fn nothing(&self) -> Outcome {
        Outcome {
            what: String::new(),
            cases: 0,
            hidden: 0,
            kept: Kept::Stored,
            progress: self.progress(),
            conflicts: 0,
            at: None,
        }
    }
}

/// Whether a case stands already as the change would have it. A verdict given again is kept: it says that somebody looked.
fn changes_nothing(state: Option<&CaseState>, change: &Change) -> bool {
    let verdict = state.and_then(|state| state.verdict.as_ref());
    match change {
        Change::Judge { verdict: None, .. } => verdict.is_none(),
        Change::Judge { .. } => false,
        Change::Reason { reason } => verdict.is_none_or(|judgement| judgement.reason == *reason),
        Change::Note { text } => state.map_or(text.is_empty(), |state| state.note == *text),
        Change::Tag { tag, on } => state.is_some_and(|state| state.tags.contains(tag)) == *on,
        Change::Undo { .. } | Change::Redo { .. } => true,
    }
}

pub(super) fn cases(count: usize) -> String {
    if count == 1 {
        "1 case".to_owned()
    } else {
        format!("{count} cases")
    }
}
