//! Owns the matrices that the engine's unit tests share.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::binned::BinnedMatrix;
use super::binning::{BinRule, ColumnBins};
use super::table::{ColumnKind, Table};
use crate::cancel::CancelToken;

/// A matrix of columns that are all different.
pub(super) struct Mixed {
    pub values: Array2<f32>,
    pub kinds: Vec<ColumnKind>,
}

impl Mixed {
    /// Columns in turn: three values; numbers with gaps; 12 categories with gaps; a constant; five values with
    /// infinities and gaps; 400 categories, some of them unknown; numbers without gaps.
    pub fn new(rows: usize, width: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let kind = |column: usize| match column % 7 {
            2 => ColumnKind::Categorical { cardinality: 12 },
            5 => ColumnKind::Categorical { cardinality: 400 },
            _ => ColumnKind::Numeric,
        };
        let mut value = |column: usize| {
            let gap = rng.random_bool(0.1);
            match column % 7 {
                0 => f32::from(rng.random_range(-1..2i8)),
                1 | 2 if gap => f32::NAN,
                2 => f32::from(rng.random_range(0..12u8)),
                3 => 7.0,
                4 => [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0][rng.random_range(0..5usize)],
                5 => f32::from(rng.random_range(-5..420i16)),
                _ => rng.random::<f32>() * 4.0 - 2.0,
            }
        };
        Self {
            values: Array2::from_shape_fn((rows, width), |(_, column)| value(column)),
            kinds: (0..width).map(kind).collect(),
        }
    }

    /// One column.
    pub fn column(kind: ColumnKind, values: &[f32]) -> Self {
        Self {
            values: Array2::from_shape_fn((values.len(), 1), |(row, _)| values[row]),
            kinds: vec![kind],
        }
    }

    pub fn table(&self) -> Table<'_> {
        Table {
            values: self.values.view(),
            kinds: &self.kinds,
        }
    }

    pub fn binned(&self, most: usize, threads: usize) -> BinnedMatrix {
        BinnedMatrix::new(self.table(), most, true, threads, &CancelToken::new()).unwrap()
    }
}

/// The bin of a value by the definition.
pub(super) fn bin_of(bins: &ColumnBins, kind: ColumnKind, value: f32) -> usize {
    if kind.is_missing(value) {
        return bins.missing.unwrap().into();
    }
    match &bins.rule {
        BinRule::Numeric { edges } => edges.iter().filter(|e| value.clamp(f32::MIN, f32::MAX) > **e).count(),
        BinRule::Categorical { bin_of } => bin_of[value as usize].into(),
    }
}
