//! Owns how plain JSON stands in documents. Unlike extended JSON nothing in it is read as anything but what it is: a text
//! `{"$oid": …}` from elsewhere stays a text with a dollar sign.

use mongodb::bson::{Bson, Document};
use serde_json::{Map, Number, Value};

/// An object as a document. Whole numbers beyond 64 bits become floating-point ones.
pub(super) fn to_document(object: &Map<String, Value>) -> Document {
    object
        .iter()
        .map(|(key, value)| (key.clone(), to_bson(value)))
        .collect()
}

fn to_bson(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(value) => Bson::Boolean(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Bson::Int64(whole),
            None => number.as_f64().map_or(Bson::Null, Bson::Double),
        },
        Value::String(text) => Bson::String(text.clone()),
        Value::Array(values) => Bson::Array(values.iter().map(to_bson).collect()),
        Value::Object(object) => Bson::Document(to_document(object)),
    }
}

/// A document as an object; values that JSON has no word for become null.
pub(super) fn to_object(document: Document) -> Map<String, Value> {
    document.into_iter().map(|(key, value)| (key, to_json(value))).collect()
}

fn to_json(value: Bson) -> Value {
    match value {
        Bson::Boolean(value) => Value::Bool(value),
        Bson::Int32(whole) => Value::from(whole),
        Bson::Int64(whole) => Value::from(whole),
        Bson::Double(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Bson::String(text) => Value::String(text),
        Bson::Array(values) => Value::Array(values.into_iter().map(to_json).collect()),
        Bson::Document(document) => Value::Object(to_object(document)),
        Bson::DateTime(at) => at.try_to_rfc3339_string().map_or(Value::Null, Value::String),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let value = json!({
            "text": "\u{1b}[31m \u{0}", "$oid": "5f", "a.b": {"$date": 1}, "whole": i64::MIN, "small": 1e-300, "one": 1.0,
            "list": [null, true, [], {}], "third": 0.1 + 0.2,
        });
        let object = value.as_object().unwrap();
        assert_eq!(&to_object(to_document(object)), object);
    }

    #[test]
    fn what_json_cannot_say_is_null() {
        let mut document = Document::new();
        document.insert("nan", f64::NAN);
        document.insert("id", mongodb::bson::oid::ObjectId::new());
        assert_eq!(Value::Object(to_object(document)), json!({"nan": null, "id": null}));
    }
}
