//! Owns the errors of validation itself, as opposed to findings about the data.

use polars::prelude::PolarsError;

/// Why a file could not be validated at all.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// A pattern in the schema is no regular expression.
    #[error("schema column `{column}`: the pattern is not a regular expression ({reason}); correct it in the schema")]
    Pattern {
        /// The column.
        column: String,
        /// What the parser said, on one line.
        reason: String,
    },
    /// An `allowed` value in the schema does not fit the column's type.
    #[error("schema column `{column}`: allowed value `{value}` is not of type {kind}; correct it in the schema")]
    Allowed {
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// The column's type.
        kind: &'static str,
    },
    /// A rule in the schema cannot be evaluated.
    #[error("schema rule `{id}`: {reason}; correct its expression in the schema")]
    Rule {
        /// The rule.
        id: String,
        /// What is wrong, on one line.
        reason: String,
    },
    /// The parts of a batch do not belong together: a fault of the caller, not of the data.
    #[error("lines from {line} on: {reason}; please report this")]
    Batch {
        /// First line of the batch.
        line: u64,
        /// What does not fit.
        reason: String,
    },
    /// The data frame engine failed.
    #[error("the data frame engine failed while checking `{what}`: {}", one_line(source))]
    Engine {
        /// What was being checked.
        what: String,
        /// The cause.
        #[source]
        source: PolarsError,
    },
}

/// A message of another library, made one line.
pub(crate) fn one_line(message: &dyn std::fmt::Display) -> String {
    let text = message.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.take(8).fold(first, |mut all, line| {
        all.push_str("; ");
        all.push_str(line);
        all
    })
}
