//! Owns the short way of a few rows: read, checked and turned into features one by one, without a data frame, whose making costs
//! more than scoring the row. It takes rows about which there is nothing to say; for all others there is the way of a
//! batch, and both come to the same.

use ndarray::Array2;

use crate::data::{RawBatch, RowId, RowIds, RowTyping};
use crate::pipeline::checking::BatchChecker;
use crate::schema::{Schema, TypedCell};
use crate::transform::{FeatureMatrix, Preprocessor};

/// Rows from which on a frame is worth its making.
const MOST_ROWS: usize = 32;

/// The short way of rows of one header.
pub(super) struct Lane {
    typing: RowTyping,
    ids: RowIds,
    checker: BatchChecker,
    /// The schema's column of each column that the model reads.
    columns: Vec<usize>,
}

impl Lane {
    /// For rows as `checker` has them; `None` where rows cannot be typed or checked one by one.
    pub(super) fn new(schema: &Schema, preprocessor: &Preprocessor, checker: BatchChecker) -> Option<Self> {
        let place = |name: &str| schema.columns.iter().position(|column| column.name == name);
        Some(Self {
            typing: checker.row_typing()?,
            ids: RowIds::new(schema),
            columns: preprocessor.columns().map(place).collect::<Option<_>>()?,
            checker,
        })
    }

    /// The features and ids of a batch's rows, if all of them can go this way: few, each well-formed, readable and certain to
    /// pass every check.
    pub(super) fn read(&self, preprocessor: &Preprocessor, raw: &RawBatch) -> Option<(FeatureMatrix, Vec<RowId>)> {
        let rows = raw.rows();
        if rows == 0 || rows > MOST_ROWS || !raw.malformed.is_empty() {
            return None;
        }
        let width = preprocessor.width();
        let mut values = Vec::with_capacity(rows * width);
        let mut ids = Vec::with_capacity(rows);
        for row in 0..rows {
            let typed = self.typing.read(raw, row)?;
            if !self.checker.passes(&typed) {
                return None;
            }
            ids.push(self.ids.of(&typed));
            let cell = |nth: usize| self.columns.get(nth).map_or(TypedCell::Missing, |at| typed.cell(*at));
            values.extend(preprocessor.transform_row(cell)?);
        }
        let matrix = FeatureMatrix {
            values: Array2::from_shape_vec((rows, width), values).ok()?,
            features: preprocessor.features().clone(),
        };
        Some((matrix, ids))
    }
}

#[cfg(test)]
mod tests;
