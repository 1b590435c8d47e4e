//! Owns carrying out review jobs: the open file, and the thread that hears what others decide meanwhile.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use super::failure::{Ended, Failure};
use super::news::{Decided, Reply, ReviewNews};
use super::reporter::Reporter;
use super::review_job::{ExportScope, ReviewJob};
use crate::browse::Work;
use crate::cancel::CancelToken;
use crate::data::RowId;
use crate::export::Format;
use crate::review::{Changed, OpenedStore, Outcome, Review, ReviewError, Scope, Sought};
use crate::surroundings::Surroundings;
use crate::triage::CaseId;

/// How often the store is asked whether others have written.
const LISTEN: Duration = Duration::from_millis(500);

/// Opens the store of a workspace, whatever state it is in.
type OpenStore = Box<dyn Fn(&Surroundings) -> OpenedStore + Send + Sync>;

/// Hears which case is looked at, none when its file is closed. Must not wait.
type Looking = Box<dyn Fn(Option<CaseId>) + Send + Sync>;

/// Reviews one file at a time. Jobs may run on several threads at once.
pub(super) struct Reviewer {
    surroundings: Arc<Surroundings>,
    open_store: OpenStore,
    looking: Looking,
    opened: RwLock<Option<Opened>>,
    ahead: Ahead,
}

/// The open file, with what ends the threads beside it when it is closed.
struct Opened {
    review: Arc<Review>,
    closing: CancelToken,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

impl Reviewer {
    /// Nothing is open yet.
    pub(super) fn new(surroundings: Arc<Surroundings>, open_store: OpenStore, looking: Looking) -> Self {
        Self {
            surroundings,
            open_store,
            looking,
            opened: RwLock::new(None),
            ahead: Ahead::default(),
        }
    }

    /// Carries out one job.
    pub(super) fn run(&self, job: &ReviewJob, reporter: &Reporter) -> Result<Reply, Ended> {
        let progress = |done, total, note: &str| reporter.progress(done, total, note);
        let control = Work {
            cancel: reporter.cancel(),
            progress: &progress,
        };
        if let ReviewJob::Open { path } = job {
            return self.open(path.as_deref(), control, reporter).map_err(of);
        }
        let Some(review) = self.review() else {
            return Err(Ended::Failed(Failure::new("no scored file is open; open one first")));
        };
        if let ReviewJob::Card { at } = job {
            // What is asked for goes before what may be asked for.
            self.ahead.stop();
            let card = review.card(*at, control.cancel).map_err(of)?;
            self.ahead.start(&review, *at);
            self.look_at(&review, card.row.row);
            return Ok(Reply::Card(Box::new(card)));
        }
        carry_out(&review, job, control).map_err(of)
    }

    fn review(&self) -> Option<Arc<Review>> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.as_ref().map(|opened| Arc::clone(&opened.review))
    }

    /// Says that a case of that file is looked at, unless another file was opened meanwhile.
    fn look_at(&self, review: &Arc<Review>, row: RowId) {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        if opened
            .as_ref()
            .is_some_and(|opened| Arc::ptr_eq(&opened.review, review))
        {
            let schema = review.file().schema_name().to_owned();
            (self.looking)(Some(CaseId { schema, row }));
        }
    }

    fn open(&self, path: Option<&Path>, control: Work<'_>, reporter: &Reporter) -> Result<Reply, ReviewError> {
        let store = (self.open_store)(&self.surroundings);
        let review = Arc::new(Review::open(&self.surroundings, path, store, control)?);
        control.cancel.check()?;
        let reply = Reply::ReviewOpened(Box::new(review.opened()));
        let opened = Opened {
            review: Arc::clone(&review),
            closing: CancelToken::new(),
        };
        listen(&review, reporter.clone(), opened.closing.clone());
        read_run(&review, opened.closing.clone());
        let mut open = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        let before = open.replace(opened);
        (self.looking)(None);
        drop(open);
        // It goes with its last job.
        drop(before);
        Ok(reply)
    }
}

