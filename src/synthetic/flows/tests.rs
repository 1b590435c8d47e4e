//! Owns the tests of the synthetic flows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use polars::prelude::*;

use super::*;
use crate::synthetic::{Protocol, Service};

fn flows(n: usize, seed: u64) -> Vec<Flow> {
    FlowGenerator::new(seed, FlowOptions::default()).take(n).collect()
}

fn csv(rows: u64, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let summary = write_csv(rows, seed, &mut out, &CancelToken::new()).unwrap();
    assert_eq!((summary.rows, summary.bytes), (rows, out.len() as u64));
    assert_eq!(summary.labels.iter().map(|(_, n)| n).sum::<u64>(), rows);
    out
}

#[test]
fn a_seed_fixes_the_bytes() {
    // The hash pins the format: whoever changes the generator on purpose changes it here too.
    assert_eq!(blake3::hash(&csv(20_000, 42)).to_hex()[..16], *"e5bd9a9f82e0b401");
    assert_ne!(csv(100, 1), csv(100, 2));
}

#[test]
fn a_longer_file_begins_with_a_shorter_one() {
    let long = csv(20_000, 7);
    for rows in [0, 1, 999, 19_999] {
        let short = csv(rows, 7);
        assert_eq!(long[..short.len()], short[..]);
    }
}

#[test]
fn time_order_ids_and_addresses() {
    let flows = flows(100_000, 5);
    assert!(flows.windows(2).all(|w| w[0].start_micros <= w[1].start_micros));
    assert_eq!(flows.iter().map(|f| f.id).collect::<BTreeSet<_>>().len(), flows.len());
    let allowed = |ip: Ipv4Addr| ip.octets()[0] == 10 || ip.is_documentation();
    assert!(flows.iter().all(|f| allowed(f.src_ip) && allowed(f.dst_ip)));
}

#[test]
fn every_kind_comes_in_its_measure() {
    for (seed, n) in [(1, 5_000), (2, 5_000), (3, 60_000), (4, 300_000)] {
        let mut counts = BTreeMap::new();
        for flow in FlowGenerator::new(seed, FlowOptions::default()).take(n) {
            *counts.entry(flow.label).or_insert(0u32) += 1;
        }
        let share = |t: &Traffic| f64::from(*counts.get(t).unwrap_or(&0)) / n as f64;
        println!("{seed} {n} {counts:?}");
        assert!((0.45..0.93).contains(&share(&Traffic::Benign)), "{counts:?}");
        for attack in &Traffic::ALL[1..] {
            assert!((0.001..0.35).contains(&share(attack)), "{attack:?} in {counts:?}");
        }
    }
    let calm = FlowOptions {
        attack_intensity: 0.0,
        ..FlowOptions::default()
    };
    assert!(
        FlowGenerator::new(1, calm)
            .take(20_000)
            .all(|f| f.label == Traffic::Benign)
    );
}

#[test]
fn nights_and_weekends_are_quiet() {
    let calm = FlowOptions {
        attack_intensity: f64::NAN,
        ..FlowOptions::default()
    };
    let start = calm.start_micros;
    let hour = 3_600_000_000;
    let mut by_hour = BTreeMap::new();
    for flow in FlowGenerator::new(9, calm).take_while(|f| f.start_micros < start + 168 * hour) {
        *by_hour.entry((flow.start_micros - start) / hour).or_insert(0u32) += 1;
    }
    // It begins on Monday at eight: hour 2 is ten o'clock, hour 18 is two at night, hour 122 is Saturday at ten.
    assert!(by_hour[&2] > 2 * by_hour[&18], "{by_hour:?}");
    assert!(by_hour[&2] > 2 * by_hour[&122]);
}

#[test]
fn options_out_of_range_are_tamed() {
    for (start_micros, attack_intensity) in [(i64::MIN, f64::INFINITY), (i64::MAX, -1.0), (0, 1e300)] {
        let flows: Vec<_> = FlowGenerator::new(
            0,
            FlowOptions {
                start_micros,
                attack_intensity,
            },
        )
        .take(2000)
        .collect();
        assert_eq!(flows.len(), 2000);
        assert!(flows.iter().all(|f| f.start_micros >= 0));
    }
}

