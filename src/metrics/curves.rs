//! Owns curves over all thresholds: ROC, precision-recall, calibration bins, gain and lift, and their thinning.

use serde::{Deserialize, Serialize};

use super::ranking::Ranking;
use super::scores::{Scored, ratio};

/// One point of the ROC curve: the rows with at least this score are flagged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// The score; `None` at the start, above every score.
    pub threshold: Option<f64>,
    /// Share of benign rows that are flagged.
    pub fpr: f64,
    /// Share of malicious rows that are flagged.
    pub tpr: f64,
    /// Rows flagged.
    pub flagged: u64,
}

/// One point of the precision-recall curve: the rows with at least this score are flagged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrPoint {
    /// The score; `None` at the start, above every score.
    pub threshold: Option<f64>,
    /// Share of malicious rows that are flagged.
    pub recall: f64,
    /// Share of flagged rows that are malicious; 1 at the start by convention.
    pub precision: f64,
    /// Rows flagged.
    pub flagged: u64,
}

/// One point of the gain and lift curve: the rows with at least this score are flagged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GainPoint {
    /// The score; `None` at the start, above every score.
    pub threshold: Option<f64>,
    /// Share of all rows that are flagged.
    pub flagged_share: f64,
    /// Share of malicious rows that are flagged.
    pub gain: f64,
    /// Gain over flagged share: how many times better than flagging at random. `None` at the start.
    pub lift: Option<f64>,
    /// Rows flagged.
    pub flagged: u64,
}

/// One bin of the calibration curve. Empty bins are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Lower edge ([`Binning::Width`]) or lowest score ([`Binning::Count`]).
    pub low: f64,
    /// Upper edge or highest score.
    pub high: f64,
    /// Rows in it, at least 1.
    pub rows: u64,
    /// Their mean score.
    pub mean_score: f64,
    /// Share of malicious rows among them.
    pub positive_share: f64,
}

/// How rows are put into calibration bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Bins of equal width over 0..=1, closed on the right (the first on both sides).
    Width,
    /// Bins of nearly equal row numbers; tied rows stay together, so bins can be uneven, or fewer than asked for.
    Count,
}

/// The ROC curve from (0, 0) to (1, 1), one point a distinct score. Empty unless both classes have rows.
pub fn roc_curve(ranking: &Ranking) -> Vec<RocPoint> {
    if ranking.positives() == 0 || ranking.negatives() == 0 {
        return Vec::new();
    }
    let start = RocPoint {
        threshold: None,
        fpr: 0.0,
        tpr: 0.0,
        flagged: 0,
    };
    let points = ranking.cuts().iter().map(|cut| RocPoint {
        threshold: Some(cut.score),
        fpr: ratio(cut.fp, ranking.negatives()),
        tpr: ratio(cut.tp, ranking.positives()),
        flagged: cut.flagged(),
    });
    std::iter::once(start).chain(points).collect()
}

/// The precision-recall curve from recall 0 to recall 1, one point a distinct score. Empty without malicious rows.
pub fn pr_curve(ranking: &Ranking) -> Vec<PrPoint> {
    if ranking.positives() == 0 {
        return Vec::new();
    }
    let start = PrPoint {
        threshold: None,
        recall: 0.0,
        precision: 1.0,
        flagged: 0,
    };
    let points = ranking.cuts().iter().map(|cut| PrPoint {
        threshold: Some(cut.score),
        recall: ratio(cut.tp, ranking.positives()),
        precision: ratio(cut.tp, cut.flagged()),
        flagged: cut.flagged(),
    });
    std::iter::once(start).chain(points).collect()
}

/// The gain and lift curve from no row to all rows, one point a distinct score. Empty without malicious rows.
pub fn gain_curve(ranking: &Ranking) -> Vec<GainPoint> {
    if ranking.positives() == 0 {
        return Vec::new();
    }
    let start = GainPoint {
        threshold: None,
        flagged_share: 0.0,
        gain: 0.0,
        lift: None,
        flagged: 0,
    };
    let points = ranking.cuts().iter().map(|cut| {
        let flagged_share = ratio(cut.flagged(), ranking.rows());
        let gain = ratio(cut.tp, ranking.positives());
        GainPoint {
            threshold: Some(cut.score),
            flagged_share,
            gain,
            lift: Some(gain / flagged_share),
            flagged: cut.flagged(),
        }
    });
    std::iter::once(start).chain(points).collect()
}

/// The calibration (reliability) curve over at most `bins` bins, lowest scores first; `bins` = 0 counts as 1.
pub fn calibration_curve(scored: &Scored<'_>, bins: usize, binning: Binning) -> Vec<CalibrationBin> {
    let bins = bins.max(1);
    match binning {
        Binning::Width => width_bins(scored, bins),
        Binning::Count => count_bins(scored, bins),
    }
}

