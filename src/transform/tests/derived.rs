//! Features read out of addresses, ports and timestamps.

use super::*;
use crate::transform::{ip, port, time};

#[test]
fn addresses_have_scopes() {
    let scope = |text: &str| {
        let ip = ip::parse(text).unwrap();
        (
            ip::is_private(ip),
            ip::is_public(ip),
            ip.is_loopback(),
            ip.is_multicast(),
        )
    };
    for private in [
        "10.0.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ] {
        assert_eq!(scope(private), (true, false, false, false), "{private}");
    }
    for public in ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "198.20.0.1"] {
        assert_eq!(scope(public), (false, true, false, false), "{public}");
    }
    for loopback in ["127.0.0.1", "127.9.9.9", "::1"] {
        assert_eq!(scope(loopback), (false, false, true, false), "{loopback}");
    }
    for group in ["224.0.0.1", "239.255.255.250", "ff02::1"] {
        assert_eq!(scope(group), (false, false, false, true), "{group}");
    }
    for neither in [
        "169.254.1.1",
        "fe80::1",
        "0.0.0.0",
        "::",
        "100.64.0.1",
        "192.0.2.7",
        "2001:db8::1",
        "255.255.255.255",
    ] {
        assert_eq!(scope(neither), (false, false, false, false), "{neither}");
    }
    assert_eq!(ip::parse("1.2.3"), None);
}

#[test]
fn networks_are_named() {
    let labels = |text: &str| {
        let ip = ip::parse(text).unwrap();
        (
            ip::wide_label(ip::wide_network(ip)),
            ip::narrow_label(ip::narrow_network(ip)),
        )
    };
    assert_eq!(labels("10.1.2.3"), ("10.0.0.0/8".to_owned(), "10.1.0.0/16".to_owned()));
    assert_eq!(
        labels("255.254.0.1"),
        ("255.0.0.0/8".to_owned(), "255.254.0.0/16".to_owned())
    );
    assert_eq!(
        labels("2001:db8:5::1"),
        ("2001::/16".to_owned(), "2001:db8::/32".to_owned())
    );
    assert_eq!(labels("::1"), ("::/16".to_owned(), "::/32".to_owned()));
}

