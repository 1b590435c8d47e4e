//! Owns decisions that are on their way: what the screen says of a case until the rows that are read say it themselves.

use std::collections::BTreeSet;

use crate::worker::{Change, Decision, ReviewRow, RowId, Selection, Ticket, Verdict};

/// A decision that was given to the worker.
#[derive(Clone, Debug, PartialEq)]
struct Pending {
    ticket: Ticket,
    /// The cases, in order; `None` is every case of the view.
    cases: Option<Vec<RowId>>,
    change: Change,
    /// Whether it is on disk.
    kept: bool,
    /// The rows that were asked for since then: once they are here they say it themselves.
    paged: bool,
}

impl Pending {
    fn is_about(&self, row: RowId) -> bool {
        self.cases
            .as_ref()
            .is_none_or(|cases| cases.binary_search(&row).is_ok())
    }
}

/// Decisions on their way, the latest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pendings {
    all: Vec<Pending>,
}

/// A case with what is being decided about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen<'r> {
    /// Its verdict.
    pub verdict: Option<Verdict>,
    /// The verdict's reason code.
    pub reason: Option<&'r str>,
    /// Its note.
    pub note: &'r str,
    /// Its tags.
    pub tags: BTreeSet<&'r str>,
    /// Whether something of that is not on disk yet.
    pub pending: bool,
}

impl Pendings {
    /// Takes a decision that was given to the worker.
    pub fn add(&mut self, ticket: Ticket, decision: &Decision) {
        let cases = match &decision.selection {
            Selection::View => None,
            Selection::Cases(rows) => {
                let mut rows = rows.clone();
                rows.sort_unstable();
                Some(rows)
            }
        };
        self.all.push(Pending {
            ticket,
            cases,
            change: decision.change.clone(),
            kept: false,
            paged: false,
        });
    }

    /// It is on disk.
    pub fn kept(&mut self, ticket: Ticket) {
        if let Some(pending) = self.all.iter_mut().find(|pending| pending.ticket == ticket) {
            pending.kept = true;
        }
    }

    /// Whether a decision gave a verdict.
    pub fn was_judged(&self, ticket: Ticket) -> bool {
        let judges = |pending: &Pending| pending.ticket == ticket && matches!(pending.change, Change::Judge { .. });
        self.all.iter().any(judges)
    }

    /// It was not kept; answers the cases it was about where they were named.
    pub fn failed(&mut self, ticket: Ticket) -> Vec<RowId> {
        let Some(at) = self.all.iter().position(|pending| pending.ticket == ticket) else {
            return Vec::new();
        };
        self.all.remove(at).cases.unwrap_or_default()
    }

    /// Rows are asked for that will show what is kept by now.
    pub fn paged(&mut self) {
        for pending in self.all.iter_mut().filter(|pending| pending.kept) {
            pending.paged = true;
        }
    }

    /// Rows that were asked for have come.
    pub fn filled(&mut self) {
        self.all.retain(|pending| !pending.paged);
    }

    /// Whether a case is among those that something is being decided about.
    pub fn about(&self, row: RowId) -> bool {
        self.all.iter().any(|pending| pending.is_about(row))
    }

    /// A case with what is being decided about it.
    pub fn seen<'r>(&'r self, row: &'r ReviewRow) -> Seen<'r> {
        let judgement = row.state.verdict.as_ref();
        let mut seen = Seen {
            verdict: judgement.map(|judgement| judgement.verdict),
            reason: judgement.and_then(|judgement| judgement.reason.as_deref()),
            note: &row.state.note,
            tags: row.state.tags.iter().map(String::as_str).collect(),
            pending: false,
        };
        for pending in self.all.iter().filter(|pending| pending.is_about(row.row)) {
            seen.pending |= !pending.kept;
            match &pending.change {
                Change::Judge { verdict, reason } => (seen.verdict, seen.reason) = (*verdict, reason.as_deref()),
                Change::Reason { reason } => seen.reason = reason.as_deref(),
                Change::Note { text } => seen.note = text,
                Change::Tag { tag, on: true } => _ = seen.tags.insert(tag),
                Change::Tag { tag, on: false } => _ = seen.tags.remove(tag.as_str()),
                Change::Undo { .. } | Change::Redo { .. } => {}
            }
        }
        seen
    }
}
