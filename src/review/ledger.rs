//! Owns what is known of the store's events: how every case stands, what the analyst did today, what can be taken back.

use std::collections::{HashMap, HashSet};

use super::pace::per_hour;
use super::undo::UndoStack;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::triage::{CaseId, CaseState, Cases, Change, Event, EventId, Lane, Verdict};

/// The events of the store as they add up.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    analyst: String,
    schema: String,
    cases: Cases,
    /// This analyst's latest verdict on each case that was not taken back, whatever the schema.
    mine: HashMap<CaseId, Mine>,
    /// Cases of the schema of which the store has cells.
    with_cells: HashSet<RowId>,
    pub(crate) stack: UndoStack,
}

/// A verdict of the analyst's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mine {
    pub at: Timestamp,
    /// Tells apart what was decided within a millisecond.
    pub event: EventId,
    pub verdict: Verdict,
    pub lane: Lane,
}

/// What an analyst did today.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Today {
    pub verdicts: u64,
    pub right: u64,
    pub wrong: u64,
    pub per_hour: Option<f64>,
}

impl Ledger {
    pub fn new(analyst: &str, schema: &str) -> Self {
        Self {
            analyst: analyst.to_owned(),
            schema: schema.to_owned(),
            ..Self::default()
        }
    }

    /// Takes events in, in the store's order; those known already count once. Answers the ones that are new.
    pub fn add(&mut self, events: Vec<Event>) -> Vec<Event> {
        let mut new = Vec::new();
        let mut touched = HashSet::new();
        for mut event in events {
            let own = event.case.schema == self.schema;
            // The store has them, and they would take most of the memory.
            if event.cells.take().is_some() && own {
                self.with_cells.insert(event.case.row);
            }
            if !self.cases.add(event.clone()) {
                continue;
            }
            if event.analyst == self.analyst {
                if own {
                    self.stack.add(&event);
                }
                touched.insert(event.case.clone());
            }
            new.push(event);
        }
        for case in touched {
            match self.latest_of_mine(&case) {
                Some(mine) => _ = self.mine.insert(case, mine),
                None => _ = self.mine.remove(&case),
            }
        }
        new
    }

    fn latest_of_mine(&self, case: &CaseId) -> Option<Mine> {
        let history = self.cases.history(case);
        let undone = undone(history);
        let judged = history.iter().rev().filter(|e| e.analyst == self.analyst);
        let mut standing = judged.filter(|e| !undone.contains(&e.group));
        let latest = standing.find_map(|event| match &event.change {
            Change::Judge { verdict, .. } => Some((event, *verdict)),
            _ => None,
        });
        let (event, verdict) = latest?;
        Some(Mine {
            at: event.at,
            event: event.id,
            verdict: verdict?,
            lane: event.lane,
        })
    }

    /// How a case of the schema stands.
    pub fn state(&self, row: RowId) -> Option<&CaseState> {
        self.cases.state(&self.case(row))
    }

    /// Everything ever said of a case of the schema, in the store's order, without cells.
    pub fn history(&self, row: RowId) -> &[Event] {
        self.cases.history(&self.case(row))
    }

    /// The name of a case of the schema.
    pub fn case(&self, row: RowId) -> CaseId {
        CaseId {
            schema: self.schema.clone(),
            row,
        }
    }

    /// Every case of the schema that something was said of.
    pub fn states(&self) -> impl Iterator<Item = (RowId, &CaseState)> {
        let own = self.cases.iter().filter(|(case, _)| case.schema == self.schema);
        own.map(|(case, state)| (case.row, state))
    }

    /// Cases of the schema that this analyst judged.
    pub fn mine(&self) -> impl Iterator<Item = (RowId, Mine)> {
        let own = self.mine.iter().filter(|(case, _)| case.schema == self.schema);
        own.map(|(case, mine)| (case.row, *mine))
    }

    /// Whether the store has the cells of a case.
    pub fn has_cells(&self, row: RowId) -> bool {
        self.with_cells.contains(&row)
    }

    /// What this analyst did since midnight, whatever the file.
    pub fn today(&self, midnight: Timestamp) -> Today {
        let mut today = Today::default();
        let mut times = Vec::new();
        for mine in self.mine.values().filter(|mine| mine.at >= midnight) {
            today.verdicts += 1;
            // Verdicts on training labels say nothing of the model's alarms.
            let of_alarm = mine.lane != Lane::LabelAudit;
            today.right += u64::from(of_alarm && mine.verdict == Verdict::TruePositive);
            today.wrong += u64::from(of_alarm && mine.verdict == Verdict::FalsePositive);
            times.push(mine.at);
        }
        today.per_hour = per_hour(&times);
        today
    }
}

/// Groups of a case's events that do not count.
pub(crate) fn undone(events: &[Event]) -> HashSet<EventId> {
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

/// What a change is in words: `false positive (known_good)`.
pub(crate) fn words(change: &Change) -> String {
    match change {
        Change::Judge { verdict: None, .. } => "unreviewed".to_owned(),
        Change::Judge {
            verdict: Some(verdict),
            reason: None,
        } => verdict.words().to_owned(),
        Change::Judge {
            verdict: Some(verdict),
            reason: Some(reason),
        } => format!("{} ({reason})", verdict.words()),
        Change::Reason { reason: Some(reason) } => format!("reason {reason}"),
        Change::Reason { reason: None } => "no reason".to_owned(),
        Change::Note { text } if text.is_empty() => "note removed".to_owned(),
        Change::Note { .. } => "note".to_owned(),
        Change::Tag { tag, on: true } => format!("tag {tag}"),
        Change::Tag { tag, on: false } => format!("tag {tag} removed"),
        Change::Undo { .. } => "undone".to_owned(),
        Change::Redo { .. } => "decided anew".to_owned(),
    }
}
