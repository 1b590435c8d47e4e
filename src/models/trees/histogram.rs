//! Owns histograms over all lanes: filling one from rows, taking a sibling's away, telling packed columns apart.

use rayon::prelude::*;

use super::binned::{BLOCK_LANES, BinnedMatrix, LANE_CODES, Lane, Place};
use super::statistics::Packed;

/// Rows x lanes below which threads cost more than they save.
const WORTH_THREADS: usize = 1 << 17;

/// Sums of one lane, one a code. Longer than the codes so that lanes do not start at the same cache set.
#[derive(Clone, Debug)]
pub(super) struct LaneSums {
    cells: [Packed; LANE_CODES],
    _apart: [u64; 8],
}

impl LaneSums {
    /// Nothing added yet.
    pub const EMPTY: Self = Self {
        cells: [Packed(0); LANE_CODES],
        _apart: [0; 8],
    };

    /// The sums of the codes in use.
    pub fn cells(&self) -> &[Packed; LANE_CODES] {
        &self.cells
    }
}

/// The sums of a node's rows, for every bin of every column.
#[derive(Debug)]
pub(super) struct Histogram {
    lanes: Vec<LaneSums>,
}

impl Histogram {
    /// Room for the lanes of a matrix, whole blocks of them.
    pub fn new(matrix: &BinnedMatrix) -> Self {
        Self {
            lanes: vec![LaneSums::EMPTY; matrix.blocks.len() * BLOCK_LANES],
        }
    }

    /// The sums of a lane.
    pub fn lane(&self, lane: usize) -> &LaneSums {
        &self.lanes[lane]
    }

    /// Sums the statistics of `rows`; `ordered` holds them in the same order. Costs rows x lanes.
    pub fn fill(&mut self, matrix: &BinnedMatrix, rows: &[u32], ordered: &[Packed], threads: usize) {
        let fill = |(at, sums): (usize, &mut [LaneSums])| {
            let lanes = &matrix.lanes[at * BLOCK_LANES..matrix.lanes.len().min((at + 1) * BLOCK_LANES)];
            for (sums, lane) in sums.iter_mut().zip(lanes) {
                sums.cells[..lane.codes].fill(Packed(0));
            }
            fill_block(&matrix.blocks[at], rows, ordered, sums, lanes.len());
        };
        let parts = self.lanes.chunks_mut(BLOCK_LANES).enumerate();
        if threads > 1 && rows.len() * matrix.lanes.len() >= WORTH_THREADS && matrix.blocks.len() > 1 {
            parts.collect::<Vec<_>>().into_par_iter().for_each(fill);
        } else {
            parts.for_each(fill);
        }
    }

    /// Turns a parent's sums into those of one child by taking the other's away.
    pub fn take_away(&mut self, matrix: &BinnedMatrix, sibling: &Self) {
        for ((sums, sibling), lane) in self.lanes.iter_mut().zip(&sibling.lanes).zip(&matrix.lanes) {
            for (cell, other) in sums.cells[..lane.codes].iter_mut().zip(&sibling.cells[..lane.codes]) {
                *cell = cell.less(*other);
            }
        }
    }
}

fn fill_block(block: &[[u8; BLOCK_LANES]], rows: &[u32], ordered: &[Packed], sums: &mut [LaneSums], lanes: usize) {
    // The number of lanes is known to each copy, so that the inner loop is unrolled.
    match lanes {
        1 => fill_lanes::<1>(block, rows, ordered, sums),
        2 => fill_lanes::<2>(block, rows, ordered, sums),
        3 => fill_lanes::<3>(block, rows, ordered, sums),
        4 => fill_lanes::<4>(block, rows, ordered, sums),
        5 => fill_lanes::<5>(block, rows, ordered, sums),
        6 => fill_lanes::<6>(block, rows, ordered, sums),
        7 => fill_lanes::<7>(block, rows, ordered, sums),
        _ => fill_lanes::<8>(block, rows, ordered, sums),
    }
}

fn fill_lanes<const LANES: usize>(
    block: &[[u8; BLOCK_LANES]],
    rows: &[u32],
    ordered: &[Packed],
    sums: &mut [LaneSums],
) {
    let Some(sums) = sums.first_chunk_mut::<LANES>() else {
        return;
    };
    for (row, statistics) in rows.iter().zip(ordered) {
        let codes = &block[*row as usize];
        for lane in 0..LANES {
            sums[lane].cells[codes[lane] as usize].add(*statistics);
        }
    }
}

