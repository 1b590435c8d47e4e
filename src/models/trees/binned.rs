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
pub(super) const SHARED_BINS: usize = 16;

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
    /// The bin in each code of its lane, for columns that share one.
    digits: Vec<Option<Box<[u8; LANE_CODES]>>>,
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
        let digits = places.iter().map(|place| {
            let alone = lanes[place.lane].columns.len() == 1;
            (!alone).then(|| Box::new(std::array::from_fn(|code| place.bin(code) as u8)))
        });
        Ok(Self {
            digits: digits.collect(),
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

    /// The bin in each code of the column's lane; `None` if the code is the bin.
    pub fn digits(&self, column: usize) -> Option<&[u8; LANE_CODES]> {
        self.digits[column].as_deref()
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::models::trees::binning::BinRule;
    use crate::models::trees::test_data::{Mixed, bin_of};

    fn columns(bins: &[usize]) -> Vec<ColumnBins> {
        let column = |bins: &usize| ColumnBins {
            rule: BinRule::Numeric { edges: Vec::new() },
            values: *bins,
            missing: None,
        };
        bins.iter().map(column).collect()
    }

    #[test]
    fn thirty_ternary_columns_are_six_lanes() {
        let (lanes, places) = pack(&columns(&[3; 30]));
        assert_eq!(lanes.len(), 6);
        assert!(lanes.iter().all(|lane| lane.codes == 243));
        assert_eq!(lanes[1].columns, [5, 6, 7, 8, 9]);
        let strides: Vec<usize> = lanes[1].columns.iter().map(|c| places[*c].stride).collect();
        assert_eq!(strides, [1, 3, 9, 27, 81]);
    }

    #[test]
    fn wide_columns_stay_alone_and_narrow_ones_fill_earlier_gaps() {
        let (lanes, _) = pack(&columns(&[16, 17, 2, 16, 256, 8, 2]));
        let found: Vec<_> = lanes.iter().map(|lane| (&lane.columns[..], lane.codes)).collect();
        assert_eq!(
            found,
            [
                (&[0, 2, 5][..], 256),
                (&[1][..], 17),
                (&[3, 6][..], 32),
                (&[4][..], 256)
            ]
        );
    }

    #[test]
    fn every_bin_is_found_again_in_its_lane() {
        for (rows, width, most) in [(1, 3, 255), (512, 7, 255), (1100, 30, 255), (1100, 30, 4), (1025, 9, 2)] {
            let mixed = Mixed::new(rows, width, 1);
            let matrix = mixed.binned(most, 1);
            assert_eq!(matrix.width(), width);
            for (column, place) in matrix.places.iter().enumerate() {
                let bins = &matrix.columns[column];
                assert!(bins.values <= most && bins.total() == place.bins);
                for row in 0..rows {
                    let expected = bin_of(bins, mixed.kinds[column], mixed.values[[row, column]]);
                    let code = matrix.codes[place.lane][row];
                    assert_eq!(place.bin(code.into()), expected, "row {row}, column {column}");
                }
            }
        }
    }

    #[test]
    fn blocks_hold_the_codes_of_eight_lanes_padded_with_zeros() {
        let matrix = Mixed::new(700, 40, 2).binned(255, 1);
        assert!(matrix.lanes.len() > BLOCK_LANES && !matrix.lanes.len().is_multiple_of(BLOCK_LANES));
        assert_eq!(matrix.blocks.len(), matrix.lanes.len().div_ceil(BLOCK_LANES));
        for row in 0..700 {
            for lane in 0..matrix.blocks.len() * BLOCK_LANES {
                let expected = matrix.codes.get(lane).map_or(0, |codes| codes[row]);
                assert_eq!(matrix.blocks[lane / BLOCK_LANES][row][lane % BLOCK_LANES], expected);
            }
        }
    }

    #[test]
    fn threads_and_the_layout_of_the_values_change_nothing() {
        let mut mixed = Mixed::new(1100, 40, 3);
        let alone = mixed.binned(255, 1);
        for threads in [2, 3, 64] {
            let together = mixed.binned(255, threads);
            assert_eq!((&together.codes, &together.lanes), (&alone.codes, &alone.lanes));
            assert_eq!(together.columns, alone.columns);
        }
        mixed.values = mixed.values.t().as_standard_layout().to_owned().reversed_axes();
        assert!(!mixed.values.is_standard_layout());
        assert_eq!(mixed.binned(255, 1).codes, alone.codes);
    }

    #[test]
    fn blocks_are_left_out_where_nobody_asks_for_them() {
        let mixed = Mixed::new(9, 9, 4);
        let matrix = BinnedMatrix::new(mixed.table(), 255, false, 1, &CancelToken::new()).unwrap();
        assert!(matrix.blocks.is_empty() && !matrix.codes.is_empty());
    }

    #[test]
    fn it_stops_when_asked() {
        let cancel = CancelToken::new();
        cancel.cancel();
        for threads in [1, 2] {
            let refused = BinnedMatrix::new(Mixed::new(9, 9, 5).table(), 255, true, threads, &cancel);
            assert!(matches!(refused, Err(TreeError::Cancelled(_))));
        }
    }

    proptest! {
        #[test]
        fn every_column_has_a_place_and_no_lane_more_codes_than_a_byte(
            bins in proptest::collection::vec(prop_oneof![3 => 1..6usize, 2 => 1..20usize, 1 => 1..=256usize], 1..60),
        ) {
            let (lanes, places) = pack(&columns(&bins));
            prop_assert_eq!(places.len(), bins.len());
            let mut seen = vec![0; bins.len()];
            for (at, lane) in lanes.iter().enumerate() {
                let mut codes = 1;
                for &column in &lane.columns {
                    seen[column] += 1;
                    prop_assert_eq!(places[column], Place { lane: at, stride: codes, bins: bins[column] });
                    codes *= bins[column];
                }
                prop_assert!(lane.codes == codes && codes <= LANE_CODES);
                prop_assert!(lane.columns.len() == 1 || lane.columns.iter().all(|c| bins[*c] <= SHARED_BINS));
            }
            prop_assert!(seen.iter().all(|n| *n == 1));
        }
    }
}
