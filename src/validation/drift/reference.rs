//! Owns the training reference: what the training data looked like, as it is stored with the model.

use serde::{Deserialize, Serialize};

use crate::schema::ColumnType;

/// What the training data looked like, column by column. Drift, new categories and missing-rate jumps of later
/// batches are measured against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Rows it was made from.
    pub rows: u64,
    /// One entry a feature column, in schema order.
    pub columns: Vec<ColumnReference>,
    /// The model's scores of rows it was not fitted on.
    pub scores: Option<NumericSummary>,
    /// The share of those rows that the model flags.
    pub positive_rate: Option<f64>,
}

/// What one training column looked like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnReference {
    /// The column.
    pub name: String,
    /// Its type.
    pub kind: ColumnType,
    /// Rows of the training data that had this column.
    pub rows: u64,
    /// Rows in which it was missing.
    pub missing: u64,
    /// Its values.
    pub shape: Shape,
}

/// How a column's values are summed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Categories, booleans, networks of addresses, whole numbers with at most 20 distinct values.
    Discrete(Categories),
    /// All other numbers.
    Numeric(NumericSummary),
}

/// A discrete distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Categories {
    /// The most frequent categories with their counts, most frequent first.
    pub top: Vec<(String, u64)>,
    /// Rows of all other categories.
    pub other: u64,
}

/// A numeric distribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NumericSummary {
    /// Numbers it was made from.
    pub n: u64,
    /// Their exact mean.
    pub mean: f64,
    /// Their exact standard deviation (of the population).
    pub sd: f64,
    /// Sorted evenly spaced quantiles; the numbers themselves where there are few.
    pub quantiles: Vec<f64>,
}

impl ColumnReference {
    /// Share of training rows in which it was missing, 0 to 1.
    pub fn missing_rate(&self) -> f64 {
        if self.rows == 0 {
            0.0
        } else {
            self.missing as f64 / self.rows as f64
        }
    }
}

impl Reference {
    /// The entry of a column.
    pub fn column(&self, name: &str) -> Option<&ColumnReference> {
        self.columns.iter().find(|c| c.name == name)
    }
}

impl Categories {
    /// Every category seen, if none had to be lumped together.
    pub fn complete(&self) -> Option<impl Iterator<Item = &str>> {
        (self.other == 0).then(|| self.top.iter().map(|(text, _)| text.as_str()))
    }
}

/// Most quantiles kept.
const QUANTILES: usize = 1_000;

/// At most 1,000 quantiles of a sorted sample, at (i + 1/2) / 1000, so that both distribution functions are at most
/// 1/2000 apart.
pub(super) fn quantiles(sorted: &[f64]) -> Vec<f64> {
    if sorted.len() <= QUANTILES {
        return sorted.to_vec();
    }
    (0..QUANTILES)
        .filter_map(|i| sorted.get((2 * i + 1) * sorted.len() / (2 * QUANTILES)).copied())
        .collect()
}
