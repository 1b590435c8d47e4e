//! Owns the rows of the nodes of a growing tree: one array of row numbers, each node a stretch of it.

use std::ops::Range;

/// Row numbers, node by node.
#[derive(Debug, Default)]
pub(super) struct RowPartition {
    rows: Vec<u32>,
    scratch: Vec<u32>,
}

impl RowPartition {
    /// All rows given, in their order, in one stretch.
    pub fn reset(&mut self, rows: impl Iterator<Item = u32>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.scratch.resize(self.rows.len(), 0);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows of a stretch.
    pub fn rows(&self, range: Range<usize>) -> &[u32] {
        &self.rows[range]
    }

    /// Puts the rows of a stretch that go left before the others, each side in its former order. Answers where the
    /// right side begins.
    pub fn split(&mut self, range: Range<usize>, codes: &[u8], goes_left: impl Fn(u8) -> bool) -> usize {
        let rows = &mut self.rows[range.clone()];
        let scratch = &mut self.scratch[..rows.len()];
        let (mut lefts, mut rights) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let goes = goes_left(codes[row as usize]);
            // Written to both sides, kept on one: no branch to guess.
            rows[lefts] = row;
            scratch[rights] = row;
            lefts += usize::from(goes);
            rights += usize::from(!goes);
        }
        rows[lefts..].copy_from_slice(&scratch[..rights]);
        range.start + lefts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::trees::binned::LANE_CODES;

    fn whole(rows: u32) -> RowPartition {
        let mut partition = RowPartition::default();
        partition.reset(0..rows);
        partition
    }

    #[test]
    fn a_side_may_be_empty() {
        let codes = [3; 5];
        for (left, middle) in [([true; LANE_CODES], 5), ([false; LANE_CODES], 0)] {
            let mut partition = whole(5);
            assert_eq!(partition.split(0..5, &codes, |code| left[usize::from(code)]), middle);
            assert_eq!(partition.rows(0..5), [0, 1, 2, 3, 4]);
        }
        assert_eq!(whole(5).split(2..2, &codes, |_| true), 2);
    }

    #[test]
    fn starting_again_forgets_what_was() {
        let mut partition = whole(5);
        partition.reset([7, 2].into_iter());
        assert_eq!((partition.len(), partition.rows(0..2)), (2, &[7, 2][..]));
        partition.reset(0..9);
        assert_eq!(partition.split(0..9, &[0; 9], |_| false), 0);
        assert_eq!(partition.rows(0..9), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    proptest! {
        #[test]
        fn both_sides_keep_their_order_and_other_rows_their_place(
            codes in proptest::collection::vec(any::<u8>(), 1..200),
            goes in proptest::collection::vec(any::<bool>(), LANE_CODES),
            ends in (0.0..=1.0f64, 0.0..=1.0f64),
        ) {
            let at = |share: f64| (codes.len() as f64 * share) as usize;
            let range = at(ends.0.min(ends.1))..at(ends.0.max(ends.1));
            // Backwards, so that a row is not where its number says.
            let before: Vec<u32> = (0..codes.len() as u32).rev().collect();
            let mut partition = RowPartition::default();
            partition.reset(before.iter().copied());
            let mut left = [false; LANE_CODES];
            left.copy_from_slice(&goes);
            let middle = partition.split(range.clone(), &codes, |code| left[usize::from(code)]);
            let (mut expected, rights): (Vec<u32>, Vec<u32>) =
                before[range.clone()].iter().partition(|row| left[codes[**row as usize] as usize]);
            prop_assert_eq!(middle, range.start + expected.len());
            expected.extend(rights);
            prop_assert_eq!(partition.rows(range.clone()), expected);
            prop_assert_eq!(partition.rows(0..range.start), &before[..range.start]);
            prop_assert_eq!(partition.rows(range.end..codes.len()), &before[range.end..]);
        }
    }
}
