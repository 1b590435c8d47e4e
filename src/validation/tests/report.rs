//! Owns the tests of the report: the JSON contract, YAML, the table, and text made visible.

use serde_json::{Value, json};

use super::*;
use crate::text::{fit, shortened, text_width, visible_text};

fn hostile() -> Outcome {
    let mut a = column("a\u{1b}[2J\u{202e}", ColumnType::Category);
    a.pattern = Some("ok".into());
    a.severity = Severity::Warn;
    let csv = "a\u{1b}[2J\u{202e},y\n\u{1b}]0;pwned\u{7},bad\n漢字漢字,good\nok,good\n";
    train(&schema(vec![a]), csv)
}

#[test]
fn json_has_exactly_the_contracts_shape() {
    let mut report = hostile().report;
    report.drift.push(ColumnDrift {
        column: "a".into(),
        kind: DriftKind::Discrete,
        metric: DriftMetric::JensenShannon,
        value: 0.25,
        threshold: 0.1,
        drifted: Some(true),
        reference_rows: 1000,
        batch_rows: 500,
    });
    let json: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let keys = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["status", "rows", "rejected_rows", "checks", "drift"]);
    assert_eq!(json["status"], "warned");
    for check in json["checks"].as_array().unwrap() {
        let contract = [
            "id",
            "severity",
            "status",
            "column",
            "failing_rows",
            "examples",
            "message",
        ];
        assert_eq!(keys(check)[..7], contract);
        assert!(["block", "warn", "info"].contains(&check["severity"].as_str().unwrap()));
        assert!(["passed", "failed", "skipped"].contains(&check["status"].as_str().unwrap()));
        for example in check["examples"].as_array().unwrap() {
            assert_eq!(keys(example), ["line", "value"]);
        }
    }
    let drift = &json["drift"][0];
    assert_eq!(
        keys(drift)[..6],
        ["column", "kind", "metric", "value", "threshold", "drifted"]
    );
    assert_eq!(
        (&drift["kind"], &drift["metric"]),
        (&json!("discrete"), &json!("jensen_shannon"))
    );
    assert!(
        report.to_json().unwrap().chars().all(|c| c == '\n' || !c.is_control()),
        "JSON escapes control bytes"
    );
}

#[test]
fn json_and_yaml_read_back() {
    let report = hostile().report;
    assert_eq!(
        serde_json::from_str::<Report>(&report.to_json().unwrap()).unwrap(),
        report
    );
    assert_eq!(
        serde_yaml::from_str::<Report>(&report.to_yaml().unwrap()).unwrap(),
        report
    );
}

#[test]
fn the_table_fits_and_shows_no_control_bytes() {
    let mut report = hostile().report;
    for column in [
        "ordinary",
        "漢字\u{9b}31m with a very long name that goes on and on and on for ever and ever",
    ] {
        report.drift.push(ColumnDrift {
            column: column.into(),
            kind: DriftKind::Numeric,
            metric: DriftMetric::Ks,
            value: 1.0 / 3.0,
            threshold: 0.1,
            drifted: None,
            reference_rows: 1000,
            batch_rows: 5,
        });
    }
    for width in [0, 40, 60, 80, 160] {
        let table = report.table(width);
        assert!(
            table.lines().all(|line| text_width(line) <= width.max(40)),
            "{width}\n{table}"
        );
        assert!(table.chars().all(|c| c == '\n' || !c.is_control()), "{table}");
        assert!(!table.contains('\u{202e}'));
    }
    let table = report.table(80);
    assert!(table.starts_with("warned: 3 rows, 0 rejected\n"), "{table}");
    assert!(table.contains(r"line 2: \x1b]0;pwned\x07"), "{table}");
    assert!(table.contains("0.3333") && table.contains("too few rows"), "{table}");
    assert!(table.contains("passed: "), "{table}");
}

#[test]
fn visible_text_drops_nothing_and_cannot_be_forged() {
    assert_eq!(visible_text("plain, ordinary ~"), "plain, ordinary ~");
    assert!(matches!(visible_text("plain"), std::borrow::Cow::Borrowed(_)));
    assert_eq!(visible_text("1\u{1b}0"), r"1\x1b0");
    assert_eq!(visible_text(r"1\x1b0"), r"1\\x1b0");
    assert_eq!(visible_text("a\r\n\tb\u{0}\u{7f}\u{9b}"), r"a\r\n\tb\x00\x7f\x9b");
    assert_eq!(
        visible_text("\u{202e}\u{200b}\u{feff}\u{2066}\u{ad}"),
        r"\u{202e}\u{200b}\u{feff}\u{2066}\xad"
    );
    assert_eq!(visible_text("é 漢 👩"), "é 漢 👩");
}

#[test]
fn texts_are_cut_by_characters_and_columns() {
    assert_eq!(shortened("héllo".as_bytes(), 3), "hél…");
    assert_eq!(shortened("héllo".as_bytes(), 5), "héllo");
    assert_eq!(shortened(&[0xff; 1000], 2), "\u{fffd}\u{fffd}…");
    assert_eq!(shortened(b"", 0), "");
    assert_eq!(fit("漢字", 3), "漢~");
    assert_eq!(fit("ab", 4), "ab  ");
    assert_eq!(fit("abc", 0), "");
}

#[test]
fn messages_are_one_safe_line() {
    let outcome = hostile();
    for check in &outcome.report.checks {
        assert!(!check.message.chars().any(char::is_control), "{check:?}");
    }
}
