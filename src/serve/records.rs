//! Owns the JSON shapes of rows: one object, a bare list, `{"records": […]}`. They are read straight into a table, so that no
//! shape of a body costs more memory than its rows.

mod nested;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::refusal::Refusal;
use super::table::{Table, Value};

/// Reads the rows of a JSON body, at most `most`, into an empty table. A table that overflowed says so.
///
/// # Errors
/// 400: no JSON; 413: too many rows or cells; 422: JSON that is no rows.
pub(super) fn parse(bytes: &[u8], most: usize, table: &mut Table) -> Result<(), Refusal> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let reading = Reading { table, most };
    let read = Top(reading).deserialize(&mut reader).and_then(|()| reader.end());
    read.map_err(|error| refusal(&error, SHAPES))?;
    if table.rows.is_empty() {
        return Err(Refusal::unusable("no_rows", "there are no records in the body").field("records"));
    }
    Ok(())
}

/// Reads one object, a line of NDJSON, as another row of the table.
pub(super) fn parse_line(bytes: &[u8], table: &mut Table) -> Result<(), serde_json::Error> {
    let most = usize::MAX;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Record(Reading { table, most }).deserialize(&mut reader)?;
    reader.end()
}

/// Whether a row could not be added for want of room: an empty table may have room for it.
pub(super) fn is_full(error: &serde_json::Error) -> bool {
    error.to_string().starts_with(TOO_MANY)
}

/// What of a message marks it as about size.
const TOO_MANY: &str = "there are more than";

/// The shapes that are read.
const SHAPES: &str = "send an object, a list of objects, or {\"records\": […]}";

/// What a failed reading is answered with; `shapes` are those that are read.
pub(super) fn refusal(error: &serde_json::Error, shapes: &str) -> Refusal {
    let text = error.to_string();
    // Only the reason; where it is stands beside it.
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    let refusal = if reason.starts_with(TOO_MANY) {
        Refusal::too_large(format!("{reason}; send fewer at once, or a CSV or NDJSON stream"))
    } else if error.is_data() {
        match reason.split('`').nth(1) {
            Some(field) if reason.starts_with("the field `") => Refusal::unusable("not_rows", reason).field(field),
            _ => Refusal::unusable("not_rows", format!("{reason}; {shapes}")),
        }
    } else {
        Refusal::malformed(format!("the body is no JSON: {reason}"))
    };
    match error.line() {
        0 => refusal,
        line => refusal.line(line as u64),
    }
}

struct Reading<'a> {
    table: &'a mut Table,
    most: usize,
}

impl Reading<'_> {
    fn again(&mut self) -> Reading<'_> {
        Reading {
            table: self.table,
            most: self.most,
        }
    }

    fn check_rows<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.table.rows.len() >= self.most {
            return Err(E::custom(format!("{TOO_MANY} {} records", self.most)));
        }
        Ok(())
    }

    fn list<'de, A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        loop {
            let before = self.table.rows.len();
            if before >= self.most {
                // One more than that is too many; the list may end here.
                return match list.next_element::<IgnoredAny>()? {
                    None => Ok(()),
                    Some(_) => self.check_rows(),
                };
            }
            if list.next_element_seed(Record(self.again()))?.is_none() {
                return Ok(());
            }
        }
    }
}

/// The body.
struct Top<'a>(Reading<'a>);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut row = Vec::new();
        while let Some(name) = map.next_key::<Name>()? {
            if name.0 == "records" && row.is_empty() && self.0.table.rows.is_empty() {
                match map.next_value_seed(ListOrValue(self.0.again()))? {
                    None => {
                        if map.next_key::<IgnoredAny>()?.is_some() {
                            return Err(A::Error::custom("beside `records` nothing else is read"));
                        }
                        return Ok(());
                    }
                    Some(value) => put(self.0.table, &mut row, &name.0, value)?,
                }
                continue;
            }
            let value = map.next_value_seed(OneValue)?;
            put(self.0.table, &mut row, &name.0, value)?;
        }
        self.0.table.push(row).map_err(A::Error::custom)
    }
}

fn put<E: serde::de::Error>(table: &mut Table, row: &mut Vec<Value>, name: &str, value: Value) -> Result<(), E> {
    table.put(row, name, value).map_err(E::custom)
}

/// One record.
struct Record<'a>(Reading<'a>);

impl<'de> DeserializeSeed<'de> for Record<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Record<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.check_rows()?;
        let mut row = Vec::with_capacity(self.0.table.fields.len());
        while let Some(name) = map.next_key::<Name>()? {
            let value = map.next_value_seed(OneValue)?;
            put(self.0.table, &mut row, &name.0, value)?;
        }
        self.0.table.push(row).map_err(A::Error::custom)
    }
}

/// A field's name; borrowed where it can be.
struct Name<'a>(std::borrow::Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a field's name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(text.to_owned().into()))
            }
        }
        reader.deserialize_str(Text)
    }
}

/// A value of a field, or under `records` the list of rows (`None`).
struct ListOrValue<'a>(Reading<'a>);

impl<'de> DeserializeSeed<'de> for ListOrValue<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Option<Value>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListOrValue<'_> {
    type Value = Option<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of records, or a value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Option<Value>, A::Error> {
        self.0.list(list).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<Value>, A::Error> {
        OneValue.visit_map(map).map(Some)
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(Some(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Value>, E> {
        Ok(Some(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Value>, E> {
        Ok(Some(Value::Number(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Value>, E> {
        Ok(Some(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Value>, E> {
        Ok(Some(Value::Text(text.to_owned())))
    }
}

/// A value of a field. Of a list or an object the text is kept, and costs no more than that.
pub(super) struct OneValue;

impl<'de> DeserializeSeed<'de> for OneValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        OneValue.deserialize(reader)
    }
}

impl<'de> Visitor<'de> for OneValue {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Value, A::Error> {
        nested::list(list).map(Value::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        nested::object(map).map(Value::Nested)
    }
}

#[cfg(test)]
mod tests;
