//! A trained model for other engines: one ONNX graph with everything inside, rows that show whether a runtime scores as we
//! do, and a Spark job that checks them first.

mod build;
mod conformance;
mod error;
mod features;
mod graph;
mod parts;
pub mod proto;
mod score;
mod trees;
mod write;

pub use build::{Built, Identity, build};
pub use error::OnnxError;
pub use write::{Exported, export};
