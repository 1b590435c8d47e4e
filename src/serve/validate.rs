//! Owns `POST /v1/validate`: the rows of a body held against the schema, with drift against the model's training rows.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde_json::Value;

use super::body;
use super::media::Form;
use super::predict::lines::Lines;
use super::predict::source::{Queued, Source};
use super::predict::spool::spool;
use super::predict::stream::unreadable;
use super::records;
use super::refusal::{ErrorBody, Refusal};
use super::state::Shared;
use super::table::{MOST_CELLS, Table};
use crate::cancel::Cancelled;
use crate::data::{DataError, Header, MalformedRow, NullTokens, RawBatch, RowReader, open_stream};
use crate::pipeline::checking::Checking;
use crate::pipeline::ingestion::IngestionError;
use crate::pipeline::training::read_reference;
use crate::validation::{Purpose, Report};

/// Checks rows against the schema of the model that scores (without one: of the workspace). The report is the one of
/// `nsec-tui validate --json`; its status says whether the rows passed.
#[utoipa::path(post, path = "/v1/validate", tag = "rows", security(("token" = [])),
    request_body(content((super::openapi::Rows = "application/json"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "application/x-ndjson"))),
    responses(
        (status = 200, body = super::openapi::ValidationReport),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 408, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(super) async fn validate(State(shared): State<Arc<Shared>>, request: Request) -> Result<Json<Value>, Refusal> {
    let form = Form::of_body(request.headers())?;
    if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
        let name = query.split(['=', '&']).next().unwrap_or_default();
        return Err(Refusal::unusable("bad_parameter", "this path has no parameters").field(name));
    }
    let permit = shared.stream_place()?;
    let (head, body) = request.into_parts();
    let limits = shared.options.limits.clone();
    let input = if form == Form::Json {
        Given::Bytes(shared.whole_body(&head.headers, body).await?.to_vec())
    } else {
        let packed = body::is_packed(&head.headers)?;
        // NDJSON is held in memory: its columns are known only at the end.
        let most = match form {
            Form::Ndjson => limits.body_bytes as u64,
            _ => limits.stream_bytes,
        };
        body::check_length(&head.headers, most)?;
        let (_, _, end) = spool(0, limits.idle_time);
        Given::Source(Source::of(body, packed, most, limits.idle_time, end))
    };
    let work = move || {
        let _permit = permit;
        check(&shared, form, input)
    };
    let report = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Refusal::internal(&error))??;
    serde_json::to_value(&report)
        .map(Json)
        .map_err(|error| Refusal::internal(&error))
}

enum Given {
    Bytes(Vec<u8>),
    Source(Source),
}

fn check(shared: &Shared, form: Form, input: Given) -> Result<Report, Refusal> {
    let served = shared.holder.get();
    let schema = match &served {
        Some(served) => Arc::clone(&served.rows.model().schema),
        None => {
            shared
                .surroundings
                .schema(None)
                .map_err(|error| Refusal::internal(&error))?
                .schema
        }
    };
    // That the training rows cannot be had keeps nobody from checking: drift is left out then.
    let reference = served
        .as_ref()
        .and_then(|served| read_reference(&served.directory).ok())
        .map(Arc::new);
    let settings = &shared.surroundings.settings;
    let nulls = settings.reading.null_tokens();
    let (reader, why): (Box<dyn RowReader>, _) = match input {
        Given::Bytes(bytes) => {
            let mut table = Table::default();
            records::parse(&bytes, shared.options.limits.rows, &mut table)?;
            table.mark_nested(&schema);
            (Box::new(Rows::of(table, nulls)), None)
        }
        Given::Source(source) if form == Form::Ndjson => {
            let why = source.why.clone();
            let lines = all_lines(source, shared.options.limits.rows);
            let mut table = lines.map_err(|error| why.get().unwrap_or(error))?;
            table.mark_nested(&schema);
            (Box::new(Rows::of(table, nulls)), Some(why))
        }
        Given::Source(source) => {
            let why = source.why.clone();
            let name = if form == Form::Tsv { "body.tsv" } else { "body.csv" };
            let opened = open_stream(name, source.reader, &settings.reading);
            let opened = opened.map_err(|error| why.get().unwrap_or_else(|| unreadable(&error)))?;
            (opened, Some(why))
        }
    };
    let checking = Checking {
        schema: &schema,
        purpose: Purpose::Validate,
        settings: &settings.validation,
        reference,
        failing_lines: 0,
        cancel: &shared.cut_off,
    };
    let checked = checking.run::<Stopped>(reader, |_, _| Ok(()));
    let (report, _) = checked.map_err(|stopped| why.and_then(|why| why.get()).unwrap_or_else(|| stopped.refusal()))?;
    Ok(report)
}

/// NDJSON as one table: its columns are known only at the end.
fn all_lines(source: Source, most: usize) -> Result<Table, Refusal> {
    let mut lines = Lines::new(source.reader, Queued::default());
    let mut table = Table::default();
    while lines
        .fill(&mut table)
        .map_err(|error| Refusal::malformed(error.to_string()))?
    {
        if table.rows.len() > most {
            return Err(Refusal::too_large(format!(
                "there are more than {most} records; validate CSV, which is a stream"
            )));
        }
    }
    if !lines.are_all_in() {
        return Err(Refusal::too_large(format!(
            "there are more than {MOST_CELLS} cells; validate CSV, which is a stream"
        )));
    }
    if table.rows.is_empty() {
        return Err(Refusal::unusable("no_rows", "there are no records in the body"));
    }
    Ok(table)
}

/// Rows in memory.
struct Rows {
    header: Header,
    batch: Option<RawBatch>,
    nulls: NullTokens,
}

impl Rows {
    fn of(table: Table, nulls: NullTokens) -> Self {
        let mut batch = table.batch(0..table.rows.len(), None);
        for (row, bad) in &table.bad {
            let reason = match &bad.field {
                Some(field) => format!("{field} {}", bad.reason),
                None => bad.reason.clone(),
            };
            batch.malformed.push(MalformedRow::new(table.line(*row), reason, b""));
        }
        Self {
            header: table.header(),
            batch: Some(batch),
            nulls,
        }
    }
}

impl RowReader for Rows {
    fn header(&self) -> &Header {
        &self.header
    }

    fn next_batch(&mut self, _: usize) -> Result<Option<RawBatch>, DataError> {
        Ok(self.batch.take())
    }

    fn null_tokens(&self) -> &NullTokens {
        &self.nulls
    }
}

/// Why checking stopped.
#[derive(Debug)]
enum Stopped {
    Ingestion(IngestionError),
    Data(DataError),
    Cancelled,
}

impl Stopped {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Data(error) | Self::Ingestion(IngestionError::Data(error)) => unreadable(error),
            Self::Ingestion(error) => Refusal::internal(error),
            Self::Cancelled => Refusal::unavailable("ending", "the server is ending"),
        }
    }
}

impl From<IngestionError> for Stopped {
    fn from(error: IngestionError) -> Self {
        Self::Ingestion(error)
    }
}

impl From<DataError> for Stopped {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<Cancelled> for Stopped {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