#[test]
fn lines_fit_the_schema() {
    let schema: serde_yaml::Value = serde_yaml::from_str(crate::embedded::FLOWS_SCHEMA).unwrap();
    let columns = schema["columns"].as_sequence().unwrap();
    let text = csv(60_000, 8);
    let mut reader = csv::Reader::from_reader(&text[..]);
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        names,
        columns.iter().map(|c| c["name"].as_str().unwrap()).collect::<Vec<_>>()
    );
    let allowed: Vec<Option<Vec<&str>>> = columns
        .iter()
        .map(|c| {
            c.get("allowed")
                .map(|a| a.as_sequence().unwrap().iter().map(|v| v.as_str().unwrap()).collect())
        })
        .collect();
    for record in reader.records() {
        let record = record.unwrap();
        for ((cell, column), allowed) in record.iter().zip(columns).zip(&allowed) {
            let name = column["name"].as_str().unwrap();
            if cell.is_empty() {
                assert_eq!(
                    column.get("nullable").and_then(serde_yaml::Value::as_bool),
                    Some(true),
                    "{name} is empty"
                );
                continue;
            }
            if let Some(allowed) = allowed {
                assert!(allowed.contains(&cell), "{name} = {cell}");
            }
            match column["type"].as_str().unwrap() {
                "timestamp" => assert!(chrono::DateTime::parse_from_rfc3339(cell).is_ok(), "{cell}"),
                "ip" => assert!(cell.parse::<Ipv4Addr>().is_ok(), "{cell}"),
                "port" => assert!(cell.parse::<u16>().is_ok(), "{cell}"),
                "int" => assert!(
                    cell.parse::<i64>().unwrap() >= column["min"].as_i64().unwrap(),
                    "{name} = {cell}"
                ),
                "float" => assert!(cell.parse::<f64>().unwrap() >= 0.0, "{name} = {cell}"),
                "bool" => assert_eq!(cell, "true"),
                "text" => assert!(cell.len() == 16 && cell.bytes().all(|b| b.is_ascii_hexdigit())),
                _ => assert!(allowed.is_some(), "{name} has no set of values"),
            }
        }
    }
}

/// The columns the rules speak of.
fn frame(flows: &[Flow]) -> DataFrame {
    let text = |name: &str, of: &dyn Fn(&Flow) -> Option<String>| {
        Column::new(name.into(), flows.iter().map(of).collect::<Vec<_>>())
    };
    let number = |name: &str, of: &dyn Fn(&Flow) -> Option<f64>| {
        Column::new(name.into(), flows.iter().map(of).collect::<Vec<_>>())
    };
    DataFrame::new(
        flows.len(),
        vec![
            text("src_ip", &|f| Some(f.src_ip.to_string())),
            text("dst_ip", &|f| Some(f.dst_ip.to_string())),
            number("src_port", &|f| f.src_port.map(f64::from)),
            number("dst_port", &|f| f.dst_port.map(f64::from)),
            text("protocol", &|f| Some(f.protocol.as_str().to_owned())),
            text("service", &|f| f.service.map(|s| s.as_str().to_owned())),
            text("conn_state", &|f| Some(f.conn_state.as_str().to_owned())),
            number("duration", &|f| Some(f.duration_micros as f64 / 1e6)),
            number("orig_bytes", &|f| Some(f.orig_bytes as f64)),
            number("resp_bytes", &|f| Some(f.resp_bytes as f64)),
            number("orig_pkts", &|f| Some(f.orig_pkts as f64)),
            number("resp_pkts", &|f| Some(f.resp_pkts as f64)),
            number("bytes_per_second", &|f| Some(f.bytes_per_second())),
            number("packets_per_second", &|f| Some(f.packets_per_second())),
            text("flags", &|f| f.flags.map(|s| s.as_str().to_owned())),
        ],
    )
    .unwrap()
}

