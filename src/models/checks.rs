//! Owns what every family demands of rows before it touches them: shapes that fit, both classes, finite values.

use ndarray::ArrayView2;

use super::classifier::{ModelError, TrainSet};

fn data_error(family: &'static str, reason: String) -> ModelError {
    ModelError::Data { family, reason }
}

/// Rows a model can learn from: at least one row and one feature, a label (and a weight) for each row, both classes,
/// and nothing but finite values. smartcore panics, overflows the stack or goes on silently without these.
///
/// # Errors
/// [`ModelError::Data`] with the first thing found wrong.
pub fn trainable(family: &'static str, data: &TrainSet<'_>) -> Result<(), ModelError> {
    learnable(family, data)?;
    finite(family, data.matrix.values.view())
}

/// As [`trainable()`], for families that take missing values and infinities.
///
/// # Errors
/// [`ModelError::Data`] with the first thing found wrong.
pub fn learnable(family: &'static str, data: &TrainSet<'_>) -> Result<(), ModelError> {
    shaped(family, data)?;
    let rows = data.labels.len();
    let malicious = data.labels.iter().filter(|l| **l).count();
    if malicious == 0 || malicious == rows {
        let only = if malicious == 0 { "benign" } else { "malicious" };
        return Err(data_error(
            family,
            format!("all {rows} training rows are {only}; it takes both classes to learn"),
        ));
    }
    Ok(())
}

/// At least one row and one feature, and a label (and a positive weight) for each row.
///
/// # Errors
/// [`ModelError::Data`] with the first thing found wrong.
pub fn shaped(family: &'static str, data: &TrainSet<'_>) -> Result<(), ModelError> {
    let (rows, width) = data.matrix.values.dim();
    if rows == 0 || width == 0 {
        return Err(data_error(
            family,
            format!("nothing to learn from: {rows} rows x {width} features"),
        ));
    }
    if data.matrix.features.len() != width {
        let named = data.matrix.features.len();
        return Err(data_error(
            family,
            format!("the training matrix has {width} columns but names {named} features"),
        ));
    }
    if data.labels.len() != rows {
        let labels = data.labels.len();
        return Err(data_error(family, format!("{rows} training rows but {labels} labels")));
    }
    if let Some(weights) = data.weights {
        if weights.len() != rows {
            let given = weights.len();
            return Err(data_error(
                family,
                format!("{rows} training rows but {given} row weights"),
            ));
        }
        if let Some(at) = weights.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
            return Err(data_error(
                family,
                format!("the weight of training row {at} is not a positive number"),
            ));
        }
    }
    Ok(())
}

/// Rows a model of this width can score.
///
/// # Errors
/// [`ModelError::Data`]: another width, or a value that is not finite.
pub fn scorable(family: &'static str, x: ArrayView2<'_, f32>, width: usize) -> Result<(), ModelError> {
    if x.ncols() != width {
        let given = x.ncols();
        return Err(data_error(
            family,
            format!("the model was fitted on {width} features but the rows have {given}"),
        ));
    }
    finite(family, x)
}

fn finite(family: &'static str, x: ArrayView2<'_, f32>) -> Result<(), ModelError> {
    // One tight pass says that all is well; only otherwise is the place looked for.
    if x.as_slice()
        .is_some_and(|values| values.iter().fold(true, |all, v| all & v.is_finite()))
    {
        return Ok(());
    }
    match x.indexed_iter().find(|(_, v)| !v.is_finite()) {
        None => Ok(()),
        Some(((row, feature), value)) => Err(data_error(
            family,
            format!("{value} in row {row}, feature {feature} of the matrix; impute or reject such rows first"),
        )),
    }
}
