//! Owns `GET /v1/model` and `GET /v1/runs`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::refusal::{ErrorBody, Refusal};
use super::state::Shared;
use crate::artifacts::runs_overview;

/// The class whose probability is given.
const POSITIVE: &str = "malicious";

/// The model that scores.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ModelInfo {
    /// Its family.
    #[schema(example = "gradient_boosting")]
    name: String,
    /// Its run.
    run_id: String,
    /// When the run began, UTC.
    trained_at: String,
    /// Its hyper-parameters.
    #[schema(value_type = Object)]
    params: Value,
    /// Rows with at least this probability are flagged.
    threshold: f64,
    /// The class whose probability is given.
    positive_class: &'static str,
    /// The columns that a row must have, in order.
    columns: Vec<ColumnInfo>,
    /// The schema it was trained under.
    #[schema(value_type = Object)]
    schema: Value,
    /// On the training rows and the test rows.
    #[schema(value_type = Object)]
    metrics: Value,
    /// Whether the model that is named cannot be used and this older one scores in its place.
    stale: bool,
}

/// A column that a row must have.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ColumnInfo {
    /// Its name.
    name: String,
    /// What its values are.
    #[schema(example = "int")]
    r#type: &'static str,
    /// Whether a row may lack the value.
    nullable: bool,
}

/// What scores, and how well it does.
#[utoipa::path(get, path = "/v1/model", tag = "models", security(("token" = [])),
    responses((status = 200, body = ModelInfo), (status = 401, body = ErrorBody), (status = 503, body = ErrorBody, description = "No model, or busy")))]
pub(super) async fn model(State(shared): State<Arc<Shared>>) -> Result<Json<ModelInfo>, Refusal> {
    let served = shared.served()?;
    let model = served.rows.model();
    let schema = serde_json::to_value(model.schema.as_ref()).map_err(|error| Refusal::internal(&error))?;
    let columns = served.needed.iter().filter_map(|at| model.schema.columns.get(*at));
    Ok(Json(ModelInfo {
        name: served.name.to_owned(),
        run_id: served.rows.run_id().to_owned(),
        trained_at: served.manifest.started_at.to_string(),
        params: served.manifest.params.clone(),
        threshold: model.threshold,
        positive_class: POSITIVE,
        columns: columns
            .map(|column| ColumnInfo {
                name: column.name.clone(),
                r#type: column.kind.word(),
                nullable: column.nullable,
            })
            .collect(),
        schema,
        metrics: served.manifest.metrics.clone(),
        stale: shared.holder.trouble().is_some(),
    }))
}

/// All runs of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Runs {
    /// The champion's run.
    champion: Option<String>,
    /// The newest first.
    #[schema(value_type = Vec<Object>)]
    runs: Vec<Value>,
}

/// The runs of the workspace, the newest first.
#[utoipa::path(get, path = "/v1/runs", tag = "models", security(("token" = [])),
    responses((status = 200, body = Runs), (status = 401, body = ErrorBody), (status = 503, body = ErrorBody, description = "Busy, or the registry cannot be read")))]
pub(super) async fn runs(State(shared): State<Arc<Shared>>) -> Result<Json<Runs>, Refusal> {
    let surroundings = Arc::clone(&shared.surroundings);
    let work = move || -> Result<Runs, Refusal> {
        let (registry, runs) = runs_overview(&surroundings.workspace).map_err(|error| Refusal::internal(&error))?;
        let runs = runs.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        Ok(Runs {
            champion: registry.champion.map(|id| id.to_string()),
            runs: runs.map_err(|error| Refusal::internal(&error))?,
        })
    };
    let runs = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Refusal::internal(&error))?;
    runs.map(Json)
}
