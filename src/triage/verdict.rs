//! Owns the verdicts a person can give, and what each means to training.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a person decided about a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Malicious, and rightly flagged.
    TruePositive,
    /// The detection is right about what happened, but it was meant to happen: a scan by the own team, a test.
    BenignPositive,
    /// Benign: the model is wrong.
    FalsePositive,
    /// The same as another case.
    Duplicate,
    /// Looked at, and it cannot be told.
    Undetermined,
}

impl Verdict {
    /// Every verdict, in the order of the keys in docs/KEYS.md.
    pub const ALL: [Self; 5] = [
        Self::TruePositive,
        Self::BenignPositive,
        Self::FalsePositive,
        Self::Duplicate,
        Self::Undetermined,
    ];

    /// As written in files: `true_positive` …
    pub fn name(self) -> &'static str {
        match self {
            Self::TruePositive => "true_positive",
            Self::BenignPositive => "benign_positive",
            Self::FalsePositive => "false_positive",
            Self::Duplicate => "duplicate",
            Self::Undetermined => "undetermined",
        }
    }

    /// As read by people: `true positive` …
    pub fn words(self) -> &'static str {
        match self {
            Self::TruePositive => "true positive",
            Self::BenignPositive => "benign positive",
            Self::FalsePositive => "false positive",
            Self::Duplicate => "duplicate",
            Self::Undetermined => "undetermined",
        }
    }

    /// One letter, the key that gives it: `t b f d x`.
    pub fn letter(self) -> char {
        match self {
            Self::TruePositive => 't',
            Self::BenignPositive => 'b',
            Self::FalsePositive => 'f',
            Self::Duplicate => 'd',
            Self::Undetermined => 'x',
        }
    }

    /// Whether the case is malicious; `None` where the verdict says nothing of that to a model. A benign positive is a true
    /// detection of something wanted: taught as benign it would blind the model, so it is a class of its own.
    pub fn malicious(self) -> Option<bool> {
        match self {
            Self::TruePositive => Some(true),
            Self::FalsePositive => Some(false),
            Self::BenignPositive | Self::Duplicate | Self::Undetermined => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Verdict {
    type Err = String;

    /// Reads [`Verdict::name`], whatever its case.
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|v| v.name().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{}` is no verdict; there are {names}", crate::text::visible_text(text))
        })
    }
}
