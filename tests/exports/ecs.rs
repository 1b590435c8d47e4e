//! NDJSON in the Elastic Common Schema.

use std::collections::BTreeMap;

use nsec_tui::export::Format;
use nsec_tui::triage::{Change, Event, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::repository;
use crate::rows::{documents, export, flows, header, hostile, judged, mail_header, mail_schema, row, rule, said};

/// The published fields: type, and whether a field is a list.
fn published() -> BTreeMap<String, (String, bool)> {
    let mut reader = csv::Reader::from_path(repository("tests/exports/ecs_fields.csv")).unwrap();
    let fields = reader.records().map(|record| {
        let record = record.unwrap();
        (record[1].to_owned(), (record[2].to_owned(), &record[3] == "array"))
    });
    fields.collect()
}

/// Every value with its path.
fn leaves(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                leaves(&path, value, found);
            }
        }
        other => found.push((path.to_owned(), other.clone())),
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    let time = |text: &str| serde_json::from_value::<nsec_tui::artifacts::Timestamp>(text.into()).is_ok();
    match kind {
        "date" => value.as_str().is_some_and(time),
        "long" => value.is_i64() || value.is_u64(),
        "float" => value.is_f64(),
        "ip" => value
            .as_str()
            .is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
        "keyword" | "match_only_text" | "wildcard" => value.is_string(),
        other => panic!("type {other}"),
    }
}

/// Holds a document to the published list.
fn check(document: &Value, fields: &BTreeMap<String, (String, bool)>) -> Vec<String> {
    let mut found = Vec::new();
    leaves("", document, &mut found);
    let mut used = Vec::new();
    for (path, value) in found {
        if let Some(key) = path.strip_prefix("labels.") {
            assert!(!key.contains('.') && value.is_string(), "{path}: {value}");
            continue;
        }
        if path.starts_with("nsec.") {
            continue;
        }
        let (kind, list) = fields.get(&path).unwrap_or_else(|| panic!("{path} is no ECS field"));
        let all = if *list {
            value.as_array().unwrap().clone()
        } else {
            vec![value]
        };
        assert!(
            all.iter().all(|value| fits(kind, value)),
            "{path}: {all:?} is no {kind}"
        );
        used.push(path);
    }
    used
}

#[test]
fn every_field_is_published_and_has_its_type() {
    let fields = published();
    let mut used = std::collections::BTreeSet::new();
    let mut mail = row(
        "mail",
        1,
        &[
            "2026-01-01",
            "https://a.example/",
            "a.example",
            "::1",
            "1",
            "0.5",
            "t",
            "x",
            "",
        ],
        0.9,
    );
    said(
        &mut mail,
        "a",
        "2026-11-27T09:00:00.000Z",
        Change::Tag {
            tag: "follow-up".to_owned(),
            on: true,
        },
    );
    for (header, rows) in [flows(200), hostile(), (mail_header(), vec![mail])] {
        let documents = documents(Format::Ndjson, &header, &rows);
        assert_eq!(documents.len(), rows.len());
        for document in documents {
            assert_eq!(document["ecs"]["version"], "8.12.0-dev");
            used.extend(check(&document, &fields));
        }
    }
    // Nothing was done that could succeed or fail, and nothing was acted upon.
    let never = ["event.outcome", "event.action", "labels"];
    let unused: Vec<&String> = fields
        .keys()
        .filter(|f| !used.contains(*f) && !never.contains(&f.as_str()))
        .collect();
    assert!(unused.is_empty(), "{unused:?} are in the fixture and in no document");
    assert!(never.iter().all(|field| !used.contains(*field)));
}

#[test]
fn a_document_by_hand() {
    let mut header = mail_header();
    header.rules = vec![(rule("links > 3"), 1)];
    let cells = [
        "2026-11-27 08:00:00.5",
        "http://evil.example/?a=1",
        "evil.example",
        "2001:db8:0::1",
        "9",
        "1e-3",
        "yes",
        "=Pay",
        "bad",
    ];
    let mut one = row("mail", 0x1f, &cells, 0.75);
    judged(&mut one, "alice", "2026-11-27T09:00:00.000Z", Verdict::TruePositive);
    judged(&mut one, "bob", "2026-11-27T09:30:00.000Z", Verdict::FalsePositive);
    said(
        &mut one,
        "bob",
        "2026-11-27T09:31:00.000Z",
        Change::Tag {
            tag: "escalated".to_owned(),
            on: true,
        },
    );
    one.suppressed = Some("links > 3".to_owned());
    one.copies = 2;
    let events = one.events.clone();
    let document = documents(Format::Ndjson, &header, &[one]).remove(0);
    let expected = json!({
        "@timestamp": "2026-11-27T08:00:00.500Z",
        "ecs": {"version": "8.12.0-dev"},
        "message": "malicious, critical risk, probability 0.750: false positive, contested",
        "event": {
            "kind": "alert", "category": ["intrusion_detection", "web"], "type": ["info"], "id": "000000000000001f",
            "created": "2026-11-27T16:00:00.000Z", "module": "nsec", "dataset": "nsec.mail", "provider": "nsec-tui",
            "risk_score": 75.0, "severity": 99, "reason": "links = 9 (+0.75); ratio = 1 (-0.25)",
        },
        "rule": {"name": "mail gradient_boosting", "ruleset": "20261127T080000Z-abcd"},
        "url": {"full": "http://evil.example/?a=1", "domain": "evil.example"},
        "related": {"ip": ["2001:db8::1"]},
        "tags": ["escalated"],
        "labels": {"sender_ip": "2001:db8::1", "subject": "=Pay", "result": "bad"},
        "nsec": {
            "schema": "mail", "row_id": "000000000000001f", "file": "batch.csv", "line": 32, "copies": 2,
            "classification": "malicious", "probability": 0.75, "confidence": 0.75, "threshold": 0.5, "flagged": true,
            "risk_level": "critical", "recommended_action": "block", "model_run": "20261127T080000Z-abcd",
            "verdict": "false_positive", "verdict_reason": "phishing", "reviewed_by": "bob",
            "reviewed_at": "2026-11-27T09:30:00.000Z", "lane": "picked",
            "conflicts": [{
                "verdict": "true_positive", "reason": "phishing", "by": "alice", "at": "2026-11-27T09:00:00.000Z",
            }],
            "suppressed_by": "links > 3",
            "events": events,
            "exported_by": "alice",
            "columns": {"links": 9, "ratio": 0.001, "seen_before": true},
        },
    });
    assert_eq!(
        serde_json::to_string_pretty(&document).unwrap(),
        serde_json::to_string_pretty(&expected).unwrap()
    );
}

