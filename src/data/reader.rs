//! Owns the one interface behind which every source stands: a header, then batches of raw rows.

use super::batch::{Header, RawBatch};
use super::error::DataError;
pub use crate::schema::NullTokens;

/// Reads a source from front to back in bounded memory.
pub trait RowReader: Send {
    /// The column names, known as soon as the reader is open.
    fn header(&self) -> &Header;

    /// The next rows, at most `max_rows` and about 8 MiB of cells (always at least one row), or `None` at the end.
    /// Rows of another width come back in [`RawBatch::malformed`]; they count towards `max_rows`.
    ///
    /// # Errors
    /// The source cannot be read further; says where.
    fn next_batch(&mut self, max_rows: usize) -> Result<Option<RawBatch>, DataError>;

    /// Which cell texts mean "no value" in this source.
    fn null_tokens(&self) -> &NullTokens;

    /// How many rows the source has, where it says so itself.
    fn row_count(&self) -> Option<u64> {
        None
    }

    /// What was noticed about the source as a whole while reading: a BOM, mixed line ends. Grows while reading.
    fn notes(&self) -> &[String] {
        &[]
    }
}
