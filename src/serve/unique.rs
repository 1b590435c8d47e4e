//! Owns JSON values in whose objects no key stands twice: what would be lost of the first is refused instead.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json, map::Entry};

use super::table::Full;

/// The fields of an object that was read so.
pub(super) struct Fields(pub(super) Map<String, Json>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fields, A::Error> {
                fields(map).map(Fields)
            }
        }

        reader.deserialize_map(Object)
    }
}

fn fields<'de, A: MapAccess<'de>>(mut map: A) -> Result<Map<String, Json>, A::Error> {
    let mut fields = Map::new();
    while let Some(name) = map.next_key::<String>()? {
        let Unique(value) = map.next_value()?;
        match fields.entry(name) {
            Entry::Vacant(place) => place.insert(value),
            Entry::Occupied(taken) => return Err(A::Error::custom(Full::Twice(taken.key().clone()))),
        };
    }
    Ok(fields)
}

/// A value that was read so.
struct Unique(Json);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Reading).map(Self)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Json, A::Error> {
        fields(map).map(Json::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_json_has_in_its_order() {
        let text = r#"{"b":[1,-2,3.5,null,true,"é\n"],"a":{"c":{},"b":18446744073709551615}}"#;
        let Fields(fields) = serde_json::from_str(text).unwrap();
        assert_eq!(Json::Object(fields).to_string(), text);
    }

    #[test]
    fn a_key_that_stands_twice_is_named_however_deep_it_is() {
        for text in [r#"{"a":1,"b":2,"a":1}"#, r#"{"b":[[{"x":{"a":null,"a":2}}]]}"#] {
            let error = serde_json::from_str::<Fields>(text)
                .map(|_| ())
                .unwrap_err()
                .to_string();
            assert!(error.starts_with("the field `a` is given twice"), "{error}");
        }
        assert!(serde_json::from_str::<Fields>(r#"{"b":[{"a":1},{"a":2}]}"#).is_ok());
        assert!(serde_json::from_str::<Fields>("[]").is_err());
    }
}
