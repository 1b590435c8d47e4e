//! Owns what is read out of a port number: its band and the common service behind it.

/// Key of ports that no listed service uses; never a category of its own.
pub(super) const UNLISTED: i64 = -1;

/// Ports with a service that analysts know by name (IANA registry, and the usual tools' own ports), by number.
const SERVICES: [(i64, &str); 44] = [
    (20, "ftp-data"),
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (53, "dns"),
    (67, "dhcp-server"),
    (68, "dhcp-client"),
    (69, "tftp"),
    (80, "http"),
    (88, "kerberos"),
    (110, "pop3"),
    (111, "rpcbind"),
    (123, "ntp"),
    (135, "msrpc"),
    (137, "netbios-ns"),
    (138, "netbios-dgm"),
    (139, "netbios-ssn"),
    (143, "imap"),
    (161, "snmp"),
    (179, "bgp"),
    (389, "ldap"),
    (443, "https"),
    (445, "smb"),
    (465, "smtps"),
    (502, "modbus"),
    (514, "syslog"),
    (587, "submission"),
    (636, "ldaps"),
    (853, "dns-over-tls"),
    (993, "imaps"),
    (995, "pop3s"),
    (1080, "socks"),
    (1194, "openvpn"),
    (1433, "mssql"),
    (1883, "mqtt"),
    (3306, "mysql"),
    (3389, "rdp"),
    (5432, "postgresql"),
    (5900, "vnc"),
    (5985, "winrm"),
    (6379, "redis"),
    (8080, "http-alt"),
    (8443, "https-alt"),
];

/// Key of the band (RFC 6335): 0 well-known (0-1023), 1 registered (1024-49151), 2 ephemeral (49152-65535);
/// [`UNLISTED`] for what is not a port.
pub(super) fn band(port: i64) -> i64 {
    match port {
        0..=1023 => 0,
        1024..=49151 => 1,
        49152..=65535 => 2,
        _ => UNLISTED,
    }
}

/// A band's key for people.
pub(super) fn band_label(key: i64) -> &'static str {
    match key {
        0 => "well-known",
        1 => "registered",
        _ => "ephemeral",
    }
}

/// The port itself where a listed service uses it, else [`UNLISTED`].
pub(super) fn service(port: i64) -> i64 {
    SERVICES.binary_search_by_key(&port, |s| s.0).map_or(UNLISTED, |_| port)
}

/// A service key for people: `https`.
pub(super) fn service_label(key: i64) -> String {
    SERVICES
        .binary_search_by_key(&key, |s| s.0)
        .map_or_else(|_| key.to_string(), |at| SERVICES[at].1.to_owned())
}
