//! Owns the matrix models see: rows x features of `f32`, each feature with its name, kind and origin.

use std::sync::Arc;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// What models learn from and score: shape rows x features, row-major (standard layout).
///
/// Every value is finite, or NaN for missing where the family accepts missing values. Categorical features hold
/// codes 0, 1, … as floats.
#[derive(Clone, Debug)]
pub struct FeatureMatrix {
    /// The values, rows x features.
    pub values: Array2<f32>,
    /// One entry a column of `values`.
    pub features: Arc<[Feature]>,
}

/// One column of a [`FeatureMatrix`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Unique name: the schema column's, or `service=http`, `duration is missing`, `src_ip is private`.
    pub name: String,
    /// The schema column it was made from; contributions are summed by this.
    pub source: String,
    /// What its values are.
    pub kind: FeatureKind,
}

/// What the values of a feature are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Ordered numbers.
    Numeric,
    /// 0 or 1.
    Indicator,
    /// Codes without order, `0..cardinality`; the last code stands for categories unseen in training.
    Categorical {
        /// Number of codes.
        cardinality: u32,
    },
}

impl FeatureMatrix {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.nrows()
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        self.values.ncols()
    }

    /// The same features for a subset of rows, in the order given. Indices are in range.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        Self {
            values: self.values.select(ndarray::Axis(0), rows),
            features: Arc::clone(&self.features),
        }
    }
}
