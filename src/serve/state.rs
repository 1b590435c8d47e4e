//! Owns what all requests share.

use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::{self, Room, Whole};
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

    /// A body that is held in memory, within the limits.
    ///
    /// # Errors
    /// As [`body::whole`].
    pub(super) async fn whole_body(&self, headers: &HeaderMap, body: Body) -> Result<Whole, Refusal> {
        let limits = &self.options.limits;
        body::whole(headers, body, limits.body_bytes, limits.request_time, &self.room).await
    }

    /// A place among the streams.
    ///
    /// # Errors
    /// 503: all are taken.
    pub(super) fn stream_place(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            let message = "as many streams as the server takes are open; try again when one has ended";
            Refusal::unavailable("busy", message)
        })
    }

    /// Does work that takes long, or much memory, on a thread that may block. Few do so at once.
    ///
    /// # Errors
    /// Those of the work.
    pub(super) async fn heavily<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = Arc::clone(&self.heavy).acquire_owned().await;
        let permit = permit.map_err(|error| Refusal::internal(&error))?;
        let work = move || {
            let _permit = permit;
            work()
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Refusal::internal(&error))?
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
