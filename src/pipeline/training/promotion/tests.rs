//! Owns the tests of promotion: who wins, what is left to a person, and that nothing changes where nobody wins.

use std::fs;
use std::sync::Arc;

use super::super::fitting::{FitRows, fit};
use super::super::settings::EarlyStoppingSettings;
use super::super::test_family::{Table, plan, table};
use super::*;
use crate::artifacts::{Registry, RunDir};
use crate::data::RowId;
use crate::metrics::{Calibrator, named_metric};
use crate::models::{Params, family};
use crate::pipeline::event::RunStatus;
use crate::pipeline::judged::JudgedCase;
use crate::pipeline::judged_flips::Flip;
use crate::pipeline::training::cross_validation::TrainingRows;
use crate::schema::{DriftThresholds, Schema};
use crate::transform::TransformSettings;
use crate::triage::{Lane, Verdict};

/// Which features the table's hashes are of.
const FINGERPRINT: u64 = 7;

struct Place {
    _directory: tempfile::TempDir,
    workspace: Workspace,
    /// The rows that decide.
    table: Table,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    Place {
        workspace: Workspace::at(directory.path()),
        _directory: directory,
        table: table(400),
    }
}

impl Place {
    /// A finished run whose model was taught `labels`; `trained` are the hashes of its training rows.
    fn run(&self, labels: &[bool], trained: impl Iterator<Item = u64>) -> RunId {
        let transform = TransformSettings::default();
        let family = family("naive_bayes_gaussian").unwrap();
        let rows = TrainingRows {
            frame: &self.table.frame,
            columns: &self.table.columns,
            labels,
            groups: &self.table.groups,
            weights: None,
            transform: &transform,
        };
        let (preprocessor, matrix) = rows.preprocessor(family.wants(), None).unwrap();
        let (early_stopping, cancel) = (EarlyStoppingSettings::default(), CancelToken::new());
        let rows = FitRows {
            matrix: &matrix,
            labels,
            groups: &self.table.groups,
            weights: None,
        };
        let params = Params::defaults(&family.parameters());
        let classifier = fit(family, &params, rows, plan(&early_stopping, &cancel), &mut |_| ()).unwrap();
        let model = TrainedModel {
            schema: Arc::new(Schema {
                name: "table".into(),
                description: None,
                label: None,
                columns: self.table.columns.clone(),
                rules: Vec::new(),
                drift: DriftThresholds::default(),
            }),
            preprocessor,
            classifier,
            params,
            calibrator: Calibrator::Identity,
            threshold: 0.5,
        };
        let (run, mut manifest) = RunDir::create(&self.workspace).unwrap();
        atomic::write_bytes(&run.file(RunFile::Model), &model.encode().unwrap()).unwrap();
        write_trained_rows(&run.path().join(TRAINED_ROWS), FINGERPRINT, trained).unwrap();
        run.record_files(&mut manifest).unwrap();
        manifest.end(RunStatus::Finished, None);
        run.write_manifest(&manifest).unwrap();
        run.id().clone()
    }

    /// A run that learned the table's labels.
    fn good(&self) -> RunId {
        self.run(&self.table.labels, std::iter::empty())
    }

    /// A run that learned the opposite.
    fn bad(&self, trained: impl Iterator<Item = u64>) -> RunId {
        let opposite: Vec<bool> = self.table.labels.iter().map(|l| !l).collect();
        self.run(&opposite, trained)
    }

    fn crown(&self, run: &RunId) {
        let wish = Promotion {
            run: run.clone(),
            alias: CHAMPION.to_owned(),
            by: "test".into(),
            reason: String::new(),
            expected_champion: None,
        };
        RegistryStore::new(&self.workspace).promote(&wish).unwrap();
    }

    fn registry(&self) -> Registry {
        RegistryStore::new(&self.workspace).read().unwrap()
    }

    fn model(&self, run: &RunId) -> TrainedModel {
        let (directory, _) = load_run(&self.workspace, run).unwrap();
        TrainedModel::load(&directory.join(RunFile::Model.relative())).unwrap()
    }

    /// Lets `run` stand against the champion on the table's rows, with the scores that its model gives.
    fn decide(
        &self,
        run: &RunId,
        settings: &PromotionSettings,
        cancel: &CancelToken,
    ) -> Result<PromotionOutcome, TrainingError> {
        self.decide_judged(run, None, settings, cancel)
    }

