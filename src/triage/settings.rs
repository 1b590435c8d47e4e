//! Owns the settings of triage: who the analyst is, reason codes, tags, saved queues, the random audit.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;

/// Orders of saved queues; none is that of `top_risk`.
const ORDERS: [&str; 6] = ["", "top_risk", "most_uncertain", "random_audit", "unreviewed", "all"];

/// How flagged rows are reviewed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TriageSettings {
    /// Who judges. None: `SUDO_USER`, else `USER`.
    pub analyst: Option<String>,
    /// Reason codes that `r` offers, by verdict: `true_positive`, `benign_positive`, `false_positive`, `duplicate`,
    /// `undetermined`.
    pub reasons: BTreeMap<String, Vec<String>>,
    /// Tags for `#` and a digit, at most nine.
    pub tags: Vec<String>,
    /// Columns shown in the list of rows beside risk, confidence, verdict and reason.
    pub columns: Vec<String>,
    /// Saved queues, the first nine on F1 to F9.
    pub queues: Vec<SavedQueue>,
    /// Share of all cases that the random audit draws, 0 to 1.
    pub audit_fraction: f64,
    /// A bulk verdict on more cases than this asks first.
    pub bulk_confirm: usize,
    /// Days that a suppression rule holds if nobody says otherwise.
    pub suppression_days: u32,
}

/// A queue out of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SavedQueue {
    /// Its name.
    pub name: String,
    /// A condition over the columns of the scored file, as the console's filters are written.
    pub filter: String,
    /// Where its order comes from: `top_risk`, `most_uncertain`, `random_audit`, `unreviewed`, `all`.
    pub order: String,
}

impl Default for TriageSettings {
    fn default() -> Self {
        let codes = |codes: &[&str]| codes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let reasons = [
            (
                Verdict::TruePositive,
                codes(&["phishing", "malware", "scan", "brute_force", "exfiltration", "other"]),
            ),
            (
                Verdict::BenignPositive,
                codes(&["own_test", "own_scan", "maintenance", "other"]),
            ),
            (
                Verdict::FalsePositive,
                codes(&["known_good", "wrong_data", "model_error", "other"]),
            ),
            (Verdict::Duplicate, codes(&["same_campaign", "same_host", "other"])),
            (Verdict::Undetermined, codes(&["needs_context", "needs_owner", "other"])),
        ];
        Self {
            analyst: None,
            reasons: reasons
                .into_iter()
                .map(|(v, codes)| (v.name().to_owned(), codes))
                .collect(),
            tags: codes(&["follow-up", "escalated", "campaign"]),
            columns: Vec::new(),
            queues: Vec::new(),
            audit_fraction: 0.05,
            bulk_confirm: 50,
            suppression_days: 30,
        }
    }
}

impl TriageSettings {
    /// Who judges: the setting, else who runs the program.
    pub fn analyst(&self) -> String {
        let named = self.analyst.as_deref().map(str::trim).filter(|name| !name.is_empty());
        named.map_or_else(crate::artifacts::current_user, str::to_owned)
    }

    /// What the types cannot say; the first wrong key and what is wrong with it.
    ///
    /// # Errors
    /// An unknown verdict or order, a share that is none, too many tags.
    pub fn check(&self) -> Result<(), (String, String)> {
        for verdict in self.reasons.keys() {
            verdict
                .parse::<Verdict>()
                .map_err(|e| (format!("reasons.{verdict}"), e))?;
        }
        if self.tags.len() > 9 {
            let text = format!("{} tags, but there are nine digits", self.tags.len());
            return Err(("tags".to_owned(), text));
        }
        if !(0.0..=1.0).contains(&self.audit_fraction) {
            let text = format!("{} is no share; give 0 to 1", self.audit_fraction);
            return Err(("audit_fraction".to_owned(), text));
        }
        for queue in &self.queues {
            if queue.name.trim().is_empty() {
                return Err(("queues".to_owned(), "a queue has no name".to_owned()));
            }
            if !ORDERS.contains(&queue.order.as_str()) {
                let text = format!(
                    "order `{}` of queue {} is none of {}",
                    queue.order,
                    queue.name,
                    ORDERS[1..].join(", ")
                );
                return Err(("queues".to_owned(), text));
            }
        }
        Ok(())
    }
}
