//! Looking at tables of any size: windows of rows, an index behind them, filter, order, find, statistics. Knows neither the
//! terminal nor the pipeline.
//!
//! A table is bytes and marks. The bytes are read in place, at any position and from any thread; sources that are packed are
//! unpacked into a temporary file without a name, and Parquet is written there as text, so that one engine serves all. The
//! marks say where every so many rows start; they are found behind the first screen, on a thread of their own.
//!
//! Long work reads the file from front to back on two threads and holds what it must: a bit a row for a filter, four bytes a
//! row for an order (twelve while it is made).

mod arrange;
mod bits;
mod contract;
mod cursor;
mod error;
mod export;
mod feed;
mod filter;
mod find;
mod head;
mod index;
mod indexing;
mod open;
mod pattern;
mod record;
mod rows;
mod scan;
mod select;
mod sort;
mod statistics;
mod store;
mod table;
mod tail;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod value;
mod view;
mod zeek;

pub use arrange::{arrange, check_filter};
pub use contract::{
    ColumnInfo, ColumnKind, ColumnStatistics, Direction, HistogramBin, LabelMix, Match, RowCount, SortKey, TableRow,
    TopValue,
};
pub use error::BrowseError;
pub use export::{Exported, export};
pub use filter::{FilterError, condition};
pub use find::{Matches, Search, find};
pub use indexing::Indexing;
pub use open::{open_collection, open_embedded, open_file, open_text};
pub use pattern::Pattern;
pub use rows::{Beside, Conditions, RowCells, each_row};
pub use scan::Work;
pub use statistics::statistics;
pub use table::Table;
pub use view::View;