    fn decide_judged(
        &self,
        run: &RunId,
        judged: Option<&JudgedCases>,
        settings: &PromotionSettings,
        cancel: &CancelToken,
    ) -> Result<PromotionOutcome, TrainingError> {
        let model = self.model(run);
        let scores = model.score(&self.table.frame, &CancelToken::new()).unwrap();
        let test = ScoredTest {
            rows: TestRows {
                frame: &self.table.frame,
                labels: &self.table.labels,
                groups: &self.table.groups,
            },
            scores: &scores,
            model: &model,
            judged,
            validation: &ValidationSettings::default(),
            trained: &[],
            fingerprint: FINGERPRINT,
        };
        let metric = named_metric("pr_auc").unwrap();
        decide(&self.workspace, run, &test, metric, settings, 7, cancel)
    }
}

fn quick() -> PromotionSettings {
    PromotionSettings {
        resamples: 200,
        ..PromotionSettings::default()
    }
}

#[test]
fn without_a_champion_the_first_run_is_it() {
    let place = place();
    let run = place.bad(std::iter::empty());
    let outcome = place.decide(&run, &quick(), &CancelToken::new()).unwrap();
    assert!(outcome.promoted);
    assert_eq!((outcome.champion, outcome.fresh_rows), (None, 0));
    assert_eq!(place.registry().champion, Some(run));
}

#[test]
fn a_better_model_replaces_the_champion_by_itself() {
    let place = place();
    let (old, new) = (place.bad(std::iter::empty()), place.good());
    place.crown(&old);
    let outcome = place.decide(&new, &quick(), &CancelToken::new()).unwrap();
    assert!(outcome.promoted, "{}", outcome.reason);
    assert_eq!(outcome.champion, Some(old.clone()));
    assert_eq!(outcome.fresh_rows, 400);
    assert!(outcome.probability_better.unwrap() >= 0.9);
    assert!(outcome.interval.unwrap().0 > 0.0, "the whole interval is above nothing");
    let registry = place.registry();
    assert_eq!((registry.champion, registry.previous), (Some(new), vec![old]));
}

#[test]
fn an_equal_or_worse_model_does_not() {
    let place = place();
    let champion = place.good();
    place.crown(&champion);
    for run in [place.good(), place.bad(std::iter::empty())] {
        let outcome = place.decide(&run, &quick(), &CancelToken::new()).unwrap();
        assert!(!outcome.promoted);
        assert!(
            outcome.reason.starts_with("not shown to be better"),
            "{}",
            outcome.reason
        );
        assert!(outcome.probability_better.unwrap() < 0.9);
        assert_eq!(place.registry().champion, Some(champion.clone()));
    }
}

#[test]
fn rows_that_the_champion_trained_on_do_not_count() {
    let place = place();
    // All but the last 100 groups; 200 rows are left, just enough.
    let old = place.bad(0..100);
    place.crown(&old);
    let new = place.good();
    let asked = PromotionSettings {
        min_rows: 201,
        ..quick()
    };
    let outcome = place.decide(&new, &asked, &CancelToken::new()).unwrap();
    assert!(!outcome.promoted);
    assert!(outcome.reason.contains("left to a person"), "{}", outcome.reason);
    assert!(outcome.reason.contains("only 200 test rows"), "{}", outcome.reason);
    assert!(
        outcome.reason.contains(&format!("runs promote {new}")),
        "{}",
        outcome.reason
    );
    assert_eq!(place.registry().champion, Some(old));
    let outcome = place.decide(&new, &quick(), &CancelToken::new()).unwrap();
    assert!(outcome.promoted, "{}", outcome.reason);
    assert_eq!(outcome.fresh_rows, 200);
}

#[test]
fn with_automatic_promotion_off_it_is_only_said() {
    let place = place();
    let (old, new) = (place.bad(std::iter::empty()), place.good());
    place.crown(&old);
    let settings = PromotionSettings {
        automatic: false,
        ..quick()
    };
    let outcome = place.decide(&new, &settings, &CancelToken::new()).unwrap();
    assert!(!outcome.promoted);
    assert!(outcome.reason.contains("automatic is off"), "{}", outcome.reason);
    assert!(outcome.probability_better.unwrap() >= 0.9);
    assert_eq!(place.registry().champion, Some(old));
}

#[test]
fn a_champion_that_cannot_be_read_is_left_to_a_person() {
    for (file, bytes) in [
        (RunFile::Model.relative(), &b"not a model"[..]),
        (TRAINED_ROWS, b"1234567"),
        (RunFile::Manifest.relative(), b"{"),
    ] {
        let place = place();
        let (old, new) = (place.bad(std::iter::empty()), place.good());
        place.crown(&old);
        let (directory, _) = load_run(&place.workspace, &old).unwrap();
        fs::write(directory.join(file), bytes).unwrap();
        let outcome = place.decide(&new, &quick(), &CancelToken::new()).unwrap();
        assert!(!outcome.promoted, "{file}");
        assert!(
            outcome.reason.contains("left to a person"),
            "{file}: {}",
            outcome.reason
        );
        assert!(!outcome.reason.contains('\n'), "one line");
        assert_eq!(place.registry().champion, Some(old));
    }
}

