//! Owns the tests of out-of-fold scores: which row each belongs to, and that thresholds come from nowhere else.

use super::*;
use crate::metrics::ThresholdRule;
use crate::models::Params;
use crate::pipeline::training::trials::FoldResult;

fn fold(validation: &[usize]) -> Fold {
    Fold {
        train: Vec::new(),
        validation: validation.to_vec(),
    }
}

fn record(scores: &[&[f64]]) -> TrialRecord {
    let result = |scores: &&[f64]| FoldResult {
        metrics: evaluate(&[0.2, 0.8], &[false, true], 0.5).unwrap(),
        selected_by: Some(0.5),
        fit_seconds: 0.0,
        predict_seconds: 0.0,
        scores: scores.to_vec(),
        best_iteration: None,
        curve: LearningCurve::default(),
    };
    TrialRecord {
        model: "decision_tree".to_owned(),
        trial: 0,
        params: Params::default(),
        folds: scores.iter().map(result).collect(),
        error: None,
    }
}

#[test]
fn scores_stand_in_row_order_with_their_own_labels() {
    let labels = [true, false, true, false, true];
    let folds = [fold(&[1, 4]), fold(&[0, 3]), fold(&[2])];
    let record = record(&[&[0.1, 0.4], &[0.0, 0.3], &[0.2]]);
    let together = OutOfFold::of(&record, &folds, &labels);
    assert_eq!(together.scores, [0.0, 0.1, 0.2, 0.3, 0.4]);
    assert_eq!(together.labels, labels);
}

#[test]
fn with_time_folds_the_first_rows_have_no_score() {
    let labels = [true, true, true, false, true, false];
    let folds = [fold(&[2, 3]), fold(&[4, 5])];
    let together = OutOfFold::of(&record(&[&[0.2, 0.3], &[0.4, 0.5]]), &folds, &labels);
    assert_eq!(together.scores, [0.2, 0.3, 0.4, 0.5]);
    assert_eq!(together.labels, [true, false, true, false]);
}

/// `finish` is given training rows, folds over them and the trial's own held-out scores, and no test row: what it
/// chooses is a function of those. This is that function's value, worked out by hand.
#[test]
fn the_threshold_is_a_midpoint_of_out_of_fold_scores() {
    let labels = [false, true, false, true];
    let folds = [fold(&[0, 1]), fold(&[2, 3])];
    let together = OutOfFold::of(&record(&[&[0.1, 0.7], &[0.3, 0.9]]), &folds, &labels);
    let chosen = choose(&together.scores, &together.labels, ThresholdRule::F1).unwrap();
    assert_eq!((chosen.threshold, chosen.f1), (0.5, 1.0));
    let chosen = choose(&together.scores, &together.labels, ThresholdRule::Alerts(1)).unwrap();
    assert_eq!((chosen.flagged, chosen.threshold), (1, 0.8));
}