fn carry_out(review: &Review, job: &ReviewJob, control: Work<'_>) -> Result<Reply, ReviewError> {
    match job {
        // Answered before.
        ReviewJob::Open { .. } | ReviewJob::Card { .. } => Err(ReviewError::Refused("asked for twice".to_owned())),
        ReviewJob::Arrange { queue, filters, keep } => review.arrange(queue, filters, *keep, control).map(Reply::Queue),
        ReviewJob::Similar { row, differences } => review.similar(*row, *differences, control).map(Reply::Queue),
        ReviewJob::Page {
            first,
            count,
            columns,
            cell,
        } => review.page(*first, *count, columns, *cell).map(Reply::Cases),
        ReviewJob::NextUnreviewed { from, direction } => Ok(Reply::CaseAt(review.next_unreviewed(*from, *direction))),
        ReviewJob::Find {
            text,
            regex,
            case,
            from,
            direction,
        } => {
            let sought = Sought {
                text: text.clone(),
                regex: *regex,
                case: *case,
            };
            review.find(&sought, *from, *direction, control).map(Reply::CaseAt)
        }
        ReviewJob::Decide(decision) => review.decide(decision).map(decided),
        ReviewJob::Undo => review.undo().map(decided),
        ReviewJob::Redo => review.redo().map(decided),
        ReviewJob::Rules => Ok(Reply::Rules(review.rules())),
        ReviewJob::WhatIf { condition } => review.what_if(condition, control).map(Reply::WhatIf),
        ReviewJob::AddRule {
            condition,
            reason,
            days,
        } => {
            review.add_rule(condition, reason, *days, control)?;
            Ok(Reply::Rules(review.rules()))
        }
        ReviewJob::WithdrawRule { rule } => {
            review.withdraw_rule(*rule, control)?;
            Ok(Reply::Rules(review.rules()))
        }
        ReviewJob::InView { rows } => Ok(Reply::InView(review.in_view(rows))),
        ReviewJob::Export {
            format,
            scope,
            path,
            replace,
        } => {
            let format: Format = format.parse().map_err(ReviewError::Refused)?;
            let scope = match scope {
                ExportScope::All => Scope::All,
                ExportScope::View => Scope::View,
                ExportScope::Judged => Scope::Judged,
            };
            let written = review.export(format, scope, path, *replace, control)?;
            Ok(Reply::RowsWritten {
                path: path.clone(),
                rows: written.rows,
                without_indicator: written.without_indicator,
            })
        }
    }
}

fn decided(outcome: Outcome) -> Reply {
    Reply::Decided(Decided {
        what: outcome.what,
        cases: outcome.cases,
        hidden: outcome.hidden,
        kept: outcome.kept,
        progress: outcome.progress,
        conflicts: outcome.conflicts,
        at: outcome.at,
    })
}

fn of(error: ReviewError) -> Ended {
    match error {
        ReviewError::Cancelled(_) => Ended::Cancelled,
        other => Ended::Failed(Failure::of(&other)),
    }
}

/// Reads the run behind a file, for its cards, while its list is on the screen already.
fn read_run(review: &Arc<Review>, cancel: CancelToken) {
    let review = Arc::clone(review);
    let thread = std::thread::Builder::new().name("nsec-run".to_owned());
    if let Err(error) = thread.spawn(move || review.read_run(&cancel)) {
        tracing::warn!("no thread to read the run: {error}");
    }
}

/// Makes cards ready ahead of the cursor, on a thread of its own that begins with the first card.
#[derive(Default)]
struct Ahead {
    wish: Arc<(Mutex<Wish>, Condvar)>,
}

/// What is to be made ready.
#[derive(Default)]
struct Wish {
    /// Around which place of which file; taken by the thread.
    around: Option<(Weak<Review>, u64)>,
    /// Stops what the thread is at.
    running: CancelToken,
    started: bool,
    closed: bool,
}

impl Ahead {
    fn wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        let mut wish = self.wish();
        wish.around = None;
        wish.running.cancel();
    }

    fn start(&self, review: &Arc<Review>, at: u64) {
        let mut wish = self.wish();
        wish.around = Some((Arc::downgrade(review), at));
        if !wish.started {
            let shared = Arc::clone(&self.wish);
            let thread = std::thread::Builder::new().name("nsec-cards-ahead".to_owned());
            wish.started = thread.spawn(move || make_ready(&shared)).is_ok();
        }
        drop(wish);
        self.wish.1.notify_all();
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        let mut wish = self.wish();
        wish.closed = true;
        wish.running.cancel();
        drop(wish);
        self.wish.1.notify_all();
    }
}

fn make_ready(shared: &(Mutex<Wish>, Condvar)) {
    let mut wish = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !wish.closed {
        let Some((review, at)) = wish.around.take() else {
            wish = shared.1.wait(wish).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let cancel = CancelToken::new();
        wish.running = cancel.clone();
        drop(wish);
        if let Some(review) = review.upgrade()
            && let Err(error) = review.prepare_cards(at, &cancel)
        {
            tracing::debug!("cards were not made ready: {error}");
        }
        wish = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    }
}

/// Tells what others decide, until the file is closed.
fn listen(review: &Arc<Review>, reporter: Reporter, closing: CancelToken) {
    let review = Arc::downgrade(review);
    let thread = std::thread::Builder::new().name("nsec-verdicts".to_owned());
    if let Err(error) = thread.spawn(move || hear(&review, &reporter, &closing)) {
        tracing::warn!("no thread to hear what others decide: {error}");
    }
}

fn hear(review: &Weak<Review>, reporter: &Reporter, closing: &CancelToken) {
    let control = Work {
        cancel: closing,
        progress: &|_, _, _| {},
    };
    loop {
        std::thread::sleep(LISTEN);
        if closing.is_cancelled() {
            return;
        }
        let Some(review) = review.upgrade() else { return };
        match review.poll(control) {
            Ok(None) => {}
            Ok(Some(_)) if closing.is_cancelled() => return,
            Ok(Some(changed)) => reporter.reviewed(news(changed)),
            Err(error) => tracing::warn!("rules were not applied: {error}"),
        }
    }
}

fn news(changed: Changed) -> ReviewNews {
    ReviewNews {
        what: changed.what,
        conflicts: changed.conflicts,
        progress: changed.progress,
        store: changed.store,
    }
}