#[test]
fn flows_go_where_a_siem_looks_for_them() {
    let (header, rows) = flows(50);
    let documents = documents(Format::Ndjson, &header, &rows);
    let column = |name: &str| header.columns.iter().position(|c| c == name).unwrap();
    for (row, document) in rows.iter().zip(&documents) {
        let cell = |name: &str| row.cells[column(name)].as_str();
        assert_eq!(document["source"]["ip"], cell("src_ip"));
        assert_eq!(document["destination"]["ip"], cell("dst_ip"));
        let port = cell("dst_port").parse::<u16>().map_or(Value::Null, Value::from);
        assert_eq!(document["destination"]["port"], port);
        assert_eq!(document["network"]["transport"], cell("protocol"));
        assert_eq!(document["destination"]["bytes"].to_string(), cell("resp_bytes"));
        assert_eq!(document["source"]["packets"].to_string(), cell("orig_pkts"));
        assert_eq!(document["event"]["category"], json!(["intrusion_detection", "network"]));
        assert_eq!(document["event"]["kind"], if row.flagged { "alert" } else { "event" });
        assert_eq!(document["labels"]["conn_state"], cell("conn_state"));
        assert_eq!(document["labels"]["label"], cell("label"));
        assert_eq!(document["nsec"]["columns"]["synthetic"], true);
    }
}

#[test]
fn a_name_alone_or_a_type_alone_means_nothing() {
    // By name a URL and a domain, but `links` is a whole number; the address has no name of an end.
    let names = ["src_ip", "links", "sender_ip"].map(str::to_owned);
    let header = header(&names, &mail_schema());
    let one = row("mail", 1, &["10.0.0.1", "x", "10.0.0.2"], 0.5);
    let (text, summary) = export(Format::Ndjson, &header, &[one]);
    let document: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        document["labels"],
        json!({"src_ip": "10.0.0.1", "links": "x", "sender_ip": "10.0.0.2"})
    );
    assert_eq!(document.get("source"), None);
    assert_eq!(document["related"]["ip"], json!(["10.0.0.2"]));
    assert_eq!(document["@timestamp"], "2026-11-27T16:00:00.000Z");
    assert_eq!(summary.unreadable_cells, 1);
}

#[test]
fn another_analyst_gets_every_event() {
    for (header, rows) in [flows(100), hostile()] {
        for (row, document) in rows.iter().zip(documents(Format::Ndjson, &header, &rows)) {
            let events = document["nsec"].get("events").cloned().unwrap_or_else(|| json!([]));
            let events: Vec<Event> = serde_json::from_value(events).unwrap();
            assert_eq!(events, row.events);
        }
    }
}

#[test]
fn a_line_is_a_document_that_acts_on_no_terminal() {
    let (header, rows) = hostile();
    let text = String::from_utf8(export(Format::Ndjson, &header, &rows).0).unwrap();
    assert_eq!(text.lines().count(), rows.len());
    let acts = |c: char| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || c == '\u{feff}');
    assert_eq!(text.chars().find(|c| acts(*c)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_row_is_a_document(
        cells in prop::collection::vec(any::<String>(), 9),
        names in prop::collection::vec(any::<String>(), 9),
        reasons: String,
        probability: f64,
    ) {
        let fields = published();
        let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
        let mut one = row("mail", 1, &texts, 0.5);
        (one.reasons, one.probability) = (reasons.clone(), probability);
        for header in [mail_header(), header(&names, &mail_schema())] {
            let document = documents(Format::Ndjson, &header, std::slice::from_ref(&one)).remove(0);
            check(&document, &fields);
            let reason = document["event"].get("reason").and_then(Value::as_str).unwrap_or_default();
            prop_assert_eq!(reason, &reasons);
        }
        // Of columns that nobody knows every cell is a label, under a key of its own.
        let document = documents(Format::Ndjson, &header(&names, &mail_schema()), std::slice::from_ref(&one)).remove(0);
        let labels = document.get("labels").and_then(Value::as_object).map_or(0, serde_json::Map::len);
        prop_assert_eq!(labels, cells.iter().filter(|cell| !cell.is_empty()).count());
    }
}
