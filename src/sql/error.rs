//! Owns why a model cannot be written as SQL.

use crate::text::grouped;

/// Why a model cannot be written as SQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The family has no form that a query says exactly.
    #[error("{family} cannot be exported as SQL: {reason}; score with `nsec-tui score` instead")]
    Family {
        /// The family's name.
        family: String,
        /// Why.
        reason: &'static str,
    },
    /// The calibration has none.
    #[error(
        "isotonic calibration cannot be exported: its steps make ties that another engine's arithmetic would break; \
         train with training.calibration: sigmoid"
    )]
    Isotonic,
    /// The preprocessing has none.
    #[error("column `{column}` cannot be exported as SQL: {reason}; score with `nsec-tui score` instead")]
    Column {
        /// The column.
        column: String,
        /// Why.
        reason: &'static str,
    },
    /// Gaps are filled from similar rows.
    #[error(
        "gaps are filled from similar training rows, which no formula says; train with transform.impute_numbers: median"
    )]
    Neighbours,
    /// A name or category that cannot be quoted.
    #[error("{what} holds a NUL byte, which not every engine takes in a query")]
    Nul {
        /// What holds it, safe to show.
        what: String,
    },
    /// The query would be too large.
    #[error(
        "the query is too large: {size} {unit} of at most {} ({limit} of ClickHouse, kept for every dialect); the model \
         has {parts}; train a smaller one (`nsec-tui train --models logistic_regression`), or score with \
         `nsec-tui score` or `export onnx`",
        grouped(*most as u64)
    )]
    TooLarge {
        /// How large it would be: a number, or `more than` one.
        size: String,
        /// Of what.
        unit: &'static str,
        /// The limit.
        most: usize,
        /// The limit's name.
        limit: &'static str,
        /// What makes it so large.
        parts: String,
    },
}