/// Rows, score sum and malicious rows of a bin.
#[derive(Clone, Copy, Default)]
struct BinSum {
    rows: u64,
    scores: f64,
    positives: u64,
}

impl BinSum {
    fn add(&mut self, score: f64, label: bool) {
        self.rows += 1;
        self.scores += score;
        self.positives += u64::from(label);
    }

    fn bin(&self, low: f64, high: f64) -> Option<CalibrationBin> {
        (self.rows > 0).then(|| CalibrationBin {
            low,
            high,
            rows: self.rows,
            mean_score: self.scores / self.rows as f64,
            positive_share: ratio(self.positives, self.rows),
        })
    }
}

fn width_bins(scored: &Scored<'_>, bins: usize) -> Vec<CalibrationBin> {
    // The edges as numpy's linspace makes them, so that scores on an edge fall where scikit-learn puts them.
    let step = 1.0 / bins as f64;
    let inner: Vec<f64> = (1..bins).map(|i| i as f64 * step).collect();
    let mut sums = vec![BinSum::default(); bins];
    for (score, label) in scored.pairs() {
        if let Some(sum) = sums.get_mut(inner.partition_point(|&edge| edge < score)) {
            sum.add(score, label);
        }
    }
    let lows = std::iter::once(0.0).chain(inner.iter().copied());
    let highs = inner.iter().copied().chain(std::iter::once(1.0));
    sums.iter()
        .zip(lows.zip(highs))
        .filter_map(|(sum, (low, high))| sum.bin(low, high))
        .collect()
}

fn count_bins(scored: &Scored<'_>, bins: usize) -> Vec<CalibrationBin> {
    let mut rows: Vec<(f64, bool)> = scored.pairs().collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total = rows.len() as u128;
    let mut result = Vec::new();
    let (mut sum, mut low, mut high) = (BinSum::default(), f64::NAN, f64::NAN);
    for (i, &(score, label)) in rows.iter().enumerate() {
        // The quota of the bins closed so far is used up, and the score is a new one: close the bin.
        let quota = (result.len() as u128 + 1) * total / bins as u128;
        if sum.rows > 0 && i as u128 >= quota && score != high {
            result.extend(sum.bin(low, high));
            sum = BinSum::default();
        }
        if sum.rows == 0 {
            low = score;
        }
        high = score;
        sum.add(score, label);
    }
    result.extend(sum.bin(low, high));
    result
}

/// A point with a place along its curve, for [`thin`].
pub trait CurvePoint {
    /// Grows from the first point to the last.
    fn position(&self) -> f64;
}

impl CurvePoint for RocPoint {
    fn position(&self) -> f64 {
        self.fpr + self.tpr
    }
}

impl CurvePoint for PrPoint {
    fn position(&self) -> f64 {
        self.recall
    }
}

impl CurvePoint for GainPoint {
    fn position(&self) -> f64 {
        self.flagged_share + self.gain
    }
}

