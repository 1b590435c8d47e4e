//! Owns the tests of reading CSV.

use std::fmt::Write;

use proptest::prelude::*;

use super::super::testing::{Drained, drain, gzip, read, refusal};
use super::super::{DataError, ReadSettings, open_bytes};

fn cells(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter()
        .map(|row| row.iter().map(|cell| (*cell).to_owned()).collect())
        .collect()
}

fn noted(all: &Drained, part: &str) -> bool {
    all.notes.iter().any(|note| note.contains(part))
}

#[test]
fn quotes_line_ends_and_a_last_line_without_one() {
    let all = read("a,b\r\n1,\"x,\"\"y\"\"\"\r\n\"2\"z,\n,\"\"");
    assert_eq!(all.header, ["a", "b"]);
    assert_eq!(all.texts(), cells(&[&["1", "x,\"y\""], &["2z", ""], &["", ""]]));
    assert_eq!(all.lines(), [2, 3, 4]);
    assert!(noted(&all, "mixed line ends: LF, CRLF"), "{:?}", all.notes);
    assert!(noted(&all, "no line end"), "{:?}", all.notes);
}

#[test]
fn quoted_newlines_keep_the_physical_line_count() {
    let all = read("a,b\n\"1\n\n2\",x\n3,\"\r\n\"\n4\n5,6\n");
    assert_eq!(all.lines(), [2, 5, 8]);
    assert_eq!(all.texts()[0][0], "1\n\n2");
    assert_eq!(all.bad(), [(7, "1 field, expected 2")]);
}

#[test]
fn lone_carriage_returns_end_rows() {
    let all = read("a,b\r1,2\r3,4\r\r5,6");
    assert_eq!(all.texts(), cells(&[&["1", "2"], &["3", "4"], &["5", "6"]]));
    assert_eq!(all.lines(), [2, 3, 5]);
    let mixed = read("a,b\n1,2\r3,4\r\n5,6\n");
    assert_eq!(mixed.lines(), [2, 3, 4]);
    assert!(noted(&mixed, "LF, CRLF, CR"));
}

#[test]
fn byte_order_mark_nul_and_broken_utf8() {
    let all = read(b"\xef\xbb\xbfa,b\n\0,\xff\xfe\n".to_vec());
    assert_eq!(all.header, ["a", "b"]);
    assert_eq!(all.rows, [(2, vec![b"\0".to_vec(), b"\xff\xfe".to_vec()])]);
    assert!(noted(&all, "byte order mark") && noted(&all, "NUL"), "{:?}", all.notes);
}

#[test]
fn ragged_rows_are_set_apart_with_their_text() {
    let all = read("a,b,c\n1,2,3\n1,2\n\n1,2,3,4\n4,5,6\n\"x\ny\",1\n");
    assert_eq!(all.lines(), [2, 6]);
    assert_eq!(
        all.bad(),
        [
            (3, "2 fields, expected 3"),
            (5, "4 fields, expected 3"),
            (7, "2 fields, expected 3; a quote joins lines 7 to 8")
        ]
    );
    assert_eq!(all.malformed[1].raw, b"1,2,3,4");
    assert_eq!(all.malformed[2].raw, b"\"x\ny\",1");
    assert!(noted(&all, "1 blank line skipped, line 4"), "{:?}", all.notes);
}

#[test]
fn header_only_has_no_rows() {
    for text in ["a,b", "a,b\n", "\n\na,b\r\n\n"] {
        let all = read(text);
        assert_eq!(all.header, ["a", "b"]);
        assert!(all.rows.is_empty() && all.malformed.is_empty() && all.error.is_none());
    }
}

#[test]
fn headers_that_cannot_be_used() {
    assert!(refusal("").contains("empty"));
    assert!(refusal("\n\r\n\n").contains("empty"));
    assert!(refusal(b"\xef\xbb\xbf".to_vec()).contains("empty"));
    assert!(refusal("a,b,a\n1,2,3\n").contains("columns 1 and 3 are both named \"a\""));
    assert!(refusal("a;b;c\n1;2;3\n").contains("separated by a semicolon"));
    assert!(refusal("a\tb\n").contains("a tab"));
    assert!(refusal("a|b\n").contains("`|`"));
    assert!(refusal("\"a,b\n1,2\n").contains("never closes"));
    assert!(refusal("a,\0b\n1,2\n").contains("NUL"));
    assert!(refusal(",".repeat(100_000)).contains("100001 columns"));
}

