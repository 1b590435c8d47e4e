//! Owns what is read out of an IP address: its scope and the networks it belongs to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Marks an IPv6 network in a key, so that it never meets an IPv4 one.
const V6: i64 = 1 << 40;

/// Reads an address; an IPv4-mapped IPv6 address counts as the IPv4 address it carries.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// RFC 1918 and RFC 4193 (unique local) addresses.
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// Routable on the internet: none of private, loopback, multicast, link-local, shared (RFC 6598), documentation,
/// benchmarking, reserved or unspecified.
pub(super) fn is_public(ip: IpAddr) -> bool {
    if is_private(ip) || ip.is_loopback() || ip.is_multicast() || ip.is_unspecified() {
        return false;
    }
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            !(a == 0
                || a >= 240
                || (a == 100 && b & 0xC0 == 64)
                || (a == 198 && b & 0xFE == 18)
                || v4.is_link_local()
                || v4.is_documentation())
        }
        IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.segments()[..2] == [0x2001, 0x0db8]),
    }
}

/// Key of the wide network: /8 of IPv4, /16 of IPv6.
pub(super) fn wide_network(ip: IpAddr) -> i64 {
    match ip {
        IpAddr::V4(v4) => i64::from(v4.octets()[0]),
        IpAddr::V6(v6) => V6 | i64::from(v6.segments()[0]),
    }
}

/// Key of the narrow network: /16 of IPv4, /32 of IPv6.
pub(super) fn narrow_network(ip: IpAddr) -> i64 {
    match ip {
        IpAddr::V4(v4) => i64::from(u16::from_be_bytes([v4.octets()[0], v4.octets()[1]])),
        IpAddr::V6(v6) => V6 | i64::from(v6.segments()[0]) << 16 | i64::from(v6.segments()[1]),
    }
}

/// A wide network's key for people: `10.0.0.0/8`, `2001::/16`.
pub(super) fn wide_label(key: i64) -> String {
    if key & V6 == 0 {
        format!("{}/8", Ipv4Addr::new(key as u8, 0, 0, 0))
    } else {
        format!("{}/16", Ipv6Addr::new(key as u16, 0, 0, 0, 0, 0, 0, 0))
    }
}

/// A narrow network's key for people: `10.1.0.0/16`, `2001:db8::/32`.
pub(super) fn narrow_label(key: i64) -> String {
    if key & V6 == 0 {
        format!("{}/16", Ipv4Addr::new((key >> 8) as u8, key as u8, 0, 0))
    } else {
        let v6 = Ipv6Addr::new((key >> 16) as u16, key as u16, 0, 0, 0, 0, 0, 0);
        format!("{v6}/32")
    }
}
