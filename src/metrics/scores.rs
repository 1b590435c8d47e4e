//! Owns checked pairs of scores and labels, and the metrics that need no ranking: from counts, and from probabilities.

use serde::{Deserialize, Serialize};

use super::curves::{Binning, calibration_curve};
use super::error::MetricError;

/// Bins of the expected calibration error.
pub const ECE_BINS: usize = 15;

/// Scores beside their labels, checked once: as many of each, at least one, every score a number from 0 to 1. What
/// takes a `Scored` cannot fail on its numbers.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    scores: &'a [f64],
    labels: &'a [bool],
}

impl<'a> Scored<'a> {
    /// Checks and pairs. `scores` are P(malicious); `labels` are true for malicious.
    ///
    /// # Errors
    /// No rows, differing lengths, or a score that is not a number from 0 to 1 (its 0-based row is named).
    pub fn new(scores: &'a [f64], labels: &'a [bool]) -> Result<Self, MetricError> {
        MetricError::same_length(("the scores", scores.len()), ("the labels", labels.len()))?;
        check_probabilities(scores)?;
        Ok(Self { scores, labels })
    }

    /// P(malicious), one a row.
    pub fn scores(&self) -> &'a [f64] {
        self.scores
    }

    /// True for malicious, one a row.
    pub fn labels(&self) -> &'a [bool] {
        self.labels
    }

    /// Rows, at least 1.
    pub fn rows(&self) -> usize {
        self.scores.len()
    }

    /// Malicious rows.
    pub fn positives(&self) -> usize {
        self.labels.iter().filter(|&&label| label).count()
    }

    /// Score and label of each row.
    pub fn pairs(&self) -> impl Iterator<Item = (f64, bool)> + use<'a> {
        self.scores.iter().copied().zip(self.labels.iter().copied())
    }
}

/// `Ok` if there is at least one score and each is a number from 0 to 1.
pub(super) fn check_probabilities(scores: &[f64]) -> Result<(), MetricError> {
    if scores.is_empty() {
        return Err(MetricError::Empty);
    }
    match scores.iter().position(|score| !(0.0..=1.0).contains(score)) {
        Some(row) => Err(MetricError::NotAProbability {
            row,
            value: scores.get(row).copied().unwrap_or(f64::NAN),
        }),
        None => Ok(()),
    }
}

/// The confusion matrix at one threshold; the positive class is malicious.
///
/// Ratios whose denominator is 0 are 0, as scikit-learn has them with `zero_division=0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Malicious and flagged.
    pub tp: u64,
    /// Benign but flagged.
    pub fp: u64,
    /// Benign and not flagged.
    pub tn: u64,
    /// Malicious but not flagged.
    #[serde(rename = "fn")]
    pub fn_: u64,
}

impl Confusion {
    /// Counts rows; flagged is `score >= threshold`.
    pub fn at(scored: &Scored<'_>, threshold: f64) -> Self {
        let mut counts = Self::default();
        for (score, label) in scored.pairs() {
            match (score >= threshold, label) {
                (true, true) => counts.tp += 1,
                (true, false) => counts.fp += 1,
                (false, false) => counts.tn += 1,
                (false, true) => counts.fn_ += 1,
            }
        }
        counts
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.tp + self.fp + self.tn + self.fn_
    }

    /// Rows at or above the threshold.
    pub fn flagged(&self) -> u64 {
        self.tp + self.fp
    }

    /// (tp + tn) / rows.
    pub fn accuracy(&self) -> f64 {
        ratio(self.tp + self.tn, self.rows())
    }

    /// tp / (tp + fp).
    pub fn precision(&self) -> f64 {
        ratio(self.tp, self.tp + self.fp)
    }

    /// tp / (tp + fn).
    pub fn recall(&self) -> f64 {
        ratio(self.tp, self.tp + self.fn_)
    }

    /// fp / (fp + tn).
    pub fn false_positive_rate(&self) -> f64 {
        ratio(self.fp, self.fp + self.tn)
    }

    /// 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// Matthews correlation coefficient, the correlation of decision and label (Matthews 1975); 0 where one of them
    /// is constant.
    pub fn mcc(&self) -> f64 {
        let [tp, fp, tn, fn_] = [self.tp, self.fp, self.tn, self.fn_].map(i128::from);
        let covariance = (tp * tn - fp * fn_) as f64;
        let decision_variance = ((tp + fp) * (tn + fn_)) as f64;
        let label_variance = ((tp + fn_) * (tn + fp)) as f64;
        let scale = decision_variance.sqrt() * label_variance.sqrt();
        if scale > 0.0 { covariance / scale } else { 0.0 }
    }
}

