//! What stands in an exported model, and what is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nsec_tui::metrics::Calibrator;
use nsec_tui::models::{Anatomy, PlainNode};
use nsec_tui::onnx::proto::{GraphProto, ModelProto, TensorProto, ValueInfoProto, data_type};
use nsec_tui::pipeline::trained_model::TrainedModel;
use prost::Message;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::common::{Workspace, bundled};
use crate::runs::{MIXED, change_model, export, head, mixed, train};

const FILES: [&str; 4] = ["conformance.ndjson", "model.onnx", "schema.json", "score_spark.py"];

fn read_back(directory: &Path) -> (ModelProto, GraphProto) {
    let model = ModelProto::decode(fs::read(directory.join("model.onnx")).unwrap().as_slice()).unwrap();
    let graph = model.graph.clone().unwrap();
    (model, graph)
}

fn sha256(path: &Path) -> String {
    let hash = Sha256::digest(fs::read(path).unwrap());
    hash.iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn a_model_says_which_one_it_is_and_takes_the_schemas_columns() {
    let workspace = Workspace::with_champion();
    let out = workspace.path("onnx");
    let told = workspace
        .run(&[&"export", &"onnx", &"champion", &"--output", &out, &"--json"], 0)
        .json();
    let run = workspace.run_directory();
    let manifest: Value = serde_json::from_slice(&fs::read(run.join("manifest.json")).unwrap()).unwrap();
    let trained = TrainedModel::load(&run.join("model_trainer/model.bin")).unwrap();
    let (model, graph) = read_back(&out);

    let facts = model.facts();
    assert_eq!(facts["nsec.run_id"], told["run_id"].as_str().unwrap());
    assert_eq!(
        facts["nsec.bundle_sha256"],
        sha256(&run.join("model_trainer/model.bin"))
    );
    assert_eq!(facts["nsec.schema"], trained.schema.name);
    assert_eq!(
        facts["nsec.schema_sha256"],
        manifest["schema"]["sha256"].as_str().unwrap()
    );
    assert_eq!(facts["nsec.threshold"].parse::<f64>().unwrap(), trained.threshold);
    assert_eq!(
        (facts["nsec.positive_class"], facts["nsec.calibration"]),
        ("malicious", "sigmoid")
    );
    assert_eq!(facts["nsec.program_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(told["sha256"], sha256(&out.join("model.onnx")));

    let columns: Vec<&str> = trained.preprocessor.columns().collect();
    let inputs: Vec<&str> = graph.input.iter().map(ValueInfoProto::name).collect();
    assert_eq!(inputs, columns);
    for input in &graph.input {
        let tensor = input.r#type.clone().unwrap().tensor_type.unwrap();
        assert_eq!(tensor.elem_type(), data_type::DOUBLE);
        let shape = tensor.shape.unwrap().dim;
        assert_eq!(
            (shape.len(), shape[0].dim_param(), shape[1].dim_value()),
            (2, "rows", 1)
        );
    }
    let outputs: Vec<&str> = graph.output.iter().map(ValueInfoProto::name).collect();
    assert_eq!(outputs, ["probability", "label"]);
    let names: BTreeSet<&str> = graph
        .node
        .iter()
        .flat_map(|node| &node.output)
        .map(String::as_str)
        .collect();
    assert_eq!(names.len(), graph.node.len(), "every node makes something of its own");

    let schema: Value = serde_json::from_slice(&fs::read(out.join("schema.json")).unwrap()).unwrap();
    for (file, hash) in schema["files"].as_object().unwrap() {
        assert_eq!(hash, &sha256(&out.join(file)), "{file}");
    }
    let listed: Vec<&str> = schema["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, columns);
}

#[test]
fn the_conformance_rows_begin_with_nothing_and_crowd_around_the_threshold() {
    let workspace = Workspace::with_champion();
    let out = workspace.path("onnx");
    export(&workspace, &workspace.run_directory(), &out);
    let text = fs::read_to_string(out.join("conformance.ndjson")).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 1000);
    let cells = |row: &Value| row["row"].as_object().unwrap().clone();
    assert!(cells(&rows[0]).values().all(Value::is_null));
    for column in cells(&rows[0]).keys() {
        assert!(rows.iter().skip(1).any(|row| row["row"][column].is_null()), "{column}");
        assert!(rows.iter().any(|row| row["row"][column] == 1_i64 << 53), "{column}");
    }
    let schema: Value = serde_json::from_slice(&fs::read(out.join("schema.json")).unwrap()).unwrap();
    let threshold = schema["threshold"].as_f64().unwrap();
    for row in &rows {
        let probability = row["probability"].as_f64().unwrap();
        assert_eq!(row["label"] == 1, probability >= threshold);
    }
    let near = |row: &&Value| (row["probability"].as_f64().unwrap() - threshold).abs() < 0.1;
    assert!(rows.iter().filter(near).count() > 200);
    for label in 0..2 {
        assert!(rows.iter().filter(|row| row["label"] == label).count() > 100);
    }
}

#[test]
fn the_same_run_gives_the_same_bytes_and_replaces_what_was_there() {
    let workspace = Workspace::with_champion();
    let [first, second] = ["one", "two"].map(|name| workspace.path(name));
    workspace.write("two/model.onnx", "an older export");
    for out in [&first, &second] {
        export(&workspace, &workspace.run_directory(), out);
    }
    for name in FILES {
        assert_eq!(
            fs::read(first.join(name)).unwrap(),
            fs::read(second.join(name)).unwrap(),
            "{name}"
        );
    }
    workspace.assert_no_leftovers();
}

#[test]
fn a_tree_asks_what_it_asked_in_training() {
    let workspace = Workspace::new();
    let data = workspace.write("in.csv", mixed(800));
    let schema = workspace.write("mixed.yaml", MIXED);
    let run = train(&workspace, &data, Some(&schema), "decision_tree");
    let out = workspace.path("onnx");
    export(&workspace, &run, &out);
    let trained = TrainedModel::load(&run.join("model_trainer/model.bin")).unwrap();
    let Some(Anatomy::Tree(nodes)) = trained.classifier.anatomy() else {
        panic!("a decision tree is a tree");
    };
    let (_, graph) = read_back(&out);
    let trees = graph
        .node
        .iter()
        .find(|node| node.op_type() == "TreeEnsembleRegressor")
        .unwrap();
    let thresholds = &trees.attribute("nodes_values").unwrap().floats;
    let features = &trees.attribute("nodes_featureids").unwrap().ints;
    let modes = &trees.attribute("nodes_modes").unwrap().strings;
    assert_eq!(thresholds.len(), nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        match node {
            PlainNode::Split { feature, threshold, .. } => {
                assert_eq!(thresholds[at].to_bits(), threshold.to_bits());
                assert_eq!(
                    (features[at], modes[at].as_slice()),
                    (i64::from(*feature), &b"BRANCH_LEQ"[..])
                );
            }
            PlainNode::Leaf(_) => assert_eq!(modes[at], b"LEAF"),
        }
    }
    let texts: Vec<&str> = graph
        .input
        .iter()
        .filter(|input| input.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap().elem_type() == data_type::STRING)
        .map(ValueInfoProto::name)
        .collect();
    assert!(texts.contains(&"service") && !texts.contains(&"bytes"), "{texts:?}");
}

#[test]
fn a_column_may_bear_an_outputs_name() {
    let workspace = Workspace::new();
    let text = mixed(600)
        .replacen("ratio", "probability", 1)
        .replacen("bytes", "nsec_3", 1);
    let data = workspace.write("in.csv", text);
    let schema = MIXED.replacen("ratio", "probability", 1).replacen("bytes", "nsec_3", 1);
    let schema = workspace.write("mixed.yaml", schema);
    let run = train(&workspace, &data, Some(&schema), "logistic_regression");
    let out = workspace.path("onnx");
    export(&workspace, &run, &out);
    let (_, graph) = read_back(&out);
    assert_eq!(graph.output[0].name(), "nsec_probability");
    let inputs: BTreeSet<&str> = graph.input.iter().map(ValueInfoProto::name).collect();
    let made = graph.node.iter().flat_map(|node| &node.output);
    let constants = graph.initializer.iter().map(TensorProto::name);
    for name in made.map(String::as_str).chain(constants) {
        assert!(!inputs.contains(name), "{name} is made twice");
    }
}

#[test]
fn what_has_no_exact_form_is_refused_with_the_reason_and_writes_nothing() {
    let workspace = Workspace::with_champion();
    let run = workspace.run_directory();
    change_model(&run, |model| {
        model.calibrator = Calibrator::Isotonic {
            x: vec![0.2, 0.8],
            y: vec![0.1, 0.9],
        };
    });
    let out = workspace.path("onnx");
    let error = workspace.run(&[&"export", &"onnx", &run, &"--output", &out], 1).error();
    assert!(
        error.contains("isotonic") && error.contains("training.calibration: sigmoid"),
        "{error}"
    );
    assert!(!out.exists());

    let data = workspace.write("few.csv", head(&bundled(400), 400));
    for family in ["k_nearest_neighbors", "support_vector"] {
        let run = train(&workspace, &data, None, family);
        let error = workspace.run(&[&"export", &"onnx", &run, &"--output", &out], 1).error();
        assert!(error.contains(family) && error.contains("score"), "{error}");
        assert!(!out.exists());
    }

    let gaps = workspace.write("gaps.csv", mixed(400));
    let schema = workspace.write("mixed.yaml", MIXED);
    workspace.write("nsec.yaml", "transform: {impute_numbers: knn}\n");
    let run = train(&workspace, &gaps, Some(&schema), "logistic_regression");
    let error = workspace.run(&[&"export", &"onnx", &run, &"--output", &out], 1).error();
    assert!(error.contains("similar training rows"), "{error}");

    let error = workspace
        .run(&[&"export", &"onnx", &"nobody", &"--output", &out], 4)
        .error();
    assert!(error.contains("nobody"), "{error}");
}

#[test]
fn addresses_are_refused_until_they_are_no_features() {
    let workspace = Workspace::new();
    let data = workspace.path("flows.csv");
    workspace.run(&[&"generate", &"flows", &"--rows", &"600", &"--output", &data], 0);
    let schema = workspace.path("flows.yaml");
    workspace.run(&[&"schema", &"generate", &data, &"--output", &schema], 0);
    let out = workspace.path("onnx");
    let run = train(&workspace, &data, Some(&schema), "logistic_regression");
    let error = workspace.run(&[&"export", &"onnx", &run, &"--output", &out], 1).error();
    assert!(error.contains("transform.ip_features: false"), "{error}");
    workspace.write("nsec.yaml", "transform: {ip_features: false}\n");
    let run = train(&workspace, &data, Some(&schema), "logistic_regression");
    export(&workspace, &run, &out);
}
