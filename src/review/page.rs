//! Owns showing cases: lines of the list, the text of a row, the history of a case.

use std::sync::atomic::Ordering;

use super::contract::{Card, HistoryLine, ReviewPage, ReviewRow};
use super::error::ReviewError;
use super::file::plain;
use super::ledger::{undone, words};
use super::live::{Live, live_cells};
use super::open::Review;
use crate::browse::TableRow;
use crate::data::RowId;
use crate::explain::first_reason;
use crate::text::shortened;
use crate::triage::{Change, Event};

/// Characters of a reason in the list.
const REASON: usize = 200;
/// Characters of a cell on a card.
const CARD_CELL: usize = 1 << 16;

impl Review {
    /// Cases of the present view.
    ///
    /// # Errors
    /// The file cannot be read, or has changed.
    pub fn page(&self, first: u64, count: usize, columns: &[usize], cell: usize) -> Result<ReviewPage, ReviewError> {
        self.screen.store(count as u64, Ordering::Relaxed);
        let view = self.view();
        let places = first..first.saturating_add(count as u64);
        let cases: Vec<u32> = places.map_while(|at| view.case(at)).collect();
        let texts = self.texts(&cases, cell.max(REASON))?;
        let live = self.live();
        let rows = cases
            .iter()
            .zip(&texts)
            .map(|(&case, text)| self.line(&live, case, text, columns, cell));
        Ok(ReviewPage {
            first,
            rows: rows.collect(),
        })
    }

    /// The first rows of some cases, in the order of `cases`.
    pub(super) fn texts(&self, cases: &[u32], cell: usize) -> Result<Vec<TableRow>, ReviewError> {
        let rows = cases.iter().map(|&case| self.cases().ordinal(case));
        let texts = self.file.table.read(rows, cell)?;
        if texts.len() == cases.len() {
            return Ok(texts);
        }
        // Rows are left out only where the index does not know them, and a case's row was known.
        Err(ReviewError::NoCase {
            case: "one of those shown".to_owned(),
            name: self.file.name().to_owned(),
        })
    }

    /// A case's line in the list.
    pub(super) fn line(&self, live: &Live, case: u32, text: &TableRow, columns: &[usize], cell: usize) -> ReviewRow {
        let cases = self.cases();
        let state = live.state(cases, case);
        let probability = cases.probability(case);
        let flagged = cases.flagged(case);
        let copies = cases.copies(case);
        let own = live_cells(&state, copies);
        let shown = |column: &usize| {
            let stale = self.file.ours.stale.iter().position(|stale| *stale == Some(*column));
            // What the file says of verdicts is old; the store's count.
            let text = match stale {
                Some(at) => own[at].as_str(),
                None => text.cells.get(*column).map_or("", String::as_str),
            };
            shortened(text.as_bytes(), cell)
        };
        let reasons = self.file.ours.reasons.and_then(|at| text.cells.get(at));
        ReviewRow {
            row: cases.id(case),
            ordinal: cases.ordinal(case),
            copies: u64::from(copies),
            probability,
            confidence: if flagged { probability } else { 1.0 - probability },
            flagged,
            risk: cases.risk(case),
            action: cases.action(case),
            reason: reasons.map(|text| first_reason(text)).unwrap_or_default(),
            suppressed: live.suppressed_by(case).map(|rule| rule.condition.clone()),
            cells: columns.iter().map(shown).collect(),
            state,
        }
    }

    /// What the file and the store know of the case at a place; the parts that need a model are empty.
    ///
    /// # Errors
    /// There is no such place, or the file cannot be read.
    pub fn facts(&self, at: u64) -> Result<Card, ReviewError> {
        let view = self.view();
        let case = view.case(at).ok_or_else(|| ReviewError::NoCase {
            case: format!("at place {}", at.saturating_add(1)),
            name: "the present view".to_owned(),
        })?;
        let text = self.texts(&[case], CARD_CELL)?;
        let Some(text) = text.first() else {
            return Err(self.no_text(case));
        };
        let live = self.live();
        let row = self.line(&live, case, text, &[], CARD_CELL);
        let history = history(live.ledger.history(row.row));
        drop(live);
        Ok(Card {
            row,
            at,
            columns: Vec::new(),
            other: self.input_cells(text),
            smallest_change: None,
            neighbours: Vec::new(),
            reliability: None,
            history,
            missing: self.file.without_model.clone().into_iter().collect(),
        })
    }

    /// The input's own columns with a row's text; those that scoring added are not among them.
    pub(super) fn input_cells(&self, text: &TableRow) -> Vec<(String, String)> {
        let columns = self.file.table.columns().iter().zip(&text.cells).enumerate();
        let own = columns.filter(|(at, _)| self.file.ours.all.binary_search(at).is_err());
        own.map(|(_, (column, cell))| (column.name.clone(), plain(cell)))
            .collect()
    }

    pub(super) fn no_text(&self, case: u32) -> ReviewError {
        ReviewError::NoCase {
            case: self.cases().id(case).to_string(),
            name: self.file.name().to_owned(),
        }
    }

    /// Everything that was said of a case, the latest first.
    pub fn history(&self, row: RowId) -> Vec<HistoryLine> {
        history(self.live().ledger.history(row))
    }
}

fn history(events: &[Event]) -> Vec<HistoryLine> {
    let undone = undone(events);
    let line = |event: &Event| {
        let what = match &event.change {
            Change::Note { text } if !text.is_empty() => format!("note: {text}"),
            Change::Undo { undone: group } | Change::Redo { redone: group } => {
                let of = events.iter().find(|other| other.group == *group);
                let of = of.map_or_else(|| "a change".to_owned(), |other| words(&other.change));
                match event.change {
                    Change::Undo { .. } => format!("undid {of}"),
                    _ => format!("decided anew: {of}"),
                }
            }
            change => words(change),
        };
        HistoryLine {
            at: event.at.to_string(),
            analyst: event.analyst.clone(),
            what,
            undone: undone.contains(&event.group),
            lane: event.lane,
        }
    };
    events.iter().rev().map(line).collect()
}
