//! Owns the tests of the embedded assets.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use sha2::Digest;

use super::*;
use crate::schema::{ColumnType, LabelValue, Role, Schema};

fn data() -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(DATA_GZ).read_to_string(&mut text).unwrap();
    text
}

/// The schema through serde alone: sequences become text, as the YAML reader does, and the label's short form is
/// spelled out.
fn schema(yaml: &str) -> Schema {
    Schema::parse(yaml, "embedded").unwrap()
}

#[test]
fn the_embedded_data_is_the_file() {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Network_Data/phisingData.csv")).unwrap();
    assert_eq!(data(), file);
    assert_eq!(file.lines().count(), 11_056);
    assert!(!file.contains('\r'));
    // The figure that Network_Data/README.md gives.
    let hash = sha2::Sha256::digest(file.as_bytes());
    let readme = "e4eb3fd2d0a588019585b4d0abc097d26933c3890020ca5dab12f37f759d56d5";
    let digits = (0..64)
        .step_by(2)
        .map(|i| u8::from_str_radix(&readme[i..i + 2], 16).unwrap());
    assert!(
        digits.eq(hash.iter().copied()),
        "not the file that the README describes"
    );
    // No time in the gzip header, so that builds repeat.
    assert_eq!(DATA_GZ[4..8], [0; 4]);
}

#[test]
fn the_schema_fits_the_bundled_data() {
    let schema = schema(SCHEMA);
    let label = schema.label.clone().unwrap();
    assert_eq!(
        (label.read("-1"), label.read("1"), label.read("0")),
        (LabelValue::Malicious, LabelValue::Benign, LabelValue::Unknown)
    );
    assert_eq!(schema.features().count(), 30);
    assert!(schema.features().all(|c| c.kind == ColumnType::Int));
    let text = data();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let names: BTreeSet<_> = header.iter().collect();
    for column in &schema.columns {
        assert_eq!(
            column.required,
            names.contains(column.name.as_str()) && column.name != "Result",
            "{}",
            column.name
        );
        assert!(column.description.is_some());
    }
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for record in reader.records() {
        for (name, cell) in header.iter().zip(&record.unwrap()) {
            seen.entry(name).or_default().insert(cell.to_owned());
        }
    }
    // Each value that occurs is allowed, and each that is allowed occurs.
    for (name, values) in seen {
        let allowed: BTreeSet<_> = schema
            .column(name)
            .unwrap()
            .allowed
            .clone()
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(values, allowed, "{name}");
    }
}

#[test]
fn the_canonical_names_are_those_of_the_full_file() {
    let schema = schema(SCHEMA);
    let names: Vec<_> = schema.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, crate::synthetic::PHISHING_COLUMNS);
}

#[test]
fn no_name_or_alias_means_two_columns() {
    for yaml in [SCHEMA, FLOWS_SCHEMA] {
        let schema = schema(yaml);
        let mut all = BTreeSet::new();
        for column in &schema.columns {
            for name in std::iter::once(&column.name).chain(&column.aliases) {
                assert!(all.insert(name.clone()), "{name} stands twice");
            }
        }
        let ids: BTreeSet<_> = schema.rules.iter().map(|r| &r.id).collect();
        assert_eq!(ids.len(), schema.rules.len());
    }
}

#[test]
fn the_flows_schema_keeps_marks_and_keys_out_of_the_features() {
    let schema = schema(FLOWS_SCHEMA);
    let role = |name: &str| schema.column(name).unwrap().role;
    assert_eq!(
        (role("timestamp"), role("flow_id"), role("synthetic")),
        (Role::Timestamp, Role::Id, Role::Ignore)
    );
    assert!(schema.features().all(|c| c.name != "label" && c.name != "synthetic"));
    let label = schema.label.clone().unwrap();
    assert_eq!(
        (label.read("benign"), label.read("dos")),
        (LabelValue::Benign, LabelValue::Malicious)
    );
}
