//! From typed columns to the matrix a model learns from: a preprocessor fitted on training rows only.

mod matrix;
mod wants;

pub use matrix::{Feature, FeatureKind, FeatureMatrix};
pub use wants::{CategoryEncoding, MissingValues, Scaling, Wants};
