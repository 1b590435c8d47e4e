//! Owns hyper-parameters: their specification (name, range, default, grid) and their values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::classifier::ModelError;

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

impl JsonSchema for ParamValue {
    fn schema_name() -> Cow<'static, str> {
        "ParamValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"] })
    }
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

impl ParamSpec {
    /// A whole number from `range` with its default and grid.
    pub fn int(name: &'static str, help: &'static str, range: (i64, i64), default: i64, grid: &[i64]) -> Self {
        Self {
            name,
            help,
            kind: ParamKind::Int {
                low: range.0,
                high: range.1,
                log: range.0 > 0 && range.1 / range.0 >= 20,
            },
            default: ParamValue::Int(default),
            grid: grid.iter().map(|v| ParamValue::Int(*v)).collect(),
        }
    }

    /// A positive real number from `range`, searched evenly in its logarithm.
    pub fn log_float(name: &'static str, help: &'static str, range: (f64, f64), default: f64, grid: &[f64]) -> Self {
        Self {
            name,
            help,
            kind: ParamKind::Float {
                low: range.0,
                high: range.1,
                log: true,
            },
            default: ParamValue::Float(default),
            grid: grid.iter().map(|v| ParamValue::Float(*v)).collect(),
        }
    }

    /// One of some words; the first is the default.
    pub fn choice(name: &'static str, help: &'static str, words: &'static [&'static str], grid: &[&str]) -> Self {
        Self {
            name,
            help,
            kind: ParamKind::Choice(words),
            default: ParamValue::Text(words.first().copied().unwrap_or_default().to_owned()),
            grid: grid.iter().map(|v| ParamValue::Text((*v).to_owned())).collect(),
        }
    }

    /// This parameter with nothing left to choose: `value` is its default and all that a search tries. `value` is one
    /// that [`Params::resolve`] has accepted.
    pub fn fixed_to(mut self, value: ParamValue) -> Self {
        self.kind = match (&value, self.kind) {
            (ParamValue::Int(v), ParamKind::Int { .. }) => ParamKind::Int {
                low: *v,
                high: *v,
                log: false,
            },
            (ParamValue::Float(v), ParamKind::Float { .. }) => ParamKind::Float {
                low: *v,
                high: *v,
                log: false,
            },
            (ParamValue::Text(v), ParamKind::Choice(words)) => {
                let at = words.iter().position(|word| word == v);
                ParamKind::Choice(at.map_or(words, |at| &words[at..=at]))
            }
            (_, kind) => kind,
        };
        self.grid = vec![value.clone()];
        self.default = value;
        self
    }

    /// `value` in this parameter's own kind (a whole number counts as a real one and the other way about), if it lies
    /// in the range.
    fn accept(&self, value: &ParamValue) -> Option<ParamValue> {
        match (&self.kind, value) {
            (ParamKind::Int { low, high, .. }, ParamValue::Int(v)) => {
                (low..=high).contains(&v).then_some(ParamValue::Int(*v))
            }
            (ParamKind::Int { low, high, .. }, ParamValue::Float(v)) => {
                (v.fract() == 0.0 && *v >= *low as f64 && *v <= *high as f64).then_some(ParamValue::Int(*v as i64))
            }
            (ParamKind::Float { low, high, .. }, ParamValue::Float(v)) => {
                (low..=high).contains(&v).then_some(ParamValue::Float(*v))
            }
            (ParamKind::Float { low, high, .. }, ParamValue::Int(v)) => {
                let v = *v as f64;
                (*low..=*high).contains(&v).then_some(ParamValue::Float(v))
            }
            (ParamKind::Choice(words), ParamValue::Text(v)) => words.contains(&v.as_str()).then(|| value.clone()),
            _ => None,
        }
    }
}

impl fmt::Display for ParamKind {
    /// What is accepted: `a whole number from 1 to 64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int { low, high, .. } => write!(f, "a whole number from {low} to {high}"),
            Self::Float { low, high, .. } => write!(f, "a number from {low} to {high}"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

impl Params {
    /// The family's defaults.
    pub fn defaults(specs: &[ParamSpec]) -> Self {
        Self(specs.iter().map(|s| (s.name.to_owned(), s.default.clone())).collect())
    }

    /// Every parameter of the family: the values given, each checked and in its own kind, the others by default.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] for a name the family does not have (the nearest is named), a value of another kind
    /// or outside the range.
    pub fn resolve(&self, family: &'static str, specs: &[ParamSpec]) -> Result<Self, ModelError> {
        let mut resolved = Self::defaults(specs);
        for (name, value) in &self.0 {
            let reject = |expected: String| ModelError::Parameter {
                family,
                name: name.clone(),
                value: value.to_string(),
                expected,
            };
            let Some(spec) = specs.iter().find(|s| s.name == name) else {
                return Err(reject(unknown(name, specs)));
            };
            let accepted = spec
                .accept(value)
                .ok_or_else(|| reject(format!("expected {}", spec.kind)))?;
            resolved.0.insert(name.clone(), accepted);
        }
        Ok(resolved)
    }

    /// A whole number of resolved parameters.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] if there is no such whole number.
    pub fn int(&self, name: &str) -> Result<i64, ModelError> {
        match self.0.get(name) {
            Some(ParamValue::Int(v)) => Ok(*v),
            other => Err(unresolved(name, other, "a whole number")),
        }
    }

    /// A count of resolved parameters: a whole number that is not negative.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] if there is no such number.
    pub fn count(&self, name: &str) -> Result<usize, ModelError> {
        usize::try_from(self.int(name)?).map_err(|_| unresolved(name, self.0.get(name), "a number not below 0"))
    }

    /// A real number of resolved parameters.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] if there is no such number.
    pub fn float(&self, name: &str) -> Result<f64, ModelError> {
        match self.0.get(name) {
            Some(ParamValue::Float(v)) => Ok(*v),
            Some(ParamValue::Int(v)) => Ok(*v as f64),
            other => Err(unresolved(name, other, "a number")),
        }
    }

    /// A word of resolved parameters.
    ///
    /// # Errors
    /// [`ModelError::Parameter`] if there is no such word.
    pub fn text(&self, name: &str) -> Result<&str, ModelError> {
        match self.0.get(name) {
            Some(ParamValue::Text(v)) => Ok(v),
            other => Err(unresolved(name, other, "a word")),
        }
    }
}

fn unknown(name: &str, specs: &[ParamSpec]) -> String {
    let names: Vec<&str> = specs.iter().map(|s| s.name).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("there is no such parameter; did you mean `{near}`?"),
        None if names.is_empty() => "this family has no parameters".to_owned(),
        None => format!("there is no such parameter; it has {}", names.join(", ")),
    }
}

fn unresolved(name: &str, found: Option<&ParamValue>, expected: &str) -> ModelError {
    ModelError::Parameter {
        family: "parameters",
        name: name.to_owned(),
        value: found.map_or_else(|| "none".to_owned(), ToString::to_string),
        expected: format!("expected {expected}"),
    }
}

/// The name a person most likely meant, if any comes near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .map(|k| (strsim::jaro_winkler(&lower, k), k))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests;
