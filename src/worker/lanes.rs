//! Owns the threads of the worker: which job runs on which, what is stale, how a job is given up, and how all of it ends.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::failure::{Ended, Failure};
use super::job::{Job, Kind, Ticket};
use super::news::{News, Reply, Report};
use super::pacer::Pacer;
use super::reporter::Reporter;
use crate::logging::LogGuard;
use crate::surroundings::Surroundings;

/// Who hears the news. Called from threads of the worker; it may wait, and then only news wait with it.
pub type Tell = Arc<dyn Fn(News) + Send + Sync>;

/// Does one job to its end.
type Work = Box<dyn Fn(&Job, &Reporter) -> Result<Reply, Ended> + Send + Sync>;

/// A thread with the jobs that wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    /// What the screen waits for.
    Screen,
    /// Runs, the registry, directories and small files.
    Records,
    /// Filter, order, find.
    Look,
    /// Statistics, exports, comparisons.
    Sums,
    /// The stages.
    Pipeline,
    /// What the review waits for: its file, queues, pages.
    Review,
    /// Cards.
    Cards,
    /// Decisions: whatever else goes on, they are kept at once.
    Decisions,
    /// The watched directory.
    Watch,
    /// Joining and leaving the team's server.
    Team,
    /// Tests of a connection: seconds, where a server is silent.
    TeamTest,
    /// The team's runs: minutes, where one is large.
    TeamRuns,
}

const LANES: [(Lane, &str); 12] = [
    (Lane::Screen, "nsec-screen"),
    (Lane::Records, "nsec-records"),
    (Lane::Look, "nsec-look"),
    (Lane::Sums, "nsec-sums"),
    (Lane::Pipeline, "nsec-pipeline"),
    (Lane::Review, "nsec-review"),
    (Lane::Cards, "nsec-cards"),
    (Lane::Decisions, "nsec-decisions"),
    (Lane::Watch, "nsec-watch"),
    (Lane::Team, "nsec-team-join"),
    (Lane::TeamTest, "nsec-team-test"),
    (Lane::TeamRuns, "nsec-team-runs"),
];

impl Lane {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Open | Kind::Page | Kind::Row => Self::Screen,
            Kind::Survey
            | Kind::Runs
            | Kind::Run
            | Kind::Scores
            | Kind::Registry
            | Kind::Directory
            | Kind::Log
            | Kind::Session => Self::Records,
            Kind::Arrange | Kind::Find | Kind::Count => Self::Look,
            Kind::Statistics | Kind::Export | Kind::Compare | Kind::Handover | Kind::Flips => Self::Sums,
            Kind::Validate | Kind::Train | Kind::Threshold | Kind::Predict | Kind::LabelAudit => Self::Pipeline,
            Kind::Review | Kind::Queue | Kind::Marks | Kind::Cases | Kind::Seek | Kind::WhatIf => Self::Review,
            Kind::Card => Self::Cards,
            Kind::Decide | Kind::Rules => Self::Decisions,
            Kind::Watch => Self::Watch,
            Kind::Team => Self::Team,
            Kind::TeamTest => Self::TeamTest,
            Kind::TeamRuns | Kind::TeamChange => Self::TeamRuns,
        }
    }
}

/// The threads beside the console. Dropping it asks everything to stop and waits for nothing.
pub struct Worker(Arc<Floor>);

/// What the threads share.
struct Floor {
    work: Work,
    pacer: Arc<Pacer>,
    state: Mutex<State>,
    /// Rung when a job comes, when one ends, and at the end.
    bell: Condvar,
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    waiting: [VecDeque<(Job, Reporter)>; LANES.len()],
    running: [Option<Reporter>; LANES.len()],
    /// The latest of each kind, also after its end: what it left going on (an index, a followed log) ends with it.
    latest: HashMap<Kind, Reporter>,
}

