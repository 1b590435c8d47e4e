//! The tests of the Review panel's state: what is decided about which case, and what the marks are about.

mod cards;
mod marks;
mod typing;
mod window;

use std::path::PathBuf;

use crate::browse::{ColumnInfo, ColumnKind};
use crate::tui::app::{App, Command, Effect, Message, Panel, Start, update};
use crate::tui::keymap::{KeySettings, Keymap};
use crate::worker::{
    Action, CaseState, Change, Decided, Decision, Job, Kept, News, OpenedReview, Progress, Queue, QueueView, Reply,
    Report, ReviewJob, ReviewPage, ReviewRow, RiskLevel, RowId, Selection, StoreState, Ticket, Verdict,
};

/// A case by its number; its name says nothing of its place.
pub(super) fn row(number: u64) -> ReviewRow {
    ReviewRow {
        row: RowId(1_000 + number),
        ordinal: number,
        copies: 1,
        probability: 0.9,
        confidence: 0.9,
        flagged: true,
        risk: RiskLevel::Critical,
        action: Action::Block,
        reason: "a = 1".to_owned(),
        state: CaseState::default(),
        suppressed: None,
        cells: vec!["1".to_owned()],
    }
}

pub(super) fn page(first: u64, numbers: impl IntoIterator<Item = u64>) -> ReviewPage {
    ReviewPage {
        first,
        rows: numbers.into_iter().map(row).collect(),
    }
}

fn opened() -> OpenedReview {
    OpenedReview {
        path: PathBuf::from("/w/output.csv"),
        name: "output.csv".to_owned(),
        schema: "phishing".to_owned(),
        run: "20261127T080000Z-0001".to_owned(),
        without_model: None,
        threshold: Some(0.5),
        columns: vec![ColumnInfo {
            name: "a".to_owned(),
            kind: ColumnKind::Integer,
        }],
        rows: 1_000,
        cases: 1_000,
        flagged: 1_000,
        risk: [0, 0, 0, 1_000],
        rejected: None,
        label_audit: false,
        analyst: "ana".to_owned(),
        store: StoreState::Ready,
        reasons: vec![(Verdict::TruePositive, vec!["phishing".to_owned()])],
        tags: vec!["campaign".to_owned()],
        list_columns: vec!["a".to_owned()],
        saved_queues: Vec::new(),
        bulk_confirm: 3,
        suppression_days: 30,
    }
}

pub(super) fn decided(what: &str, at: Option<u64>) -> Reply {
    Reply::Decided(Decided {
        what: what.to_owned(),
        cases: 1,
        hidden: 0,
        kept: Kept::Stored,
        progress: Progress {
            of: 1_000,
            judged: 1,
            ..Progress::default()
        },
        conflicts: 0,
        at,
    })
}

/// A console with a review of a thousand cases, whose worker answers only what a test lets it.
pub(super) struct Bench {
    pub(super) app: App,
    pub(super) now: u64,
    jobs: Vec<(Ticket, ReviewJob)>,
}

impl Bench {
    /// The file is open and its queue is shown; no case has come yet.
    pub(super) fn without_cases() -> Self {
        let app = App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default());
        let mut bench = Self {
            app,
            now: 0,
            jobs: Vec::new(),
        };
        bench.send(Message::Started { width: 80, height: 24 });
        bench.app.shared.request(Command::Show(Panel::Review));
        bench.send(Message::Woke);
        bench.answer(
            |job| matches!(job, ReviewJob::Open { .. }),
            Reply::ReviewOpened(Box::new(opened())),
        );
        bench.arranged(1_000);
        bench
    }

    /// The first cases are on the screen, too.
    pub(super) fn new() -> Self {
        let mut bench = Self::without_cases();
        bench.page_comes();
        bench
    }

    pub(super) fn arranged(&mut self, cases: u64) {
        let view = QueueView {
            number: 1,
            queue: Queue::TopRisk,
            filters: Vec::new(),
            cases,
            at: None,
            progress: Progress::default(),
        };
        self.answer(|job| matches!(job, ReviewJob::Arrange { .. }), Reply::Queue(view));
    }

    pub(super) fn send(&mut self, message: Message) {
        self.now += 10;
        for effect in update(&mut self.app, self.now, message) {
            if let Effect::Submit(ticket, Job::Review(job)) = effect {
                self.jobs.push((ticket, job));
            }
        }
    }

    pub(super) fn keys(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.send(Message::Key(key.parse().unwrap()));
        }
    }

    pub(super) fn tell(&mut self, ticket: Ticket, report: Report) {
        self.send(Message::News(Box::new(News { ticket, report })));
    }

    pub(super) fn latest(&self, wanted: impl Fn(&ReviewJob) -> bool) -> (Ticket, ReviewJob) {
        let found = self.jobs.iter().rev().find(|(_, job)| wanted(job));
        found.cloned().expect("there was such a job")
    }

    pub(super) fn asked(&self, wanted: impl Fn(&ReviewJob) -> bool) -> usize {
        self.jobs.iter().filter(|(_, job)| wanted(job)).count()
    }

    pub(super) fn answer(&mut self, wanted: impl Fn(&ReviewJob) -> bool, reply: Reply) {
        let (ticket, _) = self.latest(wanted);
        self.tell(ticket, Report::Done(Box::new(reply)));
    }

    /// The rows that were asked for last come: place and number are the same.
    pub(super) fn page_comes(&mut self) {
        self.page_comes_as(|at| at);
    }

    /// They come with another case at each place.
    pub(super) fn page_comes_as(&mut self, number: impl Fn(u64) -> u64) {
        let (_, job) = self.latest(|job| matches!(job, ReviewJob::Page { .. }));
        let ReviewJob::Page { first, count, .. } = job else {
            return;
        };
        let rows = (first..first + count as u64).map(number);
        self.answer(
            |job| matches!(job, ReviewJob::Page { .. }),
            Reply::Cases(page(first, rows.collect::<Vec<_>>())),
        );
    }

    /// Every decision so far, with its ticket.
    pub(super) fn decisions(&self) -> Vec<(Ticket, Decision)> {
        let decision = |(ticket, job): &(Ticket, ReviewJob)| match job {
            ReviewJob::Decide(decision) => Some((*ticket, decision.clone())),
            _ => None,
        };
        self.jobs.iter().filter_map(decision).collect()
    }

    /// The verdicts so far: case number and letter.
    pub(super) fn verdicts(&self) -> Vec<(u64, char)> {
        let one = |(_, decision): (Ticket, Decision)| match (decision.selection, decision.change) {
            (
                Selection::Cases(rows),
                Change::Judge {
                    verdict: Some(verdict), ..
                },
            ) => rows
                .into_iter()
                .map(|row| (row.0 - 1_000, verdict.letter()))
                .collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        self.decisions().into_iter().flat_map(one).collect()
    }

    pub(super) fn flash(&self) -> String {
        self.app
            .shared
            .flash
            .as_ref()
            .map(|flash| flash.text.clone())
            .unwrap_or_default()
    }
}
