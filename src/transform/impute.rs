//! Owns imputation of numbers: median, mean, constant, and the mean of the nearest training rows. (Categories take
//! the code their step was fitted with.)

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::numeric::{mean, mean_and_deviation};
use super::scale::quantile;
use super::settings::{NumberImputation, TransformSettings};

/// Numbers kept for nearest neighbours at most: 32 MB.
const MOST_KEPT: usize = 4_000_000;

/// The number for missing cells, from training values in which NaN stands for missing. With no values at all it is 0
/// (or the constant). With nearest neighbours it is the median, for rows that have no neighbour.
pub(super) fn fill(settings: &TransformSettings, values: &[f64]) -> f64 {
    match settings.impute_numbers {
        NumberImputation::Constant => settings.impute_constant,
        NumberImputation::Mean => mean(values).unwrap_or(0.0),
        NumberImputation::Median | NumberImputation::Knn => {
            let mut present: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
            present.sort_unstable_by(f64::total_cmp);
            quantile(&present, 0.5)
        }
    }
}

/// Nearest-neighbour imputation: evenly spaced training rows over the numeric columns that vary.
///
/// Distance between two rows (scikit-learn's `nan_euclidean_distances`, over values divided by their training
/// standard deviation): sqrt(columns / columns both have x sum of squared differences over those). A gap becomes the
/// mean of the `k` nearest kept rows that have the column; equal distances go to the earlier row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Neighbours {
    /// Neighbours whose mean is taken.
    pub(super) k: u32,
    /// The columns compared, ascending indices into the preprocessor's columns.
    pub(super) columns: Vec<u32>,
    /// Training standard deviation of each, above 0.
    pub(super) deviations: Vec<f64>,
    /// The kept training rows, one value a column.
    pub(super) rows: Vec<Vec<Option<f64>>>,
}

impl Neighbours {
    /// Keeps rows of the training values: `(index of the column, its values with NaN for missing)`, ascending. `None`
    /// if no column varies.
    pub(super) fn fit(settings: &TransformSettings, training: &[(u32, Vec<f64>)]) -> Option<Self> {
        let mut columns = Vec::new();
        let mut deviations = Vec::new();
        let mut values: Vec<&[f64]> = Vec::new();
        for (index, column) in training {
            if let Some((_, deviation)) = mean_and_deviation(column)
                && deviation > 0.0
            {
                columns.push(*index);
                deviations.push(deviation);
                values.push(column);
            }
        }
        let n = values.first()?.len();
        let kept = n.min(settings.knn_sample_rows).min((MOST_KEPT / columns.len()).max(1));
        let rows = (0..kept)
            .map(|i| {
                let row = i * n / kept;
                values
                    .iter()
                    .map(|column| column.get(row).copied().filter(|x| !x.is_nan()))
                    .collect()
            })
            .collect();
        Some(Self {
            k: settings.knn_neighbours as u32,
            columns,
            deviations,
            rows,
        })
    }

    /// Fills the gaps of whole columns of raw values, one a compared column.
    pub(super) fn fill_columns(&self, columns: &mut [Vec<f64>]) {
        let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
        let with_gaps: Vec<usize> = (0..rows)
            .filter(|&row| columns.iter().any(|c| c[row].is_nan()))
            .collect();
        let filled: Vec<Vec<f64>> = with_gaps
            .par_iter()
            .map(|&row| {
                let mut values: Vec<f64> = columns.iter().map(|c| c[row]).collect();
                self.fill_row(&mut values);
                values
            })
            .collect();
        for (row, values) in with_gaps.into_iter().zip(filled) {
            for (column, value) in columns.iter_mut().zip(values) {
                column[row] = value;
            }
        }
    }

    /// Fills the gaps of one row of raw values (one a compared column, NaN for missing). A gap that no kept row can
    /// fill stays NaN.
    pub(super) fn fill_row(&self, row: &mut [f64]) {
        if !row.iter().any(|x| x.is_nan()) {
            return;
        }
        let distances: Vec<f64> = self.rows.iter().map(|kept| self.squared_distance(row, kept)).collect();
        let mut donors: Vec<(f64, usize)> = Vec::new();
        for (column, cell) in row.iter_mut().enumerate().filter(|(_, x)| x.is_nan()) {
            donors.clear();
            donors.extend(
                distances
                    .iter()
                    .enumerate()
                    .filter(|(at, d)| !d.is_nan() && self.value(*at, column).is_some())
                    .map(|(at, d)| (*d, at)),
            );
            let nearest = (self.k as usize).min(donors.len());
            let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            if nearest == 0 {
                continue;
            }
            if nearest < donors.len() {
                donors.select_nth_unstable_by(nearest - 1, order);
            }
            donors.truncate(nearest);
            donors.sort_unstable_by(order);
            let sum: f64 = donors.iter().filter_map(|&(_, at)| self.value(at, column)).sum();
            *cell = sum / nearest as f64;
        }
    }

    fn value(&self, row: usize, column: usize) -> Option<f64> {
        self.rows.get(row).and_then(|r| r.get(column)).copied().flatten()
    }

    /// NaN where the rows share no column.
    fn squared_distance(&self, row: &[f64], kept: &[Option<f64>]) -> f64 {
        let (mut sum, mut shared) = (0.0, 0usize);
        for ((&a, b), deviation) in row.iter().zip(kept).zip(&self.deviations) {
            if let Some(b) = *b
                && !a.is_nan()
            {
                let difference = (a - b) / deviation;
                sum += difference * difference;
                shared += 1;
            }
        }
        if shared == 0 {
            f64::NAN
        } else {
            sum * row.len() as f64 / shared as f64
        }
    }

    /// The first thing wrong with it, for `columns` columns in the preprocessor.
    pub(super) fn fault(&self, columns: usize) -> Option<&'static str> {
        let width = self.columns.len();
        if self.k == 0 || width == 0 || self.rows.is_empty() {
            return Some("no neighbours");
        }
        if !self.columns.is_sorted_by(|a, b| a < b) || self.columns.iter().any(|&c| c as usize >= columns) {
            return Some("neighbours over columns that are not there");
        }
        if self.deviations.len() != width || self.deviations.iter().any(|d| !(d.is_finite() && *d > 0.0)) {
            return Some("neighbours with an unusable deviation");
        }
        if self
            .rows
            .iter()
            .any(|r| r.len() != width || r.iter().flatten().any(|x| !x.is_finite()))
        {
            return Some("neighbours with an unusable row");
        }
        None
    }
}
