//! Owns the settings of the transformation stage and the class weights.

use serde::{Deserialize, Serialize};

use super::error::TransformError;
use super::wants::{CategoryEncoding, Scaling};

/// How typed columns become features. Every preprocessor is fitted on training rows only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TransformSettings {
    /// What a missing number becomes, for families that do not take missing values: `median`, `mean`, `constant` or
    /// `knn`. Where training rows had missing values, a feature `<column> is missing` is added.
    pub impute_numbers: NumberImputation,
    /// The number used by `impute_numbers: constant`.
    pub impute_constant: f64,
    /// Neighbours whose mean fills a gap with `impute_numbers: knn`, 1 to 1000.
    pub knn_neighbours: usize,
    /// Training rows kept in the model for `impute_numbers: knn`, evenly spaced over the training data. They make the
    /// model larger (8 bytes a number) and each row with a gap slower (one distance a kept row). At most 4,000,000
    /// numbers are kept, whatever this says.
    pub knn_sample_rows: usize,
    /// What a missing category becomes: `mode` (the most frequent one) or `constant` (`missing_category`).
    pub impute_categories: CategoryImputation,
    /// The category used by `impute_categories: constant`.
    pub missing_category: String,
    /// Encodes categories this way for every family: `one_hot`, `ordinal`, `target_statistics` or `native`; empty
    /// leaves it to the family. `native` is taken only by families that split on categories themselves.
    pub encoding: Option<CategoryEncoding>,
    /// Scales numbers this way for every family: `none`, `standard`, `min_max` or `robust`; empty leaves it to the
    /// family.
    pub scaling: Option<Scaling>,
    /// Transform of numbers before scaling: `none`, `log1p` (sign(x) ln(1 + |x|)), `square_root` (sign(x) sqrt(|x|),
    /// milder, for counts), or `auto`, which takes `log1p` for columns whose training values have a skewness beyond 2
    /// either way, where the family wants scaling.
    pub numeric_transform: NumericTransform,
    /// Whole-number columns with at most this many distinct training values are categories for families that gain
    /// from it (linear models, naive Bayes).
    pub discrete_limit: usize,
    /// Categories with fewer training rows than this are folded into `(other)`.
    pub min_category_rows: usize,
    /// Categories kept a column, the most frequent first; the rest are folded into `(other)`.
    pub max_categories: usize,
    /// With `target_statistics`: the share of malicious rows over all training rows counts as this many rows in each
    /// category's share. Larger is more cautious with rare categories.
    pub target_prior_rows: f64,
    /// Features from `ip` columns: private, public, loopback, multicast, IPv6, and the most frequent /8 and /16
    /// networks. Without them `ip` columns are not used.
    pub ip_features: bool,
    /// Networks kept of each size (/8, /16; /16, /32 for IPv6), the most frequent first.
    pub ip_max_groups: usize,
    /// Features from `port` columns: the band (well-known, registered, ephemeral) and common services, beside the
    /// number itself. Without them ports are plain whole numbers.
    pub port_features: bool,
    /// Features from `timestamp` columns: hour of the day as sine and cosine, weekday, weekend, night (22 to 6), all
    /// in UTC. Off by default: attacks in a recording often share a day, and a model that learns the day learns nothing.
    pub timestamp_parts: bool,
    /// Of two features whose correlation is beyond this (0 to 1, either sign) the later is dropped. Empty: off.
    pub correlation_limit: Option<f64>,
    /// Features kept, best first by `rank_features_by`. Empty: all.
    pub top_k: Option<usize>,
    /// How `top_k` ranks: `mutual_information` with the label, or `correlation` with it.
    pub rank_features_by: FeatureRanking,
    /// Weight of the classes in training: `none`, or `balanced` (both classes weigh the same).
    pub class_weight: ClassWeight,
}

