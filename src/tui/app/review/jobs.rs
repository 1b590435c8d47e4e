//! Owns which jobs of the panel are on their way, and what each was asked for.

use std::path::PathBuf;

use crate::browse::Direction;
use crate::tui::app::shared::Shared;
use crate::worker::{Job, Kind, Queue, ReviewJob, RowId, Ticket};

/// What a job was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To open a file; `None` is the one that `predict` writes to by default.
    Open(Option<PathBuf>),
    /// To show a queue.
    Arrange(Wanted, Origin),
    /// To show cases alike to one.
    Similar(SimilarTo),
    /// To find a case.
    Seek(Seeking),
    /// To keep a decision.
    Decide(Deciding),
    /// To say which marks are in view.
    Marks,
    /// To name the cases of a range.
    Range,
    /// To list runs, one of which is to be compared with.
    Runs,
}

/// A queue with filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The queue.
    pub queue: Queue,
    /// Conditions, all of which hold.
    pub filters: Vec<String>,
}

/// Where a change of the view comes from, so that its failure goes back there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A filter that was typed; it is the last one.
    Typed,
    /// A key.
    Key,
    /// The session before.
    Session,
    /// The file was opened.
    Opening,
}

/// Cases alike to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimilarTo {
    /// The case.
    pub row: RowId,
    /// In how many columns they may differ.
    pub differences: usize,
    /// What was shown before, to go back to.
    pub before: Wanted,
}

/// What is sought among the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeking {
    /// Why.
    pub why: Sought,
    /// Which way.
    pub direction: Direction,
    /// The place it began from.
    pub from: u64,
}

/// Why a case is sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sought {
    /// One was judged; the next is to be.
    Advance,
    /// A key.
    Unreviewed,
    /// A text.
    Match,
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deciding {
    /// About one case.
    One,
    /// About several.
    Many,
    /// The last decision is taken back.
    Undo,
    /// It is decided again.
    Redo,
}

/// The jobs on their way: at most one of a kind, but for decisions.
#[derive(Debug, Default)]
pub struct Jobs {
    asked: Vec<(Ticket, Asked)>,
}

impl Jobs {
    /// Gives the worker a job of the review.
    pub fn ask(&mut self, shared: &mut Shared, job: ReviewJob, asked: Asked) -> Ticket {
        self.ask_any(shared, Job::Review(job), asked)
    }

    /// Gives the worker any job.
    pub fn ask_any(&mut self, shared: &mut Shared, job: Job, asked: Asked) -> Ticket {
        let ticket = shared.submit(job);
        if ticket.kind != Kind::Decide {
            self.asked.retain(|(older, _)| older.kind != ticket.kind);
        }
        self.asked.push((ticket, asked));
        ticket
    }

    /// A job has ended.
    pub fn end(&mut self, ticket: Ticket) -> Option<Asked> {
        let at = self.asked.iter().position(|(of, _)| *of == ticket)?;
        Some(self.asked.remove(at).1)
    }

    /// The job of a kind that is on its way.
    pub fn running(&self, kind: Kind) -> Option<Ticket> {
        self.asked.iter().map(|(ticket, _)| *ticket).find(|of| of.kind == kind)
    }

    /// Another job of a kind took its place.
    pub fn forget(&mut self, kind: Kind) {
        self.asked.retain(|(ticket, _)| ticket.kind != kind);
    }

    /// What is sought.
    pub fn seeking(&self) -> Option<Seeking> {
        self.asked.iter().find_map(|(_, asked)| match asked {
            Asked::Seek(seeking) => Some(*seeking),
            _ => None,
        })
    }

    /// The queue that is being made.
    pub fn arranging(&self) -> Option<&Wanted> {
        self.asked.iter().find_map(|(_, asked)| match asked {
            Asked::Arrange(wanted, _) => Some(wanted),
            _ => None,
        })
    }

    /// Whether an undo or redo is on its way.
    pub fn taking_back(&self) -> bool {
        let back = |asked: &Asked| matches!(asked, Asked::Decide(Deciding::Undo | Deciding::Redo));
        self.asked.iter().any(|(_, asked)| back(asked))
    }

    /// Whether a decision about several cases is on its way.
    pub fn deciding_many(&self) -> bool {
        let many = |asked: &Asked| matches!(asked, Asked::Decide(Deciding::Many));
        self.asked.iter().any(|(_, asked)| many(asked))
    }

    /// Another file is opened: nobody waits for any of them any more, but for decisions, which are kept all the same.
    pub fn give_up(&mut self, shared: &mut Shared) {
        for (ticket, _) in self.asked.iter().filter(|(ticket, _)| ticket.kind != Kind::Decide) {
            shared.cancel(*ticket);
        }
        self.asked.retain(|(ticket, _)| ticket.kind == Kind::Decide);
    }

    /// Stops what a person waits for; whether there was something.
    pub fn stop(&mut self, shared: &mut Shared) -> bool {
        let running: Vec<Ticket> = [Kind::Queue, Kind::Seek, Kind::Review]
            .into_iter()
            .filter_map(|kind| self.running(kind))
            .collect();
        for ticket in &running {
            shared.cancel(*ticket);
        }
        !running.is_empty()
    }
}
