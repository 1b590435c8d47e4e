//! Owns the metrics object: every number that stands beside a model, in the order and under the names of the contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::MetricError;
use super::ranking::Ranking;
use super::scores::{Confusion, Scored, brier, expected_calibration_error, log_loss};

/// The k of precision@k. 100 is always present.
const PRECISION_AT: [u64; 3] = [10, 100, 1000];
/// The k that is reported for any number of rows.
const ALWAYS_AT: u64 = 100;
/// The false-positive rates at which recall is reported, as they are written.
const RECALL_AT_FPR: [(&str, f64); 3] = [("0.001", 0.001), ("0.01", 0.01), ("0.1", 0.1)];

/// What scores are worth at a threshold, and over all thresholds. `None` (JSON `null`) where a metric has no value on
/// these rows; ratios whose denominator is 0 are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of right decisions.
    pub accuracy: f64,
    /// Share of flagged rows that are malicious.
    pub precision: f64,
    /// Share of malicious rows that are flagged.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Area under the ROC curve; `None` with one class only.
    pub roc_auc: Option<f64>,
    /// Average precision; `None` without malicious rows.
    pub pr_auc: Option<f64>,
    /// Mean squared error of the probabilities.
    pub brier: f64,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: f64,
    /// Matthews correlation coefficient.
    pub mcc: f64,
    /// Counts at the threshold.
    pub confusion: Confusion,
    /// Share of malicious rows among the k highest scores, by k: 10 and 1000 where there are as many rows, and always
    /// 100 (of all rows where there are fewer). Ties at the cut count with their expected value.
    pub precision_at: BTreeMap<String, f64>,
    /// Expected calibration error over 15 bins of equal width.
    pub ece: f64,
    /// Highest recall with a false-positive rate of at most so much, by that rate; `None` with one class only.
    pub recall_at_fpr: BTreeMap<String, Option<f64>>,
    /// Rows measured.
    pub rows: u64,
    /// Malicious rows among them.
    pub positives: u64,
}

/// Measures probabilities of malicious against labels (true is malicious); flagged is `score >= threshold`.
///
/// # Errors
/// No rows, differing lengths, a score that is not a number from 0 to 1, or a threshold that is not a number.
pub fn evaluate(scores: &[f64], labels: &[bool], threshold: f64) -> Result<Metrics, MetricError> {
    evaluate_scored(&Scored::new(scores, labels)?, threshold)
}

/// As [`evaluate`], of rows that are checked already.
///
/// # Errors
/// A threshold that is not a number.
pub fn evaluate_scored(scored: &Scored<'_>, threshold: f64) -> Result<Metrics, MetricError> {
    if threshold.is_nan() {
        return Err(MetricError::Threshold);
    }
    let ranking = Ranking::new(scored);
    let confusion = ranking.at(threshold);
    let rows = ranking.rows();
    Ok(Metrics {
        accuracy: confusion.accuracy(),
        precision: confusion.precision(),
        recall: confusion.recall(),
        f1: confusion.f1(),
        roc_auc: ranking.roc_auc(),
        pr_auc: ranking.average_precision(),
        brier: brier(scored),
        log_loss: log_loss(scored),
        mcc: confusion.mcc(),
        confusion,
        precision_at: PRECISION_AT
            .into_iter()
            .filter(|&k| k <= rows || k == ALWAYS_AT)
            .map(|k| (k.to_string(), ranking.precision_at(k)))
            .collect(),
        ece: expected_calibration_error(scored),
        recall_at_fpr: RECALL_AT_FPR
            .into_iter()
            .map(|(name, limit)| (name.to_owned(), ranking.recall_at_fpr(limit)))
            .collect(),
        rows,
        positives: ranking.positives(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn serialises_to_the_contract() {
        let metrics = evaluate(&[0.9, 0.2], &[true, false], 0.5).unwrap();
        let json = serde_json::to_value(&metrics).unwrap();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "accuracy",
                "precision",
                "recall",
                "f1",
                "roc_auc",
                "pr_auc",
                "brier",
                "log_loss",
                "mcc",
                "confusion",
                "precision_at",
                "ece",
                "recall_at_fpr",
                "rows",
                "positives"
            ]
        );
        assert_eq!(
            json["confusion"],
            serde_json::json!({"tp": 1, "fp": 0, "tn": 1, "fn": 0})
        );
        assert_eq!(json["precision_at"], serde_json::json!({"100": 0.5}));
        assert_eq!(serde_json::from_value::<Metrics>(json).unwrap(), metrics);
    }

    #[test]
    fn one_class_gives_null_areas_and_zero_ratios() {
        let json = serde_json::to_value(evaluate(&[0.9, 0.2], &[false, false], 0.5).unwrap()).unwrap();
        assert!(json["roc_auc"].is_null() && json["pr_auc"].is_null() && json["recall_at_fpr"]["0.01"].is_null());
        for name in ["precision", "recall", "f1", "mcc"] {
            assert_eq!(json[name], 0.0, "{name}");
        }
    }

    #[test]
    fn precision_at_appears_where_there_are_rows() {
        let scores: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
        let labels: Vec<bool> = (0..1000).map(|i| i >= 950).collect();
        let metrics = evaluate(&scores, &labels, 0.5).unwrap();
        let expected: BTreeMap<String, f64> = [("10", 1.0), ("100", 0.5), ("1000", 0.05)]
            .map(|(k, v)| (k.to_owned(), v))
            .into();
        assert_eq!(metrics.precision_at, expected);
    }

    #[test]
    fn a_threshold_that_is_no_number_is_refused() {
        assert_eq!(evaluate(&[0.5], &[true], f64::NAN).unwrap_err(), MetricError::Threshold);
        assert_eq!(evaluate(&[0.5], &[true], f64::INFINITY).unwrap().confusion.flagged(), 0);
    }

    proptest! {
        #[test]
        fn metrics_stay_in_their_bounds_and_ranks_ignore_the_scale(
            rows in proptest::collection::vec((0_u8..=20, any::<bool>()), 1..150), threshold in -0.1_f64..1.1,
        ) {
            let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 20.0).collect();
            let labels: Vec<bool> = rows.iter().map(|r| r.1).collect();
            let m = evaluate(&scores, &labels, threshold).unwrap();
            let optional = [m.roc_auc, m.pr_auc].into_iter().chain(m.recall_at_fpr.values().copied()).flatten();
            let plain = [m.accuracy, m.precision, m.recall, m.f1, m.brier, m.ece, m.log_loss / 37.0];
            for value in plain.into_iter().chain(optional).chain(m.precision_at.values().copied()) {
                prop_assert!((0.0..=1.0).contains(&value), "{m:?}");
            }
            prop_assert!(m.mcc.abs() <= 1.0 + 1e-12);
            prop_assert_eq!(m.confusion.rows(), rows.len() as u64);
            let squared: Vec<f64> = scores.iter().map(|s| s * s).collect();
            let s = evaluate(&squared, &labels, threshold).unwrap();
            prop_assert_eq!((m.roc_auc, m.pr_auc, m.precision_at), (s.roc_auc, s.pr_auc, s.precision_at));
            // Turning the scores around turns the ranking around.
            let turned: Vec<f64> = scores.iter().map(|s| (20.0 - s * 20.0).round() / 20.0).collect();
            let t = evaluate(&turned, &labels, threshold).unwrap();
            prop_assert!(m.roc_auc.zip(t.roc_auc).is_none_or(|(a, b)| (a + b - 1.0).abs() < 1e-12));
        }
    }
}