impl Default for TransformSettings {
    fn default() -> Self {
        Self {
            impute_numbers: NumberImputation::Median,
            impute_constant: 0.0,
            knn_neighbours: 5,
            knn_sample_rows: 1000,
            impute_categories: CategoryImputation::Mode,
            missing_category: "(missing)".to_owned(),
            encoding: None,
            scaling: None,
            numeric_transform: NumericTransform::Auto,
            discrete_limit: 10,
            min_category_rows: 5,
            max_categories: 100,
            target_prior_rows: 20.0,
            ip_features: true,
            ip_max_groups: 16,
            port_features: true,
            timestamp_parts: false,
            correlation_limit: None,
            top_k: None,
            rank_features_by: FeatureRanking::MutualInformation,
            class_weight: ClassWeight::None,
        }
    }
}

/// What a missing number becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberImputation {
    /// The median of the training values.
    Median,
    /// Their mean.
    Mean,
    /// `impute_constant`.
    Constant,
    /// The mean of the nearest training rows, by normalised distance over the numeric columns.
    Knn,
}

/// What a missing category becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CategoryImputation {
    /// The most frequent category of the training rows; of equals the first in order.
    Mode,
    /// `missing_category`.
    Constant,
}

/// Transform of numbers before scaling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumericTransform {
    /// None.
    None,
    /// sign(x) ln(1 + |x|).
    Log1p,
    /// sign(x) sqrt(|x|), milder than the logarithm: for counts.
    SquareRoot,
    /// `log1p` where the training values are skewed and the family wants scaling.
    Auto,
}

/// How features are ranked for `top_k`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeatureRanking {
    /// Mutual information with the label; numbers in up to ten bins of equal frequency.
    MutualInformation,
    /// Size of the Pearson correlation with the label.
    Correlation,
}

/// Weight of the classes in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every row weighs 1.
    #[default]
    None,
    /// Every class weighs the same: n / (2 n_class), as scikit-learn's `class_weight="balanced"`.
    Balanced,
}

impl ClassWeight {
    /// `(weight of a benign row, weight of a malicious row)` for these labels. Both are 1 where a class is absent.
    pub fn weights(self, labels: &[bool]) -> (f64, f64) {
        match self {
            Self::None => (1.0, 1.0),
            Self::Balanced => class_weights(labels),
        }
    }
}

/// Balanced class weights `(benign, malicious)`: n / (2 n_class). Both are 1 where a class is absent.
pub fn class_weights(labels: &[bool]) -> (f64, f64) {
    let malicious = labels.iter().filter(|&&m| m).count();
    let benign = labels.len() - malicious;
    if malicious == 0 || benign == 0 {
        return (1.0, 1.0);
    }
    let half = labels.len() as f64 / 2.0;
    (half / benign as f64, half / malicious as f64)
}

impl TransformSettings {
    /// Refuses values outside their range.
    ///
    /// # Errors
    /// [`TransformError::Setting`] that names the first such setting.
    pub fn check(&self) -> Result<(), TransformError> {
        let fail = |key, expected| Err(TransformError::Setting { key, expected });
        let largest = f64::from(f32::MAX);
        if !(-largest..=largest).contains(&self.impute_constant) {
            return fail("impute_constant", "a finite number within the range of a 32-bit float");
        }
        if !(1..=1000).contains(&self.knn_neighbours) {
            return fail("knn_neighbours", "1 to 1,000");
        }
        if !(1..=100_000).contains(&self.knn_sample_rows) {
            return fail("knn_sample_rows", "1 to 100,000");
        }
        if !(1..=10_000).contains(&self.max_categories) {
            return fail("max_categories", "1 to 10,000");
        }
        if !(1..=10_000).contains(&self.ip_max_groups) {
            return fail("ip_max_groups", "1 to 10,000");
        }
        if self.discrete_limit > 1000 {
            return fail("discrete_limit", "0 to 1,000");
        }
        if !(0.0..=1e9).contains(&self.target_prior_rows) {
            return fail("target_prior_rows", "0 to 1,000,000,000");
        }
        if self.correlation_limit.is_some_and(|l| !(l > 0.0 && l <= 1.0)) {
            return fail("correlation_limit", "above 0, at most 1, or empty");
        }
        if self.top_k == Some(0) {
            return fail("top_k", "1 or more, or empty");
        }
        Ok(())
    }
}
