//! Owns the threshold dial: what every threshold would do on rows whose labels are known.

use serde::{Deserialize, Serialize};

use super::error::MetricError;
use super::ranking::Ranking;
use super::scores::{Confusion, Scored};

/// Thresholds with what each does, the lowest first. Sums are exact at each of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dial {
    /// Malicious rows.
    pub positives: u64,
    /// Benign rows.
    pub negatives: u64,
    /// From flagging every row to flagging none.
    pub stops: Vec<DialStop>,
}

/// One threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DialStop {
    /// Flagged is `score >= threshold`. A midpoint between neighbouring distinct scores.
    pub threshold: f64,
    /// Malicious rows flagged.
    pub tp: u64,
    /// Benign rows flagged.
    pub fp: u64,
}

impl Dial {
    /// Of calibrated probabilities and labels, with at most `most` stops (at least 2). Where there are more, those stay
    /// between which the most rows change sides, and beside them the one with the best F1 and `own`, the model's threshold.
    ///
    /// # Errors
    /// Rows that cannot be measured (see [`Scored::new`]).
    pub fn of(scores: &[f64], labels: &[bool], most: usize, own: Option<f64>) -> Result<Self, MetricError> {
        let ranking = Ranking::new(&Scored::new(scores, labels)?);
        let cuts = ranking.cuts().len();
        let most = most.max(2);
        let step = ranking.rows() as f64 / (most - 1) as f64;
        let mut stops: Vec<DialStop> = Vec::new();
        let mut next = 0.0;
        let own = own.filter(|own| own.is_finite());
        let own = own.map(|own| (ranking.cuts().partition_point(|cut| cut.score >= own), own));
        let f1 = |kept: &usize| ranking.after(*kept).f1();
        // The first of equals flags the fewest rows.
        let best = (0..=cuts).rev().max_by(|a, b| f1(a).total_cmp(&f1(b)));
        for kept in 0..=cuts {
            let counts = ranking.after(kept);
            let flagged = counts.flagged() as f64;
            let own = own.filter(|(place, _)| *place == kept).map(|(_, own)| own);
            let due = cuts < most || kept == cuts || flagged >= next;
            if due {
                next = (flagged / step).floor().mul_add(step, step);
            }
            if due || own.is_some() || best == Some(kept) {
                stops.push(DialStop {
                    threshold: own.unwrap_or_else(|| ranking.threshold_after(kept)),
                    tp: counts.tp,
                    fp: counts.fp,
                });
            }
        }
        stops.reverse();
        Ok(Self {
            positives: ranking.positives(),
            negatives: ranking.negatives(),
            stops,
        })
    }

    /// The counts at a stop; `None` past the last.
    pub fn confusion(&self, stop: usize) -> Option<Confusion> {
        let DialStop { tp, fp, .. } = *self.stops.get(stop)?;
        Some(Confusion {
            tp,
            fp,
            tn: self.negatives.saturating_sub(fp),
            fn_: self.positives.saturating_sub(tp),
        })
    }

    /// The stop nearest to a threshold; 0 if there are none.
    pub fn nearest(&self, threshold: f64) -> usize {
        let after = self.stops.partition_point(|stop| stop.threshold < threshold);
        let distance = |at: usize| {
            self.stops
                .get(at)
                .map_or(f64::INFINITY, |s| (s.threshold - threshold).abs())
        };
        match after.checked_sub(1) {
            Some(before) if distance(before) <= distance(after) => before,
            _ => after.min(self.stops.len().saturating_sub(1)),
        }
    }

    /// The stop with the best F1, the highest of equals.
    pub fn best_f1(&self) -> usize {
        let mut best = (0, -1.0);
        for stop in 0..self.stops.len() {
            let f1 = self.confusion(stop).map_or(0.0, |c| c.f1());
            if f1 >= best.1 {
                best = (stop, f1);
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_distinct_score_is_a_stop() {
        let dial = Dial::of(&[0.9, 0.8, 0.8, 0.2], &[true, true, false, false], 100, None).unwrap();
        let stops: Vec<(f64, u64, u64)> = dial.stops.iter().map(|s| (s.threshold, s.tp, s.fp)).collect();
        let expected = [(0.1, 2, 2), (0.5, 2, 1), (0.8500000000000001, 1, 0), (0.95, 0, 0)];
        assert_eq!(stops, expected);
        let confusion = dial.confusion(1).unwrap();
        assert_eq!((confusion.tn, confusion.fn_), (1, 0));
        assert_eq!(dial.confusion(4), None);
        // F1 is 2/3, 4/5, 2/3 and 0.
        assert_eq!(dial.best_f1(), 1);
    }

    #[test]
    fn the_nearest_stop_is_found_from_anywhere() {
        let dial = Dial::of(&[0.9, 0.8, 0.8, 0.2], &[true, true, false, false], 100, None).unwrap();
        for (threshold, stop) in [(-1.0, 0), (0.1, 0), (0.29, 0), (0.31, 1), (0.9, 2), (0.95, 3), (7.0, 3)] {
            assert_eq!(dial.nearest(threshold), stop, "{threshold}");
        }
        let empty = Dial {
            positives: 0,
            negatives: 0,
            stops: Vec::new(),
        };
        assert_eq!((empty.nearest(0.5), empty.best_f1()), (0, 0));
    }

    proptest! {
        #[test]
        fn stops_count_what_they_flag(
            rows in prop::collection::vec((0u8..40, any::<bool>()), 1..300),
            most in 0usize..60,
            own in 0.01..1.0_f64,
        ) {
            let scores: Vec<f64> = rows.iter().map(|(s, _)| f64::from(*s) / 40.0).collect();
            let labels: Vec<bool> = rows.iter().map(|(_, l)| *l).collect();
            let dial = Dial::of(&scores, &labels, most, Some(own)).unwrap();
            prop_assert!(dial.stops.iter().any(|stop| stop.threshold == own));
            let every = Dial::of(&scores, &labels, usize::MAX, None).unwrap();
            let f1 = |dial: &Dial| dial.confusion(dial.best_f1()).unwrap().f1();
            prop_assert_eq!(f1(&dial), f1(&every), "the best is among the stops");
            prop_assert!(dial.stops.len() <= most.max(2) + 3);
            prop_assert!(dial.stops.is_sorted_by(|a, b| a.threshold < b.threshold));
            prop_assert_eq!(dial.stops[0].tp + dial.stops[0].fp, rows.len() as u64);
            prop_assert_eq!(dial.stops.last().map(|s| s.tp + s.fp), Some(0));
            for stop in &dial.stops {
                let count = |label: bool| rows.iter().zip(&scores).filter(|((_, l), s)| *l == label && **s >= stop.threshold).count();
                prop_assert_eq!((stop.tp, stop.fp), (count(true) as u64, count(false) as u64));
            }
        }
    }
}
