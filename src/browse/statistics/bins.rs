//! Owns equal ranges of numbers with their counts.

use super::super::contract::HistogramBin;
use super::super::value::Number;
use super::tally::Moments;

/// Ranges at most.
const BINS: usize = 20;

/// Counts by range.
#[derive(Clone, Debug)]
pub(super) struct Bins {
    low: f64,
    high: f64,
    width: f64,
    counts: Vec<u64>,
    mixes: Vec<Vec<u64>>,
}

impl Bins {
    /// Ranges from the least to the greatest number; one a value where there are few whole ones.
    pub(super) fn new(moments: &Moments, labels: usize) -> Self {
        let (low, high) = moments
            .range()
            .map_or((0.0, 0.0), |(low, high)| (low.as_f64(), high.as_f64()));
        let (bins, width) = match moments.range() {
            Some((Number::Int(low), Number::Int(high))) if !moments.fractions && high.abs_diff(low) < BINS as u64 => {
                (high.abs_diff(low) as usize + 1, 1.0)
            }
            _ if low == high => (1, 0.0),
            // Halves, for the whole width may be more than a float holds.
            _ => (BINS, (high / BINS as f64) - (low / BINS as f64)),
        };
        Self {
            low,
            high,
            width,
            counts: vec![0; bins],
            mixes: vec![vec![0; labels]; bins],
        }
    }

    fn place(&self, value: f64) -> usize {
        if self.width <= 0.0 {
            return 0;
        }
        let offset = value / self.width - self.low / self.width;
        (offset.max(0.0) as usize).min(self.counts.len() - 1)
    }

    pub(super) fn add(&mut self, value: f64, count: u64, mix: &[u64]) {
        let at = self.place(value);
        self.counts[at] += count;
        self.mixes[at].iter_mut().zip(mix).for_each(|(sum, more)| *sum += more);
    }

    pub(super) fn add_one(&mut self, value: f64, label: Option<usize>) {
        let at = self.place(value);
        self.counts[at] += 1;
        if let Some(sum) = label.and_then(|label| self.mixes[at].get_mut(label)) {
            *sum += 1;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.counts
            .iter_mut()
            .zip(&other.counts)
            .for_each(|(sum, more)| *sum += more);
        for (mix, more) in self.mixes.iter_mut().zip(&other.mixes) {
            mix.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
    }

    pub(super) fn finish(self) -> Vec<HistogramBin> {
        let last = self.counts.len() - 1;
        let edge = |at: usize| match at {
            at if at > last && self.width != 1.0 => self.high,
            at => self.low + self.width * at as f64,
        };
        let edges: Vec<f64> = (0..=last + 1).map(edge).collect();
        let counts = self.counts.into_iter().zip(self.mixes).zip(edges.windows(2));
        counts
            .map(|((count, mix), edge)| super::bin(edge[0], edge[1], count, mix))
            .collect()
    }
}
