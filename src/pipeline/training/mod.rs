//! From a source to a versioned model: the stages of a training run, in order.

mod cross_validation;
mod curves;
mod error;
mod evaluation;
mod fitting;
mod leaderboard;
mod outcome;
mod promotion;
mod publication;
mod request;
mod run;
mod selection;
mod settings;
mod sides;
#[cfg(test)]
mod test_family;
mod trials;

pub use error::TrainingError;
pub use evaluation::ThresholdChoice;
pub use leaderboard::{CvScores, LeaderboardRow, Spread};
pub use outcome::{ChampionSummary, SideMetrics, TrainOutcome};
pub use promotion::{PromotionOutcome, TRAINED_ROWS};
pub use publication::read_reference;
pub use request::TrainRequest;
pub use run::train;
pub use selection::chosen_families;
pub use settings::{Calibration, EarlyStoppingSettings, PromotionSettings, TrainingSettings};
