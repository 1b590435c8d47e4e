//! Owns what the engine is given: a matrix with the kind of each column, labels, weights; and what it refuses.

use ndarray::ArrayView2;

use super::error::TreeError;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Ordered numbers. An infinity counts as the largest finite number of its sign, NaN as missing.
    Numeric,
    /// Codes `0..cardinality` without order. Any other value is missing.
    Categorical {
        /// Number of codes.
        cardinality: u32,
    },
}

impl ColumnKind {
    /// Whether a value of such a column says nothing.
    pub fn is_missing(self, value: f32) -> bool {
        match self {
            Self::Numeric => value.is_nan(),
            Self::Categorical { cardinality } => super::binning::code(value, cardinality as usize).is_none(),
        }
    }
}

/// A matrix, rows x columns, and the kind of each column.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    /// The values, rows x columns.
    pub values: ArrayView2<'a, f32>,
    /// One a column.
    pub kinds: &'a [ColumnKind],
}

/// Rows to learn from.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The features.
    pub table: Table<'a>,
    /// One a row; true is the positive class.
    pub labels: &'a [bool],
    /// One a row, finite and above 0; `None` means all 1.
    pub weights: Option<&'a [f32]>,
}

/// Rows above which sums of fixed-point statistics could overflow.
const MOST_ROWS: usize = 1 << 29;

/// Columns above which a node cannot name its feature.
pub(super) const MOST_COLUMNS: usize = 1 << 20;

/// Codes a categorical column may have.
const MOST_CODES: u32 = 1 << 24;

impl Table<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.nrows()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.values.ncols()
    }
}

impl Sample<'_> {
    /// The weight of a row.
    pub fn weight(&self, row: usize) -> f32 {
        self.weights.map_or(1.0, |w| w[row])
    }

    /// Refuses rows to watch that do not go with rows to learn from of `width` columns. One class is enough to watch.
    ///
    /// # Errors
    /// [`TreeError::Data`]: another number of columns, or labels that are not one a row.
    pub(super) fn check_watched(&self, width: usize) -> Result<(), TreeError> {
        let (rows, columns) = self.table.values.dim();
        if columns == width && self.labels.len() == rows {
            return Ok(());
        }
        Err(TreeError::Data(format!(
            "the validation rows are {rows} x {columns} with {} labels, but the training rows have {width} features",
            self.labels.len()
        )))
    }

    /// Refuses what cannot be learned from.
    ///
    /// # Errors
    /// [`TreeError::Data`]: no rows or columns, lengths that differ, a weight that is not a positive number, one class
    /// only, or more rows or columns than the engine counts.
    pub fn check(&self) -> Result<(), TreeError> {
        let (rows, width) = self.table.values.dim();
        let refuse = |reason: String| Err(TreeError::Data(reason));
        if rows == 0 || width == 0 {
            return refuse(format!("nothing to learn from: {rows} rows x {width} features"));
        }
        if rows > MOST_ROWS || width > MOST_COLUMNS {
            return refuse(format!(
                "{rows} rows x {width} features; at most {MOST_ROWS} rows and {MOST_COLUMNS} features"
            ));
        }
        if self.table.kinds.len() != width {
            return refuse(format!("{width} features but {} kinds", self.table.kinds.len()));
        }
        let too_many =
            |kind: &ColumnKind| matches!(kind, ColumnKind::Categorical { cardinality } if *cardinality > MOST_CODES);
        if let Some(at) = self.table.kinds.iter().position(too_many) {
            return refuse(format!("feature {at} has more than {MOST_CODES} categories"));
        }
        if self.labels.len() != rows {
            return refuse(format!("{rows} rows but {} labels", self.labels.len()));
        }
        if let Some(weights) = self.weights {
            if weights.len() != rows {
                return refuse(format!("{rows} rows but {} weights", weights.len()));
            }
            if let Some(at) = weights.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
                return refuse(format!("the weight of row {at} is not a positive number"));
            }
        }
        let positive = self.labels.iter().filter(|l| **l).count();
        if positive == 0 || positive == rows {
            return refuse(format!("all {rows} rows are of one class; it takes both to learn"));
        }
        Ok(())
    }
}
