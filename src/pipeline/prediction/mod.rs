//! From files to one scored file: rows are read, checked, scored and written as they come, in bounded memory.

mod columns;
mod drift_watch;
mod error;
mod expected;
mod insertion;
mod known_verdicts;
mod order;
mod output;
mod rows;
mod run;
mod scoring;
mod settings;
mod summary;
mod top;
mod writing;

pub use error::{MissingColumns, PredictionError};
pub use known_verdicts::{KnownVerdicts, push_verdict};
pub use order::{FinishedRun, ScoreOrder, ScoringModel, rejects_beside, score};
pub use output::{ADDED, ScoredRow, free_name};
pub use rows::{RowConditions, RowModel, RowOptions, RowOutcome, RowResult, RowScorer, RowText, ScoredRows};
pub use run::{PredictRequest, predict};
pub use settings::{EXPLAIN_LIMIT, PredictionSettings};
pub use summary::{ModelSummary, PredictSummary, RiskCounts};
