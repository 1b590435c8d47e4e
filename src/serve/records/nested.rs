//! Owns the text of lists and objects that are carried along: written as they are read, so that no shape of them costs more memory
//! than their text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::Name;
use crate::serve::table::push_json_text;

/// The text of a list.
pub(super) fn list<'de, A: SeqAccess<'de>>(list: A) -> Result<String, A::Error> {
    let mut out = Vec::new();
    Text(&mut out).visit_seq(list)?;
    Ok(text(&out))
}

/// The text of an object.
pub(super) fn object<'de, A: MapAccess<'de>>(map: A) -> Result<String, A::Error> {
    let mut out = Vec::new();
    Text(&mut out).visit_map(map)?;
    Ok(text(&out))
}

/// What is written is text throughout.
fn text(out: &[u8]) -> String {
    String::from_utf8_lossy(out).into_owned()
}

/// Appends a value.
struct Text<'a>(&'a mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        let number = Number::from_f64(value).map_or_else(|| "null".to_owned(), |number| number.to_string());
        self.0.extend_from_slice(number.as_bytes());
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        push_json_text(self.0, text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.0.push(b'[');
        let start = self.0.len();
        loop {
            let before = self.0.len();
            if before > start {
                self.0.push(b',');
            }
            if list.next_element_seed(Text(&mut *self.0))?.is_none() {
                self.0.truncate(before);
                self.0.push(b']');
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.push(b'{');
        let start = self.0.len();
        while let Some(name) = map.next_key::<Name>()? {
            if self.0.len() > start {
                self.0.push(b',');
            }
            push_json_text(self.0, &name.0);
            self.0.push(b':');
            map.next_value_seed(Text(&mut *self.0))?;
        }
        self.0.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            ".{0,6}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
                prop::collection::btree_map(".{0,3}", inner, 0..5)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_list_or_an_object_is_carried_as_it_is(value in any_json()) {
            let body = format!("{{\"x\": {}}}", serde_json::to_string_pretty(&[&value]).unwrap());
            let mut table = crate::serve::table::Table::default();
            crate::serve::records::parse(body.as_bytes(), 1, &mut table).unwrap();
            let mut out = Vec::new();
            table.value(0, 0).push_json(&mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&[&value]).unwrap());
        }
    }
}
