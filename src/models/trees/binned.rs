//! Owns the binned training matrix: one byte a value, columns of few bins packed together into one.
//!
//! A *lane* is a column of bytes. A column with many bins has a lane to itself. Columns with few bins share one as the
//! digits of a mixed-radix number, as long as the product of their bins fits a byte: a histogram of the lane then holds
//! all of theirs, and is told apart by summing ([`Lane::split_up`]). Thirty ternary columns become six lanes, and a
//! row costs six additions instead of thirty. The sums are exact, so packing changes no result.
//!
//! Each lane is kept twice: as a column, for splitting rows and for forests, which look at a few columns a node; and
//! eight lanes side by side ([`BinnedMatrix::blocks`]), so that a histogram over all columns reads one word for eight.

use ndarray::{Axis, Slice};
use rayon::prelude::*;

use super::binning::{ColumnBins, MOST_BINS};
use super::error::TreeError;
use super::table::Table;
use crate::cancel::CancelToken;

/// Codes a lane can hold.
pub(super) const LANE_CODES: usize = 256;

/// Bins up to which a column shares a lane.
const SHARED_BINS: usize = 16;

/// Lanes side by side in a block.
pub(super) const BLOCK_LANES: usize = 8;

/// Rows binned at a time: their values stay in the cache while one column after the other is read.
const ROWS_AT_ONCE: usize = 512;

/// Where a column's bins are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The lane.
    pub lane: usize,
    /// Product of the bins of the digits below.
    pub stride: usize,
    /// Bins of this digit.
    pub bins: usize,
}

impl Place {
    /// The column's bin in a lane's code.
    pub fn bin(self, code: usize) -> usize {
        code / self.stride % self.bins
    }
}

/// The columns that share a lane, the lowest digit first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lane {
    /// The columns.
    pub columns: Vec<usize>,
    /// Codes in use.
    pub codes: usize,
}

/// A training matrix in bins.
#[derive(Debug)]
pub(super) struct BinnedMatrix {
    /// The bins of each column.
    pub columns: Vec<ColumnBins>,
    /// Where each column's bins are.
    pub places: Vec<Place>,
    /// The lanes.
    pub lanes: Vec<Lane>,
    /// The codes of each lane.
    pub codes: Vec<Vec<u8>>,
    /// The codes of lanes 0-7, 8-15, ..., a row's side by side; the last block is padded with zeros.
    pub blocks: Vec<Vec<[u8; BLOCK_LANES]>>,
}

impl BinnedMatrix {
    /// Bins a table with at most `most` bins a column. Costs rows x columns, and the sort of a sample of each column
    /// with many distinct values.
    ///
    /// # Errors
    /// Cancellation.
    pub fn new(
        table: Table<'_>,
        most: usize,
        with_blocks: bool,
        threads: usize,
        cancel: &CancelToken,
    ) -> Result<Self, TreeError> {
        let most = most.clamp(2, MOST_BINS);
        let learn = |column: usize| {
            cancel.check()?;
            let values = table.values.column(column);
            Ok(ColumnBins::learn(table.kinds[column], values.iter().copied(), most))
        };
        let columns: Vec<ColumnBins> = if threads > 1 {
            (0..table.width())
                .into_par_iter()
                .map(learn)
                .collect::<Result<_, TreeError>>()?
        } else {
            (0..table.width()).map(learn).collect::<Result<_, TreeError>>()?
        };
        let (lanes, places) = pack(&columns);
        let codes = encode(table, &columns, &lanes, &places, threads, cancel)?;
        let blocks = if with_blocks {
            side_by_side(&codes, table.rows())
        } else {
            Vec::new()
        };
        Ok(Self {
            columns,
            places,
            lanes,
            codes,
            blocks,
        })
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }
}

/// Gives each column its place: columns of few bins one after the other into lanes while they fit.
fn pack(columns: &[ColumnBins]) -> (Vec<Lane>, Vec<Place>) {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut places = Vec::with_capacity(columns.len());
    for (column, bins) in columns.iter().map(ColumnBins::total).enumerate() {
        let fits = |lane: &Lane| lane.codes * bins <= LANE_CODES && lane.codes <= LANE_CODES / 2;
        let shares = bins <= SHARED_BINS;
        let shared = |lane: &Lane| lane.columns.iter().all(|c| columns[*c].total() <= SHARED_BINS);
        let found = if shares {
            lanes.iter().position(|l| shared(l) && fits(l))
        } else {
            None
        };
        let lane = found.unwrap_or_else(|| {
            lanes.push(Lane {
                columns: Vec::new(),
                codes: 1,
            });
            lanes.len() - 1
        });
        places.push(Place {
            lane,
            stride: lanes[lane].codes,
            bins,
        });
        lanes[lane].columns.push(column);
        lanes[lane].codes *= bins;
    }
    (lanes, places)
}

fn encode(
    table: Table<'_>,
    columns: &[ColumnBins],
    lanes: &[Lane],
    places: &[Place],
    threads: usize,
    cancel: &CancelToken,
) -> Result<Vec<Vec<u8>>, TreeError> {
    let rows = table.rows();
    let mut codes: Vec<Vec<u8>> = lanes.iter().map(|_| vec![0; rows]).collect();
    // A share of the lanes each, so that every thread passes over the rows once.
    let share = lanes.len().div_ceil(threads.max(1)).max(1);
    let fill = |(first, part): (usize, &mut [Vec<u8>])| -> Result<(), TreeError> {
        let mut bins = [0u8; ROWS_AT_ONCE];
        for start in (0..rows).step_by(ROWS_AT_ONCE) {
            cancel.check()?;
            let end = (start + ROWS_AT_ONCE).min(rows);
            for (lane, out) in lanes[first..].iter().zip(part.iter_mut()) {
                for &column in &lane.columns {
                    let values = table.values.column(column);
                    let values = values.slice_axis(Axis(0), Slice::from(start..end));
                    columns[column].assign(values.iter().copied(), &mut bins);
                    let stride = places[column].stride as u8;
                    for (code, bin) in out[start..end].iter_mut().zip(&bins) {
                        *code += bin * stride;
                    }
                }
            }
        }
        Ok(())
    };
    let parts = codes.chunks_mut(share).enumerate().map(|(i, part)| (i * share, part));
    if threads > 1 {
        parts.collect::<Vec<_>>().into_par_iter().try_for_each(fill)?;
    } else {
        parts.into_iter().try_for_each(fill)?;
    }
    Ok(codes)
}

fn side_by_side(codes: &[Vec<u8>], rows: usize) -> Vec<Vec<[u8; BLOCK_LANES]>> {
    codes
        .chunks(BLOCK_LANES)
        .map(|lanes| {
            let mut block = vec![[0; BLOCK_LANES]; rows];
            for (at, lane) in lanes.iter().enumerate() {
                for (row, code) in block.iter_mut().zip(lane) {
                    row[at] = *code;
                }
            }
            block
        })
        .collect()
}
