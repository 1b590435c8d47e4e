//! Owns which cases are marked: one by one, as a range, or all of the view; and which of them a filter hides.

use std::collections::{BTreeMap, BTreeSet};

use crate::worker::RowId;

/// Cases of a range that are asked for at once.
const PIECE: u64 = 2_000;
/// Cases that a range can have.
pub const LONGEST_RANGE: u64 = 20_000;

/// A range of places of the present view, from where it was begun to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    from: u64,
    to: u64,
    known: BTreeMap<u64, RowId>,
}

impl Range {
    fn bounds(&self) -> (u64, u64) {
        (self.from.min(self.to), self.from.max(self.to))
    }

    /// How many cases.
    pub fn size(&self) -> u64 {
        let (first, last) = self.bounds();
        last - first + 1
    }

    /// Whether a place is in it.
    pub fn contains(&self, at: u64) -> bool {
        let (first, last) = self.bounds();
        (first..=last).contains(&at)
    }

    /// Cases in it whose names are not known yet: the first one's place, and how many are asked for.
    pub fn gap(&self) -> Option<(u64, usize)> {
        let (first, last) = self.bounds();
        if self.size() > LONGEST_RANGE {
            return None;
        }
        let mut expected = first;
        for at in self.known.range(first..=last).map(|(at, _)| *at) {
            if at != expected {
                break;
            }
            expected = at + 1;
        }
        (expected <= last).then(|| (expected, (last - expected + 1).min(PIECE) as usize))
    }

    /// Its cases; `None` while some are not known.
    pub fn rows(&self) -> Option<Vec<RowId>> {
        let (first, last) = self.bounds();
        let rows: Vec<RowId> = self.known.range(first..=last).map(|(_, row)| *row).collect();
        (rows.len() as u64 == self.size()).then_some(rows)
    }
}

/// The marks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Every case of the view.
    pub all: bool,
    /// The range that is being drawn.
    pub range: Option<Range>,
    marked: BTreeSet<RowId>,
    hidden: BTreeSet<RowId>,
    /// Whether it is not known yet which of the marked cases the present view has.
    unknown: bool,
}

impl Marks {
    /// Whether nothing is marked in any way.
    pub fn is_empty(&self) -> bool {
        !self.all && self.range.is_none() && self.marked.is_empty()
    }

    /// Whether a case is marked.
    pub fn has(&self, row: RowId, at: u64) -> bool {
        self.all || self.marked.contains(&row) || self.range.as_ref().is_some_and(|range| range.contains(at))
    }

    /// Marks a case, or takes its mark away.
    pub fn toggle(&mut self, row: RowId) {
        if !self.marked.remove(&row) {
            self.marked.insert(row);
        }
        self.hidden.remove(&row);
    }

    /// Marked cases that the present view has.
    pub fn visible(&self) -> Vec<RowId> {
        self.marked.difference(&self.hidden).copied().collect()
    }

    /// How many marked cases the present view has, and how many it hides.
    pub fn counts(&self) -> (u64, u64) {
        let hidden = self.hidden.len() as u64;
        (self.marked.len() as u64 - hidden, hidden)
    }

    /// Whether it is not known yet which of the marked cases the present view has.
    pub fn is_unknown(&self) -> bool {
        self.unknown
    }

    /// Another view is shown. Answers the cases of which it must be asked whether it has them.
    pub fn other_view(&mut self) -> Vec<RowId> {
        self.all = false;
        self.range = None;
        self.unknown = !self.marked.is_empty();
        self.marked.iter().copied().collect()
    }

    /// These of the marked cases are in the view.
    pub fn in_view(&mut self, rows: &[RowId]) {
        let seen: BTreeSet<RowId> = rows.iter().copied().collect();
        self.hidden = self.marked.difference(&seen).copied().collect();
        self.unknown = false;
    }

    /// Nobody can tell which are in the view; the worker still leaves hidden ones alone.
    pub fn untold(&mut self) {
        self.unknown = false;
    }

    /// Begins a range, or ends the one there is.
    pub fn toggle_range(&mut self, at: u64) {
        self.range = match self.range {
            Some(_) => None,
            None => Some(Range {
                from: at,
                to: at,
                known: BTreeMap::new(),
            }),
        };
    }

    /// The cursor has come to a place; rows that are known by now are noted.
    pub fn reach(&mut self, at: u64, kept: impl Iterator<Item = (u64, RowId)>) {
        if let Some(range) = &mut self.range {
            range.to = at;
            range.known.extend(kept);
        }
    }

    /// What was decided about the marked cases in sight is decided: their marks go, those of hidden ones stay.
    pub fn decided(&mut self) {
        self.all = false;
        self.range = None;
        let hidden = std::mem::take(&mut self.hidden);
        self.marked = hidden.clone();
        self.hidden = hidden;
    }

    /// Nothing was decided after all: these are marked again.
    pub fn restore(&mut self, rows: &[RowId]) {
        self.marked.extend(rows.iter().copied());
    }

    /// Takes all marks of single cases away, the hidden ones too.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
