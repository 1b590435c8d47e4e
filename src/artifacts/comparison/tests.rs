//! Owns the tests of comparing runs.

use serde_json::json;

use super::*;
use crate::artifacts::manifest::{DataRecord, SchemaRecord, SplitRecord};

fn manifest(id: &str) -> Manifest {
    let mut manifest = Manifest::started(id.parse().unwrap());
    manifest.model = Some("logistic_regression".into());
    manifest.params = json!({"penalty": 0.1, "fit_intercept": true});
    manifest.metrics = json!({"test": {"f1": 0.5, "roc_auc": 0.75, "precision_at": {"100": 1.0}, "curve": [1, 2]}});
    manifest.threshold = Some(0.5);
    manifest.data = Some(DataRecord {
        name: "a.csv".into(),
        sha256: "aa".into(),
        rows: 10,
        rejected_rows: 0,
    });
    manifest.schema = Some(SchemaRecord {
        name: "s".into(),
        sha256: "bb".into(),
    });
    manifest.split = Some(SplitRecord {
        strategy: "grouped".into(),
        seed: 1,
        test_fraction: 0.2,
        train_rows: 8,
        test_rows: 2,
        seen_in_train: 0.0,
    });
    manifest
}

#[test]
fn equal_runs_differ_in_nothing() {
    let (a, b) = (manifest("20260101T000000Z-0000"), manifest("20260101T000001Z-0000"));
    let comparison = compare(&a, &b);
    assert!(comparison.params.is_empty() && comparison.data.is_empty());
    assert!(comparison.same_test_rows);
    assert!(comparison.metrics.iter().all(|m| m.difference == Some(0.0)));
    let names: Vec<&str> = comparison.metrics.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["test.f1", "test.precision_at.100", "test.roc_auc"]);
}

#[test]
fn differences_are_found_and_drawn() {
    let a = manifest("20260101T000000Z-0000");
    let mut b = manifest("20260101T000001Z-0000");
    b.metrics = json!({"test": {"f1": 0.75, "mcc": null, "brier": 0.125}});
    b.params = json!({"penalty": 1.0, "depth": 3, "evil\u{1b}[2J": "\u{1b}]0;x\u{7}"});
    b.data.as_mut().unwrap().sha256 = "cc".into();
    let comparison = compare(&a, &b);
    let row = |name: &str| comparison.metrics.iter().find(|m| m.name == name);
    assert_eq!(row("test.f1").unwrap().difference, Some(0.25));
    assert_eq!(row("test.brier").unwrap().a, None);
    assert_eq!(row("test.brier").unwrap().difference, None);
    assert!(row("test.mcc").is_none());
    assert!(!comparison.same_test_rows);
    let params: Vec<(&str, &Value, &Value)> = comparison
        .params
        .iter()
        .map(|d| (d.name.as_str(), &d.a, &d.b))
        .collect();
    assert_eq!(params[0], ("depth", &Value::Null, &json!(3)));
    assert_eq!(params[2], ("fit_intercept", &json!(true), &Value::Null));
    assert_eq!(params[3], ("penalty", &json!(0.1), &json!(1.0)));
    assert_eq!(comparison.data.len(), 1);
    assert_eq!(comparison.data[0].name, "data.sha256");

    let table = comparison.to_string();
    assert!(table.contains("test.f1") && table.contains("+0.250000"), "{table}");
    assert!(table.contains("no fair comparison"), "{table}");
    assert!(table.contains("penalty: 0.1 -> 1.0"), "{table}");
    assert!(!table.contains('\u{1b}') && !table.contains('\u{7}'), "{table}");
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["metrics"][1]["difference"], json!(0.25));
}

#[test]
fn runs_without_anything_compare() {
    let a = Manifest::started("20260101T000000Z-0000".parse().unwrap());
    let mut b = a.clone();
    b.metrics = json!([1, 2, "not an object"]);
    b.params = json!("neither");
    let comparison = compare(&a, &b);
    assert!(!comparison.same_test_rows, "unknown is not the same");
    assert!(comparison.metrics.is_empty());
    assert!(!comparison.to_string().is_empty());
}
