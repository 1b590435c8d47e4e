//! Owns what training takes from verdicts: its settings, and the account of what was taken and what was left out.

mod teaching;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::grouped;

pub(super) use teaching::{Lesson, Taught, teach};

/// How `train --with-verdicts` learns from what people judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct VerdictSettings {
    /// How much a judged row weighs beside one whose label nobody looked at, above 0 up to 1000.
    pub weight: f64,
    /// What benign positives (right detections of something wanted) are taught as: `leave_out`, `benign` or
    /// `malicious`. Taught as benign they blind the model to the real thing.
    pub benign_positive: BenignPositive,
    /// Whether cases of the random audit are learned from too. They are then no measure of the model any more, and are
    /// not reported.
    pub learn_from_audit: bool,
}

/// What benign positives are taught as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BenignPositive {
    /// Nothing: they are a class of their own.
    #[default]
    LeaveOut,
    /// Benign.
    Benign,
    /// Malicious.
    Malicious,
}

impl Default for VerdictSettings {
    fn default() -> Self {
        Self {
            weight: 1.0,
            benign_positive: BenignPositive::LeaveOut,
            learn_from_audit: false,
        }
    }
}

impl VerdictSettings {
    /// What the types cannot say: the key and what is wrong with it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.weight > 0.0 && self.weight <= 1000.0 {
            return Ok(());
        }
        Err(("verdicts.weight", format!("{} is not above 0 up to 1000", self.weight)))
    }
}

/// What became of the judged cases in a training run. Every settled case is in exactly one of `cases_in_data`, `added`,
/// `audited` and the fields from `in_test` on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VerdictUse {
    /// SHA-256 of the cases, so that it can be told whether two runs had the same.
    pub sha256: String,
    /// Settled cases of the schema.
    pub judged: u64,
    /// Cases whose rows stand on the training side of the data.
    pub cases_in_data: u64,
    /// Training rows whose label was corrected.
    pub corrected_rows: u64,
    /// Training rows whose label was confirmed.
    pub confirmed_rows: u64,
    /// Cases that are not in the data and were added to the training side.
    pub added: u64,
    /// Of those, malicious ones.
    pub added_malicious: u64,
    /// Cases of the random audit that the model was measured on and did not learn from.
    pub audited: u64,
    /// Training rows with the features of such a case, which were left out.
    pub held_out_rows: u64,
    /// Cases with the features of a test row: they are not learned from.
    pub in_test: u64,
    /// Cases that happened when the test rows of a time split did, or later.
    pub too_late: u64,
    /// Benign positives that were left out.
    pub benign_positives: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Undetermined cases.
    pub undetermined: u64,
    /// Cases on which analysts contradict each other; not among `judged`.
    pub conflicting: u64,
    /// Cases whose stored cells do not pass the schema, or were not kept.
    pub unusable: u64,
    /// Why the first of those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unusable_why: Option<String>,
    /// Columns of stored cells that the schema does not have; they were passed over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_columns: Vec<String>,
    /// What a judged row weighs.
    pub weight: f64,
}

impl VerdictUse {
    /// In one or two sentences, for people. Columns and reasons are not yet made safe to draw.
    pub fn sentence(&self) -> String {
        if self.judged == 0 && self.conflicting == 0 {
            return "no verdicts on rows of this schema yet: trained on the data alone".to_owned();
        }
        let mut text = format!(
            "{} judged cases: {} training labels corrected and {} confirmed, {} cases added ({} malicious)",
            grouped(self.judged),
            grouped(self.corrected_rows),
            grouped(self.confirmed_rows),
            grouped(self.added),
            grouped(self.added_malicious)
        );
        let apart = [
            (self.audited, "of the random audit kept apart"),
            (self.in_test, "left out as test rows"),
            (self.too_late, "as late as the test rows"),
            (self.benign_positives, "benign positives left out"),
            (self.duplicates, "duplicates"),
            (self.undetermined, "undetermined"),
            (self.conflicting, "conflicting"),
            (self.unusable, "that cannot be used"),
        ];
        for (count, what) in apart.into_iter().filter(|(count, _)| *count > 0) {
            text.push_str(&format!("; {} {what}", grouped(count)));
        }
        if self.held_out_rows > 0 {
            text.push_str(&format!(
                "; {} training rows set aside because the audit drew them",
                grouped(self.held_out_rows)
            ));
        }
        if let Some(why) = &self.unusable_why {
            text.push_str(&format!(" ({why})"));
        }
        if !self.unknown_columns.is_empty() {
            text.push_str(&format!(
                "; columns the schema does not have were passed over: {}",
                self.unknown_columns.join(", ")
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests;
