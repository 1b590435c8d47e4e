//! Owns the search for rows that are alike in the bins of every column: no tree can tell them apart, so a forest sends one
//! of them through, with the weight of all.

use std::collections::HashMap;

use super::binned::BinnedMatrix;

/// Rows after which the search goes on only if it pays.
const FIRST_LOOK: usize = 4096;

/// Share of rows that must have an earlier one alike.
const WORTH_IT: f64 = 0.1;

/// The first row that is like each row. `None` if too few rows have another like them.
pub(super) fn first_alike(matrix: &BinnedMatrix, rows: usize) -> Option<Vec<u32>> {
    let mut first = Vec::new();
    let mut found: HashMap<u64, u32> = HashMap::new();
    let mut repeated = 0;
    // A stretch at a time, so that data without any costs little.
    for start in (0..rows).step_by(FIRST_LOOK) {
        let end = rows.min(start + FIRST_LOOK);
        for (row, hash) in (start..end).zip(hashes(matrix, start..end)) {
            let earlier = *found.entry(hash).or_insert(row as u32);
            let alike = matrix.codes.iter().all(|codes| codes[row] == codes[earlier as usize]);
            first.push(if alike { earlier } else { row as u32 });
            repeated += usize::from(alike && earlier as usize != row);
        }
        if (repeated as f64) < WORTH_IT * end as f64 {
            return None;
        }
    }
    Some(first)
}

fn hashes(matrix: &BinnedMatrix, rows: std::ops::Range<usize>) -> Vec<u64> {
    let mut hashes = vec![0u64; rows.len()];
    for codes in &matrix.codes {
        for (hash, code) in hashes.iter_mut().zip(&codes[rows.clone()]) {
            // Knuth's multiplier for 64 bits; what falls together is told apart by the codes.
            *hash = (*hash ^ u64::from(*code))
                .wrapping_mul(6_364_136_223_846_793_005)
                .rotate_left(23);
        }
    }
    hashes
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::cancel::CancelToken;
    use crate::models::trees::table::{ColumnKind, Table};

    fn first(values: &Array2<f32>) -> Option<Vec<u32>> {
        let kinds = vec![ColumnKind::Numeric; values.ncols()];
        let table = Table {
            values: values.view(),
            kinds: &kinds,
        };
        let matrix = BinnedMatrix::new(table, 255, false, 1, &CancelToken::new()).unwrap();
        first_alike(&matrix, values.nrows())
    }

    #[test]
    fn rows_alike_are_found_by_hand() {
        let nan = f32::NAN;
        let values = [[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [nan, 2.0], [1.0, 2.0], [nan, 2.0]];
        assert_eq!(first(&Array2::from(values.to_vec())), Some(vec![0, 1, 0, 3, 0, 3]));
    }

    #[test]
    fn rows_of_which_few_are_alike_are_not_gone_through() {
        let differing = |rows: usize| Array2::from_shape_fn((rows, 2), |(row, col)| (row * (col + 1)) as f32 % 251.0);
        assert_eq!(first(&differing(200)), None);
        assert!(first(&differing(600)).is_some());
        // None among those looked at first.
        let late = Array2::from_shape_fn((3 * FIRST_LOOK, 2), |(row, col)| {
            if row < FIRST_LOOK {
                [row % 64, row / 64][col] as f32
            } else {
                0.0
            }
        });
        assert_eq!(first(&late), None);
        assert_eq!(first(&Array2::zeros((0, 2))), Some(Vec::new()));
    }
}
