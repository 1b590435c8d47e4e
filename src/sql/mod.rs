//! A model as one SQL query, for engines that are where the rows are: preprocessing, model, calibration and threshold in
//! it. Only what a query says exactly is written; the rest is refused with the reason.
//!
//! The query is layered, so that nothing is written twice: `features -> raw probability -> probability -> label`.

mod dialect;
mod error;
mod expression;
mod features;
mod limits;
mod model;
mod query;
#[cfg(test)]
mod tests;

pub use dialect::Dialect;
pub use error::SqlError;
pub use limits::{MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS};
pub use query::{Query, query};
