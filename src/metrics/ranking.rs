//! Owns the ranking of scored rows: counts at every distinct score, from which every rank metric follows exactly.

use super::scores::{Confusion, Scored, ratio};

/// One distinct score, and how many rows have at least it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// The score.
    pub score: f64,
    /// Malicious rows with this score or a higher one.
    pub tp: u64,
    /// Benign rows with this score or a higher one.
    pub fp: u64,
}

impl Cut {
    /// Rows with this score or a higher one.
    pub fn flagged(&self) -> u64 {
        self.tp + self.fp
    }
}

/// Rows in order of their scores, tied rows together. All of it is whole numbers, so that ties and sums are exact and
/// the order of the rows given does not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    cuts: Vec<Cut>,
    positives: u64,
    negatives: u64,
}

impl Ranking {
    /// Sorts the rows: n log n, and n where the scores come sorted.
    pub fn new(scored: &Scored<'_>) -> Self {
        // Adding 0 turns -0 into 0: as numbers they are equal, and so they are one tie.
        let mut rows: Vec<(f64, bool)> = scored.pairs().map(|(score, label)| (score + 0.0, label)).collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut cuts: Vec<Cut> = Vec::new();
        let (mut tp, mut fp) = (0, 0);
        for (score, label) in rows {
            tp += u64::from(label);
            fp += u64::from(!label);
            match cuts.last_mut().filter(|last| last.score == score) {
                Some(last) => (last.tp, last.fp) = (tp, fp),
                None => cuts.push(Cut { score, tp, fp }),
            }
        }
        Self {
            cuts,
            positives: tp,
            negatives: fp,
        }
    }

    /// The distinct scores, highest first; at least one.
    pub fn cuts(&self) -> &[Cut] {
        &self.cuts
    }

    /// Malicious rows.
    pub fn positives(&self) -> u64 {
        self.positives
    }

    /// Benign rows.
    pub fn negatives(&self) -> u64 {
        self.negatives
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.positives + self.negatives
    }

    /// The confusion matrix at any threshold, by binary search.
    pub fn at(&self, threshold: f64) -> Confusion {
        let flagged = self.cuts.partition_point(|cut| cut.score >= threshold);
        self.after(flagged)
    }

    /// The confusion matrix with the rows of the `cuts` highest distinct scores flagged.
    pub(super) fn after(&self, cuts: usize) -> Confusion {
        let cut = cuts.checked_sub(1).and_then(|last| self.cuts.get(last));
        let (tp, fp) = cut.map_or((0, 0), |cut| (cut.tp, cut.fp));
        Confusion {
            tp,
            fp,
            tn: self.negatives - fp,
            fn_: self.positives - tp,
        }
    }

    /// The threshold that flags exactly the rows of the `cuts` highest distinct scores: the midpoint to the next lower
    /// score. Flagging all rows, it is the midpoint of the lowest score and 0; flagging none, of the highest score
    /// and 1 (just above 1, if a row scores 1).
    pub(super) fn threshold_after(&self, cuts: usize) -> f64 {
        let higher = cuts
            .checked_sub(1)
            .and_then(|last| self.cuts.get(last))
            .map(|cut| cut.score);
        midpoint(higher, self.cuts.get(cuts).map(|cut| cut.score))
    }

    /// Area under the ROC curve: the chance that a malicious row scores above a benign one, ties counting half
    /// (Mann and Whitney 1947). `None` unless both classes have rows.
    pub fn roc_auc(&self) -> Option<f64> {
        if self.positives == 0 || self.negatives == 0 {
            return None;
        }
        let mut doubled_wins: u128 = 0;
        let (mut tp_above, mut fp_above) = (0, 0);
        for cut in &self.cuts {
            doubled_wins += u128::from(cut.fp - fp_above) * u128::from(tp_above + cut.tp);
            (tp_above, fp_above) = (cut.tp, cut.fp);
        }
        let pairs = u128::from(self.positives) * u128::from(self.negatives);
        Some(doubled_wins as f64 / (2 * pairs) as f64)
    }

    /// Average precision, the area under the precision-recall steps: the sum of precision times the gain in recall
    /// over the distinct scores, as scikit-learn's `average_precision_score`. `None` without a malicious row.
    pub fn average_precision(&self) -> Option<f64> {
        if self.positives == 0 {
            return None;
        }
        let mut sum = 0.0;
        let mut tp_above = 0;
        for cut in &self.cuts {
            sum += (cut.tp - tp_above) as f64 * ratio(cut.tp, cut.flagged());
            tp_above = cut.tp;
        }
        Some(sum / self.positives as f64)
    }

    /// Share of malicious rows among the `k` highest; all rows where there are fewer. Where rows tie at the cut it is
    /// the expected value over all ways to choose among them. 0 for `k` = 0.
    pub fn precision_at(&self, k: u64) -> f64 {
        let k = k.min(self.rows());
        if k == 0 {
            return 0.0;
        }
        let whole = self.cuts.partition_point(|cut| cut.flagged() <= k);
        let above = self.after(whole);
        let mut hits = above.tp as f64;
        if let Some(tied) = self.cuts.get(whole) {
            let open = (k - above.flagged()) as f64;
            hits += open * ratio(tied.tp - above.tp, tied.flagged() - above.flagged());
        }
        hits / k as f64
    }

    /// The highest recall that a threshold reaches with a false-positive rate of at most `limit`; no interpolation
    /// between thresholds. `None` unless both classes have rows.
    pub fn recall_at_fpr(&self, limit: f64) -> Option<f64> {
        if self.positives == 0 || self.negatives == 0 {
            return None;
        }
        Some(ratio(self.after(self.cuts_within_fpr(limit)).tp, self.positives))
    }

