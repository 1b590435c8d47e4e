//! STIX bundles.

use std::collections::{BTreeMap, BTreeSet};

use nsec_tui::export::{ExportHeader, ExportRow, Format, Summary};
use nsec_tui::triage::{Change, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::rows::{export, flows, hostile, judged, mail_header, row, rule, said};

/// The objects of a bundle, after what must hold of any: unique ids, references that lead somewhere.
fn objects(header: &ExportHeader, rows: &[ExportRow]) -> (Vec<Value>, Summary) {
    let (text, summary) = export(Format::Stix, header, rows);
    let bundle: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(bundle["type"], "bundle");
    assert!(bundle["id"].as_str().unwrap().starts_with("bundle--"));
    let objects = bundle["objects"].as_array().unwrap().clone();
    assert_eq!(objects.len() as u64, summary.objects);
    let ids: BTreeSet<&str> = objects.iter().map(|o| o["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), objects.len(), "an id twice");
    for object in &objects {
        assert!(
            object["id"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{}--", object["type"].as_str().unwrap()))
        );
        assert_eq!(object["spec_version"], "2.1");
        for (name, value) in object.as_object().unwrap() {
            let references = match value {
                Value::String(one) if name.ends_with("_ref") => vec![one.clone()],
                Value::Array(many) if name.ends_with("_refs") => {
                    many.iter().map(|v| v.as_str().unwrap().to_owned()).collect()
                }
                _ => Vec::new(),
            };
            assert!(
                references.iter().all(|id| ids.contains(id.as_str())),
                "{name}: {references:?}"
            );
        }
    }
    (objects, summary)
}

fn of<'o>(objects: &'o [Value], kind: &str) -> Vec<&'o Value> {
    objects.iter().filter(|object| object["type"] == kind).collect()
}

fn counts(objects: &[Value]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for object in objects {
        *counts.entry(object["type"].as_str().unwrap()).or_default() += 1;
    }
    counts
}

#[test]
fn a_true_positive_by_hand() {
    let header = mail_header();
    let cells = [
        "2026-11-27T08:00:00Z",
        "http://evil.example/?q='a'",
        "evil.example",
        "198.51.100.3",
        "",
        "",
        "",
        "",
        "",
    ];
    let mut one = row("mail", 0x2a, &cells, 0.876);
    judged(&mut one, "alice", "2026-11-27T09:00:00.000Z", Verdict::TruePositive);
    said(
        &mut one,
        "bob",
        "2026-11-27T09:05:00.000Z",
        Change::Note {
            text: "same as\nlast week".to_owned(),
        },
    );
    said(
        &mut one,
        "bob",
        "2026-11-27T09:05:00.000Z",
        Change::Tag {
            tag: "campaign".to_owned(),
            on: true,
        },
    );
    one.copies = 3;
    let (objects, summary) = objects(&header, &[one.clone(), one]);
    assert_eq!((summary.rows, summary.without_indicator), (2, 0));
    let expected = [
        ("domain-name", 1),
        ("identity", 2),
        ("indicator", 1),
        ("ipv4-addr", 1),
        ("note", 1),
        ("observed-data", 1),
        ("opinion", 1),
        ("sighting", 1),
        ("url", 1),
    ];
    assert_eq!(counts(&objects), BTreeMap::from(expected));
    // The ids of the specification's own rule, as stix2 3.0.2 makes them.
    assert_eq!(
        of(&objects, "ipv4-addr")[0]["id"],
        "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"
    );
    let observed = of(&objects, "observed-data")[0];
    let id = &observed["id"];
    assert_eq!(observed["number_observed"], 3);
    assert_eq!(observed["first_observed"], "2026-11-27T08:00:00.000Z");
    assert_eq!(observed["confidence"], 88);
    assert_eq!(
        observed["labels"],
        json!(["malicious", "risk:critical", "verdict:true_positive", "tag:campaign"])
    );
    assert_eq!(observed["object_refs"].as_array().unwrap().len(), 3);
    assert_eq!(
        observed["external_references"][0]["external_id"],
        "mail/000000000000002a"
    );
    let indicator = of(&objects, "indicator")[0];
    assert_eq!(indicator["pattern"], r"[url:value = 'http://evil.example/?q=\'a\'']");
    for name in ["created", "modified", "valid_from"] {
        assert_eq!(indicator[name], "2026-11-27T09:00:00.000Z");
    }
    let sighting = of(&objects, "sighting")[0];
    assert_eq!(sighting["sighting_of_ref"], indicator["id"]);
    assert_eq!(
        (&sighting["observed_data_refs"], &sighting["count"]),
        (&json!([id]), &json!(3))
    );
    let opinion = of(&objects, "opinion")[0];
    assert_eq!(
        (&opinion["opinion"], &opinion["object_refs"]),
        (&json!("strongly-agree"), &json!([id]))
    );
    assert_eq!(opinion["explanation"], "Verdict true_positive (phishing).");
    let alice = of(&objects, "identity")
        .into_iter()
        .find(|o| o["name"] == "alice")
        .unwrap();
    assert_eq!(
        (&opinion["created_by_ref"], &alice["identity_class"]),
        (&alice["id"], &json!("individual"))
    );
    assert_eq!(of(&objects, "note")[0]["content"], "same as\nlast week");
}

#[test]
fn flows_are_traffic_and_only_settled_true_positives_are_indicators() {
    let (header, rows) = flows(180);
    let (objects, summary) = objects(&header, &rows);
    assert_eq!((summary.rows, summary.without_indicator), (180, 0));
    let counts = counts(&objects);
    assert_eq!(counts["observed-data"], 180);
    // Of nine rows one is a true positive, five are judged by one and one is contested by two.
    assert_eq!((counts["indicator"], counts["sighting"]), (20, 20));
    assert_eq!((counts["opinion"], counts["note"]), (7 * 20, 20));
    assert_eq!(counts["identity"], 3);
    let column = |name: &str| header.columns.iter().position(|c| c == name).unwrap();
    let traffic = of(&objects, "network-traffic");
    let first = traffic[0];
    assert_eq!(first["protocols"], json!(["ipv4", rows[0].cells[column("protocol")]]));
    assert_eq!(first["dst_port"].to_string(), rows[0].cells[column("dst_port")]);
    let address = objects.iter().find(|o| o["id"] == first["src_ref"]).unwrap();
    assert_eq!(address["value"], rows[0].cells[column("src_ip")]);
    let contested = of(&objects, "observed-data")[5];
    assert!(contested["labels"].as_array().unwrap().contains(&json!("contested")));
}

#[test]
fn rows_without_an_indicator_are_counted() {
    let mut header = mail_header();
    header.rules = vec![(rule("x"), 1)];
    let mut rows = vec![
        row("mail", 1, &["", "", "", "", "", "", "", "", ""], 0.9),
        row(
            "mail",
            2,
            &["", "evil.example", "evil example", "300.1.1.1", "", "", "", "", ""],
            0.9,
        ),
        row("mail", 3, &["", "", "ok.example", "", "", "", "", "", ""], 0.1),
    ];
    rows[2].suppressed = Some("x".to_owned());
    let (found, summary) = objects(&header, &rows);
    assert_eq!((summary.rows, summary.without_indicator, summary.suppressed), (3, 2, 1));
    assert_eq!(
        counts(&found),
        BTreeMap::from([("domain-name", 1), ("identity", 1), ("observed-data", 1)])
    );
    let observed = of(&found, "observed-data")[0];
    assert_eq!(observed["labels"], json!(["benign", "risk:low", "suppressed"]));
    // Nobody has judged it: the time is the export's.
    assert_eq!(observed["created"], "2026-11-27T16:00:00.000Z");
    let (none, _) = objects(&header, &[]);
    assert_eq!(counts(&none), BTreeMap::from([("identity", 1)]));
}

#[test]
fn bundles_repeat_but_for_what_changed() {
    let (header, mut rows) = flows(40);
    let ids = |rows: &[ExportRow]| -> BTreeSet<String> {
        objects(&header, rows)
            .0
            .iter()
            .map(|o| o["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let before = ids(&rows);
    assert_eq!(before, ids(&rows));
    judged(&mut rows[7], "alice", "2026-11-27T11:00:00.000Z", Verdict::TruePositive);
    let after = ids(&rows);
    // The observed data under the verdict's time, the opinion, the indicator, its sighting.
    assert_eq!(after.difference(&before).count(), 4);
}

#[test]
fn hostile_cells_stay_in_their_strings() {
    let (header, rows) = hostile();
    let (found, summary) = objects(&header, &rows);
    assert_eq!(summary.rows, rows.len() as u64);
    let with_url = rows
        .iter()
        .filter(|row| row.cells[1].starts_with("http://evil.example/") && !row.cells[1].contains(' '));
    assert_eq!(of(&found, "indicator").len(), with_url.count());
    for indicator in of(&found, "indicator") {
        let pattern = indicator["pattern"].as_str().unwrap();
        assert!(
            pattern.starts_with("[url:value = 'http://evil.example/") && pattern.ends_with(r"?q=\'a\'']"),
            "{pattern}"
        );
    }
    let notes: BTreeSet<&str> = of(&found, "note")
        .iter()
        .map(|note| note["content"].as_str().unwrap())
        .collect();
    assert_eq!(notes.len(), of(&found, "indicator").len());
    assert!(
        rows.iter()
            .all(|row| row.cells[1] == row.state.note || notes.contains(row.state.note.as_str()))
    );
}

/// URLs, near URLs, and anything.
fn near_url() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,5}://[a-z0-9.@:\\[\\]-]{0,12}[/?#][ -~]{0,12}",
        "https?://[a-z]{1,8}\\.example/[a-z0-9%'\\\\]{0,9}",
        any::<String>()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_rows_make_a_bundle(
        rows in prop::collection::vec((near_url(), "[a-z.-]{0,12}", any::<Option<std::net::IpAddr>>(), 0_u64..4, 0_usize..8), 0..6),
        probability: f64,
    ) {
        let all: Vec<ExportRow> = rows.iter().map(|(url, domain, address, id, verdict)| {
            let address = address.map(|a| a.to_string()).unwrap_or_default();
            let mut row = row("mail", *id, &["", url, domain, &address, "", "", "", "", ""], probability);
            if let Some(verdict) = Verdict::ALL.get(*verdict) {
                judged(&mut row, domain, "2026-11-27T09:00:00.000Z", *verdict);
            }
            row
        }).collect();
        let (objects, summary) = objects(&mail_header(), &all);
        prop_assert_eq!(summary.rows as usize, all.len());
        let with: BTreeSet<u64> = all.iter().filter(|row| {
            // An address is always an indicator.
            !row.cells[3].is_empty()
        }).map(|row| row.case.row.0).collect();
        prop_assert!(of(&objects, "observed-data").len() >= with.len());
        prop_assert!(summary.without_indicator as usize <= all.len());
        for object in of(&objects, "url") {
            let url = object["value"].as_str().unwrap();
            prop_assert!(url.contains("://") && url.bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
