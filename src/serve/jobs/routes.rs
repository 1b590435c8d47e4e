//! Owns `POST /v1/train`, `GET` and `DELETE /v1/jobs/{id}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Asked, Job, Jobs, TrainWish};
use crate::serve::body;
use crate::serve::media::Form;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::state::Shared;

/// Bytes of a body that asks for training.
const LONGEST: usize = 64 << 10;
/// Letters of a key.
const LONGEST_KEY: usize = 200;

fn jobs(shared: &Shared) -> Result<&Arc<Jobs>, Refusal> {
    shared.jobs.as_ref().ok_or_else(|| {
        let message = "training over HTTP is off; start the server with --allow-train";
        Refusal::new(StatusCode::FORBIDDEN, "training_disabled", message)
    })
}

/// Asks for a training on the workspace's data. It is on disk when this answers; jobs run one at a time.
#[utoipa::path(post, path = "/v1/train", tag = "training", security(("token" = [])),
    request_body(content((TrainWish = "application/json"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Asking again under the same key answers the same job")),
    responses(
        (status = 202, body = Job, description = "Under way; Location says where to look"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Training is off, or the request comes from another site"),
        (status = 408, body = ErrorBody), (status = 409, body = ErrorBody, description = "The key was used for something else"),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 429, body = ErrorBody, description = "Too many jobs wait"), (status = 503, body = ErrorBody)))]
pub(in crate::serve) async fn train(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let jobs = Arc::clone(jobs(&shared)?);
    let (head, body) = request.into_parts();
    let key = key_of(&head.headers)?;
    let bytes = body::whole(
        &head.headers,
        body,
        LONGEST,
        shared.options.limits.request_time,
        &shared.room,
    )
    .await?;
    let wish = if bytes.trim_ascii().is_empty() {
        TrainWish::default()
    } else {
        if Form::of_body(&head.headers)? != Form::Json {
            let message = "what to train is asked for in application/json";
            let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message);
            return Err(refusal.field("Content-Type"));
        }
        serde_json::from_slice(&bytes).map_err(|error| refusal_of(&error))?
    };
    wish.settings(&shared.surroundings.settings.training)?;
    let asked = tokio::task::spawn_blocking(move || jobs.ask(wish, key));
    let job = match asked.await.map_err(|error| Refusal::internal(&error))?? {
        Asked::New(job) | Asked::Known(job) => job,
    };
    let location = format!("/v1/jobs/{}", job.id);
    let mut response = (StatusCode::ACCEPTED, Json(job)).into_response();
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

fn refusal_of(error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    let refusal = if error.is_data() {
        Refusal::unusable("bad_field", reason)
    } else {
        Refusal::malformed(format!("the body is no JSON: {reason}"))
    };
    let refusal = match reason.split('`').nth(1) {
        Some(field) if reason.starts_with("unknown field") => refusal.field(field),
        _ => refusal,
    };
    refusal.line(error.line() as u64)
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    let message = format!("Idempotency-Key: give 1 to {LONGEST_KEY} printable ASCII characters");
    let key = key.ok_or_else(|| Refusal::unusable("bad_parameter", message).field("Idempotency-Key"))?;
    Ok(Some(key.to_owned()))
}

fn unknown() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "no_such_job",
        "there is no such job; the last 200 are remembered",
    )
    .field("id")
}

/// How a job stands.
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "training", security(("token" = [])),
    params(("id" = String, Path, description = "As POST /v1/train answered it")),
    responses((status = 200, body = Job), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Training is off"), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(in crate::serve) async fn job(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Job>, Refusal> {
    let Path(id) = id.map_err(|_| unknown())?;
    let jobs = Arc::clone(jobs(&shared)?);
    // The book's lock is held while it is written to disk.
    let job = tokio::task::spawn_blocking(move || jobs.get(&id)).await;
    let job = job.map_err(|error| Refusal::internal(&error))?;
    job.map(Json).ok_or_else(unknown)
}

/// Asks a job to stop. One that waits is over at once; one that runs soon after; one that has ended stays as it is.
#[utoipa::path(delete, path = "/v1/jobs/{id}", tag = "training", security(("token" = [])),
    params(("id" = String, Path, description = "As POST /v1/train answered it")),
    responses((status = 202, body = Job), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Training is off"), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(in crate::serve) async fn cancel(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<Job>), Refusal> {
    let Path(id) = id.map_err(|_| unknown())?;
    let jobs = Arc::clone(jobs(&shared)?);
    let asked = tokio::task::spawn_blocking(move || jobs.cancel(&id));
    let job = asked.await.map_err(|error| Refusal::internal(&error))??;
    job.map(|job| (StatusCode::ACCEPTED, Json(job))).ok_or_else(unknown)
}
