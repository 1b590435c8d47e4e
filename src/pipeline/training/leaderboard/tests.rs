//! Owns the tests of ranking: four decimals, cost rank, direction of the metric, failed and skipped families.

use super::*;
use crate::metrics::named_metric;

fn row(model: &str, score: Option<f64>) -> LeaderboardRow {
    LeaderboardRow {
        selected_by: score,
        ..LeaderboardRow::skipped(model, "test")
    }
}

/// Families are named by their cost rank: `m3` has rank 3.
fn ranked(metric: &str, rows: &[(&str, Option<f64>)]) -> Vec<String> {
    let mut rows: Vec<LeaderboardRow> = rows.iter().map(|(model, score)| row(model, *score)).collect();
    rank(&mut rows, named_metric(metric).unwrap(), |name| {
        name.trim_start_matches('m').parse().unwrap()
    });
    rows.into_iter().map(|r| r.model).collect()
}

#[test]
fn the_better_score_leads_whichever_way_the_metric_points() {
    let rows = [("m1", Some(0.90)), ("m2", Some(0.95)), ("m3", Some(0.85))];
    assert_eq!(ranked("pr_auc", &rows), ["m2", "m1", "m3"]);
    assert_eq!(ranked("brier", &rows), ["m3", "m1", "m2"]);
}

#[test]
fn equal_to_four_decimals_goes_to_the_lower_cost_rank() {
    // .95004 and .94996 both round to .9500; .95006 is .9501.
    let tied = [("m3", Some(0.950_04)), ("m1", Some(0.949_96)), ("m2", Some(0.950_04))];
    assert_eq!(ranked("pr_auc", &tied), ["m1", "m2", "m3"]);
    let apart = [("m1", Some(0.950_04)), ("m3", Some(0.950_06))];
    assert_eq!(ranked("pr_auc", &apart), ["m3", "m1"]);
    let reversed: Vec<_> = tied.into_iter().rev().collect();
    assert_eq!(
        ranked("pr_auc", &reversed),
        ["m1", "m2", "m3"],
        "the order given does not matter"
    );
}

#[test]
fn families_without_a_score_are_last() {
    let rows = [("m1", None), ("m5", Some(0.1)), ("m2", None), ("m4", Some(0.2))];
    assert_eq!(ranked("pr_auc", &rows), ["m4", "m5", "m1", "m2"]);
    assert_eq!(ranked("log_loss", &rows), ["m5", "m4", "m1", "m2"]);
}

fn record(trial: usize, scores: &[f64], error: Option<&str>) -> TrialRecord {
    let metrics = crate::metrics::evaluate(&[0.2, 0.8], &[false, true], 0.5).unwrap();
    let fold = |value: &f64| FoldResult {
        metrics: metrics.clone(),
        selected_by: Some(*value),
        fit_seconds: 1.0,
        predict_seconds: 0.5,
        scores: vec![0.2, 0.8],
        best_iteration: None,
        curve: super::super::trials::LearningCurve::default(),
    };
    TrialRecord {
        model: "decision_tree".to_owned(),
        trial,
        params: Params::default(),
        folds: scores.iter().map(fold).collect(),
        error: error.map(str::to_owned),
    }
}

#[test]
fn the_best_trial_has_the_best_mean_and_the_earlier_wins_a_tie() {
    let records = [
        record(0, &[0.7, 0.9], None),
        record(1, &[0.9, 0.9], None),
        record(2, &[0.95, 0.85], None),
        record(3, &[], Some("the engine failed")),
    ];
    let higher = named_metric("pr_auc").unwrap();
    let lower = named_metric("brier").unwrap();
    assert_eq!(best_trial(&records, higher).unwrap().trial, 1);
    assert_eq!(best_trial(&records, lower).unwrap().trial, 0);
    let reversed: Vec<TrialRecord> = records.iter().rev().cloned().collect();
    assert_eq!(best_trial(&reversed, higher).unwrap().trial, 1);
    assert!(best_trial(&records[3..], higher).is_none());
}

#[test]
fn a_row_says_what_its_best_trial_cost_and_a_failed_family_why() {
    let metric = named_metric("pr_auc").unwrap();
    let family = crate::models::family("decision_tree").unwrap();
    let row = family_row(family, &[record(0, &[0.7, 0.9], None), record(1, &[0.6], None)], metric);
    assert_eq!((row.status.as_str(), row.trials), ("trained", 2));
    assert!((row.selected_by.unwrap() - 0.8).abs() < 1e-12);
    assert_eq!(row.fit_seconds, Some(1.0), "a fit, not all of them");
    assert_eq!(row.predict_us_per_row, Some(250_000.0), "1 s for 4 rows");
    let row = family_row(family, &[record(0, &[], Some("the engine failed"))], metric);
    assert_eq!(row.status, "failed: the engine failed");
    assert_eq!((row.cv, row.selected_by), (None, None));
}

#[test]
fn spread_is_the_sample_standard_deviation() {
    assert_eq!(Spread::of(&[]), None);
    assert_eq!(Spread::of(&[0.5]), Some(Spread { mean: 0.5, sd: 0.0 }));
    // Mean 5, squares 9 + 1 + 1 + 9 + ... of 2, 4, 4, 4, 5, 5, 7, 9 sum to 32; 32 / 7.
    let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
    assert_eq!(spread.mean, 5.0);
    assert!((spread.sd - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
}
