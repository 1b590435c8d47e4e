//! From files to one scored file: rows are read, checked, scored and written as they come, in bounded memory.

mod columns;
mod error;
mod output;
mod run;
mod scoring;
mod settings;
mod summary;
mod top;

pub use error::PredictionError;
pub use output::ADDED;
pub use run::{PredictRequest, predict};
pub use settings::PredictionSettings;
pub use summary::{ModelSummary, PredictSummary, RiskCounts};
