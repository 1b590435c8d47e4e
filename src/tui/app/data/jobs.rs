//! Owns which jobs of the panel are on their way, what each was asked for, and how far the one is that counts.

use super::arrangement::Arrangement;
use crate::browse::Direction;
use crate::text::{grouped, percent};
use crate::tui::app::shared::Shared;
use crate::worker::{BrowseJob, Job, Kind, Ticket};

/// What a job was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To open a source.
    Open,
    /// To show other rows, or in another order.
    Arrange(Arrangement, Origin),
    /// To find a match.
    Find {
        /// The row in which the search began.
        from: u64,
        /// Which way.
        direction: Direction,
        /// Whether it began at the top, in a row without a match.
        from_top: bool,
    },
    /// To count the matches.
    Count,
    /// To compute a column's statistics.
    Statistics(usize),
    /// To read a row in full.
    Row(RowUse),
    /// To write the view to this path.
    Export(String),
}

/// Where a change of the rows comes from, so that its failure goes back there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A filter that was typed; it is the last one.
    Typed,
    /// A key.
    Key,
    /// The session before.
    Session,
}

/// What a row is read in full for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowUse {
    /// To be read.
    Detail,
    /// To copy this column's cell.
    CopyCell(usize),
    /// To copy the row.
    CopyRow,
    /// To keep only rows that have the value of this column, or to drop them.
    Filter {
        /// The column.
        column: usize,
        /// Whether to keep them.
        keep: bool,
    },
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it is about.
    pub kind: Kind,
    /// Units done.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// What is being done.
    pub note: String,
}

impl Progress {
    /// `sorting 45.0 %, Esc stops`.
    pub fn text(&self) -> String {
        match self.total {
            Some(total) => format!("{} {}, Esc stops", self.note, percent(self.done.min(total), total)),
            None => format!("{} {}, Esc stops", self.note, grouped(self.done)),
        }
    }
}

/// The jobs on their way, at most one of a kind.
#[derive(Debug, Default)]
pub struct Jobs {
    asked: Vec<(Ticket, Asked)>,
    progress: Option<(Ticket, Progress)>,
}

impl Jobs {
    /// Gives the worker a job.
    pub fn ask(&mut self, shared: &mut Shared, job: BrowseJob, asked: Asked) -> Ticket {
        let ticket = shared.submit(Job::Browse(job));
        self.asked.retain(|(older, _)| older.kind != ticket.kind);
        self.asked.push((ticket, asked));
        self.forget_progress();
        ticket
    }

    /// What a ticket was asked for.
    pub fn get(&self, ticket: Ticket) -> Option<&Asked> {
        self.asked.iter().find(|(of, _)| *of == ticket).map(|(_, asked)| asked)
    }

    /// The job of a kind that is on its way.
    pub fn running(&self, kind: Kind) -> Option<Ticket> {
        self.asked.iter().map(|(ticket, _)| *ticket).find(|of| of.kind == kind)
    }

    /// The change of the rows that is on its way.
    pub fn arranging(&self) -> Option<(&Arrangement, Origin)> {
        self.asked.iter().find_map(|(_, asked)| match asked {
            Asked::Arrange(wanted, origin) => Some((wanted, *origin)),
            _ => None,
        })
    }

    /// A job has ended.
    pub fn end(&mut self, ticket: Ticket) -> Option<Asked> {
        let at = self.asked.iter().position(|(of, _)| *of == ticket)?;
        let (_, asked) = self.asked.remove(at);
        self.forget_progress();
        Some(asked)
    }

    /// Takes note how far a job is.
    pub fn progressed(&mut self, ticket: Ticket, progress: Progress) {
        if self.get(ticket).is_some() {
            self.progress = Some((ticket, progress));
        }
    }

    /// How far the job is that told last.
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref().map(|(_, progress)| progress)
    }

    fn forget_progress(&mut self) {
        let ticket = self.progress.as_ref().map(|(ticket, _)| *ticket);
        if ticket.is_some_and(|ticket| self.get(ticket).is_none()) {
            self.progress = None;
        }
    }

    /// Nobody waits for any of them any more: another table is being opened.
    pub fn give_up(&mut self, shared: &mut Shared) {
        for (ticket, _) in std::mem::take(&mut self.asked) {
            shared.cancel(ticket);
        }
        self.progress = None;
    }

    /// Stops what a person waits for; whether there was something.
    pub fn stop(&mut self, shared: &mut Shared) -> bool {
        let waited = [Kind::Arrange, Kind::Find, Kind::Export, Kind::Statistics, Kind::Open];
        let running: Vec<Ticket> = waited.into_iter().filter_map(|kind| self.running(kind)).collect();
        for ticket in &running {
            shared.cancel(*ticket);
        }
        !running.is_empty()
    }
}
