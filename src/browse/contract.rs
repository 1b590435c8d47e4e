//! Owns the types in which a table is shown: columns, rows, counts, matches, statistics.

use serde::{Deserialize, Serialize};

/// One key of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SortKey {
    /// The column, 0-based in the source.
    pub column: usize,
    /// Whether the greatest comes first. Cells without a value come last either way.
    pub descending: bool,
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Towards the end; from the end on it goes on at the start.
    Forward,
    /// Towards the start; from the start on it goes on at the end.
    Backward,
}

/// What a column's cells look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Anything else.
    Text,
}

/// A column of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// Its name as it stands in the source, not yet made safe to draw.
    pub name: String,
    /// By its type in the source, else by its first rows.
    pub kind: ColumnKind,
}

/// How many rows there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCount {
    /// Rows counted so far.
    pub known: u64,
    /// Whether that is all of them.
    pub complete: bool,
    /// A guess by the bytes read, while it is not.
    pub estimated: Option<u64>,
}

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    /// 0-based among the source's rows; `None` for last rows of a source whose count is not known yet.
    pub ordinal: Option<u64>,
    /// The cells, as many as there are columns, decoded lossily, shortened to the length asked for with `…` at the cut, not
    /// yet made safe to draw.
    pub cells: Vec<String>,
    /// What is wrong with it: `29 cells of 31`.
    pub trouble: Option<String>,
}

/// A match of what was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The row's place in the view.
    pub at: u64,
    /// The column.
    pub column: usize,
    /// Whether the end, or the start, was passed on the way.
    pub wrapped: bool,
}

/// What a column of a view holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnStatistics {
    /// The column.
    pub column: usize,
    /// How its cells were read.
    pub kind: ColumnKind,
    /// Rows looked at.
    pub rows: u64,
    /// Cells without a value.
    pub nulls: u64,
    /// Cells that are not of the kind.
    pub unreadable: u64,
    /// Distinct values; a lower bound where `distinct_exact` is false.
    pub distinct: u64,
    /// Whether all of them could be told apart.
    pub distinct_exact: bool,
    /// Least value, as text.
    pub min: Option<String>,
    /// Greatest value, as text.
    pub max: Option<String>,
    /// Mean, of numbers.
    pub mean: Option<f64>,
    /// Standard deviation (n - 1), of numbers.
    pub sd: Option<f64>,
    /// Quantiles as (share, value), of numbers: .01 .05 .25 .5 .75 .95 .99.
    pub quantiles: Vec<(f64, f64)>,
    /// Equal ranges of numbers with their counts.
    pub histogram: Vec<HistogramBin>,
    /// The most frequent values, the most frequent first; of equals the smaller text.
    pub top: Vec<TopValue>,
    /// The labels' values in the order of the mixes; empty without a label column.
    pub labels: Vec<String>,
}

/// Rows by label, in the order of [`ColumnStatistics::labels`].
pub type LabelMix = Vec<u64>;

/// A range of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramBin {
    /// Its lower end, inclusive.
    pub low: f64,
    /// Its upper end, exclusive but for the last.
    pub high: f64,
    /// Cells in it.
    pub count: u64,
    /// Their labels.
    pub mix: LabelMix,
}

/// A frequent value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopValue {
    /// The cell's text, shortened, not yet made safe to draw.
    pub value: String,
    /// Rows that have it.
    pub count: u64,
    /// Their labels.
    pub mix: LabelMix,
}
