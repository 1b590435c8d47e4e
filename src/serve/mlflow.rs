//! Owns `POST /invocations`: the body shapes that clients of MLflow send, and the answer they expect.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value as Json};

use super::media::Form;
use super::predict::answer::{Answer, Input, Keys};
use super::predict::runs::score_table;
use super::predict::{query, refusal_of, respond, stream};
use super::records;
use super::refusal::{ErrorBody, Refusal};
use super::served::Served;
use super::state::Shared;
use super::table::{Full, Table, Value};
use super::unique::Fields;
use crate::data::open_bytes;
use crate::pipeline::prediction::RowOptions;

/// Scores rows in one of MLflow's shapes: `dataframe_split`, `dataframe_records`, `instances`, `inputs`, or CSV. The answer
/// is `{"predictions": […]}`, one object a row, without the row's own columns.
#[utoipa::path(post, path = "/invocations", tag = "mlflow", security(("token" = [])),
    request_body(content((super::openapi::MlflowBody = "application/json"), (String = "text/csv"))),
    params(super::openapi::ScoreParameters),
    responses(
        (status = 200, body = super::openapi::MlflowAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 408, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(super) async fn invocations(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let form = Form::of_body(request.headers())?;
    if !matches!(form, Form::Json | Form::Csv) {
        let message = "MLflow's clients send application/json or text/csv; /v1/predict takes more";
        return Err(
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message).field("Content-Type"),
        );
    }
    let options = query::options(request.uri().query())?;
    let served = shared.served()?;
    let (head, body) = request.into_parts();
    let bytes = shared.whole_body(&head.headers, body).await?;
    let here = Arc::clone(&shared);
    let work = move || {
        let most = here.options.limits.rows;
        match form {
            Form::Csv => scored_csv(&here, &served, bytes.to_vec(), most, &options),
            _ => scored_table(&here, &served, table_of(&served, &bytes, most)?, &options),
        }
    };
    Ok(respond(Form::Json, shared.heavily(work).await?))
}

fn scored_table(shared: &Shared, served: &Served, mut table: Table, options: &RowOptions) -> Result<Vec<u8>, Refusal> {
    let results = score_table(served, &mut table, false, options, &shared.cut_off)?;
    let mut answer = Answer::new(Form::Json, served, Arc::clone(&results.shape.keys)).bare();
    let mut out = b"{\"predictions\":[".to_vec();
    let counts = answer.push_table(served, &table, &results, 0, &mut out);
    out.extend_from_slice(b"]}");
    shared
        .metrics
        .scored(counts.rows - counts.failed, counts.flagged, counts.failed);
    Ok(out)
}

fn scored_csv(
    shared: &Shared,
    served: &Served,
    bytes: Vec<u8>,
    most: usize,
    options: &RowOptions,
) -> Result<Vec<u8>, Refusal> {
    let reading = &shared.surroundings.settings.reading;
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(b"PAR1") {
        return Err(Refusal::unusable("not_rows", "the body is no CSV"));
    }
    let mut reader = open_bytes("the body", bytes, reading).map_err(|error| stream::unreadable(&error))?;
    let scorer = served
        .rows
        .for_cells("the body", reader.header(), reader.null_tokens())
        .map_err(|error| refusal_of(&error))?;
    let keys = Arc::new(Keys::new(served, &scorer));
    let mut answer = Answer::new(Form::Json, served, keys).bare();
    let mut out = b"{\"predictions\":[".to_vec();
    let mut before = 0;
    while let Some(batch) = reader
        .next_batch(most + 1)
        .map_err(|error| stream::unreadable(&error))?
    {
        if before as usize + batch.total_rows() > most {
            return Err(Refusal::too_large(format!(
                "there are more than {most} rows; /v1/predict takes streams"
            )));
        }
        let rows = scorer
            .score(batch, options, &shared.cut_off)
            .map_err(|error| refusal_of(&error))?;
        let counts = answer.push_rows(served, &Input::Raw, &rows, before, &mut out);
        before += counts.rows;
        shared
            .metrics
            .scored(counts.rows - counts.failed, counts.flagged, counts.failed);
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

const SHAPES: &str = "send one of dataframe_split, dataframe_records, instances, inputs";

fn wrong(field: &str, message: &str) -> Refusal {
    Refusal::unusable("not_rows", format!("{field}: {message}")).field(field)
}

fn full(error: &Full) -> Refusal {
    match error {
        Full::Twice(name) => Refusal::unusable("not_rows", error.to_string()).field(name),
        Full::Fields | Full::Cells => Refusal::too_large(error.to_string()),
    }
}

/// The rows of a body in one of MLflow's shapes.
fn table_of(served: &Served, bytes: &[u8], most: usize) -> Result<Table, Refusal> {
    let Fields(body) = serde_json::from_slice(bytes).map_err(|error| records::refusal(&error, SHAPES))?;
    let mut shape = None;
    for (name, value) in body {
        match name.as_str() {
            "dataframe_split" | "dataframe_records" | "instances" | "inputs" => {
                if shape.replace((name, value)).is_some() {
                    return Err(Refusal::unusable(
                        "not_rows",
                        format!("there are two shapes of rows; {SHAPES}"),
                    ));
                }
            }
            // What MLflow calls parameters means nothing to these models.
            "params" | "signature_name" => {}
            _ => return Err(wrong(&name, &format!("is not read; {SHAPES}"))),
        }
    }
    let Some((name, value)) = shape else {
        return Err(Refusal::unusable("not_rows", SHAPES));
    };
    let table = match (name.as_str(), value) {
        ("dataframe_split", Json::Object(split)) => split_table(split)?,
        (_, Json::Array(rows)) => list_table(served, &name, rows)?,
        ("instances" | "inputs", Json::Object(columns)) => column_table(&name, columns)?,
        _ => return Err(wrong(&name, "has another shape than MLflow gives it")),
    };
    match table.rows.len() {
        0 => Err(Refusal::unusable("no_rows", "there are no rows in the body").field(name)),
        rows if rows > most => Err(Refusal::too_large(format!("there are more than {most} rows"))),
        _ => Ok(table),
    }
}

fn split_table(mut split: Map<String, Json>) -> Result<Table, Refusal> {
    let columns = split.remove("columns");
    let Some(Json::Array(columns)) = columns else {
        return Err(wrong("dataframe_split", "needs `columns`, a list of names"));
    };
    let name = |value: Json| match value {
        Json::String(name) => Ok(name),
        _ => Err(wrong("dataframe_split", "`columns` holds something that is no name")),
    };
    let names = columns.into_iter().map(name).collect::<Result<Vec<String>, _>>()?;
    let Some(Json::Array(rows)) = split.remove("data") else {
        return Err(wrong("dataframe_split", "needs `data`, a list of rows"));
    };
    if let Some(other) = split.keys().find(|key| *key != "index") {
        return Err(wrong("dataframe_split", &format!("`{other}` is not read")));
    }
    list_of_rows("dataframe_split", names, rows)
}

fn list_of_rows(field: &str, names: Vec<String>, rows: Vec<Json>) -> Result<Table, Refusal> {
    let width = names.len();
    let mut table = Table::with_names(names).map_err(|error| full(&error))?;
    for row in rows {
        let Json::Array(values) = row else {
            return Err(wrong(field, "holds a row that is no list"));
        };
        if values.len() != width {
            let place = table.rows.len();
            return Err(wrong(
                field,
                &format!("row {place} has {} values, not {width}", values.len()),
            ));
        }
        table
            .push(values.into_iter().map(value_of).collect())
            .map_err(|error| full(&error))?;
    }
    Ok(table)
}

/// Rows as objects, or as lists in the order of the columns that the model needs.
fn list_table(served: &Served, field: &str, rows: Vec<Json>) -> Result<Table, Refusal> {
    if field != "dataframe_records" && matches!(rows.first(), Some(Json::Array(_))) {
        let columns = &served.rows.model().schema.columns;
        let names = served
            .needed
            .iter()
            .filter_map(|at| Some(columns.get(*at)?.name.clone()));
        return list_of_rows(field, names.collect(), rows);
    }
    let mut table = served.shape.table();
    for row in rows {
        let Json::Object(fields) = row else {
            return Err(wrong(field, "holds a row that is no object"));
        };
        let mut values = Vec::with_capacity(table.fields.len());
        for (name, value) in fields {
            table
                .put(&mut values, &name, value_of(value))
                .map_err(|error| full(&error))?;
        }
        table.push(values).map_err(|error| full(&error))?;
    }
    Ok(table)
}

/// Rows as columns: a list of values under each name.
fn column_table(field: &str, columns: Map<String, Json>) -> Result<Table, Refusal> {
    let mut table = Table::default();
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (at, (name, values)) in columns.into_iter().enumerate() {
        let Json::Array(values) = values else {
            return Err(wrong(field, &format!("`{name}` is no list of values")));
        };
        table.place(&name).map_err(|error| full(&error))?;
        if at == 0 {
            rows.resize_with(values.len(), Vec::new);
        } else if rows.len() != values.len() {
            return Err(wrong(
                field,
                &format!("`{name}` has {} values, not {}", values.len(), rows.len()),
            ));
        }
        for (row, value) in rows.iter_mut().zip(values) {
            row.push(value_of(value));
        }
    }
    for row in rows {
        table.push(row).map_err(|error| full(&error))?;
    }
    Ok(table)
}

fn value_of(value: Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(number),
        Json::String(text) => Value::Text(text),
        Json::Array(mut only) if only.len() == 1 => only.pop().map_or(Value::Null, value_of),
        nested @ (Json::Array(_) | Json::Object(_)) => Value::Nested(nested.to_string()),
    }
}
