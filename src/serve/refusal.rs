//! Owns the answers that say no: a status, a code for programs, a line for people, and the field or line that is meant.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::text::visible_text;

/// Why a request is not answered as it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) field: Option<String>,
    pub(super) line: Option<u64>,
    /// Seconds after which it is worth another try.
    pub(super) retry_after: Option<u32>,
}

/// The body of every answer that says no.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorBody {
    /// What went wrong.
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErrorDetail {
    /// For programs: a word that does not change.
    #[schema(example = "missing_column")]
    code: String,
    /// For people: what, and what to do.
    message: String,
    /// The field, column or parameter that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The line of the body that is meant, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// Under which the server's log has the request.
    request_id: String,
}

/// Longest text of an answer; what callers sent stands in it.
const LONGEST: usize = 1_000;

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl AsRef<str>) -> Self {
        Self {
            status,
            code,
            message: shortened(message.as_ref()),
            field: None,
            line: None,
            retry_after: None,
        }
    }

    /// 400: not what its content type says.
    pub(super) fn malformed(message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    /// 413.
    pub(super) fn too_large(message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// 422: well formed, and no use.
    pub(super) fn unusable(code: &'static str, message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// 503: this server cannot, now.
    pub(super) fn unavailable(code: &'static str, message: impl AsRef<str>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).after(1)
    }

    /// 503: something inside went wrong. What exactly is for the log.
    pub(super) fn internal(what: &dyn std::fmt::Display) -> Self {
        tracing::error!("a request failed inside: {what}");
        Self::unavailable("internal", "the server could not do this; its log says why").after(30)
    }

    pub(super) fn field(mut self, field: impl AsRef<str>) -> Self {
        self.field = Some(shortened(field.as_ref()));
        self
    }

    pub(super) fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The whole answer, once it is known under which id the request is logged.
    pub(super) fn answer(&self, request_id: &str) -> Response {
        let body = ErrorBody {
            error: ErrorDetail {
                code: self.code.to_owned(),
                message: self.message.clone(),
                field: self.field.clone(),
                line: self.line,
                request_id: request_id.to_owned(),
            },
        };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Safe to show, and not longer than a person reads.
fn shortened(text: &str) -> String {
    let text = visible_text(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

impl IntoResponse for Refusal {
    /// Leaves the refusal beside an empty answer; the guard around all routes, which knows the request's id, writes it out.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
