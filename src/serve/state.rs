//! Owns what all requests share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::body::Room;
use super::jobs::Jobs;
use super::metrics::Metrics;
use super::options::ServeOptions;
use super::page::Page;
use super::refusal::Refusal;
use super::served::{Holder, Served};
use crate::cancel::CancelToken;
use crate::surroundings::Surroundings;

/// What all requests share.
pub(super) struct Shared {
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) options: ServeOptions,
    pub(super) metrics: Metrics,
    pub(super) holder: Holder,
    /// Training, where it is allowed.
    pub(super) jobs: Option<Arc<Jobs>>,
    /// Requests worked on at once.
    pub(super) gate: Semaphore,
    /// The memory for bodies.
    pub(super) room: Room,
    /// Requests with large bodies among them.
    pub(super) heavy: Arc<Semaphore>,
    /// Streams among them.
    pub(super) streams: Arc<Semaphore>,
    pub(super) page: Page,
    /// Set when the time to drain is over: what still scores gives up.
    pub(super) cut_off: CancelToken,
}

impl Shared {
    pub(super) fn new(options: ServeOptions, surroundings: Arc<Surroundings>, jobs: Option<Arc<Jobs>>) -> Self {
        Self {
            metrics: Metrics::new(),
            holder: Holder::new(&surroundings, &options.model),
            jobs,
            gate: Semaphore::new(options.limits.concurrency),
            heavy: Arc::new(Semaphore::new(options.threads.max(2))),
            room: Room::of(options.limits.body_bytes),
            streams: Arc::new(Semaphore::new(options.limits.streams)),
            page: Page::new(options.token.is_some()),
            cut_off: CancelToken::new(),
            surroundings,
            options,
        }
    }

    /// The model that scores.
    ///
    /// # Errors
    /// 503: there is none yet.
    pub(super) fn served(&self) -> Result<Arc<Served>, Refusal> {
        self.holder.get().ok_or_else(|| {
            Refusal::unavailable("no_model", "there is no model to score with; train, or promote a run").after(5)
        })
    }
}