#[test]
fn a_cancelled_comparison_changes_nothing() {
    let place = place();
    let (old, new) = (place.bad(std::iter::empty()), place.good());
    place.crown(&old);
    let cancel = CancelToken::new();
    cancel.cancel();
    let result = place.decide(&new, &quick(), &cancel);
    assert!(matches!(result, Err(TrainingError::Cancelled(_))));
    assert_eq!(place.registry().champion, Some(old));
}

/// A case of the table with what was judged of it.
fn judged(values: &[(&str, Verdict)]) -> JudgedCases {
    let case = |(row, (value, verdict)): (usize, &(&str, Verdict))| JudgedCase {
        row: RowId(row as u64),
        verdict: *verdict,
        lane: Lane::Picked,
        analyst: "ann".into(),
        cells: Some(vec![("a".into(), (*value).into())]),
    };
    JudgedCases {
        cases: values.iter().enumerate().map(case).collect(),
        conflicting: 0,
    }
}

/// A positive value is malicious to the model that learned the table, and benign to the other.
#[test]
fn judged_cases_that_change_side_are_told_by_what_becomes_of_them() {
    let place = place();
    let (good, bad) = (place.model(&place.good()), place.model(&place.bad(std::iter::empty())));
    let cases = judged(&[
        ("100", Verdict::TruePositive),
        ("-100", Verdict::FalsePositive),
        ("-100", Verdict::TruePositive),
        ("100", Verdict::BenignPositive),
        ("many", Verdict::TruePositive),
    ]);
    let settings = ValidationSettings::default();
    let flips = |a, b| JudgedFlips::between(a, b, &cases, &settings, &CancelToken::new()).unwrap();
    let rows = |list: &[Flip]| list.iter().map(|flip| flip.row.0).collect::<Vec<_>>();
    let worse = flips(&good, &bad);
    assert_eq!((rows(&worse.lost), rows(&worse.alarms)), (vec![0], vec![1]));
    assert_eq!((rows(&worse.found), rows(&worse.cleared)), (vec![2], vec![]));
    assert_eq!((worse.judged, worse.net_loss(), worse.gets_worse()), (3, 1, true));
    assert!(worse.lost[0].before >= 0.5 && worse.lost[0].after < 0.5 && worse.lost[0].analyst == "ann");
    let (unscored, why) = worse.unscored.clone().unwrap();
    assert_eq!(unscored, 1);
    assert!(why.contains("0000000000000004"), "{why}");
    let better = flips(&bad, &good);
    assert_eq!((rows(&better.lost), rows(&better.found)), (vec![2], vec![0]));
    assert_eq!((rows(&better.cleared), better.net_loss()), (vec![1], -1));
    let same = flips(&good, &good);
    assert!(
        !same.gets_worse() && same.sentence().contains("none would change side"),
        "{}",
        same.sentence()
    );
}

#[test]
fn a_better_model_that_loses_judged_cases_is_left_to_a_person() {
    let place = place();
    let (old, new) = (place.bad(std::iter::empty()), place.good());
    place.crown(&old);
    let told = |cases: &JudgedCases| {
        place
            .decide_judged(&new, Some(cases), &quick(), &CancelToken::new())
            .unwrap()
    };
    let against = judged(&[
        ("-100", Verdict::TruePositive),
        ("-90", Verdict::TruePositive),
        ("100", Verdict::TruePositive),
    ]);
    let outcome = told(&against);
    assert!(!outcome.promoted && outcome.probability_better.unwrap() >= 0.9);
    assert!(outcome.reason.starts_with("left to a person"), "{}", outcome.reason);
    assert!(
        outcome.reason.contains("2 true positives would be lost"),
        "{}",
        outcome.reason
    );
    assert_eq!(outcome.judged.unwrap().lost.len(), 2);
    assert_eq!(place.registry().champion, Some(old));
    // As many won as lost: promoted, and what is lost is said.
    let even = judged(&[("-100", Verdict::TruePositive), ("100", Verdict::TruePositive)]);
    let outcome = told(&even);
    assert!(
        outcome.promoted && outcome.reason.contains("1 true positives would be lost"),
        "{}",
        outcome.reason
    );
}
