//! Looking at tables of any size: windows of rows, an index behind them, filter, order, find, statistics. Knows neither the
//! terminal nor the pipeline.

mod contract;

pub use contract::{
    ColumnInfo, ColumnKind, ColumnStatistics, Direction, HistogramBin, LabelMix, Match, RowCount, SortKey, TableRow,
    TopValue,
};
