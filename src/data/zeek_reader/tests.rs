//! Owns the tests of reading Zeek logs.

use proptest::prelude::*;

use super::super::testing::{drain, gzip};
use super::super::{ReadSettings, open_bytes};

const LOG: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#open\t2026-01-01-00-00-00\n\
#fields\tts\tuid\tservice\n#types\ttime\tstring\tstring\n\
1700000000.123456\tC1\\x09x\t-\n1.5\tC2\n# a comment\n\n2.5\tC3\t(empty)\r\n#close\t2026-01-01-01-00-00\n";

fn open(text: impl Into<Vec<u8>>) -> Box<dyn super::super::RowReader> {
    open_bytes("conn.log", text.into(), &ReadSettings::default()).unwrap()
}

#[test]
fn a_log_with_its_markers() {
    let reader = open(LOG);
    for (cell, null) in [("-", true), ("(empty)", true), ("", true), ("NA", false), ("--", false)] {
        assert_eq!(reader.null_tokens().is_null(cell.as_bytes()), null, "{cell}");
    }
    let all = drain(reader, 100);
    assert_eq!(all.header, ["ts", "uid", "service"]);
    assert_eq!(
        all.texts(),
        [["1700000000.123456", "C1\\x09x", "-"], ["2.5", "C3", "(empty)"]]
    );
    assert_eq!(all.lines(), [9, 13]);
    assert_eq!(all.bad(), [(10, "2 fields, expected 3")]);
    assert_eq!(all.notes, ["1 blank line skipped, line 12"]);
}

#[test]
fn packed_and_unfinished() {
    let text = LOG.replace("#close", "#other");
    let all = drain(open(gzip(text.as_bytes())), 1);
    assert_eq!(all.lines(), [9, 13]);
    assert!(all.notes.iter().any(|note| note.contains("#close")), "{:?}", all.notes);
}

#[test]
fn other_separators_and_markers() {
    let all = drain(open("#separator |\n#unset_field|NIL\n#fields|a|b\n1|NIL\n"), 10);
    assert_eq!(all.texts(), [["1", "NIL"]]);
    let reader = open("#separator \\x7c\n#unset_field|NIL\n#fields|a|b\n1|NIL\n");
    assert!(reader.null_tokens().is_null(b"NIL") && !reader.null_tokens().is_null(b"-"));
}

#[test]
fn joined_logs_must_have_the_same_fields() {
    let joined = format!("{LOG}{LOG}");
    let all = drain(open(joined), 100);
    assert_eq!(all.rows.len(), 4);
    assert!(all.error.is_none());
    let other = format!("{LOG}#fields\tother\n1\n");
    let all = drain(open(other), 100);
    assert_eq!(all.rows.len(), 2);
    assert!(all.error.unwrap().to_string().contains("conn.log:15:"));
}

#[test]
fn heads_that_cannot_be_used() {
    for (text, part) in [
        ("#separator \\x09\n#path\tconn\n1\t2\n", "no #fields"),
        ("#separator ab\n#fields\ta\n", "one character"),
        ("#separator \\xff\n", "one character"),
        ("#fields\ta\ta\n", "both named"),
    ] {
        match open_bytes("x.log", text.as_bytes().to_vec(), &ReadSettings::default()) {
            Ok(_) => panic!("{text} opened"),
            Err(error) => assert!(error.to_string().contains(part), "{error}"),
        }
    }
}

#[test]
fn an_endless_line_is_set_apart() {
    let mut text = b"#fields\ta\tb\n".to_vec();
    text.resize(65 << 20, b'x');
    text.extend_from_slice(b"\n1\t2\n");
    let all = drain(open(text), 100);
    assert_eq!(all.bad(), [(2, "longer than 64 MiB")]);
    assert_eq!(all.lines(), [3]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        head in prop::sample::select(vec!["#separator ", "#fields\ta\tb\n", "#separator \\x09\n#fields\ta\n", "#path"]),
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\t\n#\\x-".to_vec())], 0..300),
        max_rows in 0_usize..5,
    ) {
        let mut text = head.as_bytes().to_vec();
        text.extend(bytes);
        if let Ok(reader) = open_bytes("x.log", text, &ReadSettings::default()) {
            drain(reader, max_rows);
        }
    }
}
