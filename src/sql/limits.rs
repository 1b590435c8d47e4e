//! Owns how large a query may be: what ClickHouse takes without a changed setting, the strictest of the three engines.

use crate::text::grouped;

use super::error::SqlError;
use super::expression::Expr;

/// `max_query_size`.
pub const MOST_BYTES: usize = 256 << 10;
/// `max_ast_elements`.
pub const MOST_ELEMENTS: usize = 50_000;
/// `max_ast_depth`.
pub const MOST_DEPTH: usize = 1_000;

/// Checks a whole query, or a part of one (`more` of which is to come). `parts` says what the model is made of.
pub(super) fn check(expr: &Expr, more: bool, parts: impl Fn() -> String) -> Result<(), SqlError> {
    let measured = [
        (expr.text.len(), MOST_BYTES, "bytes", "max_query_size"),
        (expr.elements, MOST_ELEMENTS, "elements", "max_ast_elements"),
        (expr.depth, MOST_DEPTH, "levels", "max_ast_depth"),
    ];
    match measured.into_iter().find(|(size, most, ..)| size > most) {
        None => Ok(()),
        Some((size, most, unit, limit)) => Err(SqlError::TooLarge {
            size: format!("{}{}", if more { "more than " } else { "" }, grouped(size as u64)),
            unit,
            most,
            limit,
            parts: parts(),
        }),
    }
}
