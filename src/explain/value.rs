//! Owns the value of one cell as rows are compared and changed by it: typed, told apart exactly, written for people.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A cell that is not missing, by its column's type. Ordered within a type; floats by [`f64::total_cmp`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A whole number or a port.
    Int(i64),
    /// A number, finite.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A category, a text, or an address in canonical form.
    Text(String),
    /// Microseconds since 1970 UTC.
    Time(i64),
}

impl Value {
    /// Its place on a scale; `None` for what has no scale.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) | Self::Time(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Bool(_) | Self::Text(_) => None,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match value {
            Self::Int(_) => 0,
            Self::Float(_) => 1,
            Self::Bool(_) => 2,
            Self::Text(_) => 3,
            Self::Time(_) => 4,
        };
        match (self, other) {
            (Self::Int(a), Self::Int(b)) | (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value {}

impl fmt::Display for Value {
    /// As a file would have it: `-1`, `0.25`, `12` (also of a float), `true`, `2023-11-14T22:13:20Z`. Text is written
    /// as it stands, whatever characters it has.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(out, "{value}"),
            Self::Float(value) => {
                // The debug form is the shortest that reads back, with an exponent where the display form has none.
                let text = format!("{value:?}");
                out.write_str(text.strip_suffix(".0").unwrap_or(&text))
            }
            Self::Bool(value) => write!(out, "{value}"),
            Self::Text(value) => out.write_str(value),
            Self::Time(micros) => match chrono::DateTime::from_timestamp_micros(*micros) {
                Some(time) => write!(out, "{}", time.format("%Y-%m-%dT%H:%M:%S%.fZ")),
                None => write!(out, "{micros}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_a_file_has_them() {
        for (value, text) in [
            (Value::Int(-1), "-1"),
            (Value::Float(12.0), "12"),
            (Value::Float(0.25), "0.25"),
            (Value::Float(1e300), "1e300"),
            (Value::Bool(true), "true"),
            (Value::Text("a b".to_owned()), "a b"),
            (Value::Time(1_700_000_000_000_000), "2023-11-14T22:13:20Z"),
            (Value::Time(-500_000), "1969-12-31T23:59:59.500Z"),
            (Value::Time(i64::MAX), "9223372036854775807"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn neighbouring_whole_numbers_beyond_the_floats_stay_apart() {
        let (a, b) = (Value::Int(1 << 60), Value::Int((1 << 60) + 1));
        assert_eq!(a.number(), b.number());
        assert!(a < b);
        assert_ne!(Value::Int(1), Value::Float(1.0));
    }
}
