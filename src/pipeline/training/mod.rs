//! From a source to a versioned model: the stages of a training run, in order.

mod cross_validation;
mod curves;
mod error;
mod evaluation;
mod fitting;
mod leaderboard;
mod limits;
mod out_of_fold;
mod outcome;
mod promotion;
mod publication;
mod request;
mod run;
mod score_files;
mod selection;
mod settings;
mod sides;
mod split_files;
#[cfg(test)]
mod test_family;
mod threshold_move;
mod trials;
mod verdicts;

pub use curves::Curves;
pub use error::TrainingError;
pub use evaluation::ThresholdChoice;
pub use leaderboard::{CvScores, LeaderboardRow, Spread};
pub use limits::Limits;
pub use out_of_fold::{LabelledRows, OutOfFoldFits};
pub use outcome::{AuditMetrics, ChampionSummary, SideMetrics, TrainOutcome};
pub use promotion::{PromotionOutcome, TRAINED_ROWS};
pub use publication::read_reference;
pub use request::TrainRequest;
pub use run::train;
pub use score_files::{FitCurve, MetricsFile, RunScores, SideRecord, read_scores};
pub use selection::chosen_families;
pub use settings::{Calibration, EarlyStoppingSettings, PromotionSettings, TrainingSettings};
pub use threshold_move::{MovedThreshold, ThresholdMove, move_threshold};
pub use trials::{CurvePoint, LearningCurve};
pub use verdicts::{BenignPositive, VerdictSettings, VerdictUse};
