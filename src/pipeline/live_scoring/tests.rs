//! Owns the tests of rows of a stream: what is read of lines, and what is written behind them.

use std::io::Cursor;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::tab_rows::{cut, names, push_escaped, unescaped};
use super::*;
use crate::cancel::CancelToken;
use crate::data::{RawBatch, ReadSettings};
use crate::pipeline::prediction::{RowConditions, RowModel};
use crate::pipeline::testing::{House, rows};

/// One model for all tests; it needs its files no more.
fn model() -> RowModel {
    static MODEL: OnceLock<RowModel> = OnceLock::new();
    let load = || {
        let house = House::new(&rows(400, &[3, 50, 51, 200]));
        house.train(None, |_| {});
        RowModel::load(&house.workspace, "champion", RowConditions::default()).unwrap()
    };
    MODEL.get_or_init(load).clone()
}

fn answer(model: &RowModel, format: RowFormat, names: Option<&[&str]>, only: &[Answer], input: &str) -> String {
    let names: Option<Vec<String>> = names.map(|names| names.iter().map(|&n| n.to_owned()).collect());
    let mut out = Vec::new();
    let request = LiveRequest {
        model,
        format,
        names: names.as_deref(),
        threshold: None,
        only,
        reading: &ReadSettings::default(),
        pause: std::time::Duration::from_millis(1),
    };
    let summary = score_live(Cursor::new(input.to_owned()), &mut out, &request, &CancelToken::new()).unwrap();
    assert!(!summary.left);
    String::from_utf8(out).unwrap()
}

fn lines(texts: &[&[u8]]) -> RawBatch {
    let mut batch = RawBatch::new(1);
    for (at, text) in texts.iter().enumerate() {
        batch.push(at as u64 + 1, [*text]);
    }
    batch
}

#[test]
fn escapes_by_hand() {
    for (escaped, plain) in [
        (&b"plain"[..], &b"plain"[..]),
        (b"\\N", b""),
        (b"a\\tb\\nc\\\\d", b"a\tb\nc\\d"),
        (b"\\'\\b\\f\\r\\0\\a\\v\\e", b"'\x08\x0c\r\0\x07\x0b\x1b"),
        (b"\\x41\\xfg\\x4", b"Axfgx4"),
        (b"\\q\\", b"q\\"),
        (b"\\Nx", b"Nx"),
    ] {
        assert_eq!(&*unescaped(escaped), plain, "{}", String::from_utf8_lossy(escaped));
    }
    assert_eq!(names(b"a\\tb\tc"), ["a\tb", "c"]);
}

proptest! {
    #[test]
    fn what_is_escaped_comes_back(cells in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..6)) {
        let mut line = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                line.push(b'\t');
            }
            push_escaped(&mut line, cell);
        }
        prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
        let rows = cut(&lines(&[&line]), cells.len());
        prop_assert_eq!(rows.rows(), 1);
        prop_assert_eq!(rows.row(0).map(<[u8]>::to_vec).collect::<Vec<_>>(), cells);
    }

    /// Whatever a line holds, it is a row or a malformed one, once, in its place.
    #[test]
    fn no_line_is_lost(texts in prop::collection::vec("[\\[{\"a:1b,}\\] ]{0,9}|\\{\"a\":1,\"b\":2,\"id\":\"x\"\\}", 1..40)) {
        let model = model();
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let read = JsonRows::new(&model).read(&lines(&texts));
        let mut seen: Vec<u64> = Vec::new();
        for batch in &read {
            let malformed = batch.rows.malformed.iter().map(|row| row.line);
            let mut lines: Vec<u64> = batch.rows.lines().iter().copied().chain(malformed).collect();
            lines.sort_unstable();
            seen.extend(lines);
        }
        prop_assert_eq!(seen, (1..=texts.len() as u64).collect::<Vec<_>>());
    }
}

