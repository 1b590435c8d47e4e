//! Owns the tests of reading single cells.

use super::*;
use proptest::prelude::*;

#[test]
fn whole_numbers() {
    for (text, value) in [
        ("0", 0),
        ("-1", -1),
        ("+1", 1),
        ("1.0", 1),
        ("-2.", -2),
        ("1e3", 1000),
        ("2.5E1", 25),
        ("007", 7),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808.00", i64::MIN),
    ] {
        assert_eq!(int(text.as_bytes()), Ok(value), "{text}");
    }
    for text in [
        "",
        "-",
        ".",
        "0x10",
        "1.5",
        "1_000",
        "1,000",
        "9223372036854775808",
        "1e16",
        "12a",
        "--1",
        "1 2",
        "\u{661}",
    ] {
        assert_eq!(int(text.as_bytes()), Err(CellProblem::Unparsable), "{text}");
    }
    for text in ["1e999", "-1e999", "inf", "-Infinity", "NaN", "nan"] {
        assert_eq!(int(text.as_bytes()), Err(CellProblem::NotFinite), "{text}");
        assert_eq!(float(text.as_bytes()), Err(CellProblem::NotFinite), "{text}");
    }
    assert_eq!(int(b"\xff"), Err(CellProblem::Unparsable));
}

#[test]
fn ports_and_truth_values() {
    assert_eq!(port(b"65535"), Ok(65_535));
    assert_eq!(port(b"443.0"), Ok(443));
    assert_eq!(port(b"65536"), Err(CellProblem::InvalidPort));
    assert_eq!(port(b"-1"), Err(CellProblem::InvalidPort));
    assert_eq!(port(b"http"), Err(CellProblem::Unparsable));
    for text in ["true", "T", "yes", "1", "YES"] {
        assert_eq!(boolean(text.as_bytes()), Ok(true));
    }
    for text in ["FALSE", "f", "No", "0"] {
        assert_eq!(boolean(text.as_bytes()), Ok(false));
    }
    assert_eq!(boolean(b"2"), Err(CellProblem::Unparsable));
}

#[test]
fn addresses() {
    assert_eq!(ip(b"10.0.0.1").unwrap().to_string(), "10.0.0.1");
    assert_eq!(ip(b"2001:0DB8:0:0::1").unwrap().to_string(), "2001:db8::1");
    for text in [
        "10.0.0.256",
        "10.0.0",
        "010.0.0.1",
        "fe80::1%eth0",
        "::1/64",
        "x",
        "1.2.3.4:80",
    ] {
        assert_eq!(ip(text.as_bytes()), Err(CellProblem::InvalidIp), "{text}");
    }
}

#[test]
fn times() {
    let base = 1_700_000_000_000_000;
    for (text, micros) in [
        ("2023-11-14T22:13:20Z", base),
        ("2023-11-14 22:13:20", base),
        ("2023-11-14t22:13:20.5z", base + 500_000),
        ("2023-11-14T22:13:20.1234569", base + 123_456),
        ("2023-11-15T00:13:20+02:00", base),
        ("2023-11-14T20:43:20-01:30", base),
        ("2023-11-14", 1_699_920_000_000_000),
        ("1700000000", base),
        ("1700000000.123456", base + 123_456),
        ("1.7e9", base),
        ("-1.5", -1_500_000),
        ("+2", 2_000_000),
        ("0", 0),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ("0000-01-01", -62_167_219_200_000_000),
    ] {
        assert_eq!(timestamp(text.as_bytes()), Ok(micros), "{text}");
    }
    for text in [
        "",
        "-",
        "2023",
        "2023-13-01",
        "2023-02-30",
        "2023-11-14T",
        "2023-11-14T25:00:00",
        "2023-11-14T22:13",
        "2023-11-14X22:13:20",
        "2023-11-14T22:13:20.",
        "2023-11-14T22:13:20+2:00",
        "2023-11-14T22:13:20+24:00",
        "2023-11-14T22:13:20+02:00:00",
        "1700000000000",
        "1e300",
        "nan",
        "99999999999999999999",
        "1.2.3",
        "-2-3-4",
        "--5",
        "1.-5",
        "2023-11-1\u{e9}",
        "0000-01-01T00:00:00+01:00",
    ] {
        if text == "2023" {
            // Four digits alone are Unix seconds.
            assert_eq!(timestamp(text.as_bytes()), Ok(2_023_000_000));
            continue;
        }
        assert_eq!(timestamp(text.as_bytes()), Err(CellProblem::InvalidTimestamp), "{text}");
    }
}

proptest! {
    #[test]
    fn the_quick_paths_agree_with_std(text in "[-+0-9.eE]{0,20}") {
        if let Some(value) = short_int(text.as_bytes()) {
            prop_assert_eq!(text.parse::<i64>().unwrap(), value);
        }
        if let Some(value) = short_float(text.as_bytes()) {
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{}", text);
        }
    }

    #[test]
    fn plain_decimals_take_the_quick_path_and_are_exact(digits in 0_u64..1_000_000_000_000_000, places in 0_usize..15, minus: bool) {
        let text = format!("{digits:016}");
        let (whole, fraction) = text[1..].split_at(15 - places);
        let text = format!("{}{whole}.{fraction}", if minus { "-" } else { "" });
        let value = short_float(text.as_bytes()).unwrap();
        prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
    }

    #[test]
    fn times_agree_with_chrono(seconds in -60_000_000_000_i64..250_000_000_000, micros in 0_u32..1_000_000) {
        let time = chrono::DateTime::from_timestamp(seconds, micros * 1000).unwrap();
        let text = time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        prop_assert_eq!(timestamp(text.as_bytes()), Ok(time.timestamp_micros()));
    }

    #[test]
    fn arbitrary_cells_never_panic(
        cell in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "[-+0-9.:TZeE ]{0,40}".prop_map(String::into_bytes),
        ]
    ) {
        let _ = (int(&cell), float(&cell), port(&cell), boolean(&cell), ip(&cell), timestamp(&cell), short_float(&cell));
    }
}
