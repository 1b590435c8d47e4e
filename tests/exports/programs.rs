//! Checks by other programs: pandas, Polars, stix2-validator, GitHub's Markdown, LibreOffice.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use nsec_tui::export::Format;

use crate::common::repository;
use crate::rows::{export, flows, hostile, mail_header, row};

/// Runs a script; `false` if what it needs is not here, which is said.
fn check(script: &str, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> bool {
    let python = std::env::var_os("NSEC_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(&python);
    command.arg(repository("tests/exports").join(script));
    command.args(arguments.iter().map(AsRef::as_ref));
    let output = command.output();
    // Straight to standard error: the test harness swallows what is printed by tests that pass.
    let say = |text: String| std::io::stderr().write_all(text.as_bytes()).unwrap();
    let Ok(output) = output else {
        say(format!(
            "\nSKIPPED: {script}: {} is not there\n",
            python.to_string_lossy()
        ));
        return false;
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    if output.status.code() == Some(77) {
        say(format!(
            "\nSKIPPED: {script}: what it checks with is not installed (tests/exports/README.md)\n"
        ));
        return false;
    }
    assert!(output.status.success(), "{script}: {text}");
    say(format!("\n{script}: {text}"));
    true
}

fn cells(path: &Path) -> serde_json::Value {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    serde_json::json!({"columns": columns, "rows": rows})
}

#[test]
fn csv_goes_through_pandas_and_polars_unchanged() {
    let directory = tempfile::tempdir().unwrap();
    for (name, (header, rows)) in [("flows", flows(300)), ("hostile", hostile())] {
        let path = directory.path().join(format!("{name}.csv"));
        fs::write(&path, export(Format::Csv, &header, &rows).0).unwrap();
        let expected = cells(&path);
        assert_eq!(expected["rows"].as_array().unwrap().len(), rows.len());
        let json = directory.path().join("cells.json");
        fs::write(&json, expected.to_string()).unwrap();
        for engine in ["pandas", "polars"] {
            let again = directory.path().join("again.csv");
            if check("check_csv.py", &[&engine, &path, &json, &again]) {
                assert_eq!(cells(&again), expected, "{engine}, {name}");
            }
        }
    }
}

#[test]
fn bundles_are_what_stix_programs_take() {
    let directory = tempfile::tempdir().unwrap();
    let mut mail = vec![
        row(
            "mail",
            1,
            &[
                "",
                "https://Evil.example:8443/a?b=%27#c",
                "",
                "2001:db8::9",
                "1",
                "",
                "",
                "",
                "",
            ],
            0.99,
        ),
        row(
            "mail",
            2,
            &["1", "", "xn--bcher-kva.example", "", "", "", "", "", ""],
            0.7,
        ),
        row("mail", 3, &["", "", "", "198.51.100.7", "", "", "", "", ""], 0.2),
        row(
            "mail",
            4,
            &["", "not a url", "nodot", "nowhere", "", "", "", "", ""],
            0.2,
        ),
    ];
    for row in &mut mail {
        crate::rows::judged(
            row,
            "zoë",
            "2026-11-27T09:00:00.000Z",
            nsec_tui::triage::Verdict::TruePositive,
        );
    }
    let empty = (mail_header(), Vec::new());
    let all = [
        ("flows", flows(300)),
        ("hostile", hostile()),
        ("mail", (mail_header(), mail)),
        ("empty", empty),
    ];
    let paths = all.map(|(name, (header, rows))| {
        let path = directory.path().join(format!("{name}.json"));
        fs::write(&path, export(Format::Stix, &header, &rows).0).unwrap();
        path
    });
    let paths: Vec<&dyn AsRef<std::ffi::OsStr>> = paths.iter().map(|p| p as &dyn AsRef<std::ffi::OsStr>).collect();
    check("check_stix.py", &paths);
}

#[test]
fn nothing_in_a_hand_over_is_markup_but_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shift.md");
    let (header, rows) = hostile();
    fs::write(&path, export(Format::Markdown, &header, &rows).0).unwrap();
    check(
        "check_markdown.py",
        &[&path, &"| # ` ``` <script>alert(1)</script> ![x](http://evil.example/)"],
    );
    let (header, rows) = flows(300);
    fs::write(&path, export(Format::Markdown, &header, &rows).0).unwrap();
    check("check_markdown.py", &[&path, &"ask the owner"]);
}

#[test]
fn guarded_cells_are_inert_in_libreoffice() {
    let directory = tempfile::tempdir().unwrap();
    let (mut header, mut rows) = hostile();
    // A megabyte in a cell is more than LibreOffice takes.
    rows.retain(|row| row.cells[7].len() < 1000);
    let paths = ["guarded", "raw"].map(|name| {
        header.guard = name == "guarded";
        let path = directory.path().join(format!("{name}.csv"));
        fs::write(&path, export(Format::Csv, &header, &rows).0).unwrap();
        path
    });
    check("check_spreadsheet.py", &[&paths[0], &paths[1]]);
}
