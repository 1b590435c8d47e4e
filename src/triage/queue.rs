//! Owns the queues: which cases are offered, in which order.

use serde::{Deserialize, Serialize};

use crate::data::RowId;

/// A way to go through the cases of a scored file. Suppressed cases are in none of them but [`Queue::Suppressed`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "queue", rename_all = "snake_case")]
pub enum Queue {
    /// Flagged cases, the highest risk first.
    #[default]
    TopRisk,
    /// Cases nearest to the threshold first, flagged or not.
    MostUncertain,
    /// Cases on which two runs disagree, the widest gap first.
    Disagreement {
        /// The other run.
        run: String,
    },
    /// A share of all cases drawn at random, the same ones every time for a file's content, in an order that says nothing.
    RandomAudit,
    /// Cases nobody has judged, flagged ones, the highest risk first.
    Unreviewed,
    /// Cases this analyst has judged, the latest first.
    Mine,
    /// Cases on which analysts contradict each other.
    Conflicts,
    /// Cases that a rule suppresses.
    Suppressed,
    /// Every case, in the file's order.
    All,
    /// Training rows whose label the model contradicts most, for files made by `verdicts audit-labels`.
    LabelAudit,
    /// A condition and an order out of the settings, by name.
    Saved {
        /// Its name.
        name: String,
    },
}

impl Queue {
    /// As read by people.
    pub fn title(&self) -> String {
        match self {
            Self::TopRisk => "top risk".to_owned(),
            Self::MostUncertain => "most uncertain".to_owned(),
            Self::Disagreement { run } => format!("disagreement with {run}"),
            Self::RandomAudit => "random audit".to_owned(),
            Self::Unreviewed => "unreviewed".to_owned(),
            Self::Mine => "mine".to_owned(),
            Self::Conflicts => "conflicts".to_owned(),
            Self::Suppressed => "suppressed".to_owned(),
            Self::All => "all rows".to_owned(),
            Self::LabelAudit => "label audit".to_owned(),
            Self::Saved { name } => name.clone(),
        }
    }
}

/// Whether a case is in the random audit: a fixed share of all ids, told by the id alone, so that it depends on no score, no
/// file and no order. `share` is from 0 to 1.
pub fn is_audited(row: RowId, share: f64) -> bool {
    (audit_place(row) as f64) < share * (u64::MAX as f64)
}

/// Where a case stands in the random audit's order. A row id is a hash already; it is mixed once more, so that the order of
/// ids, by which files may be sorted, tells nothing.
pub fn audit_place(row: RowId) -> u64 {
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits.
    let mut z = row.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
