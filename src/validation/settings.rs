//! Owns the settings of validation (`validation:` in `nsec.yaml`).

use serde::{Deserialize, Serialize};

/// How strict validation is, and how much memory it may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ValidationSettings {
    /// The largest share of rows that may be rejected before the whole file is refused (0 to 1). Scoring never
    /// refuses a file for this; it refuses one of which no row is left.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_rejected_fraction: f64,
    /// How many failing cells each check shows as examples, at most 1000. All are counted, and all rejected rows are
    /// written.
    pub max_examples: usize,
    /// How many distinct rows (or values of a unique column) are remembered to find repeats; about 20 bytes each for
    /// rows, 40 for a unique column. Beyond that number new ones are no longer remembered, and the report says so.
    pub max_tracked_rows: usize,
    /// How many seconds a timestamp may lie in the future: clocks differ.
    pub future_tolerance_seconds: u64,
    /// From which area under the ROC curve on a single feature counts as giving the label away (0.5 to 1).
    #[schemars(range(min = 0.5, max = 1.0))]
    pub leak_auc: f64,
    /// By how much a column's share of missing cells may exceed that of the training data (0 to 1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub missing_rate_jump: f64,
}

impl Default for ValidationSettings {
    fn default() -> Self {
        Self {
            max_rejected_fraction: 0.05,
            max_examples: 5,
            max_tracked_rows: 10_000_000,
            future_tolerance_seconds: 86_400,
            leak_auc: 0.99,
            missing_rate_jump: 0.05,
        }
    }
}

impl ValidationSettings {
    /// Checks what types alone do not.
    ///
    /// # Errors
    /// The first key with a value out of range, and the range.
    pub fn check(&self) -> Result<(), (String, String)> {
        for (key, value, low) in [
            ("max_rejected_fraction", self.max_rejected_fraction, 0.0),
            ("leak_auc", self.leak_auc, 0.5),
            ("missing_rate_jump", self.missing_rate_jump, 0.0),
        ] {
            if !(low..=1.0).contains(&value) {
                return Err((key.to_owned(), format!("{value} is outside {low} to 1")));
            }
        }
        if self.max_examples > MOST_EXAMPLES {
            let message = format!("{} is above {MOST_EXAMPLES}", self.max_examples);
            return Err(("max_examples".to_owned(), message));
        }
        Ok(())
    }
}

/// Examples are kept in memory for every check and column.
const MOST_EXAMPLES: usize = 1000;
