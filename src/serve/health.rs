//! Owns what probes ask: whether the server lives, whether it can score, and its numbers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::metrics::Facts;
use super::refusal::{ErrorBody, Refusal};
use super::state::Shared;

/// That the server lives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// What the server can do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Readiness {
    /// Always true; a server that is not ready answers 503.
    ready: bool,
    /// The run whose model scores.
    run_id: String,
    /// Whether the model that is named cannot be used and the last good one scores in its place. The log says why.
    stale: bool,
}

/// Whether the server lives.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the server can score.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, body = Readiness), (status = 503, body = ErrorBody, description = "No model")))]
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Result<Json<Readiness>, Refusal> {
    let served = shared.served()?;
    Ok(Json(Readiness {
        ready: true,
        run_id: served.rows.run_id().to_owned(),
        stale: shared.holder.trouble().is_some(),
    }))
}

/// The same for clients of MLflow.
#[utoipa::path(get, path = "/ping", tag = "mlflow",
    responses((status = 200, description = "A model is loaded"), (status = 503, body = ErrorBody, description = "No model")))]
pub(super) async fn ping(State(shared): State<Arc<Shared>>) -> Result<&'static str, Refusal> {
    shared.served()?;
    Ok("\n")
}

/// The lock of the jobs is held while their record is written to disk: that is not waited for here.
async fn open_jobs(shared: &Shared) -> usize {
    let Some(jobs) = shared.jobs.clone() else {
        return 0;
    };
    tokio::task::spawn_blocking(move || jobs.open_jobs()).await.unwrap_or(0)
}

/// The server's numbers, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operation", security(("token" = [])),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 401, body = ErrorBody)))]
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let served = shared.holder.get();
    let text = shared.metrics.text(&Facts {
        model: served.as_ref().map(|served| (served.rows.run_id(), served.name)),
        stale: shared.holder.trouble().is_some(),
        streams: shared
            .options
            .limits
            .streams
            .saturating_sub(shared.streams.available_permits()),
        jobs: open_jobs(&shared).await,
    });
    let mut response = text.into_response();
    let value = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}
