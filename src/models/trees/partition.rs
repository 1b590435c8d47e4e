//! Owns the rows of the nodes of a growing tree: one array of row numbers, each node a stretch of it.

use std::ops::Range;

use super::binned::LANE_CODES;

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
    pub fn split(&mut self, range: Range<usize>, codes: &[u8], left: &[bool; LANE_CODES]) -> usize {
        let rows = &mut self.rows[range.clone()];
        let scratch = &mut self.scratch[..rows.len()];
        let (mut lefts, mut rights) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let goes = left[codes[row as usize] as usize];
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
