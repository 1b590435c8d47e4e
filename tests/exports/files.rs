//! Files: whole or not at all, and never over another unless told.

use std::fs;

use nsec_tui::export::{ExportError, ExportRow, Format, RowError, write_file};
use nsec_tui::triage::Verdict;

use crate::rows::{flows, judged, mail_header, row, rule};

fn three() -> Vec<ExportRow> {
    let mut rows: Vec<ExportRow> = (0..3)
        .map(|at| row("mail", at, &["", "", "a.example", "", "", "", "", "", ""], 0.6))
        .collect();
    judged(&mut rows[1], "alice", "2026-11-27T09:00:00.000Z", Verdict::TruePositive);
    rows
}

#[test]
fn a_file_is_replaced_only_when_told() {
    let directory = tempfile::tempdir().unwrap();
    for format in Format::ALL {
        let path = directory
            .path()
            .join("new/deeper")
            .join(format!("rows.{}", format.extension()));
        let export = |replace| {
            let mut rows = three().into_iter().map(Ok);
            write_file(format, &path, replace, &mail_header(), &mut rows)
        };
        let summary = export(false).unwrap();
        assert_eq!((summary.rows, summary.judged), (3, 1));
        assert_eq!(fs::metadata(&path).unwrap().len(), summary.bytes);
        fs::write(&path, "mine").unwrap();
        let refused = export(false).unwrap_err();
        assert!(matches!(&refused, ExportError::Exists(at) if *at == path));
        assert!(
            refused
                .to_string()
                .ends_with("is there already; choose another name, or say that it may be replaced")
        );
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(export(true).unwrap(), summary);
        assert_eq!(fs::metadata(&path).unwrap().len(), summary.bytes);
    }
}

#[test]
fn rows_that_fail_leave_what_was_there() {
    let directory = tempfile::tempdir().unwrap();
    let [one, two, three] = three().try_into().unwrap();
    let narrow = ExportRow {
        cells: vec![String::new()],
        ..two.clone()
    };
    let hidden = ExportRow {
        suppressed: Some("a\u{1b} > 1".to_owned()),
        ..three
    };
    let faults: [(Result<ExportRow, RowError>, &str); 3] = [
        (
            Err("the file was cut short".into()),
            "row 2 of the export: the file was cut short",
        ),
        (
            Ok(narrow),
            "row 2 of the export has 1 cells, but there are 9 columns; open the scored file again",
        ),
        (
            Ok(hidden),
            "row 2 of the export is suppressed by `a\\x1b > 1`, but the list of rules is empty; open the scored file again",
        ),
    ];
    for (bad, message) in faults {
        let path = directory.path().join("rows.csv");
        fs::write(&path, "mine").unwrap();
        let mut rows = [Ok(one.clone()), bad].into_iter();
        let failed = write_file(Format::Csv, &path, true, &mail_header(), &mut rows).unwrap_err();
        assert_eq!(failed.to_string(), message);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            1,
            "something was left behind"
        );
    }
}

#[test]
fn a_disk_that_is_full_says_so() {
    let (header, rows) = flows(500);
    for format in Format::ALL {
        let mut rows = rows.iter().cloned().map(Ok);
        let failed = write_file(format, "/dev/full".as_ref(), false, &header, &mut rows).unwrap_err();
        assert!(failed.to_string().contains("/dev/full"), "{format}: {failed}");
        assert!(failed.to_string().contains("the disk is full"), "{format}: {failed}");
    }
}

#[test]
fn rules_make_a_column_even_where_they_meet_nothing() {
    let mut header = mail_header();
    header.rules = vec![(rule("links > 900"), 0)];
    let mut out = Vec::new();
    let mut rows = three().into_iter().map(Ok::<_, RowError>);
    nsec_tui::export::write(Format::Csv, &header, &mut rows, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.lines().next().unwrap().ends_with(",reviewed_at,suppressed_by"));
}
