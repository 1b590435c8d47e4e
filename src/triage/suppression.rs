//! Owns the suppression rule: rows that are not to be looked at, for how long, why and by whom. Suppressed rows are counted
//! and exported as such, never dropped.

use serde::{Deserialize, Serialize};

use super::event::EventId;
use crate::artifacts::Timestamp;

/// A rule as it was made. Its event's id names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuppressionRule {
    /// Its name.
    pub id: EventId,
    /// The schema whose rows it is about.
    pub schema: String,
    /// A condition over columns, as the console's filters are written.
    pub condition: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// From when on it holds no more.
    pub expires_at: Timestamp,
    /// When it was withdrawn, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<(Timestamp, String)>,
    /// Rows it has suppressed, summed over the scored files that were opened, each file once.
    #[serde(default)]
    pub hits: u64,
}

impl SuppressionRule {
    /// Whether it holds at a time.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.withdrawn.is_none() && now < self.expires_at
    }
}

/// What a rule would have hidden of the judged cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// Judged cases that meet it.
    pub judged: u64,
    /// Of those, true positives: what nobody would have seen.
    pub true_positives: u64,
    /// Of those, false and benign positives: the work it would have saved.
    pub benign: u64,
    /// Rows of the open file that meet it.
    pub rows_now: u64,
}