/// `part / whole`, 0 where `whole` is 0.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Mean squared distance of probability and label (Brier 1950): 0 is perfect, .25 is what a coin says.
pub fn brier(scored: &Scored<'_>) -> f64 {
    let sum: f64 = scored
        .pairs()
        .map(|(score, label)| (score - f64::from(u8::from(label))).powi(2))
        .sum();
    sum / scored.rows() as f64
}

/// Mean negative natural logarithm of the probability that was given to the true class. Probabilities are clipped to
/// `f64::EPSILON ..= 1 - f64::EPSILON`, as scikit-learn's `log_loss` does, so one certain mistake costs 36, not infinity.
pub fn log_loss(scored: &Scored<'_>) -> f64 {
    let sum: f64 = scored
        .pairs()
        .map(|(score, label)| {
            let given = if label { score } else { 1.0 - score };
            -given.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
        })
        .sum();
    sum / scored.rows() as f64
}

/// Expected calibration error (Naeini et al. 2015; Guo et al. 2017): over [`ECE_BINS`] bins of equal width, the
/// distance of mean probability and share of malicious rows, weighted by the bin's rows. Bins are closed on the right
/// (the first on both sides), as in scikit-learn's `calibration_curve`.
pub fn expected_calibration_error(scored: &Scored<'_>) -> f64 {
    let rows = scored.rows() as f64;
    calibration_curve(scored, ECE_BINS, Binning::Width)
        .iter()
        .map(|bin| (bin.mean_score - bin.positive_share).abs() * bin.rows as f64 / rows)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 6] = [0.9, 0.8, 0.7, 0.4, 0.3, 0.1];
    const LABELS: [bool; 6] = [true, false, true, true, false, false];

    #[test]
    fn counts_and_ratios_worked_out_by_hand() {
        let scored = Scored::new(&SCORES, &LABELS).unwrap();
        let counts = Confusion::at(&scored, 0.7);
        assert_eq!(
            counts,
            Confusion {
                tp: 2,
                fp: 1,
                tn: 2,
                fn_: 1
            }
        );
        assert_eq!(counts.accuracy(), 4.0 / 6.0);
        assert_eq!(counts.precision(), 2.0 / 3.0);
        assert_eq!(counts.recall(), 2.0 / 3.0);
        assert_eq!(counts.f1(), 2.0 / 3.0);
        assert_eq!(counts.false_positive_rate(), 1.0 / 3.0);
        // (2*2 - 1*1) / sqrt(3*3*3*3)
        assert!((counts.mcc() - 3.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn ratios_without_a_denominator_are_zero() {
        let nothing_flagged = Confusion {
            tp: 0,
            fp: 0,
            tn: 3,
            fn_: 0,
        };
        for value in [
            nothing_flagged.precision(),
            nothing_flagged.recall(),
            nothing_flagged.f1(),
            nothing_flagged.mcc(),
            Confusion::default().accuracy(),
        ] {
            assert_eq!(value, 0.0);
        }
    }

    #[test]
    fn mcc_does_not_overflow_on_large_counts() {
        let counts = Confusion {
            tp: 4_000_000_000,
            fp: 0,
            tn: 4_000_000_000,
            fn_: 0,
        };
        assert!((counts.mcc() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn probability_losses_by_hand() {
        let scored = Scored::new(&[0.0, 1.0, 0.5, 1.0], &[false, true, true, false]).unwrap();
        assert_eq!(brier(&scored), (0.0 + 0.0 + 0.25 + 1.0) / 4.0);
        let certain_mistake = -f64::EPSILON.ln();
        let expected = (0.5_f64.ln().abs() + certain_mistake) / 4.0;
        assert!((log_loss(&scored) - expected).abs() < 1e-12);
    }

    #[test]
    fn calibration_error_by_hand() {
        // 1/15 is the right edge of the first bin, so both low scores share it: mean 1/30 against no malicious row.
        let scored = Scored::new(&[0.0, 1.0 / 15.0, 1.0, 1.0], &[false, false, true, false]).unwrap();
        let expected = (1.0 / 30.0) * 0.5 + 0.5 * 0.5;
        assert!((expected_calibration_error(&scored) - expected).abs() < 1e-15);
    }

    #[test]
    fn bad_input_is_named() {
        assert_eq!(Scored::new(&[], &[]).unwrap_err(), MetricError::Empty);
        assert!(matches!(
            Scored::new(&[0.5], &[]),
            Err(MetricError::Lengths {
                left_rows: 1,
                right_rows: 0,
                ..
            })
        ));
        for bad in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            let error = Scored::new(&[0.5, bad], &[true, false]).unwrap_err();
            assert!(matches!(error, MetricError::NotAProbability { row: 1, .. }), "{error}");
        }
        assert!(Scored::new(&[-0.0], &[true]).is_ok());
    }
}
