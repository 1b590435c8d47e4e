//! Owns the tests of cross-validation with a family that fits in iterations: what reaches the listener, the log and
//! the learning curves, on one thread and on several.

use std::sync::Arc;

use super::super::evaluation::{Evaluated, finish, score_side};
use super::super::leaderboard::{best_trial, family_row};
use super::super::publication::write_scores;
use super::super::selection::Selection;
use super::super::settings::TrainingSettings;
use super::super::test_family::{PEAK, Steps, Table, impatient, plan, table};
use super::super::trials::trials_of;
use super::*;
use crate::artifacts::{RunDir, RunFile};
use crate::data::folds;
use crate::metrics::named_metric;
use crate::models::{Family, SearchStrategy};
use crate::schema::{DriftThresholds, Schema};
use crate::workspace::Workspace;

const FOLDS: usize = 3;

struct Searched {
    records: Vec<TrialRecord>,
    events: Vec<Event>,
    folds: Vec<Fold>,
    /// Fits that the family made.
    fits: usize,
    family: &'static Steps,
}

fn search(table: &Table, threads: usize, log: &TrialLog, cancel: &CancelToken) -> Result<Searched, TrainingError> {
    search_until(table, threads, log, cancel, &TrialGate::new(None))
}

fn search_until(
    table: &Table,
    threads: usize,
    log: &TrialLog,
    cancel: &CancelToken,
    gate: &TrialGate,
) -> Result<Searched, TrainingError> {
    let family: &'static Steps = Box::leak(Box::new(Steps::iterative()));
    let folds = folds(&table.labels, Some(&table.groups), FOLDS, 7).unwrap();
    let settings = TrainingSettings {
        search: SearchStrategy::Grid,
        ..TrainingSettings::default()
    };
    let trials = trials_of(family, &settings).unwrap();
    assert_eq!(trials.len(), 2, "the defaults stand in the grid");
    let (early_stopping, transform) = (impatient(), TransformSettings::default());
    let rows = rows(table, &transform);
    let events = Mutex::new(Vec::new());
    let sink = |event: Event| events.lock().unwrap().push(event);
    let records = CrossValidation {
        rows: &rows,
        folds: &folds,
        plan: plan(&early_stopping, cancel),
        threads,
        select_by: named_metric("log_loss").unwrap(),
        log,
        events: &sink,
        gate,
        progress: &SearchProgress::new(trials.len() * FOLDS),
    }
    .run(family.wants(), &trials)?;
    Ok(Searched {
        records,
        folds,
        fits: family.given.lock().unwrap().len(),
        family,
        events: events.into_inner().unwrap(),
    })
}

fn rows<'a>(table: &'a Table, transform: &'a TransformSettings) -> TrainingRows<'a> {
    TrainingRows {
        frame: &table.frame,
        columns: &table.columns,
        labels: &table.labels,
        groups: &table.groups,
        weights: None,
        transform,
    }
}

/// Without what was measured by a clock.
fn untimed(records: &[TrialRecord]) -> Vec<TrialRecord> {
    let mut records = records.to_vec();
    for fold in records.iter_mut().flat_map(|r| &mut r.folds) {
        (fold.fit_seconds, fold.predict_seconds) = (0.0, 0.0);
    }
    records
}

