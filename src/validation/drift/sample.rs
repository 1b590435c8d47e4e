//! Owns a uniform sample of rows of fixed size from a stream of unknown length (reservoir sampling, Vitter's R).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A uniform sample of the rows seen so far, stored by column; NaN stands for missing.
///
/// It depends on the seed and on the order of the rows only, not on how they are cut into batches.
#[derive(Clone, Debug)]
pub(crate) struct RowSample {
    capacity: usize,
    seen: u64,
    rng: ChaCha8Rng,
    columns: Vec<Vec<f64>>,
    /// Reused list of (row of the batch, slot of the sample).
    taken: Vec<(usize, usize)>,
}

impl RowSample {
    /// An empty sample of at most `capacity` rows of `columns` numbers.
    pub(crate) fn new(columns: usize, capacity: usize, seed: u64) -> Self {
        Self {
            capacity,
            seen: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
            columns: vec![Vec::new(); columns],
            taken: Vec::new(),
        }
    }

    /// A sample of at most `most` rows, fewer (at least `least`) where that many of so many columns would pass
    /// `cells` numbers.
    pub(crate) fn bounded(columns: usize, most: usize, least: usize, cells: usize, seed: u64) -> Self {
        let fits = cells / columns.max(1);
        Self::new(columns, most.min(fits.max(least)), seed)
    }

    /// Offers the next `rows` rows; `cell(row, column)` is called for those that are taken.
    pub(crate) fn offer(&mut self, rows: usize, cell: impl Fn(usize, usize) -> f64) {
        self.taken.clear();
        for row in 0..rows {
            self.seen += 1;
            if self.seen <= self.capacity as u64 {
                self.taken.push((row, self.seen as usize - 1));
            } else {
                // Lemire's multiply-shift; its bias is below seen / 2^64.
                let slot = ((u128::from(self.rng.next_u64()) * u128::from(self.seen)) >> 64) as u64;
                if slot < self.capacity as u64 {
                    self.taken.push((row, slot as usize));
                }
            }
        }
        for (index, column) in self.columns.iter_mut().enumerate() {
            for &(row, slot) in &self.taken {
                let value = cell(row, index);
                match column.get_mut(slot) {
                    Some(old) => *old = value,
                    // Slots are first handed out in order, so the next one is always the end.
                    None => column.push(value),
                }
            }
        }
    }

    /// The sampled cells of one column.
    pub(crate) fn column(&self, index: usize) -> &[f64] {
        self.columns.get(index).map_or(&[], Vec::as_slice)
    }

    /// The finite sampled cells of one column, sorted.
    pub(crate) fn sorted(&self, index: usize) -> Vec<f64> {
        let mut values: Vec<f64> = self.column(index).iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }
}
