//! Owns the pattern of an indicator: what other programs look for after a row was a true positive.

use super::observed::address_type;
use crate::export::observables::Observables;

/// A name and a pattern for the most telling of what was observed: the URL, else the domain, else the traffic between two
/// addresses with its destination port (neither address alone is known to be the bad one), else the only address.
pub(super) fn of(seen: &Observables<'_>) -> Option<(String, String)> {
    if let Some(url) = seen.url {
        return Some((format!("Malicious URL {url}"), comparison("url:value", url)));
    }
    if let Some(domain) = seen.domain {
        return Some((
            format!("Malicious domain {domain}"),
            comparison("domain-name:value", domain),
        ));
    }
    if let (Some(source), Some(destination)) = (seen.source_ip, seen.destination_ip) {
        let (source, destination) = (source.to_string(), destination.to_string());
        let mut parts = vec![
            equals("network-traffic:src_ref.value", &source),
            equals("network-traffic:dst_ref.value", &destination),
        ];
        parts.extend(
            seen.destination_port
                .map(|port| format!("network-traffic:dst_port = {port}")),
        );
        let name = format!("Malicious traffic from {source} to {destination}");
        return Some((name, format!("[{}]", parts.join(" AND "))));
    }
    let address = seen.addresses.first()?;
    let path = format!("{}:value", address_type(address));
    Some((
        format!("Malicious address {address}"),
        comparison(&path, &address.to_string()),
    ))
}

fn comparison(path: &str, value: &str) -> String {
    format!("[{}]", equals(path, value))
}

fn equals(path: &str, value: &str) -> String {
    let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
    format!("{path} = '{quoted}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_is_looked_for_and_quotes_cannot_end_it() {
        let mut seen = Observables {
            addresses: vec!["2001:db8::1".parse().unwrap()],
            ..Observables::default()
        };
        assert_eq!(of(&seen).unwrap().1, "[ipv6-addr:value = '2001:db8::1']");
        seen.source_ip = Some("10.0.0.1".parse().unwrap());
        seen.destination_ip = Some("198.51.100.3".parse().unwrap());
        seen.destination_port = Some(443);
        let traffic = "[network-traffic:src_ref.value = '10.0.0.1' AND network-traffic:dst_ref.value = '198.51.100.3' \
                       AND network-traffic:dst_port = 443]";
        assert_eq!(of(&seen).unwrap().1, traffic);
        seen.domain = Some("bad.example");
        assert_eq!(of(&seen).unwrap().1, "[domain-name:value = 'bad.example']");
        seen.url = Some("http://bad.example/'] OR [x");
        assert_eq!(of(&seen).unwrap().1, r"[url:value = 'http://bad.example/\'] OR [x']");
        assert_eq!(of(&Observables::default()), None);
        assert_eq!(equals("a:b", r"\'"), r"a:b = '\\\''");
    }
}