/// At most `at_most` of the points (never fewer than 2 where there are 2): the first, the last, and between them the
/// first point of each of equally long stretches of the curve. Curves that are short enough stay as they are.
pub fn thin<P: CurvePoint + Copy>(points: &[P], at_most: usize) -> Vec<P> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if points.len() <= at_most.max(2) {
        return points.to_vec();
    }
    let stretches = at_most.max(2) - 1;
    let start = first.position();
    let length = last.position() - start;
    let mut kept = vec![*first];
    let mut reached = 0;
    for point in points.get(1..points.len() - 1).unwrap_or_default() {
        let along = if length > 0.0 {
            (point.position() - start) / length
        } else {
            0.0
        };
        let stretch = ((along * stretches as f64) as usize).min(stretches - 1);
        if stretch > reached {
            reached = stretch;
            kept.push(*point);
        }
    }
    kept.push(*last);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranking(scores: &[f64], labels: &[bool]) -> Ranking {
        Ranking::new(&Scored::new(scores, labels).unwrap())
    }

    #[test]
    fn points_by_hand() {
        let r = ranking(&[0.9, 0.6, 0.6, 0.1], &[true, false, true, false]);
        let roc: Vec<_> = roc_curve(&r)
            .iter()
            .map(|p| (p.threshold, p.fpr, p.tpr, p.flagged))
            .collect();
        assert_eq!(
            roc,
            [
                (None, 0.0, 0.0, 0),
                (Some(0.9), 0.0, 0.5, 1),
                (Some(0.6), 0.5, 1.0, 3),
                (Some(0.1), 1.0, 1.0, 4)
            ]
        );
        let pr: Vec<_> = pr_curve(&r).iter().map(|p| (p.recall, p.precision)).collect();
        assert_eq!(pr, [(0.0, 1.0), (0.5, 1.0), (1.0, 2.0 / 3.0), (1.0, 0.5)]);
        let gain: Vec<_> = gain_curve(&r)
            .iter()
            .map(|p| (p.flagged_share, p.gain, p.lift))
            .collect();
        assert_eq!(
            gain,
            [
                (0.0, 0.0, None),
                (0.25, 0.5, Some(2.0)),
                (0.75, 1.0, Some(1.0 / 0.75)),
                (1.0, 1.0, Some(1.0))
            ]
        );
    }

    #[test]
    fn one_class_has_no_curves() {
        let benign = ranking(&[0.9, 0.6], &[false, false]);
        assert!(roc_curve(&benign).is_empty() && pr_curve(&benign).is_empty() && gain_curve(&benign).is_empty());
        assert!(thin(&roc_curve(&benign), 10).is_empty());
    }

    #[test]
    fn width_bins_are_closed_on_the_right() {
        let scored = Scored::new(&[0.0, 0.25, 0.5, 0.75, 1.0], &[false, false, true, true, true]).unwrap();
        let bins = calibration_curve(&scored, 4, Binning::Width);
        let seen: Vec<_> = bins
            .iter()
            .map(|b| (b.low, b.high, b.rows, b.mean_score, b.positive_share))
            .collect();
        assert_eq!(
            seen,
            [
                (0.0, 0.25, 2, 0.125, 0.0),
                (0.25, 0.5, 1, 0.5, 1.0),
                (0.5, 0.75, 1, 0.75, 1.0),
                (0.75, 1.0, 1, 1.0, 1.0)
            ]
        );
    }

    #[test]
    fn count_bins_keep_ties_together() {
        let scored = Scored::new(&[0.1, 0.5, 0.5, 0.5, 0.9, 1.0], &[false, true, false, true, true, true]).unwrap();
        let bins = calibration_curve(&scored, 3, Binning::Count);
        let seen: Vec<_> = bins.iter().map(|b| (b.low, b.high, b.rows)).collect();
        assert_eq!(seen, [(0.1, 0.5, 4), (0.9, 0.9, 1), (1.0, 1.0, 1)]);
        let equal = Scored::new(&[0.5; 4], &[false, true, false, true]).unwrap();
        assert_eq!(calibration_curve(&equal, 3, Binning::Count).len(), 1);
        assert_eq!(calibration_curve(&equal, 0, Binning::Width).len(), 1);
    }

    #[test]
    fn thinning_keeps_the_steep_start_of_an_imbalanced_curve() {
        // 10 malicious rows at the top of 100,000: thinning by row number would leave nothing between 0 and 1.
        let scores: Vec<f64> = (0..100_000).map(|i| 1.0 - f64::from(i) / 100_000.0).collect();
        let labels: Vec<bool> = (0..100_000).map(|i| i < 10).collect();
        let thinned = thin(&pr_curve(&ranking(&scores, &labels)), 20);
        assert!(thinned.len() <= 20);
        assert_eq!(thinned.iter().filter(|p| p.precision == 1.0).count(), 11);
    }

    proptest! {
        #[test]
        fn curves_are_monotone_and_thinning_keeps_the_ends(
            rows in proptest::collection::vec((0_u8..20, any::<bool>()), 2..200),
            at_most in 0_usize..50,
        ) {
            let scores: Vec<f64> = rows.iter().map(|r| f64::from(r.0) / 19.0).collect();
            let labels: Vec<bool> = rows.iter().map(|r| r.1).collect();
            let r = ranking(&scores, &labels);
            let roc = roc_curve(&r);
            prop_assert!(roc.windows(2).all(|w| w[0].fpr <= w[1].fpr && w[0].tpr <= w[1].tpr && w[0].flagged < w[1].flagged));
            let thinned = thin(&roc, at_most);
            prop_assert!(thinned.len() <= at_most.max(2));
            prop_assert_eq!(thinned.first(), roc.first());
            prop_assert_eq!(thinned.last(), roc.last());
            // The trapezoids under the ROC points are the rank statistic.
            if let Some(auc) = r.roc_auc() {
                let area: f64 = roc.windows(2).map(|w| (w[1].fpr - w[0].fpr) * (w[1].tpr + w[0].tpr) / 2.0).sum();
                prop_assert!((area - auc).abs() < 1e-12);
            }
            for binning in [Binning::Width, Binning::Count] {
                let bins = calibration_curve(&Scored::new(&scores, &labels).unwrap(), 7, binning);
                prop_assert_eq!(bins.iter().map(|b| b.rows).sum::<u64>(), rows.len() as u64);
                prop_assert!(bins.len() <= 7);
                prop_assert!(bins.iter().all(|b| b.low - 1e-12 <= b.mean_score && b.mean_score <= b.high + 1e-12));
            }
        }
    }
}