    /// How many of the highest distinct scores can be flagged with a false-positive rate of at most `limit`.
    pub(super) fn cuts_within_fpr(&self, limit: f64) -> usize {
        self.cuts.partition_point(|cut| ratio(cut.fp, self.negatives) <= limit)
    }
}

/// A threshold with `lower < threshold <= higher`, halfway where floats allow; the ends of the scale stand in for a
/// missing neighbour.
pub(super) fn midpoint(higher: Option<f64>, lower: Option<f64>) -> f64 {
    let (high, low) = match (higher, lower) {
        (Some(high), Some(low)) => (high, low),
        (Some(high), None) => return high / 2.0,
        (None, Some(low)) if low >= 1.0 => return 1.0_f64.next_up(),
        (None, Some(low)) => (1.0, low),
        (None, None) => return 0.5,
    };
    let middle = low + (high - low) / 2.0;
    if middle > low { middle } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(rows: &[(f64, u8)]) -> Ranking {
        let scores: Vec<f64> = rows.iter().map(|row| row.0).collect();
        let labels: Vec<bool> = rows.iter().map(|row| row.1 == 1).collect();
        Ranking::new(&Scored::new(&scores, &labels).unwrap())
    }

    #[test]
    fn auc_counts_ties_as_half() {
        // Pairs (malicious, benign): .8 beats both; .5 ties one, beats one -> (2 + 1.5) / 4.
        let r = ranking(&[(0.8, 1), (0.5, 1), (0.5, 0), (0.2, 0)]);
        assert_eq!(r.roc_auc(), Some(3.5 / 4.0));
        assert_eq!(ranking(&[(0.5, 1), (0.5, 0), (0.5, 0)]).roc_auc(), Some(0.5));
        assert_eq!(ranking(&[(0.1, 1), (0.9, 0)]).roc_auc(), Some(0.0));
        assert_eq!(ranking(&[(0.0, 1), (-0.0, 0)]).roc_auc(), Some(0.5));
    }

    #[test]
    fn areas_need_their_classes() {
        let benign = ranking(&[(0.8, 0), (0.5, 0)]);
        assert_eq!(
            (benign.roc_auc(), benign.average_precision(), benign.recall_at_fpr(0.1)),
            (None, None, None)
        );
        let malicious = ranking(&[(0.8, 1), (0.5, 1)]);
        assert_eq!((malicious.roc_auc(), malicious.average_precision()), (None, Some(1.0)));
    }

    #[test]
    fn average_precision_by_hand() {
        // Cuts: .9 (1/1), .6 (2/3, ties two rows), .1 (2/4): .5 * 1 + .5 * 2/3.
        let r = ranking(&[(0.9, 1), (0.6, 0), (0.6, 1), (0.1, 0)]);
        assert!((r.average_precision().unwrap() - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-15);
    }

    #[test]
    fn precision_at_k_takes_the_expected_value_over_ties() {
        let r = ranking(&[(0.9, 1), (0.6, 0), (0.6, 1), (0.6, 0), (0.1, 1)]);
        assert_eq!(r.precision_at(1), 1.0);
        assert!((r.precision_at(2) - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(r.precision_at(4), 0.5);
        assert_eq!(r.precision_at(5), 3.0 / 5.0);
        assert_eq!(r.precision_at(1000), 3.0 / 5.0);
        assert_eq!(r.precision_at(0), 0.0);
    }

    #[test]
    fn recall_at_fpr_takes_thresholds_that_exist() {
        let r = ranking(&[(0.9, 1), (0.8, 0), (0.7, 1), (0.6, 0), (0.5, 1)]);
        assert_eq!(r.recall_at_fpr(0.0), Some(1.0 / 3.0));
        assert_eq!(r.recall_at_fpr(0.49), Some(1.0 / 3.0));
        assert_eq!(r.recall_at_fpr(0.5), Some(2.0 / 3.0));
        assert_eq!(r.recall_at_fpr(1.0), Some(1.0));
        // The best score is shared by a benign row: nothing can be flagged.
        assert_eq!(ranking(&[(0.9, 1), (0.9, 0), (0.1, 0)]).recall_at_fpr(0.1), Some(0.0));
    }

    #[test]
    fn thresholds_are_midpoints_and_split_even_neighbouring_floats() {
        let r = ranking(&[(0.75, 1), (0.25, 0)]);
        assert_eq!(
            (r.threshold_after(0), r.threshold_after(1), r.threshold_after(2)),
            (0.875, 0.5, 0.125)
        );
        let low = 0.5_f64;
        let high = low.next_up();
        let threshold = midpoint(Some(high), Some(low));
        assert!(low < threshold && threshold <= high);
        assert!(midpoint(None, Some(1.0)) > 1.0);
        assert!(midpoint(Some(5e-324), None) <= 5e-324);
        assert_eq!(midpoint(Some(0.0), None), 0.0);
    }

    #[test]
    fn confusion_by_search_equals_counting() {
        let scores = [0.1, 0.4, 0.4, 0.8, 0.9, 0.9];
        let labels = [false, true, false, true, false, true];
        let scored = Scored::new(&scores, &labels).unwrap();
        let r = Ranking::new(&scored);
        for threshold in [0.0, 0.1, 0.2, 0.4, 0.41, 0.9, 0.95, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(r.at(threshold), Confusion::at(&scored, threshold), "{threshold}");
        }
    }
}
