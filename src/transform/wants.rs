//! Owns the words in which a model family says what kind of matrix it wants.

use serde::{Deserialize, Serialize};

/// What a model family wants of the preprocessor. Settings may override scaling and encoding; never `missing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wants {
    /// How category, bool and similar columns arrive.
    pub categories: CategoryEncoding,
    /// Whether whole-number columns with few distinct training values (the UCI features: -1, 0, 1) are encoded as
    /// categories too. Linear models gain from it; trees do not need it.
    pub discrete_as_categories: bool,
    /// Scaling of numeric features.
    pub scaling: Scaling,
    /// What happens to missing values.
    pub missing: MissingValues,
}

/// How category columns are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategoryEncoding {
    /// One 0/1 feature a category seen in training, and one for any other.
    OneHot,
    /// One numeric feature: the category's rank by training frequency, unknown as -1.
    Ordinal,
    /// One numeric feature: the smoothed share of malicious rows among the category's training rows.
    TargetStatistics,
    /// One categorical feature with codes, for families that split on categories themselves.
    Native,
}

/// How numeric features are scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// As they are.
    None,
    /// Mean 0, standard deviation 1.
    Standard,
    /// To 0..1 over the training range, clipped.
    MinMax,
    /// Median 0, interquartile range 1.
    Robust,
}

/// What happens to missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingValues {
    /// Filled in, with an indicator feature where training rows had any.
    Impute,
    /// Passed on as NaN; the family handles them.
    Keep,
}