#[test]
fn every_iteration_reaches_the_listener_and_the_record() {
    let dir = tempfile::tempdir().unwrap();
    let log = TrialLog::open(&dir.path().join("trials"), None).unwrap();
    let table = table(240);
    let searched = search(&table, 1, &log, &CancelToken::new()).unwrap();
    for record in &searched.records {
        assert_eq!(record.folds.len(), FOLDS);
        let peak = if record.trial == 0 { PEAK } else { 3 };
        for (fold, result) in record.folds.iter().enumerate() {
            assert_eq!(result.best_iteration, Some(peak));
            assert_eq!(result.curve.metric, "log_loss");
            let points: Vec<(usize, f64, Option<f64>)> = searched
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::Iteration {
                        trial,
                        fold: of_fold,
                        iteration,
                        train,
                        validation,
                        ..
                    } if *trial == Some(record.trial + 1) && *of_fold == Some(fold + 1) => {
                        Some((*iteration, *train, *validation))
                    }
                    _ => None,
                })
                .collect();
            let curve: Vec<_> = result
                .curve
                .points
                .iter()
                .map(|p| (p.iteration, p.train, p.validation))
                .collect();
            assert_eq!(points, curve);
            assert_eq!(curve.len(), peak + 4);
        }
    }
    let count = |wanted: fn(&Event) -> bool| searched.events.iter().filter(|e| wanted(e)).count();
    assert_eq!(count(|e| matches!(e, Event::TrialStarted { .. })), 2);
    assert_eq!(count(|e| matches!(e, Event::TrialFinished { .. })), 2);
    assert_eq!(count(|e| matches!(e, Event::FoldFinished { .. })), 2 * FOLDS);
    let last = searched.events.iter().rev().find_map(|e| match e {
        Event::StageProgress { done, total, .. } => Some((*done, *total)),
        _ => None,
    });
    assert_eq!(last, Some((6, Some(6))));
}

#[test]
fn threads_change_nothing_but_the_time() {
    let dir = tempfile::tempdir().unwrap();
    let table = table(240);
    let one = TrialLog::open(&dir.path().join("one"), None).unwrap();
    let four = TrialLog::open(&dir.path().join("four"), None).unwrap();
    let one = search(&table, 1, &one, &CancelToken::new()).unwrap();
    let four = search(&table, 4, &four, &CancelToken::new()).unwrap();
    assert_eq!(untimed(&one.records), untimed(&four.records));
}

#[test]
fn finished_trials_are_not_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second, third) = (dir.path().join("1"), dir.path().join("2"), dir.path().join("3"));
    let table = table(240);
    let log = TrialLog::open(&first, None).unwrap();
    let whole = search(&table, 1, &log, &CancelToken::new()).unwrap();
    assert_eq!(whole.fits, 2 * FOLDS);
    // As a kill leaves it: one whole line and a torn one.
    let text = std::fs::read_to_string(&first).unwrap();
    let end = text.find('\n').unwrap() + 1;
    std::fs::write(&first, &text[..end + 40]).unwrap();

    let log = TrialLog::open(&second, Some(&first)).unwrap();
    let resumed = search(&table, 1, &log, &CancelToken::new()).unwrap();
    assert_eq!(resumed.fits, FOLDS, "one trial was finished");
    assert_eq!(untimed(&resumed.records), untimed(&whole.records));

    // The resumed run's own log holds both, so that it can be resumed in its turn.
    let log = TrialLog::open(&third, Some(&second)).unwrap();
    let again = search(&table, 1, &log, &CancelToken::new()).unwrap();
    assert_eq!(again.fits, 0);
    assert_eq!(untimed(&again.records), untimed(&whole.records));
}

#[test]
fn a_record_without_its_scores_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (dir.path().join("1"), dir.path().join("2"));
    let table = table(240);
    let log = TrialLog::open(&first, None).unwrap();
    let mut whole = search(&table, 1, &log, &CancelToken::new()).unwrap();
    // What a run leaves when it is killed between publishing its trials and finishing.
    let mut lines = Vec::new();
    for record in &mut whole.records {
        record.folds.iter_mut().for_each(|fold| fold.scores.clear());
        serde_json::to_writer(&mut lines, record).unwrap();
        lines.push(b'\n');
    }
    std::fs::write(&first, &lines).unwrap();
    let log = TrialLog::open(&second, Some(&first)).unwrap();
    let resumed = search(&table, 1, &log, &CancelToken::new()).unwrap();
    assert_eq!(resumed.fits, 2 * FOLDS);
    assert!(
        resumed
            .records
            .iter()
            .all(|r| r.folds.iter().all(|f| !f.scores.is_empty()))
    );
}

#[test]
fn a_cancelled_search_ends_without_records() {
    let dir = tempfile::tempdir().unwrap();
    let log = TrialLog::open(&dir.path().join("trials"), None).unwrap();
    let cancel = CancelToken::new();
    cancel.cancel();
    let result = search(&table(240), 2, &log, &cancel);
    assert!(matches!(result, Err(TrainingError::Cancelled(_))));
}

