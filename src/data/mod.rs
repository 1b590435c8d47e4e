//! Rows from files: sources and their readers, typed batches, profiles and splits.
//!
//! Every source yields the same thing, raw text cells with line numbers; the schema alone decides their types.

mod batch;
mod canonical;
mod cell;
mod cell_value;
mod collection;
mod csv_reader;
mod csv_record;
mod error;
mod header_check;
mod input;
mod layout;
mod line_reader;
mod live;
mod parquet_cells;
mod parquet_reader;
mod reader;
mod row_id;
mod settings;
mod sniff;
mod source;
mod split;
#[cfg(test)]
mod testing;
mod typed;
mod zeek_reader;

pub use batch::{CellIssue, CellProblem, Header, MalformedRow, RawBatch, TypedBatch};
pub use cell_value::cell_value;
pub use collection::CollectionSource;
pub use error::DataError;
pub use header_check::named_header;
pub use layout::{Layout, MissingColumn};
pub use live::{LiveFormat, LiveSource, open_live};
pub use reader::{NullTokens, RowReader};
pub use row_id::{RowId, RowIds, feature_fingerprint, feature_groups, row_ids};
pub use settings::ReadSettings;
pub use sniff::{Format, format_of};
pub use source::{EmbeddedTable, Source, open, open_bytes, open_error, open_stream};
pub use split::{Fold, Split, SplitError, SplitInput, SplitStrategy, folds, seen_in_train, split, time_folds};
pub use typed::{RowTyping, TypedRow, parse_batch};
