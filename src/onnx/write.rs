//! Owns the directory of an exported model: `model.onnx`, `schema.json`, `conformance.ndjson`, `score_spark.py`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::artifacts::{RegistryStore, RunFile, atomic};
use crate::cancel::CancelToken;
use crate::event::RunStatus;
use crate::pipeline::trained_model::{ModelFileError, TrainedModel};
use crate::schema::ColumnType;
use crate::workspace::Workspace;

use super::build::{Built, Identity, build};
use super::error::OnnxError;
use super::{conformance, features, proto::data_type};

/// The Spark job, as it is written.
const SPARK_JOB: &str = include_str!("score_spark.py");

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The run.
    pub run_id: String,
    /// The model's family.
    pub family: &'static str,
    /// The directory.
    pub directory: PathBuf,
    /// Bytes of `model.onnx`.
    pub bytes: u64,
    /// SHA-256 of `model.onnx`, in hex.
    pub sha256: String,
    /// Names of the inputs, in order.
    pub inputs: Vec<String>,
    /// Rows of `conformance.ndjson`.
    pub conformance_rows: u64,
}

/// Exports the model of a run that is named by alias, id, beginning of an id, or directory, into `directory`, which is made
/// where it is not there. Files of an earlier export in it are replaced, each whole; the job refuses files that are not of
/// one export. `missing_texts` are the cell texts that
/// mean "no value" beside the empty one; the job reads files by them.
///
/// # Errors
/// [`OnnxError`].
pub fn export(
    workspace: &Workspace,
    run: &str,
    directory: &Path,
    missing_texts: &[String],
    cancel: &CancelToken,
) -> Result<Exported, OnnxError> {
    let (run_directory, manifest) = RegistryStore::new(workspace).find(run)?;
    let run_id = manifest.run_id.to_string();
    let state = match manifest.status {
        RunStatus::Finished => None,
        RunStatus::Running => Some("still running"),
        RunStatus::Cancelled => Some("cancelled"),
        RunStatus::Failed => Some("failed"),
    };
    if let Some(state) = state {
        return Err(OnnxError::Unfinished { run: run_id, state });
    }
    let path = run_directory.join(RunFile::Model.relative());
    let name = path.display().to_string();
    let bytes = std::fs::read(&path).map_err(|source| ModelFileError::Read {
        path: name.clone(),
        source,
    })?;
    let model = TrainedModel::decode(&bytes, &name)?;
    let identity = Identity {
        run_id,
        bundle_sha256: sha256(&bytes),
        schema_sha256: manifest.schema.map(|schema| schema.sha256).unwrap_or_default(),
    };
    write(&model, &identity, directory, missing_texts, cancel)
}

fn write(
    model: &TrainedModel,
    identity: &Identity,
    directory: &Path,
    missing_texts: &[String],
    cancel: &CancelToken,
) -> Result<Exported, OnnxError> {
    let built = build(model, identity).map_err(|reason| OnnxError::Refused {
        run: identity.run_id.clone(),
        reason,
    })?;
    let onnx = built.model.encode_to_vec();
    let rows = conformance::lines(model, &built.columns, &built.recipe, cancel)?;
    let hash = sha256(&onnx);
    let described = described(model, &built, &hash, &sha256(&rows), missing_texts);
    let put = |name: &str, bytes: &[u8]| atomic::write_bytes(&directory.join(name), bytes);
    put("model.onnx", &onnx)?;
    put("conformance.ndjson", &rows)?;
    put("score_spark.py", SPARK_JOB.as_bytes())?;
    // Last: it names the others by their hashes.
    put(
        "schema.json",
        format!("{}\n", serde_json::to_string_pretty(&described)?).as_bytes(),
    )?;
    Ok(Exported {
        run_id: identity.run_id.clone(),
        family: model.classifier.family(),
        directory: directory.to_owned(),
        bytes: onnx.len() as u64,
        sha256: hash,
        inputs: built.columns.iter().map(|column| column.name.clone()).collect(),
        conformance_rows: memchr::memchr_iter(b'\n', &rows).count() as u64,
    })
}

/// `schema.json`: the files by hash, the model's facts, the inputs in order, the outputs.
fn described(
    model: &TrainedModel,
    built: &Built<'_>,
    model_sha256: &str,
    rows_sha256: &str,
    missing_texts: &[String],
) -> Value {
    let inputs: Vec<Value> = built
        .columns
        .iter()
        .map(|column| {
            let text = features::element_of(column.kind) == data_type::STRING;
            json!({
                "name": column.name,
                "type": column.kind.word(),
                "tensor": if text { "string" } else { "double" },
                "shape": ["rows", 1],
                "missing": if text { "" } else { "NaN" },
                "required": column.required,
                "aliases": column.aliases,
            })
        })
        .collect();
    let facts: serde_json::Map<String, Value> = built
        .model
        .metadata_props
        .iter()
        .map(|fact| (fact.key().trim_start_matches("nsec.").to_owned(), json!(fact.value())))
        .collect();
    let [probability, label] = &built.outputs;
    json!({
        "files": {"model.onnx": model_sha256, "conformance.ndjson": rows_sha256},
        "model": facts,
        "threshold": model.threshold,
        "inputs": inputs,
        "outputs": [
            {"name": probability, "tensor": "float", "shape": ["rows", 1]},
            {"name": label, "tensor": "int64", "shape": ["rows", 1]},
        ],
        "missing_texts": missing_texts,
        "whole_number_types": [ColumnType::Int.word(), ColumnType::Port.word()],
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
