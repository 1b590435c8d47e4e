//! Owns what the Review panel does with the worker's news.

use super::jobs::{Asked, Deciding};
use super::{ReviewPanel, Scored};
use crate::text::{counted, grouped};
use crate::tui::app::shared::Shared;
use crate::worker::{Decided, Failure, Kept, Kind, News, Reply, Report, ReviewNews, StoreState, Ticket};

impl ReviewPanel {
    pub(super) fn take_news(&mut self, shared: &mut Shared, news: &News) {
        let ticket = news.ticket;
        if self.window.waits_for(ticket) {
            return self.take_page(shared, &news.report);
        }
        if self.cards.waits_for(ticket) {
            return self.take_card(shared, &news.report);
        }
        match &news.report {
            Report::Reviewed(told) => self.others_decided(shared, told),
            Report::Progress { done, total, note } => self.progressed(ticket, *done, *total, note),
            Report::Done(reply) => {
                if let Some(asked) = self.jobs.end(ticket) {
                    self.progress = None;
                    self.take_reply(shared, ticket, asked, reply);
                }
            }
            Report::Failed(failure) => {
                if let Some(asked) = self.jobs.end(ticket) {
                    self.progress = None;
                    self.failed(shared, ticket, asked, failure);
                }
            }
            Report::Cancelled => {
                if let Some(asked) = self.jobs.end(ticket) {
                    self.progress = None;
                    self.cancelled(shared, ticket, asked);
                }
            }
            _ => {}
        }
    }

