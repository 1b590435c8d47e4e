//! Owns what a running job holds: its token to be stopped by, and its voice. News of one job come at most thirty times a
//! second, the last progress always before the end, no event of a series is lost, and there is exactly one end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::job::Ticket;
use super::mailbox::Mailbox;
use super::news::{LogLine, News, Report, ReviewNews, WatchedFile};
use super::pacer::Pacer;
use crate::browse::RowCount;
use crate::cancel::CancelToken;
use crate::event::{Event, EventSink};
use crate::team::TeamState;

/// Log lines that wait to be told; older ones are in the file.
const MOST_LOG_LINES: usize = 1_000;

/// A job's token and voice. Clones are the same job.
#[derive(Clone)]
pub struct Reporter(Arc<Voice>);

/// What clones share.
pub(super) struct Voice {
    ticket: Ticket,
    cancel: CancelToken,
    stop_after_stage: CancelToken,
    pacer: Arc<Pacer>,
    mailbox: Mailbox,
    waiting: Mutex<Waiting>,
    /// Whether the end was told. Held while telling, so that nothing overtakes or follows the end.
    ended: Mutex<bool>,
    /// Whether the pacer knows that something waits.
    due: Arc<AtomicBool>,
}

/// What waits besides events.
#[derive(Default)]
struct Waiting {
    progress: Option<(u64, Option<u64>, String)>,
    rows: Option<RowCount>,
    lines: Vec<LogLine>,
    /// How the exchange stands, until the answer is told.
    team: Option<TeamState>,
}

impl Reporter {
    pub(super) fn new(ticket: Ticket, pacer: &Arc<Pacer>) -> Self {
        Self(Arc::new_cyclic(|voice: &std::sync::Weak<Voice>| {
            let bell = voice.clone();
            Voice {
                ticket,
                cancel: CancelToken::new(),
                stop_after_stage: CancelToken::new(),
                pacer: Arc::clone(pacer),
                mailbox: Mailbox::new(ticket, move || {
                    if let Some(voice) = bell.upgrade() {
                        voice.announce();
                    }
                }),
                waiting: Mutex::default(),
                ended: Mutex::new(false),
                due: Arc::new(AtomicBool::new(false)),
            }
        }))
    }

    /// Whose job it is.
    pub fn ticket(&self) -> Ticket {
        self.0.ticket
    }

    /// Asks the job to stop; long work polls it.
    pub fn cancel(&self) -> &CancelToken {
        &self.0.cancel
    }

    /// Asks a run of stages to end when the present one does.
    pub fn stop_after_stage(&self) -> &CancelToken {
        &self.0.stop_after_stage
    }

    /// Says how far the job is. Cheap, and never waits for the console; only the latest is told.
    pub fn progress(&self, done: u64, total: Option<u64>, note: impl Into<String>) {
        self.0.waiting().progress = Some((done, total, note.into()));
        self.0.announce();
    }

    /// Says that a table's index has grown. Told after the end, and only the latest.
    pub fn rows(&self, count: RowCount) {
        self.0.waiting().rows = Some(count);
        self.0.announce();
    }

    /// Adds a line of the log, also after the end.
    pub fn line(&self, line: LogLine) {
        {
            let lines = &mut self.0.waiting().lines;
            if lines.len() >= MOST_LOG_LINES {
                lines.remove(0);
            }
            lines.push(line);
        }
        self.0.announce();
    }

    /// Tells at once what others decided, also after the end, and also when another file was asked for that may not open: who
    /// calls knows whether the file is still open. Comes twice a second at most.
    pub fn reviewed(&self, news: ReviewNews) {
        self.0.tell(Report::Reviewed(news));
    }

    /// Tells how the exchange with the team stands: after the answer, which has an older state, and then at once until the job
    /// is stale. Comes twice a second at most.
    pub fn team(&self, state: TeamState) {
        let ended = self.0.ended();
        if self.0.cancel.is_cancelled() {
            return;
        }
        if *ended {
            self.0.tell(Report::Team(state));
        } else {
            self.0.waiting().team = Some(state);
        }
    }

    /// Tells at once what became of a file in the watched directory; nothing after the end.
    pub fn watched(&self, file: WatchedFile) {
        let ended = self.0.ended();
        if !*ended {
            self.0.tell(Report::Watched(file));
        }
    }

    /// Tells what still waits, and then how the job ended. Only the first end counts.
    pub(super) fn end(&self, report: Report) {
        let mut ended = self.0.ended();
        if *ended {
            return;
        }
        self.0.tell_waiting(false);
        let answered = !matches!(report, Report::Cancelled);
        self.0.tell(report);
        let team = self.0.waiting().team.take();
        if let Some(state) = team.filter(|_| answered && !self.0.cancel.is_cancelled()) {
            self.0.tell(Report::Team(state));
        }
        *ended = true;
        drop(ended);
        if self.0.waiting().rows.is_some() {
            self.0.announce();
        }
    }
}

impl EventSink for Reporter {
    fn send(&self, event: Event) {
        self.0.mailbox.send(event);
    }
}

impl Voice {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the pacer come by.
    fn announce(self: &Arc<Self>) {
        if !self.due.swap(true, Ordering::AcqRel) {
            self.pacer.visit(Arc::clone(self));
        }
    }

    /// Tells what has come since the last time. Called by the pacer, which keeps the distance.
    pub(super) fn flush(&self) {
        let ended = self.ended();
        // Before anything is taken: what comes in between announces itself again.
        self.due.store(false, Ordering::Release);
        self.tell_waiting(*ended);
    }

    fn tell_waiting(&self, ended: bool) {
        let (progress, rows, lines) = {
            let waiting = &mut *self.waiting();
            (
                waiting.progress.take(),
                waiting.rows.take(),
                std::mem::take(&mut waiting.lines),
            )
        };
        // A count that came before the answer would be forgotten for the older one that the answer has, and if it was the
        // last, the table would never be known to be complete.
        if let Some(count) = rows.filter(|_| !ended) {
            self.waiting().rows.get_or_insert(count);
        }
        let rows = rows.filter(|_| ended);
        let events = self.mailbox.collect();
        if !ended {
            if !events.is_empty() {
                self.tell(Report::Events(events));
            }
            if let Some((done, total, note)) = progress {
                self.tell(Report::Progress { done, total, note });
            }
        }
        // These follow the end, unless nobody wants them any more.
        if !self.cancel.is_cancelled() {
            if let Some(count) = rows {
                self.tell(Report::Rows(count));
            }
            if !lines.is_empty() {
                self.tell(Report::Logged(lines));
            }
        }
    }

    fn tell(&self, report: Report) {
        let ticket = self.ticket;
        self.pacer.tell(News { ticket, report });
    }
}
