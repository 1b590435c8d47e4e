//! Owns the N most probable flagged rows of a stream, kept with what is needed to explain them afterwards.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A flagged row that may be explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its calibrated probability.
    pub probability: f64,
    /// Its place among the scored rows, from 0.
    pub row: u64,
    /// Its encoded features.
    pub features: Vec<f32>,
    /// The text of each schema column the model reads, by the model's column order.
    pub cells: Vec<Vec<u8>>,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    /// The more probable is the greater; of equals, the earlier.
    fn cmp(&self, other: &Self) -> Ordering {
        self.probability
            .total_cmp(&other.probability)
            .then(other.row.cmp(&self.row))
    }
}

/// The N greatest candidates so far.
#[derive(Debug)]
pub struct TopRows {
    limit: usize,
    heap: BinaryHeap<Reverse<Candidate>>,
}

impl TopRows {
    /// Keeps at most `limit` rows.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            heap: BinaryHeap::new(),
        }
    }

    /// Whether a row of this probability that comes after all others would be kept.
    pub fn admits(&self, probability: f64) -> bool {
        self.heap.len() < self.limit
            || self
                .heap
                .peek()
                .is_some_and(|Reverse(least)| probability.total_cmp(&least.probability).is_gt())
    }

    /// The least probability among the rows kept: rows below it are out for good. Negative infinity while there is room.
    pub fn least(&self) -> f64 {
        self.heap
            .peek()
            .filter(|_| self.heap.len() >= self.limit)
            .map_or(f64::NEG_INFINITY, |Reverse(least)| least.probability)
    }

    /// Takes a row that [`TopRows::admits`].
    pub fn push(&mut self, candidate: Candidate) {
        self.heap.push(Reverse(candidate));
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    /// The rows kept, in the order of the stream.
    pub fn into_rows(self) -> Vec<Candidate> {
        let mut rows: Vec<Candidate> = self.heap.into_iter().map(|Reverse(c)| c).collect();
        rows.sort_unstable_by_key(|c| c.row);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_most_probable_and_of_equals_the_earliest() {
        let mut top = TopRows::new(2);
        for (row, probability) in [0.5, 0.9, 0.5, 0.9, 0.9].into_iter().enumerate() {
            if top.admits(probability) {
                top.push(Candidate {
                    probability,
                    row: row as u64,
                    features: vec![],
                    cells: vec![],
                });
            }
        }
        assert_eq!(top.least(), 0.9);
        assert_eq!(top.into_rows().iter().map(|c| c.row).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn keeps_none_when_asked_for_none() {
        assert!(!TopRows::new(0).admits(1.0));
        assert_eq!(TopRows::new(0).least(), f64::NEG_INFINITY);
    }
}
