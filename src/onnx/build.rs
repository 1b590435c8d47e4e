//! Owns a trained model as one ONNX model: inputs by the schema, the preprocessor, the model, its calibration and the
//! threshold, and the facts that tell which model it is.

use prost::Message;

use crate::pipeline::trained_model::TrainedModel;
use crate::pipeline::training_reference::model_columns;
use crate::schema::Column;
use crate::transform::Recipe;

use super::graph::Graph;
use super::proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto, data_type};
use super::{features, score};

/// Version of the file format, of `ai.onnx` and of `ai.onnx.ml`: old enough for the runtimes that Spark libraries carry.
const IR_VERSION: i64 = 7;
const OPSET: i64 = 13;
const ML_OPSET: i64 = 2;

/// Larger files are no protocol buffers.
const MOST_BYTES: usize = i32::MAX as usize;

/// Which model it is: what goes into the facts beside what the model itself knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The run.
    pub run_id: String,
    /// SHA-256 of its `model.bin`, in hex.
    pub bundle_sha256: String,
    /// SHA-256 of its schema's canonical form, in hex; empty where the run's manifest has none.
    pub schema_sha256: String,
}

/// A model that was built.
pub struct Built<'a> {
    /// The model.
    pub model: ModelProto,
    /// The columns that are its inputs, in order.
    pub columns: Vec<Column>,
    /// The names of its outputs: the probability of malicious, and the label.
    pub outputs: [String; 2],
    /// What is made of the columns.
    pub(super) recipe: Recipe<'a>,
}

/// Builds the ONNX model of a trained one. The same model and identity give the same bytes.
///
/// # Errors
/// The reason why the model has no exact form among standard operators, and what to do instead.
pub fn build<'a>(model: &'a TrainedModel, identity: &Identity) -> Result<Built<'a>, String> {
    let similar = "it fills gaps from similar training rows, which no standard operator does; train with \
                   `transform.impute_numbers: median`";
    let recipe = model.preprocessor.recipe().ok_or(similar)?;
    if let Some(reason) = score::refusal(model).or_else(|| features::refusal(&recipe)) {
        return Err(reason);
    }
    let columns = model_columns(model).map_err(|e| e.to_string())?;
    let names = columns.iter().map(|column| column.name.as_str());
    let outputs = ["probability", "label"].map(|name| free_name(name, &columns));
    let mut graph = Graph::new(&model.schema.name, names.chain(outputs.iter().map(String::as_str)));
    let matrix = features::add(&mut graph, &recipe);
    let scored = score::add(&mut graph, &matrix, model).ok_or("its family has no exact form")?;
    let [probability, label] = &outputs;
    graph.output(
        probability,
        &scored.probability,
        data_type::FLOAT,
        "P(malicious), calibrated",
    );
    graph.output(
        label,
        &scored.label,
        data_type::INT64,
        "1 from the run's threshold on: malicious",
    );
    let proto = ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("nsec-tui".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: Some(format!("{} of run {}", model.classifier.family(), identity.run_id)),
        graph: Some(graph.finish()),
        opset_import: [("", OPSET), (super::graph::ML, ML_OPSET)]
            .map(|(domain, version)| OperatorSetIdProto {
                domain: Some(domain.to_owned()),
                version: Some(version),
            })
            .to_vec(),
        metadata_props: facts(model, identity),
    };
    if proto.encoded_len() > MOST_BYTES {
        return Err(
            "it would be larger than the 2 GB that an ONNX file can have; train fewer or smaller trees".to_owned(),
        );
    }
    Ok(Built {
        model: proto,
        columns,
        outputs,
        recipe,
    })
}

/// The name, with `nsec_` before it as often as a column bears it.
fn free_name(name: &str, columns: &[Column]) -> String {
    let mut free = name.to_owned();
    while columns.iter().any(|column| column.name == free) {
        free = format!("nsec_{free}");
    }
    free
}

fn facts(model: &TrainedModel, identity: &Identity) -> Vec<StringStringEntryProto> {
    [
        ("nsec.run_id", identity.run_id.clone()),
        ("nsec.bundle_sha256", identity.bundle_sha256.clone()),
        ("nsec.schema", model.schema.name.clone()),
        ("nsec.schema_sha256", identity.schema_sha256.clone()),
        ("nsec.model", model.classifier.family().to_owned()),
        ("nsec.calibration", model.calibrator.name().to_owned()),
        ("nsec.threshold", model.threshold.to_string()),
        ("nsec.positive_class", "malicious".to_owned()),
        ("nsec.program_version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
    .into_iter()
    .map(|(key, value)| StringStringEntryProto {
        key: Some(key.to_owned()),
        value: Some(value),
    })
    .collect()
}
