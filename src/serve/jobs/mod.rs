//! Owns training over HTTP: a queue that is bounded, one job at a time, and a record on disk of what became of each.

mod book;
pub(super) mod routes;
mod wish;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

pub use book::BookError;
pub(super) use book::{Job, JobState};
pub(super) use wish::TrainWish;

use self::book::{Book, KILLED};
use super::refusal::Refusal;
use crate::artifacts::Timestamp;
use crate::cancel::CancelToken;
use crate::surroundings::Surroundings;

/// Jobs that wait at most.
const MOST_WAITING: usize = 8;

/// All jobs, and the way to the thread that does them.
pub(super) struct Jobs {
    inner: Mutex<Inner>,
    news: Condvar,
}

struct Inner {
    book: Book,
    /// Tokens of jobs that wait or run.
    cancels: BTreeMap<String, CancelToken>,
    ending: bool,
}

/// What came of asking for a job.
pub(super) enum Asked {
    New(Job),
    /// The same was asked for before, under the same key.
    Known(Job),
}

impl Jobs {
    /// Opens the record of jobs. Those that a server left unfinished are failed.
    ///
    /// # Errors
    /// Another server holds it, or it cannot be read or written.
    pub(super) fn open(surroundings: &Surroundings) -> Result<Arc<Self>, BookError> {
        let book = Book::open(&surroundings.workspace)?;
        Ok(Arc::new(Self {
            inner: Mutex::new(Inner {
                book,
                cancels: BTreeMap::new(),
                ending: false,
            }),
            news: Condvar::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jobs that wait or run.
    pub(super) fn open_jobs(&self) -> usize {
        self.lock().cancels.len()
    }

    /// Puts a job at the end of the queue. It is on disk before this answers.
    pub(super) fn ask(&self, wish: TrainWish, key: Option<String>) -> Result<Asked, Refusal> {
        let mut inner = self.lock();
        if let Some(known) = key.as_deref().and_then(|key| inner.book.by_key(key)) {
            if known.request == wish {
                return Ok(Asked::Known(known.clone()));
            }
            let message = "another training was asked for under this key; use a new one";
            return Err(Refusal::new(StatusCode::CONFLICT, "key_reused", message).field("Idempotency-Key"));
        }
        if inner.ending {
            return Err(Refusal::unavailable("ending", "the server is ending"));
        }
        if inner.book.waiting() >= MOST_WAITING {
            let message = format!("{MOST_WAITING} jobs wait already; try again when one has ended");
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "queue_full", message).after(30));
        }
        let job = Job::new(wish, key);
        inner.book.push(job.clone());
        if let Err(error) = inner.book.write() {
            inner.book.remove(&job.id);
            return Err(Refusal::internal(&error));
        }
        inner.cancels.insert(job.id.clone(), CancelToken::new());
        self.news.notify_all();
        Ok(Asked::New(job))
    }

    /// A job as it stands.
    pub(super) fn get(&self, id: &str) -> Option<Job> {
        self.lock().book.get(id).cloned()
    }

    /// Asks a job to stop; one that waits is over at once. One that has ended stays as it is.
    pub(super) fn cancel(&self, id: &str) -> Result<Option<Job>, Refusal> {
        let mut inner = self.lock();
        if let Some(cancel) = inner.cancels.get(id) {
            cancel.cancel();
        }
        let waits = inner.book.get(id).is_some_and(|job| job.state == JobState::Queued);
        if waits {
            inner.cancels.remove(id);
            inner.book.change(id, |job| {
                job.state = JobState::Cancelled;
                job.finished_at = Some(Timestamp::now());
            });
            inner.book.write().map_err(|error| Refusal::internal(&error))?;
        }
        Ok(inner.book.get(id).cloned())
    }

    /// Lets the running job be cancelled and no other begin.
    pub(super) fn end(&self) {
        let mut inner = self.lock();
        if std::mem::replace(&mut inner.ending, true) {
            return;
        }
        for cancel in inner.cancels.values() {
            cancel.cancel();
        }
        // Those that wait are told of now: nobody comes back to them.
        while let Some(id) = inner.book.next_waiting() {
            inner.cancels.remove(&id);
            inner.book.change(&id, |job| {
                job.state = JobState::Failed;
                job.finished_at = Some(Timestamp::now());
                job.error = Some(KILLED.to_owned());
            });
        }
        inner.write();
        self.news.notify_all();
    }

    /// The next job, once there is one; `None` when the server ends.
    fn next(&self) -> Option<(Job, CancelToken)> {
        let mut inner = self.lock();
        loop {
            if inner.ending {
                return None;
            }
            if let Some(id) = inner.book.next_waiting() {
                let cancel = inner.cancels.entry(id.clone()).or_default().clone();
                inner.book.change(&id, |job| {
                    job.state = JobState::Running;
                    job.started_at = Some(Timestamp::now());
                });
                inner.write();
                return Some((inner.book.get(&id)?.clone(), cancel));
            }
            inner = self.news.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Changes a job in memory: what is only progress need not outlive the server.
    fn progress(&self, id: &str, change: impl FnOnce(&mut Job)) {
        self.lock().book.change(id, change);
    }

    /// Changes a job, on disk too.
    fn change(&self, id: &str, change: impl FnOnce(&mut Job)) {
        let mut inner = self.lock();
        inner.book.change(id, change);
        let ended = inner.book.get(id).is_some_and(|job| job.state.has_ended());
        if ended {
            inner.cancels.remove(id);
        }
        inner.write();
    }
}

impl Inner {
    /// A record that cannot be written keeps no model from being trained: the run itself says what became of it.
    fn write(&self) {
        if let Err(error) = self.book.write() {
            tracing::error!("the record of training jobs: {error}");
        }
    }
}

/// Starts the thread that does jobs, one at a time.
///
/// # Errors
/// No thread is to be had.
pub(super) fn start(
    jobs: &Arc<Jobs>,
    surroundings: &Arc<Surroundings>,
    threads: usize,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let (jobs, surroundings) = (Arc::clone(jobs), Arc::clone(surroundings));
    std::thread::Builder::new().name("nsec-train".into()).spawn(move || {
        while let Some((job, cancel)) = jobs.next() {
            work::run(&jobs, &job, &surroundings, threads, &cancel);
        }
    })
}

#[cfg(test)]
mod tests;
