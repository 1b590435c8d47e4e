//! Owns the copies of a training set in the shapes smartcore takes; its fits run on threads that outlive a borrow.

use smartcore::linalg::basic::matrix::DenseMatrix;

use super::classifier::{ModelError, TrainSet};

/// The matrix as `f64`, one feature after the other where `by_feature`, else row after row.
pub(super) fn dense(
    family: &'static str,
    data: &TrainSet<'_>,
    by_feature: bool,
) -> Result<DenseMatrix<f64>, ModelError> {
    let values = &data.matrix.values;
    let (rows, width) = values.dim();
    let copy = if by_feature {
        values.t().iter().map(|v| f64::from(*v)).collect()
    } else {
        values.iter().map(|v| f64::from(*v)).collect()
    };
    DenseMatrix::new(rows, width, copy, by_feature).map_err(|e| ModelError::Engine {
        family,
        reason: e.to_string(),
    })
}

/// Labels as smartcore's classes; it sorts them, so 1, malicious, is the second and positive one.
pub(super) fn classes(data: &TrainSet<'_>) -> Vec<i32> {
    data.labels.iter().map(|l| i32::from(*l)).collect()
}
