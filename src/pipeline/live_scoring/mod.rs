//! Scoring a stream while it is still open: rows in, the same rows with what they come to out, in order, each block as soon
//! as it is there. For programs at both ends of a pipe: a database's executable function, an engine's partitions.

mod answer;
mod error;
mod json_rows;
mod run;
mod tab_rows;
#[cfg(test)]
mod tests;
mod written;

pub use answer::Answer;
pub use error::LiveError;
pub use json_rows::{JsonBatch, JsonCollector, JsonRows};
pub use run::{LiveRequest, LiveSummary, RowFormat, score_live};
