//! Owns `/openapi.json`: the description of all routes, made from the handlers and the types they answer with.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi, ToSchema};

use super::served::Served;
use super::state::Shared;
use crate::schema::{Column, ColumnType};

/// A value of a field.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Cell {
    /// A number.
    Number(f64),
    /// A text; numbers may come as text, too.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// No value.
    Null(Option<bool>),
}

/// A row: each column's value under its name. `/v1/model` lists the columns that are needed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Record(BTreeMap<String, Cell>);

/// Rows as JSON.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum Rows {
    /// A list of rows under `records`.
    Records(RecordList),
    /// A list of rows.
    List(Vec<Record>),
    /// One row.
    One(Record),
}

/// A list of rows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct RecordList {
    /// The rows.
    records: Vec<Record>,
}

/// What rows came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Scores {
    /// What scored them.
    model: ScoredBy,
    /// Rows with at least this probability are flagged.
    threshold: f64,
    /// Every row that came in, in order, with what was found. Fields that a row has already bear `nsec_` before their names.
    predictions: Vec<Score>,
    /// How many came in.
    rows: u64,
    /// How many are flagged.
    flagged: u64,
    /// How many could not be scored.
    failed: u64,
}

/// What scored rows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScoredBy {
    /// The run.
    run_id: String,
    /// The model's family.
    name: String,
}

/// What is added to each row. All but `error` are null where the row could not be scored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Score {
    /// The row's stable identity.
    row_id: Option<String>,
    /// `malicious` or `benign`.
    classification: Option<String>,
    /// Calibrated probability of malicious.
    probability: Option<f64>,
    /// The probability of the class that was named.
    confidence: Option<f64>,
    /// `low`, `medium`, `high` or `critical`.
    risk_level: Option<String>,
    /// What is recommended.
    recommended_action: Option<String>,
    /// Columns with their shares of the evidence, where `explain` asked for them.
    reasons: Option<String>,
    /// The run whose model scored it.
    model_run: Option<String>,
    /// What people decided about the case before.
    verdict: Option<String>,
    /// The reason they gave.
    verdict_reason: Option<String>,
    /// Their note.
    note: Option<String>,
    /// Who decided.
    reviewed_by: Option<String>,
    /// When.
    reviewed_at: Option<String>,
    /// Why the row could not be scored.
    error: Option<RowError>,
}

/// Why a row could not be scored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RowError {
    /// For people.
    message: String,
    /// The field that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The row's line in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// A row that could not be cut into cells, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

/// One of the shapes in which clients of MLflow send rows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct MlflowBody {
    /// Names and rows apart.
    dataframe_split: Option<DataframeSplit>,
    /// Rows as objects.
    dataframe_records: Option<Vec<Record>>,
}

/// Names and rows apart.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct DataframeSplit {
    /// Names of the columns.
    columns: Vec<String>,
    /// Rows as lists.
    data: Vec<Vec<Cell>>,
}

/// What MLflow's clients are answered with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MlflowAnswer {
    /// Every row that came in, in order.
    predictions: Vec<Score>,
}

/// The report of a validation, as `nsec-tui validate --json` prints it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ValidationReport {
    /// `passed`, `warned` or `blocked`.
    status: String,
    /// Rows that came in.
    rows: u64,
    /// Rows that failed.
    rejected_rows: u64,
    /// One entry for each check.
    #[schema(value_type = Vec<Object>)]
    checks: Vec<serde_json::Value>,
    /// How far the rows have moved from the training rows.
    #[schema(value_type = Vec<Object>)]
    drift: Vec<serde_json::Value>,
}

/// Parameters of scoring.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only their description is used; predict::query reads them")]
pub(super) struct ScoreParameters {
    /// Flag rows from this probability on, in place of the model's own threshold.
    #[param(minimum = 0.0, maximum = 1.0)]
    threshold: Option<f64>,
    /// Give reasons for this many of the most probable flagged rows; of a stream, of each of its blocks.
    #[param(minimum = 0, maximum = 100_000)]
    explain: Option<u32>,
}

struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("Needed where the server was started with a token"));
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "nsec-tui serve",
        description = "Scores rows with the champion of a workspace, by the code that `nsec-tui predict` goes through.",
    ),
    paths(
        super::predict::predict,
        super::validate::validate,
        super::about::model,
        super::about::runs,
        super::jobs::routes::train,
        super::jobs::routes::job,
        super::jobs::routes::cancel,
        super::mlflow::invocations,
        super::health::ping,
        super::health::health,
        super::health::ready,
        super::health::metrics,
    ),
    modifiers(&Token),
)]
struct Api;

/// The description as JSON; with the columns of a model, if one is given.
fn text(model: Option<&Served>) -> Result<String, serde_json::Error> {
    let mut api = Api::openapi();
    if let (Some(served), Some(components)) = (model, &mut api.components) {
        components.schemas.insert("Record".to_owned(), record_of(served).into());
    }
    api.to_json()
}

/// A row as the model needs it.
fn record_of(served: &Served) -> Object {
    let columns = &served.rows.model().schema.columns;
    let mut record = ObjectBuilder::new().description(Some("A row: each column's value under its name"));
    for column in served.needed.iter().filter_map(|at| columns.get(*at)) {
        record = record.property(&column.name, value_of(column)).required(&column.name);
    }
    record.build()
}

fn value_of(column: &Column) -> Object {
    let kind = match column.kind {
        ColumnType::Int | ColumnType::Port => Type::Integer,
        ColumnType::Float => Type::Number,
        ColumnType::Bool => Type::Boolean,
        ColumnType::Category | ColumnType::Text | ColumnType::Ip | ColumnType::Timestamp => Type::String,
    };
    let kinds = std::iter::once(kind).chain(column.nullable.then_some(Type::Null));
    ObjectBuilder::new()
        .schema_type(kinds.collect::<SchemaType>())
        .description(column.description.clone())
        .minimum(column.min)
        .maximum(column.max)
        .build()
}

/// The description of this server. The columns of its model are part of it where everybody may know them.
pub(super) async fn openapi(State(shared): State<Arc<Shared>>) -> Response {
    let served = shared.holder.get().filter(|_| shared.options.token.is_none());
    match text(served.as_deref()) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => super::refusal::Refusal::internal(&error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described() {
        let api: serde_json::Value = serde_json::from_str(&text(None).unwrap()).unwrap();
        let described: Vec<&String> = api["paths"].as_object().unwrap().keys().collect();
        for route in super::super::route::ROUTES {
            use super::super::route::Route;
            if !matches!(route, Route::Page | Route::OpenApi | Route::Other) {
                assert!(
                    described.iter().any(|path| *path == route.label()),
                    "{}: {described:?}",
                    route.label()
                );
            }
        }
        for name in ["ErrorBody", "Record"] {
            assert!(api["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
