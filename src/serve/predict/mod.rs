//! Owns `POST /v1/predict` (and what `/invocations` shares with it): small bodies are answered where they come in, large
//! ones on threads that may block, streams as they come.

pub(super) mod answer;
pub(super) mod lines;
pub(super) mod query;
pub(super) mod runs;
pub(super) mod source;
pub(super) mod spool;
pub(super) mod stream;
mod tabs;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use self::answer::Answer;
use self::runs::score_table;
use super::media::Form;
use super::records;
use super::refusal::{ErrorBody, Refusal};
use super::served::Served;
use super::state::Shared;
use super::table::{Table, push_json_text};
use crate::pipeline::prediction::{PredictionError, RowOptions};

/// Cells of a request that may be scored where the request came in: handing them to another thread would take longer.
const FEW_CELLS: usize = 1_000;
/// Bytes of a body that may hold as many.
const FEW_BYTES: usize = 32 << 10;

/// Scores rows: one object, a list, `{"records": […]}`, CSV, TSV or NDJSON, the last three as streams of any length. The answer
/// has the form that `Accept` likes, else the request's, and the columns of `output.csv` with `error` behind.
#[utoipa::path(post, path = "/v1/predict", tag = "rows", security(("token" = [])),
    request_body(content((super::openapi::Rows = "application/json"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "application/x-ndjson"))),
    params(super::openapi::ScoreParameters),
    responses(
        (status = 200, content((super::openapi::Scores = "application/json"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "application/x-ndjson"))),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 406, body = ErrorBody), (status = 408, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(super) async fn predict(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let own = Form::of_body(request.headers())?;
    let form = Form::of_answer(request.headers(), own)?;
    let options = query::options(request.uri().query())?;
    let served = shared.served()?;
    if own != Form::Json {
        return stream::answer(shared, served, request, own, form, options).await;
    }
    let (head, body) = request.into_parts();
    let bytes = shared.whole_body(&head.headers, body).await?;
    let most = shared.options.limits.rows;
    let text = if bytes.len() <= FEW_BYTES {
        let mut table = served.shape.table().of_at_most(FEW_CELLS);
        match records::parse(&bytes, most, &mut table) {
            Ok(()) if served.is_light(&table, &options) => scored(&shared, &served, table, form, &options)?,
            Ok(()) => blocking(&shared, served, options, form, move || Ok(table)).await?,
            Err(_) if table.is_too_small() => {
                blocking(&shared, served, options, form, move || parsed(&bytes, most)).await?
            }
            Err(refusal) => return Err(refusal),
        }
    } else {
        blocking(&shared, served, options, form, move || parsed(&bytes, most)).await?
    };
    Ok(respond(form, text))
}

fn parsed(bytes: &[u8], most: usize) -> Result<Table, Refusal> {
    let mut table = Table::default();
    records::parse(bytes, most, &mut table)?;
    Ok(table)
}

/// Makes and scores a table where that keeps nobody waiting: it may hold a body's worth of values.
async fn blocking(
    shared: &Arc<Shared>,
    served: Arc<Served>,
    options: RowOptions,
    form: Form,
    make: impl FnOnce() -> Result<Table, Refusal> + Send + 'static,
) -> Result<Vec<u8>, Refusal> {
    let here = Arc::clone(shared);
    shared
        .heavily(move || scored(&here, &served, make()?, form, &options))
        .await
}

pub(super) fn respond(form: Form, text: Vec<u8>) -> Response {
    let mut response = Body::from(Bytes::from(text)).into_response();
    let value = HeaderValue::from_static(form.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// Scores a table and writes the whole answer.
fn scored(
    shared: &Shared,
    served: &Served,
    mut table: Table,
    form: Form,
    options: &RowOptions,
) -> Result<Vec<u8>, Refusal> {
    let results = score_table(served, &mut table, false, options, &shared.cut_off)?;
    let mut out = Vec::with_capacity(2048 * table.rows.len().min(512));
    let mut answer = Answer::new(form, served, Arc::clone(&results.shape.keys));
    if form == Form::Json {
        push_json_head(&mut out, served, options);
    }
    answer.push_header(&results.shape.scorer, &mut out);
    let counts = answer.push_table(served, &table, &results, 0, &mut out);
    if form == Form::Json {
        push_json_tail(&mut out, counts);
    }
    shared
        .metrics
        .scored(counts.rows - counts.failed, counts.flagged, counts.failed);
    Ok(out)
}

/// What stands before the rows of a JSON answer.
fn push_json_head(out: &mut Vec<u8>, served: &Served, options: &RowOptions) {
    let threshold = options.threshold.unwrap_or(served.rows.model().threshold);
    out.extend_from_slice(b"{\"model\":{\"run_id\":");
    push_json_text(out, served.rows.run_id());
    out.extend_from_slice(b",\"name\":");
    push_json_text(out, served.name);
    out.extend_from_slice(b"},\"threshold\":");
    out.extend_from_slice(ryu::Buffer::new().format(threshold).as_bytes());
    out.extend_from_slice(b",\"predictions\":[");
}

/// What stands behind them.
fn push_json_tail(out: &mut Vec<u8>, counts: answer::Counts) {
    let answer::Counts { rows, flagged, failed } = counts;
    out.extend_from_slice(format!("],\"rows\":{rows},\"flagged\":{flagged},\"failed\":{failed}}}").as_bytes());
}

/// What an error of scoring is answered with.
pub(super) fn refusal_of(error: &PredictionError) -> Refusal {
    match error {
        PredictionError::MissingColumns(missing) => {
            let refusal = Refusal::unusable("missing_column", missing.to_string());
            match missing.columns.first() {
                Some(column) => refusal.field(column),
                None => refusal,
            }
        }
        PredictionError::Usage(text) => Refusal::unusable("bad_parameter", text),
        PredictionError::Blocked(text) => Refusal::unusable("not_rows", text),
        PredictionError::Cancelled(_) => Refusal::unavailable("ending", "the server is ending"),
        other => Refusal::internal(other),
    }
}
