//! Writing scored rows with their verdicts for other programs and other people: CSV, NDJSON in the Elastic Common Schema, STIX 2.1,
//! Parquet, and a hand-over to read. Rows come one at a time and go out one at a time; docs/EXPORTS.md tells what is in each.

mod csv;
mod error;
mod format;
mod handover;
mod labels;
mod moment;
mod ndjson;
mod observables;
mod parquet;
mod row;
mod stix;
#[cfg(test)]
mod tests;
mod write;

pub use error::{ExportError, RowError};
pub use format::Format;
pub use row::{ExportHeader, ExportRow, Summary};
pub use write::{write, write_file};
