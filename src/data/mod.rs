//! Rows from files: sources and their readers, typed batches, profiles and splits.
//!
//! Every source yields the same thing, raw text cells with line numbers; the schema alone decides their types.

mod batch;
mod error;
mod reader;
mod split;

pub use batch::{CellIssue, CellProblem, Header, MalformedRow, RawBatch, TypedBatch};
pub use error::DataError;
pub use reader::{NullTokens, RowReader};
pub use split::{Fold, Split, SplitError, SplitInput, SplitStrategy, folds, seen_in_train, split, time_folds};
