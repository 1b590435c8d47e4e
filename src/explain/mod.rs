//! Why a row got its score, in words: contributions summed by schema column, and the `reasons` cell.

mod reasons;

pub use reasons::{ColumnShare, column_shares, format_reasons};