#[test]
fn learning_curves_of_folds_and_final_fit_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (run, _) = RunDir::create(&Workspace::at(dir.path())).unwrap();
    let log = TrialLog::open(&dir.path().join("trials"), None).unwrap();
    let table = table(240);
    let cancel = CancelToken::new();
    let searched = search(&table, 1, &log, &cancel).unwrap();
    let metric = named_metric("log_loss").unwrap();
    let transform = TransformSettings::default();
    let rows = rows(&table, &transform);
    let (preprocessor, matrix) = rows.preprocessor(searched.family.wants(), None).unwrap();
    let selection = Selection {
        leaderboard: vec![family_row(searched.family, &searched.records, metric)],
        family: searched.family,
        trial: best_trial(&searched.records, metric).unwrap().clone(),
        preprocessor,
        matrix: Arc::new(matrix),
        trials: searched.records.clone(),
    };
    let schema = Arc::new(Schema {
        name: "steps".into(),
        description: None,
        label: None,
        columns: table.columns.clone(),
        rules: Vec::new(),
        drift: DriftThresholds::default(),
    });
    let early_stopping = impatient();
    let (settings, plan) = (TrainingSettings::default(), plan(&early_stopping, &cancel));
    let heard = Mutex::new(0);
    let sink = |event: Event| {
        if matches!(
            event,
            Event::Iteration {
                trial: None,
                fold: None,
                ..
            }
        ) {
            *heard.lock().unwrap() += 1;
        }
    };
    let finished = finish(&selection, &rows, &searched.folds, &schema, &settings, plan, &sink).unwrap();
    let side = || score_side(&finished.model, &table.frame, &table.labels, plan).unwrap();
    let evaluated = Evaluated {
        train: side(),
        test: side(),
        random_audit: None,
    };
    write_scores(&run, &selection, &finished, &evaluated).unwrap();

    let read = |file: RunFile| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(run.file(file)).unwrap()).unwrap()
    };
    let curves = read(RunFile::LearningCurves);
    let curves = curves.as_array().unwrap();
    assert_eq!(curves.len(), FOLDS + 1, "the best trial's folds and the final fit");
    for (fold, curve) in curves[..FOLDS].iter().enumerate() {
        assert_eq!(
            (curve["trial"].as_u64(), curve["fold"].as_u64()),
            (Some(1), Some(fold as u64 + 1))
        );
    }
    let last = &curves[FOLDS];
    assert!(last["trial"].is_null() && last["fold"].is_null());
    assert_eq!(last["best_iteration"].as_u64(), Some(PEAK as u64));
    let points = last["points"].as_array().unwrap();
    assert_eq!(points.len(), *heard.lock().unwrap());
    let best = points
        .iter()
        .min_by(|a, b| a["validation"].as_f64().partial_cmp(&b["validation"].as_f64()).unwrap());
    assert_eq!(best.unwrap()["iteration"].as_u64(), Some(PEAK as u64));
    // The threshold lies between the two values that the double gives, so both classes are told apart.
    assert_eq!(finished.threshold.out_of_fold.confusion, side().metrics.confusion);
}

#[test]
fn after_the_time_no_trial_begins_and_the_first_is_whole() {
    for threads in [1, 4] {
        let dir = tempfile::tempdir().unwrap();
        let log = TrialLog::open(&dir.path().join("trials"), None).unwrap();
        let gate = TrialGate::new(Some(Instant::now()));
        let searched = search_until(&table(240), threads, &log, &CancelToken::new(), &gate).unwrap();
        assert_eq!(searched.records.len(), 1);
        assert_eq!(searched.records[0].folds.len(), FOLDS);
        assert_eq!((searched.fits, gate.left_out()), (FOLDS, 1));
        let started = |e: &&Event| matches!(e, Event::TrialStarted { .. });
        assert_eq!(searched.events.iter().filter(started).count(), 1);
    }
}