#[test]
fn address_columns_become_flags_and_frequent_networks() {
    let frame = df!("src" => [Some("10.1.0.1"), Some("10.2.0.1"), Some("8.8.8.8"), None, Some("10.1.9.9"), Some("2001:db8::1")]).unwrap();
    let columns = [column("src", ColumnType::Ip)];
    let two = TransformSettings {
        ip_max_groups: 1,
        ..settings()
    };
    let fitted = fit_with(&frame, &columns, &alternating(6), PLAIN, &two);
    // Loopback and multicast never occur and are dropped.
    let expected = [
        "src is private",
        "src is public",
        "src is IPv6",
        "src network=10.0.0.0/8",
        "src network=(other)",
        "src subnetwork=10.1.0.0/16",
        "src subnetwork=(other)",
        "src is missing",
    ];
    assert_eq!(names(&fitted), expected);
    let matrix = fitted.transform(&frame).unwrap();
    assert_eq!(feature(&matrix, "src is private"), [1.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(feature(&matrix, "src network=(other)"), [0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(
        feature(&matrix, "src subnetwork=10.1.0.0/16"),
        [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    );
    assert_eq!(feature(&matrix, "src is missing"), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert!(fitted.features().iter().all(|f| f.source == "src"));

    let off = TransformSettings {
        ip_features: false,
        ..settings()
    };
    let error = Preprocessor::fit(&frame, &columns, &alternating(6), &PLAIN, &off);
    assert_eq!(error, Err(TransformError::NoFeatures { rows: 6 }));
}

#[test]
fn ports_have_bands_and_services() {
    let bands = [-1, 0, 1023, 1024, 49151, 49152, 65535, 65536].map(port::band);
    assert_eq!(bands, [-1, 0, 0, 1, 1, 2, 2, -1]);
    assert_eq!(
        [22, 443, 8443, 20, 4444, -5].map(port::service),
        [22, 443, 8443, 20, -1, -1]
    );
    assert_eq!(port::service_label(443), "https");
}

#[test]
fn port_columns_become_number_band_and_service() {
    let frame = df!("dst" => [443i64, 22, 443, 50000, 4444]).unwrap();
    let columns = [column("dst", ColumnType::Port)];
    let fitted = fit_with(&frame, &columns, &alternating(5), PLAIN, &settings());
    let expected = [
        "dst",
        "dst band=well-known",
        "dst band=registered",
        "dst band=ephemeral",
        "dst band=(other)",
        "dst service=ssh",
        "dst service=https",
        "dst service=(other)",
    ];
    assert_eq!(names(&fitted), expected);
    let matrix = fitted.transform(&frame).unwrap();
    assert_eq!(feature(&matrix, "dst service=https"), [1.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(feature(&matrix, "dst service=(other)"), [0.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!(feature(&matrix, "dst band=registered"), [0.0, 0.0, 0.0, 0.0, 1.0]);
    let off = TransformSettings {
        port_features: false,
        ..settings()
    };
    assert_eq!(
        names(&fit_with(&frame, &columns, &alternating(5), PLAIN, &off)),
        ["dst"]
    );
}

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

#[test]
fn clocks_and_weekdays() {
    assert_eq!(
        [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY, -DAY, -1].map(time::weekday),
        [3, 4, 5, 6, 0, 2, 2]
    );
    assert_eq!(
        [2 * DAY, 4 * DAY - 1, 4 * DAY].map(time::is_weekend),
        [true, true, false]
    );
    let night = [0, 6 * HOUR - 1, 6 * HOUR, 22 * HOUR - 1, 22 * HOUR, -1].map(time::is_night);
    assert_eq!(night, [true, true, false, false, true, true]);
    assert!(
        (time::hour_sine(6 * HOUR) - 1.0).abs() < 1e-15 && (time::hour_cosine(12 * HOUR - DAY) + 1.0).abs() < 1e-15
    );
    assert_eq!(time::weekday_label(time::weekday(0)), "Thursday");
    // The ends of the range do not overflow.
    assert!((0..7).contains(&time::weekday(i64::MIN)) && (0..7).contains(&time::weekday(i64::MAX)));
}

fn times(unit: TimeUnit, zone: bool, per_micro: (i64, i64)) -> DataFrame {
    let micros = [Some(0), Some(2 * DAY + 6 * HOUR), None, Some(4 * DAY + 23 * HOUR)];
    let values = micros.map(|t| t.map(|t| t * per_micro.0 / per_micro.1));
    let zone = zone.then_some(polars::prelude::TimeZone::UTC);
    let series = Series::new("ts".into(), values)
        .cast(&DataType::Datetime(unit, zone))
        .unwrap();
    DataFrame::new(4, vec![series.into()]).unwrap()
}

#[test]
fn timestamps_give_parts_only_when_asked_whatever_their_unit() {
    let mut stamp = column("ts", ColumnType::Timestamp);
    stamp.role = Role::Timestamp;
    let frame = times(TimeUnit::Microseconds, false, (1, 1));
    let off = Preprocessor::fit(
        &frame,
        std::slice::from_ref(&stamp),
        &alternating(4),
        &PLAIN,
        &settings(),
    );
    assert_eq!(off, Err(TransformError::NoFeatures { rows: 4 }));
    let on = TransformSettings {
        timestamp_parts: true,
        ..settings()
    };
    let fitted = fit_with(&frame, &[stamp], &alternating(4), PLAIN, &on);
    let expected = [
        "ts hour (sine)",
        "ts hour (cosine)",
        "ts weekday=Monday",
        "ts weekday=Thursday",
        "ts weekday=Saturday",
        "ts weekday=(other)",
        "ts is at the weekend",
        "ts is at night",
        "ts is missing",
    ];
    assert_eq!(names(&fitted), expected);
    let matrix = fitted.transform(&frame).unwrap();
    assert_close(
        &feature(&matrix, "ts hour (sine)"),
        &[0.0, 1.0, 0.0, -0.25881904510252157],
    );
    assert_eq!(feature(&matrix, "ts is at night"), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(feature(&matrix, "ts is at the weekend"), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(feature(&matrix, "ts weekday=Monday"), [0.0, 0.0, 1.0, 1.0]);
    for other in [
        times(TimeUnit::Nanoseconds, false, (1000, 1)),
        times(TimeUnit::Milliseconds, false, (1, 1000)),
    ] {
        assert_eq!(bits(&fitted.transform(&other).unwrap()), bits(&matrix));
    }
    let zoned = times(TimeUnit::Microseconds, true, (1, 1));
    assert_eq!(bits(&fitted.transform(&zoned).unwrap()), bits(&matrix));
}
