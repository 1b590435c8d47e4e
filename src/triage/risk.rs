//! Owns risk: from a calibrated probability to a level, and from class and level to a recommended action.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a row is worth a person's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// Risk up to `bands.low`.
    Low,
    /// Above `bands.low`, up to `bands.medium`.
    Medium,
    /// Above `bands.medium`, up to `bands.high`.
    High,
    /// Above `bands.high`.
    Critical,
}

impl RiskLevel {
    /// All levels, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As written in outputs: `low`, `medium`, `high`, `critical`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the program recommends; it never acts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Let it pass.
    Allow,
    /// Have a person look at it.
    Review,
    /// Open an investigation.
    Investigate,
    /// Block it.
    Block,
}

impl Action {
    /// As written in outputs: `allow`, `review`, `investigate`, `block`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Review => "review",
            Self::Investigate => "investigate",
            Self::Block => "block",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How probabilities become risk levels and recommended actions. Risk is 100 times the calibrated probability of
/// malicious, times the asset weight where one is given, at most 100.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RiskSettings {
    /// The upper edge of each band. What lies above `high` is critical.
    pub bands: RiskBands,
    /// The recommended action by class and level.
    pub actions: ActionTable,
    /// The input column that names the asset, for `asset_weights`. None: every row has weight 1.
    pub asset_column: Option<String>,
    /// Weight of each value of `asset_column`; other values have weight 1. A weight above 1 raises the risk.
    pub asset_weights: BTreeMap<String, f64>,
}

/// Upper edges of the bands on the risk scale, 0 to 100, inclusive and compared unrounded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RiskBands {
    /// Risk up to this is low.
    pub low: f64,
    /// Risk above `low` up to this is medium.
    pub medium: f64,
    /// Risk above `medium` up to this is high; above it, critical.
    pub high: f64,
}

impl Default for RiskBands {
    fn default() -> Self {
        Self {
            low: 21.0,
            medium: 47.0,
            high: 73.0,
        }
    }
}

/// The recommended action by class and level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ActionTable {
    /// For rows classified benign.
    pub benign: BenignActions,
    /// For rows classified malicious.
    pub malicious: MaliciousActions,
}

/// Actions for rows classified benign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BenignActions {
    /// At low risk.
    pub low: Action,
    /// At medium risk.
    pub medium: Action,
    /// At high risk.
    pub high: Action,
    /// At critical risk.
    pub critical: Action,
}

impl Default for BenignActions {
    fn default() -> Self {
        Self {
            low: Action::Allow,
            medium: Action::Allow,
            high: Action::Review,
            critical: Action::Review,
        }
    }
}

/// Actions for rows classified malicious.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MaliciousActions {
    /// At low risk.
    pub low: Action,
    /// At medium risk.
    pub medium: Action,
    /// At high risk.
    pub high: Action,
    /// At critical risk.
    pub critical: Action,
}

impl Default for MaliciousActions {
    fn default() -> Self {
        Self {
            low: Action::Review,
            medium: Action::Review,
            high: Action::Investigate,
            critical: Action::Block,
        }
    }
}

impl RiskSettings {
    /// Risk on the scale 0 to 100, unrounded: 100 x `probability` x the weight of `asset` (the row's cell in
    /// `asset_column`). A probability that is not a number counts as the greatest risk, so that it is looked at.
    pub fn risk(&self, probability: f64, asset: Option<&str>) -> f64 {
        let weight = asset.and_then(|a| self.asset_weights.get(a)).copied().unwrap_or(1.0);
        let risk = 100.0 * probability * weight;
        if risk.is_nan() { 100.0 } else { risk.clamp(0.0, 100.0) }
    }

    /// The band that `risk` falls into.
    pub fn level(&self, risk: f64) -> RiskLevel {
        if risk <= self.bands.low {
            RiskLevel::Low
        } else if risk <= self.bands.medium {
            RiskLevel::Medium
        } else if risk <= self.bands.high {
            RiskLevel::High
        } else {
            RiskLevel::Critical
        }
    }

    /// What to recommend for a row of that class at that level.
    pub fn recommended_action(&self, malicious: bool, level: RiskLevel) -> Action {
        let (bad, good) = (&self.actions.malicious, &self.actions.benign);
        match (malicious, level) {
            (true, RiskLevel::Low) => bad.low,
            (true, RiskLevel::Medium) => bad.medium,
            (true, RiskLevel::High) => bad.high,
            (true, RiskLevel::Critical) => bad.critical,
            (false, RiskLevel::Low) => good.low,
            (false, RiskLevel::Medium) => good.medium,
            (false, RiskLevel::High) => good.high,
            (false, RiskLevel::Critical) => good.critical,
        }
    }

    /// Whether the values make sense together; else the key and what is wrong with it.
    pub fn validate(&self) -> Result<(), (String, String)> {
        let RiskBands { low, medium, high } = self.bands;
        for (name, value) in [("low", low), ("medium", medium), ("high", high)] {
            if !(0.0..=100.0).contains(&value) {
                return Err((format!("bands.{name}"), format!("{value} is not between 0 and 100")));
            }
        }
        if low >= medium {
            return Err(("bands.medium".to_owned(), format!("{medium} must be above low ({low})")));
        }
        if medium >= high {
            return Err((
                "bands.high".to_owned(),
                format!("{high} must be above medium ({medium})"),
            ));
        }
        for (asset, weight) in &self.asset_weights {
            if !weight.is_finite() || *weight < 0.0 {
                let message = format!("{weight} is no weight; give a number of at least 0");
                return Err((format!("asset_weights.{asset}"), message));
            }
        }
        if self.asset_column.is_none() && !self.asset_weights.is_empty() {
            let message = "there are weights but no column; name the column that holds the asset";
            return Err(("asset_column".to_owned(), message.to_owned()));
        }
        Ok(())
    }
}