impl Lane {
    /// The sums of each column of the lane, from the lowest digit to the highest: `out(column, sums by bin)`.
    ///
    /// Sums out the highest digit first, so all of it costs about twice the number of codes.
    pub fn split_up(&self, places: &[Place], cells: &[Packed; LANE_CODES], mut out: impl FnMut(usize, &[Packed])) {
        if let [only] = self.columns[..] {
            out(only, &cells[..self.codes]);
            return;
        }
        let mut rest = *cells;
        for &column in self.columns.iter().rev() {
            let Place { stride, bins, .. } = places[column];
            let mut sums = [Packed(0); LANE_CODES];
            for (sum, part) in sums.iter_mut().zip(rest[..stride * bins].chunks_exact(stride)) {
                for cell in part {
                    sum.add(*cell);
                }
            }
            out(column, &sums[..bins]);
            let (lowest, others) = rest[..stride * bins].split_at_mut(stride);
            for part in others.chunks_exact(stride) {
                for (sum, cell) in lowest.iter_mut().zip(part) {
                    sum.add(*cell);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::models::trees::test_data::Mixed;

    /// Statistics of rows, with gradients of both signs.
    fn statistics(rows: usize, rng: &mut ChaCha8Rng) -> Vec<Packed> {
        (0..rows)
            .map(|_| Packed::new(rng.random_range(-5000..5000), rng.random_range(0..5000)))
            .collect()
    }

    fn filled(matrix: &BinnedMatrix, rows: &[u32], packed: &[Packed], threads: usize) -> Histogram {
        let mut histogram = Histogram::new(matrix);
        refill(&mut histogram, matrix, rows, packed, threads);
        histogram
    }

    fn refill(histogram: &mut Histogram, matrix: &BinnedMatrix, rows: &[u32], packed: &[Packed], threads: usize) {
        let ordered: Vec<Packed> = rows.iter().map(|row| packed[*row as usize]).collect();
        histogram.fill(matrix, rows, &ordered, threads);
    }

    /// The sums of every column by bin, from the lanes.
    fn by_column(matrix: &BinnedMatrix, histogram: &Histogram) -> Vec<Vec<Packed>> {
        let mut found = vec![Vec::new(); matrix.width()];
        for (at, lane) in matrix.lanes.iter().enumerate() {
            lane.split_up(&matrix.places, histogram.lane(at).cells(), |column, cells| {
                assert!(found[column].is_empty(), "column {column} twice");
                found[column] = cells.to_vec();
            });
        }
        found
    }

    /// The same, row by row.
    fn direct(matrix: &BinnedMatrix, rows: &[u32], packed: &[Packed]) -> Vec<Vec<Packed>> {
        let sums = |place: &Place| {
            let mut sums = vec![Packed(0); place.bins];
            for row in rows {
                let code = matrix.codes[place.lane][*row as usize];
                sums[place.bin(code.into())].add(packed[*row as usize]);
            }
            sums
        };
        matrix.places.iter().map(sums).collect()
    }

    #[test]
    fn sums_are_those_of_the_rows_for_every_number_of_lanes() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut lanes = [false; 2 * BLOCK_LANES + 1];
        for width in 1..=30 {
            let matrix = Mixed::new(400, width, 1).binned(255, 1);
            let packed = statistics(400, &mut rng);
            let rows: Vec<u32> = (0..400).rev().filter(|_| rng.random_bool(0.4)).collect();
            let histogram = filled(&matrix, &rows, &packed, 1);
            assert_eq!(
                by_column(&matrix, &histogram),
                direct(&matrix, &rows, &packed),
                "{width}"
            );
            lanes[matrix.lanes.len().min(2 * BLOCK_LANES)] = true;
        }
        assert!(lanes[1..=BLOCK_LANES].iter().all(|seen| *seen), "{lanes:?}");
    }

    #[test]
    fn threads_change_no_sum() {
        const ROWS: u32 = 12_000;
        let matrix = Mixed::new(ROWS as usize, 40, 2).binned(255, 1);
        assert!(ROWS as usize * matrix.lanes.len() >= WORTH_THREADS);
        let packed = statistics(ROWS as usize, &mut ChaCha8Rng::seed_from_u64(2));
        let rows: Vec<u32> = (0..ROWS).collect();
        let found = by_column(&matrix, &filled(&matrix, &rows, &packed, 4));
        assert_eq!(found, direct(&matrix, &rows, &packed));
    }

    #[test]
    fn what_was_summed_before_is_forgotten() {
        let matrix = Mixed::new(300, 20, 3).binned(255, 1);
        let packed = statistics(300, &mut ChaCha8Rng::seed_from_u64(3));
        let all: Vec<u32> = (0..300).collect();
        let mut histogram = filled(&matrix, &all, &packed, 1);
        refill(&mut histogram, &matrix, &all[..5], &packed, 1);
        assert_eq!(by_column(&matrix, &histogram), direct(&matrix, &all[..5], &packed));
        refill(&mut histogram, &matrix, &[], &packed, 1);
        assert!(
            by_column(&matrix, &histogram)
                .concat()
                .iter()
                .all(|cell| *cell == Packed(0))
        );
    }

    #[test]
    fn a_parent_less_a_child_is_the_other_child() {
        let matrix = Mixed::new(500, 30, 4).binned(255, 1);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let packed = statistics(500, &mut rng);
        let all: Vec<u32> = (0..500).collect();
        let (left, right): (Vec<u32>, Vec<u32>) = all.iter().partition(|_| rng.random_bool(0.2));
        let mut parent = filled(&matrix, &all, &packed, 1);
        parent.take_away(&matrix, &filled(&matrix, &left, &packed, 1));
        assert_eq!(by_column(&matrix, &parent), direct(&matrix, &right, &packed));
    }

    #[test]
    fn a_lane_is_told_apart_by_hand() {
        // Two columns of 2 and 3 bins: code = first + 2 x second.
        let lane = Lane {
            columns: vec![0, 1],
            codes: 6,
        };
        let place = |stride: usize, bins: usize| Place { lane: 0, stride, bins };
        let mut cells = [Packed(0); LANE_CODES];
        for (code, cell) in cells[..6].iter_mut().enumerate() {
            *cell = Packed::new(-(1 << code), 1);
        }
        let mut found = Vec::new();
        lane.split_up(&[place(1, 2), place(2, 3)], &cells, |column, sums| {
            found.push((column, sums.to_vec()));
        });
        found.sort_by_key(|(column, _)| *column);
        let sums = |of: &[i32], rows: u32| of.iter().map(|g| Packed::new(-g, rows)).collect::<Vec<_>>();
        assert_eq!(
            found,
            [(0, sums(&[1 + 4 + 16, 2 + 8 + 32], 3)), (1, sums(&[3, 12, 48], 2))]
        );
    }
}