#[test]
fn rules_hold_and_can_be_broken() {
    let schema: serde_yaml::Value = serde_yaml::from_str(crate::embedded::FLOWS_SCHEMA).unwrap();
    let mut flows = flows(60_000, 12);
    let sound = |flows: &[Flow], rule: &str| {
        let expression = polars::sql::sql_expr(rule).unwrap();
        let broken = frame(flows).lazy().filter(expression.eq(lit(false))).collect().unwrap();
        broken.height() == 0
    };
    let rules: Vec<_> = schema["rules"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|r| r["expression"].as_str().unwrap())
        .collect();
    for rule in &rules {
        assert!(sound(&flows, rule), "{rule}");
    }
    // One flow that breaks them all but the two on ports, and one for each of those.
    let mut bad = flows.swap_remove(0);
    bad.protocol = Protocol::Udp;
    bad.flags = Some(crate::synthetic::Flags::S);
    bad.conn_state = crate::synthetic::ConnState::S0;
    bad.resp_bytes = 1;
    bad.resp_pkts = 0;
    bad.src_port = None;
    bad.dst_ip = bad.src_ip;
    let icmp = Flow {
        protocol: Protocol::Icmp,
        src_port: Some(1),
        resp_pkts: 1,
        ..bad.clone()
    };
    let pair = [bad, icmp];
    for rule in rules.iter().filter(|r| !r.contains("duration")) {
        assert!(!sound(&pair, rule), "{rule}");
    }
}

/// Area under the ROC curve of one column, by ranks with ties shared; the better of both directions.
fn auc(mut values: Vec<(f64, bool)>) -> f64 {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = values.iter().filter(|v| v.1).count() as f64;
    let negatives = values.len() as f64 - positives;
    let (mut rank_sum, mut at) = (0.0, 0);
    while at < values.len() {
        let end = at + values[at..].iter().take_while(|v| v.0 == values[at].0).count();
        let mean_rank = (at + 1 + end) as f64 / 2.0;
        rank_sum += mean_rank * values[at..end].iter().filter(|v| v.1).count() as f64;
        at = end;
    }
    let area = (rank_sum - positives * (positives + 1.0) / 2.0) / (positives * negatives);
    area.max(1.0 - area)
}

#[test]
fn no_single_column_gives_the_label_away() {
    assert_eq!(auc(vec![(1.0, false), (2.0, false), (2.0, true), (3.0, true)]), 0.875);
    for seed in [21, 22, 23] {
        let flows = flows(60_000, seed);
        let frame = frame(&flows);
        let labels: Vec<bool> = flows.iter().map(|f| f.label != Traffic::Benign).collect();
        let mut best = 0.0f64;
        for column in frame.columns() {
            let values: Vec<f64> = if let Ok(numbers) = column.f64() {
                numbers.iter().map(|v| v.unwrap_or(-1.0)).collect()
            } else {
                // Each value's own share of malicious rows: the most any encoding of it could know.
                let texts: Vec<_> = column
                    .str()
                    .unwrap()
                    .iter()
                    .map(|v| v.unwrap_or("").to_owned())
                    .collect();
                let mut share: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
                for (text, &bad) in texts.iter().zip(&labels) {
                    let entry = share.entry(text).or_default();
                    entry.0 += f64::from(u8::from(bad));
                    entry.1 += 1.0;
                }
                texts
                    .iter()
                    .map(|t| share[t.as_str()].0 / share[t.as_str()].1)
                    .collect()
            };
            let area = auc(values.into_iter().zip(labels.iter().copied()).collect());
            println!("{seed} {} {area:.3}", column.name());
            assert!(area < 0.97, "{} alone reaches {area}", column.name());
            best = best.max(area);
        }
        assert!(best > 0.65, "nothing to learn: {best}");
    }
}

#[test]
fn attacks_and_work_share_services() {
    let flows = flows(100_000, 31);
    let services = |bad: bool| -> BTreeSet<Option<Service>> {
        flows
            .iter()
            .filter(|f| (f.label != Traffic::Benign) == bad)
            .map(|f| f.service)
            .collect()
    };
    assert!(services(true).is_subset(&services(false)));
    assert!(services(true).len() >= 6);
}
