//! Owns the errors of fitting and using a preprocessor.

/// Why a preprocessor could not be fitted, used or read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransformError {
    /// A column the preprocessor needs is not in the data.
    #[error("column `{column}` is missing; add it to the data, or name its alias in the schema")]
    MissingColumn {
        /// The column's canonical name.
        column: String,
    },
    /// A column has another type than the schema gives it.
    #[error("column `{column}` holds {found}, expected {expected}; read the data with the model's schema")]
    ColumnType {
        /// The column.
        column: String,
        /// The type it should have.
        expected: &'static str,
        /// The type it has.
        found: String,
    },
    /// The same column was named twice.
    #[error("column `{column}` is listed twice; keep one of them in the schema")]
    RepeatedColumn {
        /// The column.
        column: String,
    },
    /// There is nothing to fit on.
    #[error("no rows to fit on; give at least one training row")]
    NoRows,
    /// Labels and rows do not match.
    #[error("{labels} labels for {rows} rows; give one label a row")]
    LabelCount {
        /// Rows in the frame.
        rows: usize,
        /// Labels given.
        labels: usize,
    },
    /// No feature is left.
    #[error("no feature varies over the {rows} training rows; check the columns' roles in the schema and add rows")]
    NoFeatures {
        /// Training rows.
        rows: usize,
    },
    /// The encoded matrix would be too wide.
    #[error(
        "the columns would give {features} features, the limit is {limit}; lower `max_categories` or give columns the role `ignore`"
    )]
    TooWide {
        /// Features before selection.
        features: usize,
        /// The most that are allowed.
        limit: usize,
    },
    /// A setting outside its range.
    #[error("transform setting `{key}`: {expected}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What is accepted.
        expected: &'static str,
    },
    /// A saved preprocessor whose content does not hold together.
    #[error("the saved preprocessor is damaged: {reason}; train again or restore the file")]
    Damaged {
        /// The first thing found wrong.
        reason: String,
    },
    /// The matrix could not be built, which means a fault in this program.
    #[error("the feature matrix could not be built: {reason}; please report this")]
    Internal {
        /// What was wrong.
        reason: String,
    },
}

impl TransformError {
    /// A [`TransformError::Damaged`] with this reason.
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }
}