#[test]
fn unnamed_columns_are_fine() {
    assert_eq!(read(",a,\n1,2,3\n").header, ["", "a", ""]);
}

#[test]
fn five_thousand_columns_and_a_ten_megabyte_cell() {
    let names: Vec<String> = (0..5000).map(|at| format!("c{at}")).collect();
    let row = vec!["7"; 5000].join(",");
    let all = read(format!("{}\n{row}\n{row},8\n{row}", names.join(",")));
    assert_eq!(all.lines(), [2, 4]);
    assert_eq!(all.rows[0].1.len(), 5000);
    assert_eq!(all.bad(), [(3, "5001 fields, expected 5000")]);

    let big = "x".repeat(10 << 20);
    for text in [format!("a,b\n{big},1\n2,3\n"), format!("a,b\n\"{big}\",1\n2,3\n")] {
        let all = read(text);
        assert_eq!(all.lines(), [2, 3]);
        assert_eq!(all.rows[0].1[0].len(), 10 << 20);
        assert_eq!(all.texts()[1], ["2", "3"]);
    }
}

#[test]
fn a_quote_that_never_closes_costs_one_line() {
    let all = read("a,b\n1,2\n\"3,4\n5,6\n7,8\n");
    assert_eq!(all.bad(), [(3, "a quote opens on this line and never closes")]);
    assert_eq!(all.malformed[0].raw, b"\"3,4");
    assert_eq!(all.lines(), [2, 4, 5]);
}

#[test]
fn many_quotes_that_never_close_are_read_in_linear_time() {
    // Every line opens a quote that all later lines keep open.
    let lines = 200_000;
    let all = read(format!("a,b\n{}", "x\"y,\"\n".repeat(lines)));
    assert_eq!(all.rows.len() + all.malformed.len(), lines);
}

#[test]
fn rows_longer_than_the_limit_are_set_apart() {
    let lines = 17 << 20;
    let mut text = b"a,b\n1,\"".to_vec();
    text.extend(std::iter::repeat_n(b"z,z\n", lines).flatten());
    let mut reader = open_bytes("t.csv", text, &ReadSettings::default()).unwrap();
    let (mut rows, mut malformed) = (0, Vec::new());
    while let Some(batch) = reader.next_batch(100_000).unwrap() {
        rows += batch.rows();
        malformed.extend(batch.malformed);
    }
    assert_eq!(rows, lines - 1);
    assert_eq!(malformed.len(), 1);
    assert_eq!((malformed[0].line, malformed[0].raw.as_slice()), (2, &b"1,\"z,z"[..]));
    assert!(malformed[0].reason.contains("never closes"));

    let mut text = b"a,b\n".to_vec();
    text.resize(70 << 20, b'q');
    text.extend_from_slice(b"\r\n1,2\n");
    let all = read(text);
    assert_eq!(all.bad(), [(2, "longer than 64 MiB")]);
    assert_eq!(all.malformed[0].raw.len(), 4096);
    assert_eq!(all.lines(), [3]);
}

