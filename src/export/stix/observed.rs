//! Owns the observables of a row: URL, domain, addresses, and the traffic between two of them.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::ids;
use crate::export::observables::Observables;

/// The observables of a row, each before what refers to it.
pub(super) fn objects(seen: &Observables<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    if let Some(url) = seen.url {
        all.push(valued("url", url));
    }
    if let Some(domain) = seen.domain {
        all.push(valued("domain-name", domain));
    }
    all.extend(
        seen.addresses
            .iter()
            .map(|address| valued(address_type(address), &address.to_string())),
    );
    all.extend(traffic(seen));
    all
}

pub(super) fn address_type(address: &IpAddr) -> &'static str {
    if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }
}

/// An observable that is nothing but a value.
fn valued(kind: &str, value: &str) -> Value {
    object(kind, Map::from_iter([("value".to_owned(), Value::from(value))]))
}

/// An observable whose properties all make it what it is.
fn object(kind: &str, properties: Map<String, Value>) -> Value {
    let id = ids::observable(kind, &properties);
    let mut all = Map::new();
    all.insert("type".to_owned(), kind.into());
    all.insert("spec_version".to_owned(), "2.1".into());
    all.insert("id".to_owned(), id.into());
    all.extend(properties);
    Value::Object(all)
}

fn address_id(address: &IpAddr) -> Value {
    let value = valued(address_type(address), &address.to_string());
    value.get("id").cloned().unwrap_or_default()
}

/// The traffic, where at least one end of it is known.
fn traffic(seen: &Observables<'_>) -> Option<Value> {
    let known = seen.source_ip.or(seen.destination_ip)?;
    let mut properties = Map::new();
    let mut protocols = vec![if known.is_ipv4() { "ipv4" } else { "ipv6" }];
    protocols.extend(seen.transport.as_deref());
    for (name, address) in [("src_ref", seen.source_ip), ("dst_ref", seen.destination_ip)] {
        if let Some(address) = address {
            properties.insert(name.to_owned(), address_id(&address));
        }
    }
    for (name, port) in [("src_port", seen.source_port), ("dst_port", seen.destination_port)] {
        if let Some(port) = port {
            properties.insert(name.to_owned(), port.into());
        }
    }
    properties.insert("protocols".to_owned(), json!(protocols));
    Some(object("network-traffic", properties))
}
