//! Owns the settings of scoring.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most rows whose reasons are kept in memory.
pub const EXPLAIN_LIMIT: usize = 100_000;

/// Most columns named in one row's reasons.
const REASONS_LIMIT: usize = 100;

/// How files are scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PredictionSettings {
    /// Give reasons for this many of the most probable flagged rows (`--explain`), at most 100000.
    pub explain: usize,
    /// Columns named in a row's reasons, at most; 1 to 100.
    pub reasons: usize,
    /// Guard text cells that a spreadsheet would run as a formula (`--raw` turns it off).
    pub guard_formulas: bool,
    /// Rows at the start of a batch that are compared with the training reference for drift; 0 turns it off.
    pub drift_rows: u64,
}

impl Default for PredictionSettings {
    fn default() -> Self {
        Self {
            explain: 100,
            reasons: 5,
            guard_formulas: true,
            drift_rows: 50_000,
        }
    }
}

impl PredictionSettings {
    /// Checks what types alone do not.
    ///
    /// # Errors
    /// The first key with a value out of range, and the range.
    pub fn check(&self) -> Result<(), (String, String)> {
        for (key, value, least, most) in [
            ("explain", self.explain, 0, EXPLAIN_LIMIT),
            ("reasons", self.reasons, 1, REASONS_LIMIT),
        ] {
            if !(least..=most).contains(&value) {
                return Err((key.to_owned(), format!("{value} is outside {least} to {most}")));
            }
        }
        Ok(())
    }
}
