//! Owns the tests of queries and of the columns of several data sets.

use super::*;

#[test]
fn a_query_is_extended_json() {
    assert_eq!(parse_query(r#"{"Result": -1}"#).unwrap(), doc! { "Result": -1_i64 });
    assert_eq!(
        parse_query(r#"{"n": {"$gt": {"$numberLong": "5"}}}"#).unwrap(),
        doc! { "n": { "$gt": 5_i64 } }
    );
    for (text, part) in [
        ("{", "line 1"),
        ("[1]", "no object"),
        ("{\"$where\": \"1\"}", "$where"),
        ("{\"a\": {\"$oid\": 5}}", "cannot be read"),
    ] {
        let message = parse_query(text).unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn data_sets_of_one_collection_share_their_columns() {
    let set = |name: &str, columns: &[&str]| DataSet {
        name: name.to_owned(),
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        fields: columns.iter().map(|c| (*c).to_owned()).collect(),
        rows: Some(1),
    };
    let fields = together(&[set("x", &["a", "b"]), set("y", &["b", "c"])]);
    assert_eq!(fields.columns(), ["a", "b", "c"]);
}
