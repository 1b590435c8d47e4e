//! Owns hyper-parameters: their specification (name, range, default, grid) and their values.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One hyper-parameter of a family: what search may try and what a person may set.
#[derive(Clone, Debug)]
pub struct ParamSpec {
    /// Its name, as in settings, leaderboard and manifest.
    pub name: &'static str,
    /// One line for people.
    pub help: &'static str,
    /// Its values.
    pub kind: ParamKind,
    /// Value used without search.
    pub default: ParamValue,
    /// Values a grid search tries; at least one.
    pub grid: Vec<ParamValue>,
}

/// The values a hyper-parameter can take; random search draws from these ranges.
#[derive(Clone, Debug)]
pub enum ParamKind {
    /// Whole numbers, both ends included.
    Int {
        /// Smallest.
        low: i64,
        /// Largest.
        high: i64,
        /// Drawn evenly in the logarithm.
        log: bool,
    },
    /// Real numbers, both ends included.
    Float {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
        /// Drawn evenly in the logarithm.
        log: bool,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// One value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A word.
    Text(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(v) => write!(f, "{v}"),
            Self::Float(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
        }
    }
}

/// Values by name, in name order. Missing names mean the family's defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(pub BTreeMap<String, ParamValue>);

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{name}={value}")?;
        }
        Ok(())
    }
}
