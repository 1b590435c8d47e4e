//! Owns validation: the checks of a source against its schema, drift against the training reference, and the report.
//!
//! A [`Validator`] sees batches one after the other and says of each row whether it is accepted; what it rejects comes
//! back in line order with line, column, value and reason. All failures are collected and every failing row counted.

mod cells;
mod checks;
pub mod drift;
mod error;
mod report;
mod settings;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod validator;

pub use cells::{Cells, scan};
pub use checks::{Accepted, Batch, Check, Finding, Findings, Purpose, Setup, Tally, Totals};
pub use error::ValidationError;
pub use report::{CheckOutcome, CheckStatus, ColumnDrift, DriftKind, DriftMetric, Example, Report, Scope, Status};
pub use settings::ValidationSettings;
pub use validator::{Against, BatchVerdict, Reject, Validator};