#[test]
fn rows_cut_to_another_width_are_set_apart() {
    let batch = cut(&lines(&[b"1\t2", b"1", b"1\t2\t3\t4", b""]), 2);
    assert_eq!((batch.rows(), batch.line(0)), (1, 1));
    let told: Vec<(u64, &str)> = batch.malformed.iter().map(|m| (m.line, m.reason.as_str())).collect();
    let expected = [
        (2, "1 field, expected 2"),
        (3, "4 fields, expected 2"),
        (4, "1 field, expected 2"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn values_become_cells_and_keys_columns() {
    let model = model();
    let keys = JsonRows::new(&model);
    let read = keys.read(&lines(&[
        b"{\"b\": null, \"A \": 60, \"id\": \"x\\ny\", \"other\": {\"deep\": [1]}}",
        b"{\"a\": 1, \"A\": 2, \"id\": true, \"b\": -0.5e1}",
        b" {\"a\": \"18446744073709551615\", \"id\": 18446744073709551615}\t",
        b"{\"a\": [1], \"id\": 1}",
        b"{\"a\": {\"b\": 1}, \"id\": 1}",
        b"[1]",
        b"{\"a\": 1} {}",
        b"{\"a\": 1, \"id\": \"\xff\"}",
        b"{\"a\": 1, \"id\": 1, \"a\": 2}",
        b"{\"id\": 1, \"A\": 1, \"other\": 1, \"other\": 2, \"A \": 2}",
    ]));
    let [first, ..] = &read[..] else { panic!("{read:?}") };
    assert_eq!(first.header.names, ["id", "a", "b", "t"]);
    let cells = |row| {
        first
            .rows
            .row(row)
            .map(|c| String::from_utf8_lossy(c).into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(cells(0), ["x\ny", "60", "", ""]);
    assert_eq!(cells(1), ["true", "1", "-5.0", ""]);
    assert_eq!(cells(2), ["18446744073709551615", "18446744073709551615", "", ""]);
    let reasons: Vec<&str> = first.rows.malformed.iter().map(|m| m.reason.as_str()).collect();
    assert!(reasons[0].contains("`a` holds a list"), "{reasons:?}");
    assert!(reasons[1].contains("`a` holds an object"), "{reasons:?}");
    assert!(reasons[5].contains("`a` is given twice"), "{reasons:?}");
    assert!(reasons[6].contains("`a` is given twice"), "{reasons:?}");
    assert_eq!(reasons.len(), 7);
}

#[test]
fn a_key_written_wrong_is_an_error_and_one_left_out_is_no_value() {
    let model = model();
    let out = answer(
        &model,
        RowFormat::Ndjson,
        None,
        &[],
        "{\"a\":60,\"id\":\"r\"}\n{\"a\":60,\"idd\":\"r\"}\n",
    );
    let rows: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(
        (&rows[0]["error"], &rows[0]["classification"]),
        (&"".into(), &"malicious".into())
    );
    // Names of two or three letters are too short to be like another.
    assert!(rows[1]["error"].as_str().unwrap().starts_with("id: "), "{}", rows[1]);
    assert_eq!(rows[1]["probability"], serde_json::Value::Null);
}

#[test]
fn our_keys_give_way_to_those_of_the_object() {
    let model = model();
    let input = "{\"a\":60,\"id\":\"r\",\"b\":2,\"error\":\"theirs\",\"x\":\"probability\"}\n {} \n[]\n";
    let out = answer(&model, RowFormat::Ndjson, None, &[], input);
    let lines: Vec<&str> = out.lines().collect();
    let head = "{\"a\":60,\"id\":\"r\",\"b\":2,\"error\":\"theirs\",\"x\":\"probability\",\"probability\":";
    assert!(
        lines[0].starts_with(head) && lines[0].ends_with(",\"nsec_error\":\"\"}"),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("{\"probability\":null,"), "{}", lines[1]);
    assert!(
        lines[2].starts_with("{\"raw\":\"[]\",\"probability\":null,"),
        "{}",
        lines[2]
    );
    for line in lines {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object());
    }
}

#[test]
fn each_format_by_hand() {
    let model = model();
    let csv = answer(
        &model,
        RowFormat::Csv,
        None,
        &[],
        "b,x,id,a\n2,\"p,q\",r,60\n2,,r,six\nshort\n",
    );
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "b,x,id,a,probability,classification,risk_level,error");
    assert!(
        lines[1].starts_with("2,\"p,q\",r,60,0.") && lines[1].contains(",malicious,"),
        "{csv}"
    );
    assert!(
        lines[2].starts_with("2,,r,six,,,,") && lines[2].contains("a: ") && lines[2].contains("(six)"),
        "{csv}"
    );
    assert_eq!(lines[3], "short,,,,,,,\"1 field, expected 4\"");

    let tsv = answer(
        &model,
        RowFormat::Tsv,
        Some(&["id", "a", "b"]),
        &[],
        "r\\t\t60\t\\N\nr\tsix\t1\nr\t6\n",
    );
    let lines: Vec<&str> = tsv.lines().collect();
    assert!(
        lines[0].starts_with("r\\t\t60\t\\N\t0.") && lines[0].ends_with('\t'),
        "{tsv}"
    );
    assert!(lines[1].starts_with("r\tsix\t1\t\\N\t\\N\t\\N\ta: "), "{tsv}");
    assert_eq!(lines[2], "r\t6\t\\N\t\\N\t\\N\t2 fields, expected 3");

    let only = [Answer::Error, Answer::Classification];
    let out = answer(
        &model,
        RowFormat::Tsv,
        Some(&["id", "a", "b"]),
        &only,
        "r\t60\t1\nr\t6\n",
    );
    assert_eq!(out, "\tmalicious\n2 fields, expected 3\t\\N\n");
    let out = answer(&model, RowFormat::Csv, None, &only, "id,a,b\nr,60,1\n");
    assert_eq!(out, "error,classification\n,malicious\n");
    let out = answer(&model, RowFormat::Ndjson, None, &only, "{\"id\":1,\"a\":60}\n");
    assert_eq!(out, "{\"error\":\"\",\"classification\":\"malicious\"}\n");
    assert!(
        "row"
            .parse::<Answer>()
            .unwrap_err()
            .contains("probability, classification")
    );
}

#[test]
fn all_formats_say_the_same_of_a_row() {
    let model = model();
    let values: Vec<(i32, i32)> = (0..3000).map(|i| (i * 7919 % 101, i * 31 % 17)).collect();
    let row = |format: RowFormat, (a, b): (i32, i32)| match format {
        RowFormat::Csv => format!("r,{a},{b}\n"),
        RowFormat::Tsv => format!("r\t{a}\t{b}\n"),
        RowFormat::Ndjson => format!("{{\"b\":{b},\"id\":\"r\",\"a\":\"{a}\"}}\n"),
    };
    let told = |format: RowFormat| {
        let names: Option<&[&str]> = (format != RowFormat::Ndjson).then_some(&["id", "a", "b"]);
        let input: String = values.iter().map(|&value| row(format, value)).collect();
        let out = answer(&model, format, names, &[Answer::Probability], &input);
        let number = |line: &str| {
            line.trim_start_matches("{\"probability\":")
                .trim_end_matches('}')
                .to_owned()
        };
        out.lines().map(number).collect::<Vec<_>>()
    };
    let csv = told(RowFormat::Csv);
    assert_eq!(csv.len(), values.len());
    assert_eq!(csv, told(RowFormat::Tsv));
    assert_eq!(csv, told(RowFormat::Ndjson));
}

#[test]
fn whoever_reads_the_answer_may_leave() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let model = model();
    let request = LiveRequest {
        model: &model,
        format: RowFormat::Csv,
        names: None,
        threshold: Some(0.5),
        only: &[],
        reading: &ReadSettings::default(),
        pause: std::time::Duration::from_millis(1),
    };
    let input = || Cursor::new(format!("id,a,b\n{}", "r,60,1\n".repeat(100_000)));
    assert!(
        score_live(input(), &mut Gone, &request, &CancelToken::new())
            .unwrap()
            .left
    );
    let error = score_live(input(), &mut Full, &request, &CancelToken::new()).unwrap_err();
    assert!(
        matches!(&error, LiveError::Write(e) if e.kind() == std::io::ErrorKind::StorageFull),
        "{error}"
    );
    let cancelled = CancelToken::new();
    cancelled.cancel();
    assert!(score_live(input(), &mut Vec::new(), &request, &cancelled).is_err());
    let mut nothing = Vec::new();
    let summary = score_live(std::io::empty(), &mut nothing, &request, &CancelToken::new()).unwrap();
    assert_eq!((summary, nothing.len()), (LiveSummary::default(), 0));
}