impl Worker {
    /// Starts the threads. `threads` is how many a stage may use; `log` gives log lines and puts the run on them.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn start(surroundings: Arc<Surroundings>, threads: usize, log: &LogGuard, tell: Tell) -> io::Result<Self> {
        let desk = Desk::new(surroundings, threads, log);
        Self::with(Box::new(move |job, reporter| desk.work(job, reporter)), tell)
    }

    /// Starts the threads; `work` does the jobs.
    pub(super) fn with(work: Work, tell: Tell) -> io::Result<Self> {
        let pacer = Arc::new(Pacer::new(tell));
        let floor = Arc::new(Floor {
            work,
            pacer: Arc::clone(&pacer),
            state: Mutex::default(),
            bell: Condvar::new(),
            closed: AtomicBool::new(false),
        });
        // Dropped on an error, it ends the threads that have begun.
        let worker = Self(Arc::clone(&floor));
        thread::Builder::new()
            .name("nsec-news".into())
            .spawn(move || pacer.run())?;
        for (lane, name) in LANES {
            let floor = Arc::clone(&floor);
            thread::Builder::new()
                .name(name.into())
                .spawn(move || floor.work(lane))?;
        }
        Ok(worker)
    }

    /// Hands in a job. An older one of its kind is stale from now on and ends as cancelled. Never waits.
    pub fn submit(&self, ticket: Ticket, job: Job) {
        let reporter = Reporter::new(ticket, &self.0.pacer);
        let kind = job.kind();
        let mut state = self.0.state();
        if self.0.closed.load(Ordering::Acquire) {
            return;
        }
        // A change that a person confirmed is made, whatever was asked for after it.
        if !matches!(kind, Kind::Registry | Kind::Decide | Kind::Rules | Kind::TeamChange)
            && let Some(older) = state.latest.get(&kind).cloned()
        {
            self.0.give_up(&mut state, &older);
        }
        state.latest.insert(kind, reporter.clone());
        state.waiting[Lane::of(kind) as usize].push_back((job, reporter));
        drop(state);
        self.0.bell.notify_all();
    }

    /// Gives a job up. It ends as cancelled, unless it had ended already or could not be stopped any more.
    pub fn cancel(&self, ticket: Ticket) {
        let mut state = self.0.state();
        if let Some(reporter) = state.find(ticket) {
            self.0.give_up(&mut state, &reporter);
        }
    }

    /// Has a training run end when its present stage does.
    pub fn stop_after_stage(&self, ticket: Ticket) {
        if let Some(reporter) = self.0.state().find(ticket) {
            reporter.stop_after_stage().cancel();
        }
    }

    /// The job of the pipeline that runs now.
    pub fn running(&self) -> Option<Ticket> {
        self.0.state().running[Lane::Pipeline as usize]
            .as_ref()
            .map(Reporter::ticket)
    }

    /// Whether a job of the pipeline runs or waits.
    pub fn busy(&self) -> bool {
        let state = self.0.state();
        let lane = Lane::Pipeline as usize;
        state.running[lane].is_some() || !state.waiting[lane].is_empty()
    }

    /// Gives up everything and waits, at most for `patience`, until no job runs any more; whether it came to that. What is
    /// handed in after this is dropped. Can be called from any thread, and more than once.
    pub fn shutdown(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        self.0.close();
        let mut state = self.0.state();
        loop {
            if state.running.iter().all(Option::is_none) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .0
                .bell
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl State {
    fn find(&self, ticket: Ticket) -> Option<Reporter> {
        let waiting = self.waiting.iter().flatten().map(|(_, reporter)| reporter);
        let mut all = waiting.chain(self.running.iter().flatten()).chain(self.latest.values());
        all.find(|reporter| reporter.ticket() == ticket).cloned()
    }
}

impl Floor {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a job to stop; one that has not begun is taken out of its queue.
    fn give_up(&self, state: &mut State, reporter: &Reporter) {
        reporter.cancel().cancel();
        let ticket = reporter.ticket();
        for queue in &mut state.waiting {
            let before = queue.len();
            queue.retain(|(_, waiting)| waiting.ticket() != ticket);
            if queue.len() < before {
                self.pacer.given_up(ticket);
            }
        }
    }

    fn close(&self) {
        let mut state = self.state();
        self.closed.store(true, Ordering::Release);
        let waiting = state.waiting.iter().flatten().map(|(_, reporter)| reporter.clone());
        let mut all: Vec<Reporter> = waiting.collect();
        all.extend(state.running.iter().flatten().cloned());
        all.extend(state.latest.values().cloned());
        for reporter in &all {
            self.give_up(&mut state, reporter);
        }
        drop(state);
        self.pacer.close();
        self.bell.notify_all();
    }

    /// A lane's thread: one job after the other, until the end.
    fn work(&self, lane: Lane) {
        while let Some((job, reporter)) = self.next(lane) {
            let ended = catch_unwind(AssertUnwindSafe(|| (self.work)(&job, &reporter)));
            let report = match ended {
                Ok(Ok(reply)) if !reporter.cancel().is_cancelled() || changes_something(job.kind()) => {
                    Report::Done(Box::new(reply))
                }
                Ok(Ok(_) | Err(Ended::Cancelled)) => Report::Cancelled,
                Ok(Err(Ended::Failed(_))) if reporter.cancel().is_cancelled() => Report::Cancelled,
                Ok(Err(Ended::Failed(failure))) => Report::Failed(failure),
                Err(panic) => Report::Failed(broken(&*panic)),
            };
            if let Report::Failed(failure) = &report {
                tracing::error!(job = ?job.kind(), details = failure.details.join("; "), "{}", failure.message);
            }
            self.state().running[lane as usize] = None;
            self.bell.notify_all();
            reporter.end(report);
        }
    }

    /// The lane's next job, which runs from now on; `None` at the end.
    fn next(&self, lane: Lane) -> Option<(Job, Reporter)> {
        let mut state = self.state();
        loop {
            if let Some((job, reporter)) = state.waiting[lane as usize].pop_front() {
                state.running[lane as usize] = Some(reporter.clone());
                return Some((job, reporter));
            }
            if self.closed.load(Ordering::Acquire) {
                return None;
            }
            state = self.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Whether a job leaves something behind, so that its answer is true also when nobody waits for it any more.
fn changes_something(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Registry
            | Kind::Train
            | Kind::Threshold
            | Kind::Export
            | Kind::Session
            | Kind::Predict
            | Kind::LabelAudit
            | Kind::Decide
            | Kind::Rules
            | Kind::Handover
            | Kind::Team
            | Kind::TeamChange
    )
}

/// What is said of a job that panicked.
fn broken(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let text = text.map_or_else(|| "no message".to_owned(), |text| text.replace('\n', " "));
    Failure {
        message: format!("a fault of this program stopped the job: {text}; the log has more, please report it"),
        details: Vec::new(),
    }
}
