//! Owns scoring rows in blocks, parallel and between which it can be stopped, and the logistic function.

use ndarray::{ArrayView2, Axis, Slice};
use rayon::prelude::*;

use crate::cancel::CancelToken;
use crate::transform::FeatureMatrix;

use super::classifier::{Classifier, ModelError};

/// Rows a thread takes at a time. Each row is scored on its own, so the number changes no result.
const BLOCK: usize = 64;

/// P(malicious) of each row of a matrix, block by block, so that a slow model can be stopped between them.
///
/// # Errors
/// Cancellation, or the model refuses the matrix.
pub fn predict_in_blocks(
    model: &dyn Classifier,
    matrix: &FeatureMatrix,
    cancel: &CancelToken,
) -> Result<Vec<f64>, ModelError> {
    let rows = matrix.rows();
    let block = model.block_rows().max(1);
    let mut scores = Vec::with_capacity(rows);
    for start in (0..rows).step_by(block) {
        cancel.check()?;
        let end = start.saturating_add(block).min(rows);
        scores.extend(model.predict_proba(matrix.values.slice_axis(Axis(0), Slice::from(start..end)))?);
    }
    Ok(scores)
}

/// `score` of each row, in row order, on rayon's current pool. Rows are handed over as contiguous slices.
pub(super) fn score_rows(x: ArrayView2<'_, f32>, score: impl Fn(&[f32]) -> f64 + Sync) -> Vec<f64> {
    let (rows, width) = x.dim();
    if rows == 0 || width == 0 {
        return Vec::new();
    }
    let x = x.as_standard_layout();
    let Some(values) = x.as_slice() else {
        return x.rows().into_iter().map(|row| score(&row.to_vec())).collect();
    };
    let mut out = vec![0.0; rows];
    out.par_chunks_mut(BLOCK)
        .zip(values.par_chunks(BLOCK * width))
        .for_each(|(out, block)| {
            for (out, row) in out.iter_mut().zip(block.chunks_exact(width)) {
                *out = score(row);
            }
        });
    out
}

/// 1 / (1 + e^-s), without overflow at either end.
pub fn logistic(s: f64) -> f64 {
    if s >= 0.0 {
        1.0 / (1.0 + (-s).exp())
    } else {
        let e = s.exp();
        e / (1.0 + e)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn logistic_is_exact_and_bounded() {
        assert_eq!(logistic(0.0), 0.5);
        assert_eq!(logistic(1000.0), 1.0);
        assert_eq!(logistic(-1000.0), 0.0);
        assert!((logistic(1.0) - 0.731_058_578_630_004_9).abs() < 1e-15);
        assert!((logistic(-1.0) + logistic(1.0) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn every_row_is_scored_in_order_whatever_the_layout() {
        let x = Array2::from_shape_fn((1000, 3), |(i, j)| (i * 3 + j) as f32);
        let expected: Vec<f64> = (0..1000).map(|i| (9 * i + 3) as f64).collect();
        let sum = |row: &[f32]| row.iter().map(|v| f64::from(*v)).sum();
        assert_eq!(score_rows(x.view(), sum), expected);
        let transposed = x.t().to_owned();
        assert_eq!(score_rows(transposed.t(), sum), expected);
        assert!(score_rows(Array2::zeros((0, 3)).view(), sum).is_empty());
    }
}
