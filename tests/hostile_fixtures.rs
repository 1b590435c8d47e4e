//! The hostile files are what their generator makes, and every one has its expectation and its line in the README.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod hostile;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile").join(file)).unwrap_or_default()
}

/// With `NSEC_WRITE_FIXTURES=1` it writes the files instead.
#[test]
fn committed_files_are_what_the_generator_makes() {
    let directory = hostile::directory();
    let small = hostile::small();
    for (name, bytes) in &small {
        let path = directory.join(name);
        if std::env::var_os("NSEC_WRITE_FIXTURES").is_some() {
            fs::write(&path, bytes).unwrap();
        }
        let kept = fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        if bytes.starts_with(&[0x1F, 0x8B]) {
            assert_eq!(unpacked(&kept), unpacked(bytes), "{name}");
        } else {
            assert!(
                kept == *bytes,
                "{name} differs; NSEC_WRITE_FIXTURES=1 cargo test --test hostile_fixtures writes it"
            );
        }
        assert!(kept.len() < 20_000, "{name} is not small");
    }
    let kept: BTreeSet<_> = fs::read_dir(directory)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| !n.starts_with('.'))
        .collect();
    assert_eq!(kept, small.iter().map(|(n, _)| (*n).to_owned()).collect());
}

/// What comes out of a gzip file up to the fault.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes);
    let mut block = [0; 512];
    while let Ok(n @ 1..) = reader.read(&mut block) {
        out.extend_from_slice(&block[..n]);
    }
    // A truncated stream may break off at another byte with another compressor.
    out.truncate(1_000);
    out
}

#[test]
fn every_file_has_its_expectation_and_its_line() {
    let expected: Vec<Value> = serde_json::from_str(&text("expected.json")).unwrap();
    let readme = text("README.md");
    let mut files = BTreeSet::new();
    for case in &expected {
        let file = case["file"].as_str().unwrap();
        assert!(files.insert(file.to_owned()), "{file} stands twice");
        assert!(readme.contains(&format!("| `{file}` |")), "{file} is not in README.md");
        for command in ["validate", "train", "predict"] {
            assert!(matches!(case[command].as_u64(), Some(0 | 1 | 3)), "{file}: {command}");
        }
        assert!(!case["note"].as_str().unwrap().is_empty());
        let rejected = case["rejected_lines"].as_array().unwrap().len() as u64;
        match case["rows"].as_u64() {
            // A file that can be scored keeps at least one row.
            Some(rows) => assert!(case["predict"] != 0 || rejected < rows, "{file}"),
            None => assert_ne!(case["predict"], 0, "{file} is scored but its rows are not said"),
        }
    }
    let made: BTreeSet<_> = hostile::small().into_iter().map(|(n, _)| n.to_owned()).collect();
    let big: BTreeSet<_> = hostile::big().into_iter().map(|(n, _)| n.to_owned()).collect();
    assert_eq!(files, made.union(&big).cloned().collect());
    let directory = tempfile::tempdir().unwrap();
    hostile::write_big(directory.path());
    assert!(
        big.iter()
            .all(|n| directory.path().join(n).metadata().unwrap().len() > 1_000_000)
    );
}

#[test]
fn the_sound_rows_are_sound() {
    let table = hostile::sound();
    assert_eq!((table.header.len(), table.rows.len()), (24, 120));
    assert_eq!(table.rows.iter().filter(|r| r[23] == b"-1").count(), 60);
    let distinct: BTreeSet<_> = table.rows.iter().map(|r| &r[..23]).collect();
    assert_eq!(distinct.len(), 120);
    for column in 0..24 {
        assert!(
            table.rows.iter().any(|r| r[column] != table.rows[0][column]),
            "{} is constant",
            table.header[column]
        );
    }
}
