//! Conditions on rows: a small language, its errors, and whether a row meets them.
//!
//! Two values only: what cannot be compared is not met, and `not` and `!=` turn that round. So dropping a value keeps every
//! other row, those without a value among them.

mod error;
mod expression;
mod lexer;
mod like;
mod parser;
#[cfg(test)]
mod tests;
mod words;

pub use error::FilterError;
pub(super) use expression::{Fields, Filter};
pub(super) use parser::parse;
pub use words::condition;