#[test]
fn gzip_in_several_members_and_cut_off() {
    let mut packed = gzip(b"a,b\n1,2\n");
    packed.extend(gzip(b"3,4\n"));
    let all = read(packed);
    assert_eq!(all.lines(), [2, 3]);
    assert!(noted(&all, "gzip"));

    // Text that does not compress, so that a cut leaves whole rows before it.
    let mut state = 1_u64;
    let mut text = "a,b\n".to_owned();
    for _ in 0..50_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        writeln!(text, "{},{}", state >> 20, state % 1_000_003).unwrap();
    }
    let packed = gzip(text.as_bytes());
    let all = read(packed[..packed.len() / 2].to_vec());
    assert!(all.rows.len() > 1000 && all.rows.len() < 50_000);
    let wanted: Vec<&str> = text.lines().skip(1).take(all.rows.len()).collect();
    let found: Vec<String> = all.texts().iter().map(|row| row.join(",")).collect();
    assert_eq!(found, wanted);
    match all.error {
        Some(DataError::Read { line, reason, .. }) => {
            assert_eq!(line, all.rows.len() as u64 + 2);
            assert!(reason.contains("cut off"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let mut damaged = packed;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    assert!(read(damaged).error.is_some());
}

#[test]
fn other_delimiters() {
    let settings = ReadSettings {
        delimiter: ';',
        ..ReadSettings::default()
    };
    let all = drain(open_bytes("t.csv", b"a;b\n1;2,3\n".to_vec(), &settings).unwrap(), 9);
    assert_eq!(all.texts(), cells(&[&["1", "2,3"]]));
    let tabs = drain(
        open_bytes("t.tsv", b"a\tb\n1\t2\n".to_vec(), &ReadSettings::default()).unwrap(),
        9,
    );
    assert_eq!(tabs.texts(), cells(&[&["1", "2"]]));
    let packed = gzip(b"a\tb\n1\t2\n");
    let tabs = drain(open_bytes("t.TSV.gz", packed, &ReadSettings::default()).unwrap(), 9);
    assert_eq!(tabs.texts(), cells(&[&["1", "2"]]));
    for delimiter in ['"', '\n', 'é', '\0'] {
        let settings = ReadSettings {
            delimiter,
            ..ReadSettings::default()
        };
        assert!(open_bytes("t.csv", b"a,b\n".to_vec(), &settings).is_err());
    }
}

/// What the csv crate makes of the same bytes: cells of each record.
fn by_csv_crate(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes)
        .into_byte_records()
        .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
        .collect()
}

fn written(rows: &[Vec<String>], crlf: bool) -> Vec<u8> {
    let terminator = if crlf {
        csv::Terminator::CRLF
    } else {
        csv::Terminator::Any(b'\n')
    };
    let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Text as hostile as cells get, heavy in the characters that mean something.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.-]{0,12}",
        prop::collection::vec(
            prop::sample::select(vec!['"', ',', '\n', '\r', 'x', ' ', 'ü', '\0']),
            0..12
        )
        .prop_map(|letters| letters.into_iter().collect()),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1_usize..12).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell(), width), 0..40))
}

proptest! {
    #[test]
    fn what_is_written_reads_back_with_its_lines(rows in table(), crlf: bool, max_rows in 1_usize..50) {
        let width = rows.first().map_or(3, Vec::len);
        let mut all_rows: Vec<Vec<String>> = vec![(0..width).map(|at| format!("c{at}")).collect()];
        all_rows.extend(rows.clone());
        let bytes = written(&all_rows, crlf);
        let all = drain(open_bytes("t.csv", bytes, &ReadSettings::default()).unwrap(), max_rows);
        prop_assert_eq!(all.texts(), rows.clone());
        prop_assert!(all.malformed.is_empty());
        let mut line = 2;
        let mut lines = Vec::new();
        for row in &rows {
            lines.push(line);
            let breaks: usize = row.iter().map(|cell| cell.replace("\r\n", "\n").matches(['\n', '\r']).count()).sum();
            line += 1 + breaks as u64;
        }
        prop_assert_eq!(all.lines(), lines);
    }

    #[test]
    fn agrees_with_the_csv_crate_on_any_text(
        text in prop::collection::vec(prop::sample::select(b"\",\n\rab1".to_vec()), 0..200)
    ) {
        let mut bytes = b"p,q\n".to_vec();
        bytes.extend(&text);
        let all = read(bytes.clone());
        let unclosed = all.bad().iter().any(|(_, reason)| reason.contains("never closes"));
        if !unclosed {
            let wanted = by_csv_crate(&bytes);
            prop_assert_eq!(all.rows.len() + all.malformed.len(), wanted.len() - 1);
            let good: Vec<_> = wanted.into_iter().skip(1).filter(|row| row.len() == 2).collect();
            let found: Vec<_> = all.rows.into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(found, good);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), packed: bool, max_rows in 0_usize..9) {
        let bytes = if packed { gzip(&bytes) } else { bytes };
        if let Ok(reader) = open_bytes("t.csv", bytes, &ReadSettings::default()) {
            drain(reader, max_rows);
        }
    }

    #[test]
    fn damaged_gzip_never_panics(at in 0_usize..200, value: u8, cut in 0_usize..300) {
        let rows: Vec<String> = (0..40).map(|row| format!("{row},{}", row * 7919)).collect();
        let mut packed = gzip(format!("a,b\n{}\n", rows.join("\n")).as_bytes());
        let at = at % packed.len();
        packed[at] = value;
        packed.truncate(cut);
        if let Ok(reader) = open_bytes("t.csv", packed, &ReadSettings::default()) {
            drain(reader, 7);
        }
    }
}