    fn take_page(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => match &**reply {
                Reply::Cases(page) => self.page_came(shared, page),
                _ => self.window.refused(),
            },
            Report::Failed(failure) => {
                self.window.refused();
                shared.complain(failure.message.clone());
            }
            Report::Cancelled => self.window.refused(),
            _ => {}
        }
    }

    fn take_card(&mut self, shared: &mut Shared, report: &Report) {
        match report {
            Report::Done(reply) => match &**reply {
                Reply::Card(card) => {
                    if self.cards.take((**card).clone()) {
                        self.open_card_if_wanted(shared);
                    } else {
                        // Another case stands at that place by now.
                        self.cards.missed();
                        self.window.outlived();
                    }
                }
                _ => self.cards.dropped(),
            },
            Report::Failed(failure) => self.cards.failed(failure.message.clone()),
            Report::Cancelled => self.cards.dropped(),
            _ => {}
        }
    }

    fn progressed(&mut self, ticket: Ticket, done: u64, total: Option<u64>, note: &str) {
        if let Scored::Opening { note: shown, .. } = &mut self.file
            && ticket.kind == Kind::Review
        {
            note.clone_into(shown);
        }
        if self.jobs.running(ticket.kind) == Some(ticket) {
            let how_far = match total {
                Some(total) => crate::text::percent(done.min(total), total),
                None => grouped(done),
            };
            self.progress = Some(format!("{note} {how_far}, Esc stops"));
        }
    }

    fn take_reply(&mut self, shared: &mut Shared, ticket: Ticket, asked: Asked, reply: &Reply) {
        match (asked, reply) {
            (Asked::Open(_), Reply::ReviewOpened(opened)) => self.opened(shared, opened),
            (Asked::Arrange(..), Reply::Queue(view)) => self.arranged(shared, view, None),
            (Asked::Similar(similar), Reply::Queue(view)) => self.arranged(shared, view, Some(similar)),
            (Asked::Seek(seeking), Reply::CaseAt(found)) => self.sought(shared, seeking, *found),
            (Asked::Decide(deciding), Reply::Decided(decided)) => self.decided(shared, ticket, deciding, decided),
            (Asked::Marks, Reply::InView(rows)) => self.marks.in_view(rows),
            (Asked::Range, Reply::Cases(page)) => self.range_came(shared, page),
            (Asked::Runs, Reply::Runs(list)) => self.ask_for_run(shared, list),
            _ => {}
        }
    }

    /// A decision is on disk.
    fn decided(&mut self, shared: &mut Shared, ticket: Ticket, deciding: Deciding, decided: &Decided) {
        self.pending.kept(ticket);
        self.view.progress = decided.progress.clone();
        if let (Kept::Journalled(why), Some(file)) = (&decided.kept, self.file.opened_mut())
            && file.store == StoreState::Ready
        {
            file.store = StoreState::Journal(why.clone());
        }
        self.window.outlived();
        let taken_back = matches!(deciding, Deciding::Undo | Deciding::Redo);
        // Every card counts what was judged, and names the nearest judged cases.
        self.cards.outlived();
        if let Some(at) = decided.at {
            self.window.go_to(at);
        }
        if deciding == Deciding::Many && self.pending.was_judged(ticket) {
            self.advance(shared);
        }
        let mut text = decided.what.clone();
        if decided.hidden > 0 {
            text.push_str(&format!("; {} hidden here were left alone", grouped(decided.hidden)));
        }
        if decided.conflicts > 0 {
            let who = if decided.conflicts == 1 {
                "another analyst says".to_owned()
            } else {
                format!("{} other analysts say", grouped(decided.conflicts))
            };
            shared.complain(format!(
                "{text}; {who} otherwise: both stand until one of you judges again"
            ));
        } else {
            let all = decided.progress.of > 0 && decided.progress.judged >= decided.progress.of;
            let done = (all && !taken_back).then(|| self.all_judged());
            let said = (deciding != Deciding::One || decided.hidden > 0).then_some(text);
            let parts: Vec<String> = said.into_iter().chain(done).collect();
            // One verdict among many is told by its sign in the list.
            if !parts.is_empty() {
                shared.say(parts.join("; "));
            }
        }
    }

    /// What others decided, or how the store is now.
    fn others_decided(&mut self, shared: &mut Shared, told: &ReviewNews) {
        self.view.progress = told.progress.clone();
        if let Some(file) = self.file.opened_mut() {
            file.store = told.store.clone();
        }
        if told.what.is_empty() {
            return;
        }
        self.window.outlived();
        self.cards.outlived();
        if told.conflicts > 0 {
            let cases = counted(told.conflicts, "case");
            let text = format!("{}; contradicted on {cases}: Q shows conflicts", told.what);
            shared.mention(text, true);
        } else {
            shared.mention(told.what.clone(), false);
        }
    }

    fn failed(&mut self, shared: &mut Shared, ticket: Ticket, asked: Asked, failure: &Failure) {
        match asked {
            Asked::Open(path) => self.open_failed(shared, path, failure),
            Asked::Arrange(wanted, origin) => self.arrange_failed(shared, &wanted, origin, failure),
            Asked::Seek(seeking) => self.seek_failed(shared, seeking, failure),
            Asked::Decide(deciding) => self.not_decided(shared, ticket, deciding, &failure.message),
            Asked::Marks => self.marks.untold(),
            Asked::Range => {
                // Asked for once more it would fail once more.
                self.marks.range = None;
                shared.complain(failure.message.clone());
            }
            Asked::Similar(_) | Asked::Runs => shared.complain(failure.message.clone()),
        }
    }

    /// Nothing was kept: the screen takes back what it showed, and marks are as they were.
    fn not_decided(&mut self, shared: &mut Shared, ticket: Ticket, deciding: Deciding, why: &str) {
        let rows = self.pending.failed(ticket);
        match deciding {
            Deciding::Undo => shared.complain(format!("nothing was taken back: {why}")),
            Deciding::Redo => shared.complain(format!("nothing was decided again: {why}")),
            Deciding::One => {
                let case = rows.first().map(ToString::to_string).unwrap_or_default();
                shared.complain(format!("NOT kept, case {case} is as it was: {why}"));
            }
            Deciding::Many => {
                self.marks.restore(&rows);
                shared.complain(format!("NOT kept, nothing was decided: {why}"));
            }
        }
    }

    fn cancelled(&mut self, shared: &mut Shared, ticket: Ticket, asked: Asked) {
        match asked {
            Asked::Open(path) => {
                let failure = Failure {
                    message: "opening was stopped".to_owned(),
                    details: Vec::new(),
                };
                self.resuming = None;
                self.open_failed(shared, path, &failure);
            }
            Asked::Arrange(..) | Asked::Similar(_) => shared.say("stopped; the queue is as it was"),
            Asked::Seek(_) => shared.say("stopped looking"),
            Asked::Decide(deciding) => self.not_decided(shared, ticket, deciding, "it was given up"),
            Asked::Marks => self.marks.untold(),
            Asked::Range | Asked::Runs => {}
        }
    }
}
