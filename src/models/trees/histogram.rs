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
