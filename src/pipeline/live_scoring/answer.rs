//! Owns what is said of a row of a stream: the columns by name, and why a row has no score.

use std::str::FromStr;

use crate::pipeline::prediction::{RowOutcome, ScoredRow};
use crate::text::{shortened, visible_text};
use crate::validation::Reject;

/// Characters of a cell that an error shows.
const SHOWN: usize = 80;

/// One of our columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// P(malicious), so written that it reads back to the same number.
    Probability,
    /// `malicious` or `benign`.
    Classification,
    /// `low`, `medium`, `high` or `critical`.
    RiskLevel,
    /// Empty for a row that was scored; else column, reason and value.
    Error,
}

impl Answer {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Probability, Self::Classification, Self::RiskLevel, Self::Error];

    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::Classification => "classification",
            Self::RiskLevel => "risk_level",
            Self::Error => "error",
        }
    }

    /// Its text for a scored row; `None` for [`Answer::Error`].
    pub(super) fn of(self, row: &ScoredRow, numbers: &mut ryu::Buffer, put: &mut impl FnMut(&str)) {
        match self {
            Self::Probability => put(numbers.format(row.probability)),
            Self::Classification => put(row.classification()),
            Self::RiskLevel => put(row.risk.name()),
            Self::Error => put(""),
        }
    }
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|answer| answer.name() == text);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{}` is no column of the answer: {names}", visible_text(text))
        })
    }
}

/// Why a row was not scored, in one line that is safe to show.
pub(super) fn error_text(reject: &Reject) -> String {
    let Some(column) = &reject.column else {
        return reject.reason.clone();
    };
    let value = shortened(reject.value.as_bytes(), SHOWN);
    let (column, value) = (visible_text(column), visible_text(&value));
    if value.is_empty() {
        format!("{column}: {}", reject.reason)
    } else {
        format!("{column}: {} ({value})", reject.reason)
    }
}

/// The scored row of an outcome.
pub(super) fn scored<'a>(outcome: &RowOutcome<'a>) -> Result<&'a ScoredRow, &'a Reject> {
    match *outcome {
        RowOutcome::Scored(row, _) => Ok(row),
        RowOutcome::Rejected(reject) => Err(reject),
    }
}
