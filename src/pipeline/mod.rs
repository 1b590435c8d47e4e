//! The stages, from files to a versioned model and from a model to a scored file, and the events they report with.

pub mod checking;
pub mod comparison;
pub mod csv_text;
pub mod ingestion;
pub mod judged;
pub mod judged_flips;
pub mod kept_rows;
pub mod label_audit;
pub mod label_cleaning;
pub mod label_texts;
pub mod live_scoring;
pub mod prediction;
pub mod rejects;
pub mod stream;
#[cfg(test)]
mod testing;
pub mod trained_model;
pub mod training;
pub mod training_reference;
pub mod typed_values;
pub mod validation;

pub use crate::event;
