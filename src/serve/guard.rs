//! Owns what stands around every route: the request's id, who may come in, how many at once and for how long; what is
//! counted and logged of each; that a panic is an answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tokio::sync::SemaphorePermit;

use super::media::Form;
use super::origin;
use super::refusal::Refusal;
use super::request_id::{REQUEST_ID, RequestId};
use super::route::Route;
use super::state::Shared;

/// Answers a request, whatever becomes of it inside.
pub(super) async fn guard(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let route = Route::of(request.uri().path());
    let method = request.method().clone();
    let _in_flight = shared.metrics.enter();
    let mut response = match admit(&shared, &request, route) {
        Err(refusal) => refusal.into_response(),
        Ok(_permit) => {
            request.extensions_mut().insert(id.clone());
            run(&shared, request, route, next).await
        }
    };
    let refusal = response.extensions_mut().remove::<Refusal>();
    if let Some(refusal) = &refusal {
        let old = std::mem::replace(&mut response, refusal.answer(id.as_str()));
        if let Some(allow) = old.headers().get(header::ALLOW) {
            response.headers_mut().insert(header::ALLOW, allow.clone());
        }
    }
    add_headers(response.headers_mut(), &id);
    let took = started.elapsed();
    let status = response.status().as_u16();
    shared.metrics.answered(route, status, took);
    log(&id, &method, route, status, took.as_micros(), refusal.as_ref());
    response
}

/// Whether a request may go on.
fn admit<'a>(shared: &'a Shared, request: &Request, route: Route) -> Result<Option<SemaphorePermit<'a>>, Refusal> {
    let headers = request.headers();
    match &shared.options.token {
        Some(token) if route.needs_token() => {
            let shown = headers.get(header::AUTHORIZATION);
            if !shown.is_some_and(|value| token.is_shown_by(value.as_bytes())) {
                let message = "show the server's token: Authorization: Bearer TOKEN";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message).field("Authorization"));
            }
        }
        Some(_) => {}
        None => origin::check(request.method(), request.uri(), headers, &shared.options.allow_hosts)?,
    }
    if !route.is_work() {
        return Ok(None);
    }
    let permit = shared.gate.try_acquire();
    permit.map(Some).map_err(|_| {
        Refusal::unavailable(
            "busy",
            "as many requests as the server takes are being answered; try again shortly",
        )
    })
}

async fn run(shared: &Shared, request: Request, route: Route, next: Next) -> Response {
    let streams = matches!(route, Route::Predict | Route::Validate)
        && Form::of_body(request.headers()).is_ok_and(|form| form != Form::Json);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    let outcome = if streams {
        // Streams have limits of their own, on what does not move.
        Ok(answer.await)
    } else {
        // A little longer than reading a body may take, so that a slow client is told that it is slow.
        tokio::time::timeout(shared.options.limits.request_time.mul_f32(1.25), answer).await
    };
    match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Refusal::internal(&"a handler panicked; please report this").into_response(),
        Err(_) => Refusal::unavailable("timeout", "the answer took too long; ask for less at once").into_response(),
    }
}

fn add_headers(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

fn log(id: &RequestId, method: &Method, route: Route, status: u16, micros: u128, refusal: Option<&Refusal>) {
    let micros = u64::try_from(micros).unwrap_or(u64::MAX);
    let (id, route) = (id.as_str(), route.label());
    // Methods that callers make up are as long as they like.
    let method = if method.as_str().len() <= 16 {
        method.as_str()
    } else {
        "other"
    };
    match refusal {
        Some(refusal) => {
            let (code, message) = (refusal.code, refusal.message.as_str());
            tracing::warn!(
                request = id,
                method,
                route,
                status,
                micros,
                code,
                "request refused: {message}"
            );
        }
        None if matches!(route, "/healthz" | "/readyz" | "/ping" | "/metrics") => {
            tracing::debug!(request = id, method, route, status, micros, "request");
        }
        None => tracing::info!(request = id, method, route, status, micros, "request"),
    }
}

/// The answer where there is no such path.
pub(super) async fn not_found() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing under this path; /openapi.json lists what there is",
    )
}

/// The answer where a path does not have the method.
pub(super) async fn wrong_method(request: Request) -> Refusal {
    let message = format!(
        "this path does not take {}; /openapi.json lists what it takes",
        request.method()
    );
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}
