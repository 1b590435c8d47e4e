//! Owns what a fitted model is made of, for those who write it down in another language than ours (ONNX, SQL).

use super::trees::Ensemble;

/// The numbers a fitted model scores with, and how. Every family's own code stays the reference: who writes a model down
/// does the same steps in the same order.
#[derive(Clone, Debug, PartialEq)]
pub enum Anatomy<'a> {
    /// The log-odds: `intercept + (w1 x1 + w2 x2 + …)`, products of `f64` summed in feature order from 0.
    Linear {
        /// Added last.
        intercept: f64,
        /// One a feature.
        weights: &'a [f64],
    },
    /// The log-odds: `prior + (t1[code of x1] + t2[code of x2] + …)`, summed in feature order from 0.
    Tables {
        /// Added last.
        prior: f64,
        /// One a feature.
        tables: Vec<EvidenceTable<'a>>,
    },
    /// The log-odds: `prior +` the sum of `d(malicious, x) - d(benign, x)` over the features, from 0, where
    /// `d = -0.5 (ln variance + (x - mean)^2 / variance)`.
    Normals {
        /// Added last.
        prior: f64,
        /// One a feature: the benign distribution and the malicious one.
        pairs: Vec<[Distribution; 2]>,
    },
    /// One tree whose leaves hold the probability. Node 0 is the root; children stand behind their parents.
    Tree(Vec<PlainNode>),
    /// Trees whose leaves are summed or averaged.
    Ensemble(&'a Ensemble),
}

/// One feature's evidence by code.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceTable<'a> {
    /// `None`: the value is the code, and one that is no code counts as the last. Else ascending edges: the code is the
    /// number of edges at or below the value.
    pub edges: Option<&'a [f32]>,
    /// What each code adds.
    pub evidence: &'a [f64],
}

/// A normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    /// Its mean.
    pub mean: f64,
    /// Above 0.
    pub variance: f64,
}

/// A node of [`Anatomy::Tree`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlainNode {
    /// `x[feature] <= threshold` goes to `low`, else to `high`.
    Split {
        /// The feature.
        feature: u32,
        /// The largest value that goes to `low`.
        threshold: f32,
        /// Index of a node.
        low: u32,
        /// Index of a node.
        high: u32,
    },
    /// P(malicious).
    Leaf(f64),
}
