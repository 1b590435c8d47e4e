//! Owns the tests of the trial log: torn last lines, foreign lines, records that no longer fit.

use std::fs;

use super::*;
use crate::models::{ParamValue, family};

fn fold(validation: &[usize]) -> Fold {
    Fold {
        train: Vec::new(),
        validation: validation.to_vec(),
    }
}

fn trial(index: usize, depth: i64) -> Trial {
    Trial {
        family: family("decision_tree").unwrap(),
        index,
        of: 3,
        params: Params([("max_depth".to_owned(), ParamValue::Int(depth))].into()),
    }
}

fn record(trial: &Trial, scores: &[f64]) -> TrialRecord {
    TrialRecord {
        model: trial.family.name().to_owned(),
        trial: trial.index,
        params: trial.params.clone(),
        folds: vec![FoldResult {
            metrics: crate::metrics::evaluate(&[0.2, 0.8], &[false, true], 0.5).unwrap(),
            selected_by: Some(0.1 + 0.2),
            fit_seconds: 0.25,
            predict_seconds: 0.5,
            scores: scores.to_vec(),
            best_iteration: None,
            curve: LearningCurve::default(),
        }],
        error: None,
    }
}

#[test]
fn a_torn_last_line_costs_its_own_trial_only() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    let folds = [fold(&[0, 1])];
    let trials = [trial(0, 3), trial(1, 5)];
    let records = [record(&trials[0], &[0.1, 1.0 / 3.0]), record(&trials[1], &[0.2, 0.9])];
    let log = TrialLog::open(&old, None).unwrap();
    for record in &records {
        log.append(record).unwrap();
    }
    let bytes = fs::read(&old).unwrap();
    let first_line = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    // Wherever the second line is torn, the first counts and the second does not, until all of it is there.
    for cut in (first_line..bytes.len()).step_by(7) {
        fs::write(&old, &bytes[..cut]).unwrap();
        let log = TrialLog::open(&new, Some(&old)).unwrap();
        assert_eq!(
            log.finished(&trials[0], &folds),
            Some(&records[0]),
            "bit for bit, cut at {cut}"
        );
        let whole = cut == bytes.len() - 1; // only the line end is missing
        assert_eq!(log.finished(&trials[1], &folds).is_some(), whole, "cut at {cut}");
    }
}

#[test]
fn only_the_very_same_trial_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let log = TrialLog::open(&path, None).unwrap();
    let done = trial(0, 3);
    log.append(&record(&done, &[0.1, 0.9])).unwrap();
    let mut failed = record(&trial(1, 4), &[]);
    failed.folds.clear();
    failed.error = Some("the engine failed".to_owned());
    log.append(&failed).unwrap();
    let log = TrialLog::open(&dir.path().join("new"), Some(&path)).unwrap();
    let folds = [fold(&[0, 1])];
    assert!(log.finished(&done, &folds).is_some());
    assert!(log.finished(&trial(0, 4), &folds).is_none(), "other parameters");
    assert!(log.finished(&trial(2, 3), &folds).is_none(), "another place");
    assert!(
        log.finished(&trial(1, 4), &folds).is_none(),
        "failed trials are tried again"
    );
    assert!(log.finished(&done, &[fold(&[0])]).is_none(), "a fold of another size");
    assert!(
        log.finished(&done, &[fold(&[0, 1]), fold(&[2])]).is_none(),
        "more folds"
    );
}

#[test]
fn lines_that_are_no_records_are_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    let done = trial(0, 3);
    let mut bytes = b"\n{}\n[1,\xff\xfe\n{\"model\":3}\n".to_vec();
    bytes.extend(serde_json::to_vec(&record(&done, &[0.1, 0.9])).unwrap());
    fs::write(&old, &bytes).unwrap();
    let log = TrialLog::open(&new, Some(&old)).unwrap();
    assert!(log.finished(&done, &[fold(&[0, 1])]).is_some());
    let none = TrialLog::open(&new, Some(&dir.path().join("missing"))).unwrap();
    assert!(none.finished(&done, &[fold(&[0, 1])]).is_none());
}

#[test]
fn the_defaults_come_first_and_once() {
    let family = family("decision_tree").unwrap();
    let defaults = Params::defaults(&family.parameters());
    for search in [SearchStrategy::None, SearchStrategy::Grid, SearchStrategy::Random] {
        let settings = TrainingSettings {
            search,
            trials: 5,
            ..TrainingSettings::default()
        };
        let trials = trials_of(family, &settings).unwrap();
        assert_eq!(trials[0].params, defaults);
        assert_eq!(trials.iter().filter(|t| t.params == defaults).count(), 1);
        assert!(
            trials
                .iter()
                .enumerate()
                .all(|(i, t)| t.index == i && t.of == trials.len())
        );
        match search {
            SearchStrategy::None => assert_eq!(trials.len(), 1),
            SearchStrategy::Random => assert_eq!(trials.len(), 5),
            SearchStrategy::Grid => assert!(trials.len() > 1),
        }
    }
}

#[test]
fn what_the_settings_fix_is_the_same_in_every_trial() {
    let boosting = family("gradient_boosting").unwrap();
    let mut settings = TrainingSettings::default();
    let values = [
        ("trees".to_owned(), ParamValue::Int(300)),
        ("max_leaves".to_owned(), ParamValue::Float(63.0)),
    ];
    settings.params.insert("gradient_boosting".to_owned(), values.into());
    settings.check().unwrap();
    settings.trials = 8;
    for search in [SearchStrategy::None, SearchStrategy::Grid, SearchStrategy::Random] {
        settings.search = search;
        let trials = trials_of(boosting, &settings).unwrap();
        assert!(trials.iter().all(|t| t.params.int("trees").unwrap() == 300), "{search}");
        assert!(
            trials.iter().all(|t| t.params.int("max_leaves").unwrap() == 63),
            "{search}"
        );
        let distinct: std::collections::BTreeSet<String> = trials.iter().map(|t| t.params.to_string()).collect();
        assert_eq!(distinct.len(), trials.len(), "{search}");
        assert_eq!(trials.len() > 1, search != SearchStrategy::None, "{search}");
    }
    // Other families are as they were.
    let tree = family("decision_tree").unwrap();
    let free = trials_of(tree, &TrainingSettings::default()).unwrap();
    settings.search = TrainingSettings::default().search;
    assert_eq!(trials_of(tree, &settings).unwrap().len(), free.len());
}

#[test]
fn fixed_parameters_that_cannot_be_are_refused_by_name() {
    let refused = |family: &str, name: &str, value: ParamValue| {
        let mut settings = TrainingSettings::default();
        settings
            .params
            .insert(family.to_owned(), [(name.to_owned(), value)].into());
        settings.check().unwrap_err().to_string()
    };
    let text = refused("gradient_boosting", "tres", ParamValue::Int(3));
    assert!(
        text.contains("params.gradient_boosting") && text.contains("did you mean `trees`?"),
        "{text}"
    );
    let text = refused("gradient_boosting", "trees", ParamValue::Int(0));
    assert!(text.contains("expected a whole number from"), "{text}");
    let text = refused("gradient_bosting", "trees", ParamValue::Int(3));
    assert!(text.contains("gradient_bosting"), "{text}");
}
