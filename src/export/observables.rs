//! Owns what a row says of the network: which columns hold addresses, ports, URLs and domains, told by their type and name alone,
//! and the row's values of them. NDJSON and STIX are made from this.

use std::net::IpAddr;

use super::row::{ExportHeader, ExportRow};
use crate::data::cell_value;
use crate::schema::{ColumnType, TypedCell};

/// What a column may mean beyond itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Meaning {
    /// When it happened.
    Time,
    /// Who opened the flow.
    SourceIp,
    /// Who was asked.
    DestinationIp,
    /// Its port.
    SourcePort,
    /// Its port.
    DestinationPort,
    /// Payload bytes from the source.
    SourceBytes,
    /// Payload bytes from the destination.
    DestinationBytes,
    /// Packets from the source.
    SourcePackets,
    /// Packets from the destination.
    DestinationPackets,
    /// `tcp`.
    Transport,
    /// `http`.
    Protocol,
    /// A whole URL.
    Url,
    /// A domain name.
    Domain,
}

/// A line of the table by which columns are read.
pub(super) struct Line {
    pub(super) meaning: Meaning,
    /// The ECS field.
    pub(super) field: &'static str,
    /// The types a column must have, one of them.
    pub(super) types: &'static [ColumnType],
    /// The names it must have, one of them, written small and with letters and digits alone; none: any name.
    pub(super) names: &'static [&'static str],
}

const WORDS: &[ColumnType] = &[ColumnType::Category, ColumnType::Text];

/// The whole of what is read out of columns. docs/EXPORTS.md shows it, and a test holds the page to it.
pub(super) const TABLE: [Line; 13] = [
    line(Meaning::Time, "@timestamp", &[ColumnType::Timestamp], &[]),
    line(
        Meaning::SourceIp,
        "source.ip",
        &[ColumnType::Ip],
        &[
            "srcip",
            "sourceip",
            "ipsrc",
            "saddr",
            "srcaddr",
            "sourceaddress",
            "idorigh",
            "origh",
            "clientip",
        ],
    ),
    line(
        Meaning::DestinationIp,
        "destination.ip",
        &[ColumnType::Ip],
        &[
            "dstip",
            "destip",
            "destinationip",
            "ipdst",
            "daddr",
            "dstaddr",
            "destinationaddress",
            "idresph",
            "resph",
            "serverip",
        ],
    ),
    line(
        Meaning::SourcePort,
        "source.port",
        &[ColumnType::Port],
        &["srcport", "sourceport", "sport", "idorigp", "origp", "clientport"],
    ),
    line(
        Meaning::DestinationPort,
        "destination.port",
        &[ColumnType::Port],
        &[
            "dstport",
            "destport",
            "destinationport",
            "dport",
            "dsport",
            "idrespp",
            "respp",
            "serverport",
        ],
    ),
    line(
        Meaning::SourceBytes,
        "source.bytes",
        &[ColumnType::Int],
        &["srcbytes", "sourcebytes", "sbytes", "origbytes"],
    ),
    line(
        Meaning::DestinationBytes,
        "destination.bytes",
        &[ColumnType::Int],
        &["dstbytes", "destinationbytes", "dbytes", "respbytes"],
    ),
    line(
        Meaning::SourcePackets,
        "source.packets",
        &[ColumnType::Int],
        &["srcpkts", "sourcepackets", "spkts", "origpkts"],
    ),
    line(
        Meaning::DestinationPackets,
        "destination.packets",
        &[ColumnType::Int],
        &["dstpkts", "destinationpackets", "dpkts", "resppkts"],
    ),
    line(
        Meaning::Transport,
        "network.transport",
        WORDS,
        &["proto", "protocol", "protocoltype", "transport"],
    ),
    line(
        Meaning::Protocol,
        "network.protocol",
        WORDS,
        &["service", "appproto", "applicationprotocol"],
    ),
    line(Meaning::Url, "url.full", WORDS, &["url", "fullurl", "urlfull"]),
    line(
        Meaning::Domain,
        "url.domain",
        WORDS,
        &["domain", "domainname", "fqdn", "urldomain"],
    ),
];

const fn line(
    meaning: Meaning,
    field: &'static str,
    types: &'static [ColumnType],
    names: &'static [&'static str],
) -> Line {
    Line {
        meaning,
        field,
        types,
        names,
    }
}

impl Meaning {
    /// The ECS field that holds it.
    pub(super) fn field(self) -> &'static str {
        TABLE
            .iter()
            .find(|line| line.meaning == self)
            .map_or("", |line| line.field)
    }
}

