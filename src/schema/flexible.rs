//! Owns the forgiving spots of the schema file: one value where a list may stand, and the word `not_benign`.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use super::model::Malicious;

/// The word that stands for "every value that is not benign".
pub(super) const NOT_BENIGN: &str = "not_benign";

/// `true` and `false` in any case, as their canonical word.
pub(super) fn canonical_word(text: &str) -> Option<&'static str> {
    ["true", "false"]
        .into_iter()
        .find(|word| text.eq_ignore_ascii_case(word))
}

/// A list of scalars or one scalar. Elements keep the text they have in the file, so `1.10` stays `1.10`.
pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(ScalarList)
}

/// As [`one_or_many`], where the key may be absent.
pub(super) fn optional_one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    deserializer.deserialize_option(OptionalList)
}

/// What the label's `malicious` key holds.
pub(super) fn values_or_not_benign<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Malicious, D::Error> {
    deserializer.deserialize_any(MaliciousValues)
}

struct ScalarList;

impl<'de> Visitor<'de> for ScalarList {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of values, or one value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(vec![value.to_string()])
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(vec![value.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element::<String>()? {
            values.push(value);
        }
        Ok(values)
    }
}

struct OptionalList;

impl<'de> Visitor<'de> for OptionalList {
    type Value = Option<Vec<String>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        ScalarList.expecting(formatter)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        one_or_many(deserializer).map(Some)
    }
}

struct MaliciousValues;

impl<'de> Visitor<'de> for MaliciousValues {
    type Value = Malicious;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of values, one value, or the word `{NOT_BENIGN}`")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        ScalarList.visit_bool(value).map(Malicious::Values)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        ScalarList.visit_i64(value).map(Malicious::Values)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        ScalarList.visit_u64(value).map(Malicious::Values)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        ScalarList.visit_f64(value).map(Malicious::Values)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value == NOT_BENIGN {
            return Ok(Malicious::NotBenign);
        }
        ScalarList.visit_str(value).map(Malicious::Values)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        ScalarList.visit_seq(items).map(Malicious::Values)
    }
}
