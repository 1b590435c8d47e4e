//! Owns the tests of the synthetic phishing rows.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::*;

fn csv(rows: u64, seed: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let summary = write_csv(rows, seed, &mut out, &CancelToken::new()).unwrap();
    assert_eq!((summary.rows, summary.bytes), (rows, out.len() as u64));
    out
}

#[test]
fn a_seed_fixes_the_bytes() {
    // The hash pins the format: whoever changes the generator on purpose changes it here too.
    assert_eq!(blake3::hash(&csv(5000, 42)).to_hex()[..16], *"e316e2d2f054c855");
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
fn rows_fit_the_schema() {
    let schema: serde_yaml::Value = serde_yaml::from_str(crate::embedded::SCHEMA).unwrap();
    let allowed: BTreeMap<&str, Vec<i64>> = schema["columns"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|c| {
            (
                c["name"].as_str().unwrap(),
                c["allowed"]
                    .as_sequence()
                    .unwrap()
                    .iter()
                    .map(|v| v.as_i64().unwrap())
                    .collect(),
            )
        })
        .collect();
    assert_eq!(allowed.len(), 31);
    for row in PhishingGenerator::new(3).take(20_000) {
        for (name, value) in PHISHING_COLUMNS.iter().zip(row) {
            assert!(allowed[name].contains(&i64::from(value)), "{name} = {value}");
        }
    }
    assert!(
        csv(3, 1)
            .split(|&b| b == b'\n')
            .skip(1)
            .filter(|l| !l.is_empty())
            .all(|l| l.ends_with(b",true"))
    );
}

#[test]
fn shares_are_those_of_the_real_data() {
    let rows: Vec<_> = PhishingGenerator::new(11).take(50_000).collect();
    let share = |column: &str, value: i8, label: i8| {
        let at = PHISHING_COLUMNS.iter().position(|c| *c == column).unwrap();
        let of: Vec<_> = rows.iter().filter(|r| r[30] == label).collect();
        of.iter().filter(|r| r[at] == value).count() as f64 / of.len() as f64
    };
    let phishing = rows.iter().filter(|r| r[30] == -1).count() as f64 / 50_000.0;
    assert!((phishing - 4898.0 / 11_055.0).abs() < 0.01, "{phishing}");
    // Counted in the UCI file: value, class, share.
    for (column, value, label, expected) in [
        ("SSLfinal_State", -1, -1, 3051.0 / 4898.0),
        ("SSLfinal_State", 1, 1, 5630.0 / 6157.0),
        ("URL_of_Anchor", -1, 1, 36.0 / 6157.0),
        ("Prefix_Suffix", 1, -1, 0.0),
        ("Redirect", 1, -1, 602.0 / 4898.0),
        ("web_traffic", 0, -1, 1718.0 / 4898.0),
    ] {
        let found = share(column, value, label);
        assert!(
            (found - expected).abs() < 0.02,
            "{column} = {value} for {label}: {found}, expected {expected}"
        );
    }
}

#[test]
fn profiles_are_distributions() {
    for profiles in [&PHISHING, &LEGITIMATE] {
        assert_eq!(profiles.iter().map(|p| p.weight).sum::<u32>(), 1000);
        assert!(profiles.iter().flat_map(|p| p.steps).all(|(a, b)| a <= b && b <= 1000));
    }
}

#[test]
fn it_stops_when_asked_and_says_why_it_cannot_write() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            if self.0 < buf.len() {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.0 -= buf.len();
            Ok(buf.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let cancel = CancelToken::new();
    let error = write_csv(100_000, 1, Full(300_000), &cancel).unwrap_err();
    assert!(matches!(error, GenerateError::Write { rows: 1.., .. }), "{error}");
    assert!(!error.to_string().contains('\n'));
    cancel.cancel();
    let mut out = Vec::new();
    assert!(matches!(
        write_csv(u64::MAX, 1, &mut out, &cancel),
        Err(GenerateError::Cancelled(_))
    ));
    assert!(out.is_empty());
}