/// A name as the table has it: small letters and digits.
fn folded(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// What each column means. Of two columns that mean the same the first counts.
pub(super) fn meanings(header: &ExportHeader) -> Vec<Option<Meaning>> {
    let mut taken = Vec::new();
    let columns = header.columns.iter().enumerate();
    columns
        .map(|(at, name)| {
            let kind = header.types.get(at).copied().flatten()?;
            let name = folded(name);
            let found = TABLE.iter().find(|line| {
                line.types.contains(&kind) && (line.names.is_empty() || line.names.contains(&name.as_str()))
            })?;
            if taken.contains(&found.meaning) {
                return None;
            }
            taken.push(found.meaning);
            Some(found.meaning)
        })
        .collect()
}

/// A cell, read by its column's type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    /// No value.
    Empty,
    /// Of a typed column.
    Value(TypedCell<'a>),
    /// Of a text column, or of one without a type.
    Text(&'a str),
    /// Of a typed column whose type it is not.
    Unreadable(&'a str),
}

impl<'a> Cell<'a> {
    /// Reads the cell of a column.
    pub(super) fn of(header: &ExportHeader, column: usize, text: &'a str) -> Self {
        let kind = header.types.get(column).copied().flatten();
        match kind {
            _ if text.is_empty() => Self::Empty,
            None | Some(ColumnType::Category | ColumnType::Text) => Self::Text(text),
            Some(_) if header.nulls.is_null(text.as_bytes()) => Self::Empty,
            Some(kind) => cell_value(kind, text.as_bytes()).map_or(Self::Unreadable(text), Self::Value),
        }
    }
}

/// What a row says of the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Observables<'a> {
    /// Microseconds since 1970 UTC.
    pub(super) time: Option<i64>,
    pub(super) source_ip: Option<IpAddr>,
    pub(super) destination_ip: Option<IpAddr>,
    /// Every address of the row, in the columns' order, each once.
    pub(super) addresses: Vec<IpAddr>,
    pub(super) source_port: Option<u16>,
    pub(super) destination_port: Option<u16>,
    /// In small letters.
    pub(super) transport: Option<String>,
    pub(super) url: Option<&'a str>,
    pub(super) domain: Option<&'a str>,
}

impl<'a> Observables<'a> {
    /// Those of a row; values that cannot be what their column means are left out.
    pub(super) fn of(header: &ExportHeader, meanings: &[Option<Meaning>], row: &'a ExportRow) -> Self {
        let mut all = Self::default();
        for (column, text) in row.cells.iter().enumerate() {
            let cell = Cell::of(header, column, text);
            if let Cell::Value(TypedCell::Ip(address)) = cell
                && !all.addresses.contains(&address)
            {
                all.addresses.push(address);
            }
            let Some(meaning) = meanings.get(column).copied().flatten() else {
                continue;
            };
            match (meaning, cell) {
                (Meaning::Time, Cell::Value(TypedCell::Time(micros))) => all.time = Some(micros),
                (Meaning::SourceIp, Cell::Value(TypedCell::Ip(address))) => all.source_ip = Some(address),
                (Meaning::DestinationIp, Cell::Value(TypedCell::Ip(address))) => all.destination_ip = Some(address),
                (Meaning::SourcePort, Cell::Value(TypedCell::Int(port))) => all.source_port = u16::try_from(port).ok(),
                (Meaning::DestinationPort, Cell::Value(TypedCell::Int(port))) => {
                    all.destination_port = u16::try_from(port).ok();
                }
                (Meaning::Transport, Cell::Text(text)) => all.transport = protocol_name(text),
                (Meaning::Url, Cell::Text(text)) => all.url = Some(text).filter(|text| is_url(text)),
                (Meaning::Domain, Cell::Text(text)) => all.domain = Some(text).filter(|text| is_domain(text)),
                _ => {}
            }
        }
        all
    }

    /// Whether there is a URL, a domain or an address.
    pub(super) fn has_indicator(&self) -> bool {
        self.url.is_some() || self.domain.is_some() || !self.addresses.is_empty()
    }
}

/// A protocol's name in small letters, if the text can be one.
pub(super) fn protocol_name(text: &str) -> Option<String> {
    let name = text.trim().to_ascii_lowercase();
    let fits = (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    fits.then_some(name)
}

/// Whether a text is a whole URL with a scheme and a host, written as RFC 3986 has it: no spaces, no control characters, nothing
/// beyond ASCII, `%` only before two hexadecimal digits.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    named
        && is_authority(authority)
        && tail.matches('#').count() <= 1
        && escapes_are_whole(rest)
        && rest.bytes().all(fits_url)
}

/// `[user@]host[:port]`.
fn is_authority(authority: &str) -> bool {
    let (user, place) = authority
        .rsplit_once('@')
        .map_or(("", authority), |(user, place)| (user, place));
    let (host, port) = if let Some(rest) = place.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return false;
        }
        ("v6", port)
    } else {
        place.find(':').map_or((place, ""), |at| place.split_at(at))
    };
    let port = port.strip_prefix(':').map_or(port.is_empty(), |digits| {
        digits.is_empty() || digits.parse::<u16>().is_ok()
    });
    let plain = |text: &str| !text.contains(['[', ']', '@']);
    !host.is_empty() && port && plain(user) && plain(host)
}

fn escapes_are_whole(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.all(|part| {
        part.as_bytes()
            .get(..2)
            .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
    })
}

fn fits_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

/// Whether a text is a domain name: two labels or more of letters, digits, hyphens and underscores; the last one has a letter.
/// A name beyond ASCII must be in its `xn--` form.
pub(super) fn is_domain(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253
        && name.split('.').all(label)
        && name
            .rsplit_once('.')
            .is_some_and(|(_, last)| last.bytes().any(|b| b.is_ascii_alphabetic()))
}
