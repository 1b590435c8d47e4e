//! The tree engine: gradient boosting, random forests and extremely randomised trees over histograms.
//!
//! A library of its own: it knows matrices, labels and a cancel token; no file, schema, stage or terminal.

mod alike;
mod binned;
mod binning;
mod bit_rows;
mod boosting;
mod codec;
mod cut;
mod ensemble;
mod error;
mod forest;
mod forest_search;
mod grower;
mod histogram;
mod loss;
mod monitor;
mod partition;
mod predictor;
mod rules;
mod sampling;
mod shap;
mod split;
mod statistics;
mod table;
#[cfg(test)]
mod test_data;
mod tree;

pub use boosting::Boosting;
pub use codec::{decode, encode};
pub use ensemble::{Ensemble, Importance, Link};
pub use error::TreeError;
pub use forest::Forest;
pub use grower::Growth;
pub use monitor::{Monitor, Patience, Progress};
pub use predictor::{Predictor, Variation};
pub use shap::Explainer;
pub use table::{ColumnKind, Sample, Table};
pub use tree::{Node, Split, Test, Tree};
