//! Owns the proof of docs/EXPORTS.md, and of what counts as a URL, a domain, a protocol.

use super::Format;
use super::csv::added_columns;
use super::ndjson::{ECS_VERSION, severity};
use super::observables::{TABLE, is_domain, is_url, protocol_name};
use super::row::ExportHeader;
use crate::artifacts::Timestamp;
use crate::triage::{RiskLevel, SuppressionRule};

const PAGE: &str = include_str!("../../docs/EXPORTS.md");

/// The words in backticks of each cell, of the table below a header line.
fn table(header: &str) -> Vec<Vec<Vec<&'static str>>> {
    let lines = PAGE.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let words = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
    lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(words).collect())
        .collect()
}

#[test]
fn the_page_has_the_table_by_which_columns_are_read() {
    let shown = table("| ECS field |");
    assert_eq!(shown.len(), TABLE.len());
    for (line, shown) in TABLE.iter().zip(&shown) {
        let types: Vec<&str> = line.types.iter().map(|t| t.word()).collect();
        assert_eq!(shown[0], [line.field]);
        assert_eq!((&shown[1], shown[2].as_slice()), (&types, line.names), "{}", line.field);
    }
    let all: Vec<&str> = TABLE.iter().flat_map(|line| line.names).copied().collect();
    let mut once = all.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), all.len(), "a name with two meanings");
}

#[test]
fn the_page_has_every_format_column_and_number() {
    let formats = table("| format |");
    for (format, shown) in Format::ALL.into_iter().zip(&formats) {
        assert_eq!(shown[0], [format.name()]);
        assert_eq!(shown[1], [format!(".{}", format.extension())]);
    }
    assert_eq!(formats.len(), Format::ALL.len());
    let now = Timestamp::now();
    let mut header = ExportHeader::without_schema(Vec::new(), "s", now);
    header.rules = vec![(
        SuppressionRule {
            id: crate::triage::EventId::new(),
            schema: "s".to_owned(),
            condition: String::new(),
            owner: String::new(),
            reason: String::new(),
            made_at: now,
            expires_at: now,
            withdrawn: None,
            hits: 0,
        },
        0,
    )];
    let mut from = PAGE.find("## CSV").unwrap();
    for name in added_columns(&header) {
        let next = PAGE[from..].find(&format!("`{name}`"));
        from += next.unwrap_or_else(|| panic!("{name} is missing, or not in its order"));
    }
    assert!(PAGE.contains(&format!("ECS {ECS_VERSION}.")));
    let severities = RiskLevel::ALL.map(|level| severity(level).to_string()).join(", ");
    assert!(PAGE.contains(&format!("`event.severity` is {severities} for low, medium, high,")));
}

#[test]
fn urls_are_whole_and_plain() {
    for url in [
        "http://a/",
        "HTTPS://user:pw@a.example:8443/x?y=%20#z",
        "ftp://[2001:db8::1]:21/",
        "http://a?b",
        "http://10.0.0.1",
        "svn+ssh://a:/",
    ] {
        assert!(is_url(url), "{url}");
    }
    for text in [
        "",
        "a.example/x",
        "http:/a",
        "http://",
        "http:///x",
        "http://:80/",
        "http://a b/",
        "http://a/\n",
        "http://ä/",
        "http://a/%2",
        "http://a/%zz",
        "http://a:99999/",
        "http://a:b/",
        "http://[::1/",
        "http://[x]/",
        "http://a]/",
        "http://a/#x#y",
        "1http://a/",
        "http://a/<b>",
        "http://a/\\x",
    ] {
        assert!(!is_url(text), "{text:?}");
    }
}

#[test]
fn domains_and_protocols_are_told_from_other_text() {
    for name in ["a.b", "xn--bcher-kva.example", "_dmarc.a.example.", "A-1.x2"] {
        assert!(is_domain(name), "{name}");
    }
    let long = format!("{}.example", "a".repeat(64));
    for text in [
        "",
        ".",
        "a",
        "a..b",
        "-a.b",
        "a-.b",
        "10.0.0.1",
        "a b.c",
        "ä.example",
        "a.b..",
        &long,
        "a.b\n",
    ] {
        assert!(!is_domain(text), "{text:?}");
    }
    assert_eq!(protocol_name(" TCP "), Some("tcp".to_owned()));
    assert_eq!(protocol_name("ipv6-icmp"), Some("ipv6-icmp".to_owned()));
    for text in ["", "6", "tcp udp", "-", "é"] {
        assert_eq!(protocol_name(text), None, "{text:?}");
    }
}
