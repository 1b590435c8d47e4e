//! Owns `logs/serve_jobs.json`: every training job that was asked for, written whole before it is acknowledged. One server
//! holds it at a time, by a lock that the system releases however the process ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wish::TrainWish;
use crate::artifacts::{Timestamp, WriteError, atomic};
use crate::workspace::Workspace;

/// Jobs that are remembered.
const REMEMBERED: usize = 200;
/// How long the lock is waited for, and how often it is asked for.
const LOCK_WAIT: Duration = Duration::from_millis(500);
const LOCK_POLL: Duration = Duration::from_millis(10);
/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;
/// What became of jobs that a killed server left.
pub(super) const KILLED: &str = "the server ended before the job did; ask for it again under a new key";

/// How a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::serve) enum JobState {
    /// It waits for others to end.
    Queued,
    /// It trains.
    Running,
    /// It came to a model.
    Finished,
    /// It did not.
    Failed,
    /// It was asked to stop.
    Cancelled,
}

impl JobState {
    pub(in crate::serve) fn has_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Cancelled)
    }
}

/// A training job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(in crate::serve) struct Job {
    /// Its name: `/v1/jobs/{id}`.
    pub(in crate::serve) id: String,
    /// How it stands.
    pub(in crate::serve) state: JobState,
    /// What was asked for.
    pub(in crate::serve) request: TrainWish,
    /// The key under which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::serve) idempotency_key: Option<String>,
    /// When it was asked for, UTC.
    #[schema(value_type = String)]
    pub(in crate::serve) created_at: Timestamp,
    /// When it began.
    #[schema(value_type = Option<String>)]
    pub(in crate::serve) started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>)]
    pub(in crate::serve) finished_at: Option<Timestamp>,
    /// How far it is.
    pub(in crate::serve) progress: Option<JobProgress>,
    /// The run it makes.
    pub(in crate::serve) run_id: Option<String>,
    /// What came of it: the family, its metrics on the test rows, whether it was promoted, and why.
    #[schema(value_type = Option<Object>)]
    pub(in crate::serve) outcome: Option<serde_json::Value>,
    /// Why it failed.
    pub(in crate::serve) error: Option<String>,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub(in crate::serve) struct JobProgress {
    /// The stage that runs.
    #[schema(example = "training")]
    pub(in crate::serve) stage: String,
    /// Units of work that are done.
    pub(in crate::serve) done: u64,
    /// Units in all, where that is known.
    pub(in crate::serve) total: Option<u64>,
    /// What is being done.
    pub(in crate::serve) note: String,
}

impl Job {
    pub(super) fn new(request: TrainWish, idempotency_key: Option<String>) -> Self {
        Self {
            id: Uuid::now_v7().simple().to_string(),
            state: JobState::Queued,
            request,
            idempotency_key,
            created_at: Timestamp::now(),
            started_at: None,
            finished_at: None,
            progress: None,
            run_id: None,
            outcome: None,
            error: None,
        }
    }
}

/// Why jobs cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Another server of this workspace trains.
    #[error("another server of this workspace takes training jobs; end it, or start this one without --allow-train")]
    Held,
    /// A file cannot be used.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// The record is damaged, or of a newer version.
    #[error("{}: {reason}; move it away, only the memory of past jobs is in it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The record cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

#[derive(Serialize, Deserialize)]
struct Page {
    format: u32,
    jobs: Vec<Job>,
}

/// The record.
#[derive(Debug)]
pub(super) struct Book {
    path: PathBuf,
    jobs: Vec<Job>,
    _lock: File,
}

impl Book {
    /// Takes the record over: what was not ended when its server was is failed.
    pub(super) fn open(workspace: &Workspace) -> Result<Self, BookError> {
        let path = workspace.logs_dir().join("serve_jobs.json");
        let lock = locked(workspace.logs_dir().join("serve_jobs.lock"))?;
        let jobs = match std::fs::read(&path) {
            Ok(bytes) => jobs_in(&bytes).map_err(|reason| BookError::Damaged {
                path: path.clone(),
                reason,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(cause) => return Err(BookError::File { path, cause }),
        };
        let mut book = Self {
            path,
            jobs,
            _lock: lock,
        };
        let now = Timestamp::now();
        let mut changed = false;
        for job in book.jobs.iter_mut().filter(|job| !job.state.has_ended()) {
            job.state = JobState::Failed;
            job.finished_at = Some(now);
            job.error = Some(KILLED.to_owned());
            changed = true;
        }
        if changed {
            book.write()?;
        }
        Ok(book)
    }

    pub(super) fn write(&self) -> Result<(), WriteError> {
        let page = Page {
            format: FORMAT,
            jobs: self.jobs.clone(),
        };
        atomic::write_json(&self.path, &page)
    }

    /// Adds a job; the oldest that has ended is forgotten where there are too many.
    pub(super) fn push(&mut self, job: Job) {
        if self.jobs.len() >= REMEMBERED
            && let Some(oldest) = self.jobs.iter().position(|job| job.state.has_ended())
        {
            self.jobs.remove(oldest);
        }
        self.jobs.push(job);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.jobs.retain(|job| job.id != id);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    pub(super) fn by_key(&self, key: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.idempotency_key.as_deref() == Some(key))
    }

    pub(super) fn change(&mut self, id: &str, change: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) {
            change(job);
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.jobs.iter().filter(|job| job.state == JobState::Queued).count()
    }

    pub(super) fn next_waiting(&self) -> Option<String> {
        let next = self.jobs.iter().find(|job| job.state == JobState::Queued);
        next.map(|job| job.id.clone())
    }
}

fn jobs_in(bytes: &[u8]) -> Result<Vec<Job>, String> {
    let page: Page =
        serde_json::from_slice(bytes).map_err(|error| format!("the record of jobs is damaged: {error}"))?;
    if page.format > FORMAT {
        return Err(format!("was made by a newer version (format {})", page.format));
    }
    Ok(page.jobs)
}

fn locked(path: PathBuf) -> Result<File, BookError> {
    let failed = |path: &PathBuf, cause| BookError::File {
        path: path.clone(),
        cause,
    };
    atomic::create_parents(&path)?;
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|cause| failed(&path, cause))?;
    let asked = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // A server that was just killed, or a process that it was starting, may have it for a moment still.
            Err(TryLockError::WouldBlock) if asked.elapsed() < LOCK_WAIT => std::thread::sleep(LOCK_POLL),
            Err(TryLockError::WouldBlock) => return Err(BookError::Held),
            Err(TryLockError::Error(cause)) => return Err(failed(&path, cause)),
        }
    }
}
