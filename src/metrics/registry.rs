//! Owns the registry of metrics: what can be named in `--select-by`, early stopping, comparison and leaderboards.

use super::error::MetricError;
use super::ranking::Ranking;
use super::scores::{Confusion, Scored, brier, expected_calibration_error, log_loss};

/// A metric known by name. A new one is one entry in the list behind [`metrics`].
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name on the command line and in files: `pr_auc`.
    pub name: &'static str,
    /// Name for people: `PR-AUC`.
    pub title: &'static str,
    /// Whether more is better.
    pub higher_is_better: bool,
    /// Whether the threshold matters to it.
    pub uses_threshold: bool,
    /// Its value at a threshold; `None` where it has none on these rows.
    pub compute: fn(&Scored<'_>, f64) -> Option<f64>,
}

impl Metric {
    /// Its value on plain slices; `Ok(None)` where it has none on these rows.
    ///
    /// # Errors
    /// No rows, differing lengths, or a score that is not a number from 0 to 1.
    pub fn value(&self, scores: &[f64], labels: &[bool], threshold: f64) -> Result<Option<f64>, MetricError> {
        Ok((self.compute)(&Scored::new(scores, labels)?, threshold))
    }

    /// How much better `new` is than `old`, positive when better, whichever way the metric points.
    pub fn improvement(&self, old: f64, new: f64) -> f64 {
        if self.higher_is_better { new - old } else { old - new }
    }
}

/// A metric of the decisions at a threshold.
const fn decision(name: &'static str, title: &'static str, compute: fn(&Scored<'_>, f64) -> Option<f64>) -> Metric {
    Metric {
        name,
        title,
        higher_is_better: true,
        uses_threshold: true,
        compute,
    }
}

/// A metric of the order of the rows.
const fn rank(name: &'static str, title: &'static str, compute: fn(&Scored<'_>, f64) -> Option<f64>) -> Metric {
    Metric {
        name,
        title,
        higher_is_better: true,
        uses_threshold: false,
        compute,
    }
}

/// A loss of the probabilities.
const fn loss(name: &'static str, title: &'static str, compute: fn(&Scored<'_>, f64) -> Option<f64>) -> Metric {
    Metric {
        name,
        title,
        higher_is_better: false,
        uses_threshold: false,
        compute,
    }
}

static METRICS: &[Metric] = &[
    decision("accuracy", "Accuracy", |s, t| Some(Confusion::at(s, t).accuracy())),
    decision("precision", "Precision", |s, t| Some(Confusion::at(s, t).precision())),
    decision("recall", "Recall", |s, t| Some(Confusion::at(s, t).recall())),
    decision("f1", "F1", |s, t| Some(Confusion::at(s, t).f1())),
    rank("roc_auc", "ROC-AUC", |s, _| Ranking::new(s).roc_auc()),
    rank("pr_auc", "PR-AUC", |s, _| Ranking::new(s).average_precision()),
    loss("brier", "Brier score", |s, _| Some(brier(s))),
    loss("log_loss", "Log loss", |s, _| Some(log_loss(s))),
    decision("mcc", "MCC", |s, t| Some(Confusion::at(s, t).mcc())),
    loss("ece", "Calibration error", |s, _| Some(expected_calibration_error(s))),
    rank("precision_at_10", "Precision@10", |s, _| {
        Some(Ranking::new(s).precision_at(10))
    }),
    rank("precision_at_100", "Precision@100", |s, _| {
        Some(Ranking::new(s).precision_at(100))
    }),
    rank("precision_at_1000", "Precision@1000", |s, _| {
        Some(Ranking::new(s).precision_at(1000))
    }),
    rank("recall_at_fpr_0.001", "Recall at FPR .001", |s, _| {
        Ranking::new(s).recall_at_fpr(0.001)
    }),
    rank("recall_at_fpr_0.01", "Recall at FPR .01", |s, _| {
        Ranking::new(s).recall_at_fpr(0.01)
    }),
];

/// All metrics, in the order they are shown.
pub fn metrics() -> &'static [Metric] {
    METRICS
}

/// The metric of that name.
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The metric of that name, or an error that names the nearest.
///
/// # Errors
/// [`MetricError::UnknownMetric`].
pub fn named_metric(name: &str) -> Result<&'static Metric, MetricError> {
    metric(name).ok_or_else(|| MetricError::UnknownMetric {
        name: name.to_owned(),
        nearest: nearest_name(name),
        known: METRICS.iter().map(|metric| metric.name).collect::<Vec<_>>().join(", "),
    })
}

/// The known name that differs least, if no more than a third of it would have to be retyped.
fn nearest_name(name: &str) -> Option<&'static str> {
    // Long input cannot be near, and distance is quadratic in its length.
    let plain: String = name
        .chars()
        .take(64)
        .map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() })
        .collect();
    METRICS
        .iter()
        .map(|metric| (strsim::damerau_levenshtein(&plain, metric.name), metric.name))
        .min_by_key(|&(distance, _)| distance)
        .filter(|&(distance, known)| distance <= (known.len() / 3).max(1))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::evaluate;

    #[test]
    fn names_are_unique_and_found() {
        for (i, m) in metrics().iter().enumerate() {
            assert!(
                metrics().iter().skip(i + 1).all(|other| other.name != m.name),
                "{}",
                m.name
            );
            assert_eq!(metric(m.name).unwrap().title, m.title);
        }
    }

    #[test]
    fn unknown_names_suggest_the_nearest() {
        let nearest = |name: &str| match named_metric(name) {
            Err(MetricError::UnknownMetric { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest("pr-auc"), Some("pr_auc"));
        assert_eq!(nearest("ROC_AUC"), Some("roc_auc"));
        assert_eq!(nearest("acuracy"), Some("accuracy"));
        assert_eq!(nearest("perplexity"), None);
        assert_eq!(nearest(&"x".repeat(1_000_000)), None);
        let message = named_metric("pr-auc").unwrap_err().to_string();
        assert!(
            message.starts_with("unknown metric `pr-auc`, did you mean `pr_auc`?: known are accuracy"),
            "{message}"
        );
    }

    #[test]
    fn registry_and_metrics_object_agree() {
        let scores: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 101) / 101.0).collect();
        let labels: Vec<bool> = (0..200).map(|i| i * 53 % 7 < 3).collect();
        let all = serde_json::to_value(evaluate(&scores, &labels, 0.4).unwrap()).unwrap();
        let mut shared = 0;
        for m in metrics() {
            let value = m.value(&scores, &labels, 0.4).unwrap();
            let other = m.value(&scores, &labels, 0.9).unwrap();
            assert_eq!(m.uses_threshold, other != value, "{}", m.name);
            let group = |prefix: &str, key: &str| all[key][m.name.strip_prefix(prefix)?].as_f64();
            let reported = all[m.name]
                .as_f64()
                .or_else(|| group("precision_at_", "precision_at"))
                .or_else(|| group("recall_at_fpr_", "recall_at_fpr"));
            if reported.is_some() {
                assert_eq!(reported, value, "{}", m.name);
                shared += 1;
            }
        }
        // All of the object's numbers but the confusion counts, rows, positives and recall at a rate of .1; 200 rows
        // have no precision@1000. A metric may be in the registry alone.
        assert_eq!(shared, 14);
    }

    #[test]
    fn improvement_points_up_for_losses_too() {
        assert_eq!(metric("brier").unwrap().improvement(0.25, 0.125), 0.125);
        assert_eq!(metric("f1").unwrap().improvement(0.25, 0.125), -0.125);
    }
}
