//! Owns what tests of verdicts and labels share: a small schema, rows of it, judged cases, and a quick training run.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::checking::Checking;
use super::ingestion::{Dataset, ingest};
use super::judged::{JudgedCase, JudgedCases};
use super::rejects::RejectWriter;
use super::training::{Limits, TrainOutcome, TrainRequest, TrainingSettings, train};
use crate::cancel::CancelToken;
use crate::data::{ReadSettings, RowId, Source, open_bytes, row_ids};
use crate::metrics::Calibrator;
use crate::models::{FitContext, NOT_MONOTONE, Params, SearchStrategy, TrainSet, family};
use crate::pipeline::trained_model::TrainedModel;
use crate::schema::{Column, Loaded, Schema};
use crate::transform::{Preprocessor, TransformSettings};
use crate::triage::{Lane, Verdict};
use crate::validation::{Purpose, ValidationSettings};
use crate::workspace::Workspace;

/// `id` is no feature; `t` is one where rows have a time.
pub(super) fn schema() -> Arc<Schema> {
    const TEXT: &str = "name: small\n\
        label: {column: y, malicious: [bad], benign: [good]}\n\
        columns:\n\
        - {name: id, type: text, role: id}\n\
        - {name: a, type: int}\n\
        - {name: b, type: int, nullable: true}\n\
        - {name: t, type: timestamp, role: timestamp, required: false, nullable: true}\n";
    Arc::new(Loaded::parse(TEXT, "test").unwrap().schema)
}

pub(super) fn dataset(csv: &str) -> Dataset {
    dataset_of(&schema(), csv)
}

fn dataset_of(schema: &Arc<Schema>, csv: &str) -> Dataset {
    let settings = ValidationSettings::default();
    let cancel = CancelToken::new();
    let checking = Checking {
        schema,
        purpose: Purpose::Train,
        settings: &settings,
        reference: None,
        failing_lines: 0,
        cancel: &cancel,
    };
    let reader = open_bytes("rows.csv", csv.as_bytes().to_vec(), &ReadSettings::default()).unwrap();
    let mut nowhere = RejectWriter::new(std::io::sink(), false).unwrap();
    let (report, dataset) = ingest(&checking, reader, &mut nowhere, |_| {}).unwrap();
    dataset.unwrap_or_else(|| panic!("{}", report.blocking_summary()))
}

/// The row ids of a dataset.
pub(super) fn ids(dataset: &Dataset) -> Vec<RowId> {
    row_ids(&schema(), &dataset.frame)
}

/// A case picked by an analyst.
pub(super) fn case(row: RowId, verdict: Verdict, cells: &[(&str, &str)]) -> JudgedCase {
    JudgedCase {
        row,
        verdict,
        lane: Lane::Picked,
        analyst: "ann".into(),
        cells: Some(
            cells
                .iter()
                .map(|(name, text)| ((*name).into(), (*text).into()))
                .collect(),
        ),
    }
}

pub(super) fn judged(cases: impl IntoIterator<Item = JudgedCase>) -> JudgedCases {
    let mut cases: Vec<JudgedCase> = cases.into_iter().collect();
    cases.sort_by_key(|case| case.row);
    JudgedCases { cases, conflicting: 0 }
}

/// A workspace with rows in it.
pub(super) struct House {
    pub(super) workspace: Workspace,
    pub(super) data: PathBuf,
    _directory: tempfile::TempDir,
}

impl House {
    pub(super) fn new(csv: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("rows.csv");
        fs::write(&data, csv).unwrap();
        Self {
            workspace: Workspace::at(directory.path()),
            data,
            _directory: directory,
        }
    }

    /// Trains one quick family.
    pub(super) fn train(
        &self,
        judged: Option<&JudgedCases>,
        change: impl FnOnce(&mut TrainingSettings),
    ) -> TrainOutcome {
        let mut training = TrainingSettings {
            models: vec!["decision_tree".into()],
            search: SearchStrategy::None,
            folds: 3,
            ..TrainingSettings::default()
        };
        change(&mut training);
        let request = TrainRequest {
            workspace: &self.workspace,
            source: &Source::Path(self.data.clone()),
            schema: &schema(),
            reading: &ReadSettings::default(),
            validation: &ValidationSettings::default(),
            transform: &TransformSettings::default(),
            training: &training,
            threads: 1,
            resume: None,
            verdicts: judged,
            limits: &Limits::default(),
        };
        train(&request, &|_| {}, &CancelToken::new()).unwrap()
    }
}

/// A file of a run.
pub(super) fn read(run: &TrainOutcome, below: &str) -> Vec<u8> {
    fs::read(PathBuf::from(&run.run_dir).join(below)).unwrap()
}

/// Rows whose label `a` tells: `rows` of them, no two alike but for their copies. Those in `wrong` have the other label.
pub(super) fn rows(rows: usize, wrong: &[usize]) -> String {
    let mut csv = String::from("id,a,b,y\n");
    for row in 0..rows {
        let (a, b) = (row * 7919 % 101, row * 31 % 17);
        let bad = (a > 50) != wrong.contains(&row);
        csv.push_str(&format!("r{row},{a},{b},{}\n", if bad { "bad" } else { "good" }));
    }
    csv
}

/// A small model of the columns `a` and `b` under a schema that has them.
pub(super) fn a_model(schema: &Arc<Schema>) -> TrainedModel {
    let mut csv = String::from("id,a,b,y\n");
    for row in 0..200 {
        let b = ["0", "1.5", "3", "4.25", ""][row % 5];
        let a = row * 37 % 91;
        csv.push_str(&format!("r{row},{a},{b},{}\n", if a > 40 { "bad" } else { "good" }));
    }
    let data = dataset_of(schema, &csv);
    let columns: Vec<Column> = ["a", "b"].map(|name| schema.column(name).unwrap().clone()).to_vec();
    let family = family("decision_tree").unwrap();
    let (wants, settings) = (family.wants(), TransformSettings::default());
    let preprocessor = Preprocessor::fit(&data.frame, &columns, &data.labels, &wants, &settings).unwrap();
    let matrix = preprocessor.transform(&data.frame).unwrap();
    let set = TrainSet {
        matrix: &matrix,
        labels: &data.labels,
        weights: None,
    };
    let params = Params::defaults(&family.parameters());
    let mut context = FitContext {
        seed: 1,
        threads: 1,
        cancel: &CancelToken::new(),
        validation: None,
        early_stopping: None,
        monotone: &NOT_MONOTONE,
        on_iteration: &mut |_| {},
    };
    TrainedModel {
        classifier: family.fit(&set, &params, &mut context).unwrap(),
        schema: Arc::clone(schema),
        preprocessor,
        params,
        calibrator: Calibrator::Sigmoid { a: 0.9, b: 0.1 },
        threshold: 0.5,
    }
}
