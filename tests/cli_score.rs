//! Owns the proof of `score --stdin`: rows in, the same rows out in order, whatever stands in them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

mod common;

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Outcome, PROGRAM, Table, Workspace, bundled};
use proptest::prelude::*;
use serde_json::Value;

/// `score --stdin` in a workspace.
#[track_caller]
fn score(workspace: &Workspace, options: &[&str], input: &[u8], code: i32) -> Outcome {
    let mut arguments: Vec<&dyn AsRef<OsStr>> = vec![&"score", &"--stdin"];
    arguments.extend(options.iter().map(|o| o as &dyn AsRef<OsStr>));
    workspace.run_with(&arguments, input, code)
}

/// The same as a process of its own, whose pipes stay open.
fn start(workspace: &Workspace, options: &[&str]) -> Child {
    Command::new(PROGRAM)
        .arg("--workspace")
        .arg(workspace.root())
        .args(["score", "--stdin"])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The bundled header's names and rows.
fn cells(rows: usize) -> (Vec<String>, Vec<Vec<String>>) {
    let text = bundled(rows);
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect());
    (lines.next().unwrap(), lines.collect())
}

#[test]
fn probabilities_are_those_of_predict_bit_for_bit_in_every_format() {
    let workspace = Workspace::with_champion();
    let input = workspace.write("in.csv", bundled(5_000));
    let (_, predicted) = workspace.score(&input, &[]);
    let wanted = predicted.column("probability");
    assert_eq!(wanted.len(), 5_000);

    let out = score(&workspace, &["--format", "csv"], bundled(5_000).as_bytes(), 0);
    assert!(out.stderr.is_empty(), "{}", out.err());
    let table = Table::parse(&out.stdout);
    assert_eq!(
        table.header[table.header.len() - 4..],
        ["probability", "classification", "risk_level", "error"]
    );
    for column in ["probability", "classification", "risk_level"] {
        assert_eq!(table.column(column), predicted.column(column), "{column}");
    }
    assert!(table.column("error").iter().all(|error| error.is_empty()));
    // The rows themselves are as they came.
    let ours = out.out();
    for (line, came) in ours.lines().zip(bundled(5_000).lines()) {
        assert!(
            line.strip_prefix(came).is_some_and(|rest| rest.starts_with(',')),
            "{line}"
        );
    }

    let (names, rows) = cells(5_000);
    let columns = names.join(",");
    let tabs: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
    let options = [
        "--format",
        "tsv",
        "--no-header",
        "--columns",
        &columns,
        "--only",
        "probability",
    ];
    let out = score(&workspace, &options, tabs.as_bytes(), 0);
    assert_eq!(out.out().lines().collect::<Vec<_>>(), wanted);

    let objects: String = rows.iter().map(|row| object(&names, row)).collect();
    let out = score(&workspace, &["--format", "ndjson"], objects.as_bytes(), 0);
    let told = out.out();
    assert_eq!(told.lines().count(), wanted.len());
    for ((line, came), wanted) in told.lines().zip(objects.lines()).zip(&wanted) {
        assert!(line.starts_with(came.strip_suffix('}').unwrap()), "{line}");
        assert!(line.contains(&format!(",\"probability\":{wanted},")), "{line}");
    }
}

fn object(names: &[String], row: &[String]) -> String {
    let fields: Vec<String> = names
        .iter()
        .zip(row)
        .map(|(name, cell)| format!("\"{name}\":{cell}"))
        .collect();
    format!("{{{}}}\n", fields.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Rows in any order of columns, with broken ones between: what can be scored is scored as `predict` does, and what
    /// cannot stands in its place with a reason.
    #[test]
    fn any_rows_come_out_as_predict_has_them(
        picked in prop::collection::vec((0_usize..200, 0_u8..10), 1..60),
        turned in 0_usize..20,
    ) {
        let workspace = Workspace::with_champion();
        let (mut names, mut rows) = cells(200);
        names.rotate_left(turned);
        for row in &mut rows {
            row.rotate_left(turned);
        }
        let mut text = names.join(",") + "\n";
        // One that can be scored, or predict refuses the file.
        for &(at, kind) in picked.iter().chain([&(0, 9)]) {
            let mut row = rows[at].clone();
            match kind {
                0 => row[0] = "seven".to_owned(),
                1 => row.truncate(3),
                2 => row.push("1".to_owned()),
                _ => {}
            }
            text.push_str(&(row.join(",") + "\n"));
        }
        let input = workspace.write("in.csv", &text);
        let (summary, predicted) = workspace.score(&input, &[]);
        let table = Table::parse(&score(&workspace, &["--format", "csv"], text.as_bytes(), 0).stdout);
        prop_assert_eq!(table.rows.len(), picked.len() + 1);
        let (bad, good): (Vec<_>, Vec<_>) = table.rows.iter().partition(|row| !row["error"].is_empty());
        prop_assert_eq!(bad.len() as u64, summary["rejected"].as_u64().unwrap());
        prop_assert!(bad.iter().all(|row| row["probability"].is_empty()));
        let good: Vec<&str> = good.iter().map(|row| row["probability"].as_str()).collect();
        prop_assert_eq!(good, predicted.column("probability"));
    }
}

#[test]
fn bad_rows_are_marked_in_their_place() {
    let workspace = Workspace::with_champion();
    let (names, rows) = cells(3);
    let first = names[0].clone();
    let mut bad = rows[1].clone();
    bad[0] = "seven".to_owned();
    let good = rows[0].join(",");
    let text = format!("{}\n{good}\n{}\n1,2\n{good}\n", names.join(","), bad.join(","));
    let table = Table::parse(&score(&workspace, &["--format", "csv"], text.as_bytes(), 0).stdout);
    let errors = table.column("error");
    assert_eq!((errors[0], errors[3]), ("", ""));
    assert!(
        errors[1].starts_with(&format!("{first}: ")) && errors[1].ends_with("(seven)"),
        "{}",
        errors[1]
    );
    assert_eq!(errors[2], format!("2 fields, expected {}", names.len()));
    assert_eq!(table.column(&first)[2], "1,2");

    let line = object(&names, &rows[0]);
    let text = format!("{line}{{\"{first}\": oops}}\n\n[1, 2]\n{line}");
    let out = score(&workspace, &["--format", "ndjson"], text.as_bytes(), 0).out();
    let told: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(told.len(), 4);
    for (at, text) in [(1, format!("{{\"{first}\": oops}}")), (2, "[1, 2]".to_owned())] {
        assert_eq!(told[at]["raw"], text);
        assert_eq!(told[at]["probability"], Value::Null);
        assert!(!told[at]["error"].as_str().unwrap().is_empty());
    }
    assert_eq!((&told[0]["error"], &told[3]["error"]), (&"".into(), &"".into()));
}

#[test]
fn the_first_rows_are_answered_while_the_pipe_is_open() {
    let workspace = Workspace::with_champion();
    let (names, rows) = cells(50);
    let columns = names.join(",");
    for format in ["csv", "tsv", "ndjson"] {
        let separator = if format == "tsv" { "\t" } else { "," };
        let line = |row: &Vec<String>| match format {
            "ndjson" => object(&names, row),
            _ => row.join(separator) + "\n",
        };
        let mut options = vec!["--format", format];
        if format != "ndjson" {
            options.extend(["--no-header", "--columns", &columns]);
        }
        let mut child = start(&workspace, &options);
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        for row in &rows {
            // Were nothing flushed at a pause, this would wait for ever.
            input.write_all(line(row).as_bytes()).unwrap();
            let mut answer = String::new();
            output.read_line(&mut answer).unwrap();
            let came = line(row);
            assert!(
                answer.starts_with(came.trim_end().trim_end_matches('}')),
                "{format}: {answer}"
            );
        }
        drop(input);
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let workspace = Workspace::with_champion();
    let mut child = start(&workspace, &["--format", "csv"]);
    let mut input = child.stdin.take().unwrap();
    let text = bundled(11_000);
    let feeding = std::thread::spawn(move || {
        // Refused once the program has ended.
        for _ in 0..50 {
            if input.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut header = String::new();
    output.read_line(&mut header).unwrap();
    assert!(header.ends_with(",error\n"));
    drop(output);
    feeding.join().unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()),
        (Some(0), "")
    );
}

#[test]
fn lines_of_every_kind_come_through() {
    let workspace = Workspace::with_champion();
    let (names, rows) = cells(2);
    let header = names.join(",");
    let row = rows[0].join(",");
    // A byte order mark, CRLF, no line end at the end, a column that the model does not know with bytes that are no UTF-8.
    let mut text = format!("\u{feff}{header},note\r\n{row},").into_bytes();
    text.extend_from_slice(b"caf\xe9\r\n");
    text.extend_from_slice(format!("{row},\"two\nlines\"\r\n\r\n{row},=1+1").as_bytes());
    let out = score(&workspace, &["--format", "csv"], &text, 0);
    assert!(!out.stdout.starts_with(b"\xef\xbb\xbf"));
    assert!(memchr(&out.stdout, b"caf\xe9,0."), "{}", out.out());
    let table = Table::parse(&out.stdout);
    assert_eq!(table.column("note")[1..], ["two\nlines", "=1+1"]);
    assert!(
        table.column("error").iter().all(|e| e.is_empty()),
        "{:?}",
        table.column("error")
    );

    // A line of ten megabytes is a bad row, the next one is not.
    let long = "x".repeat(10_000_000);
    let text = format!("{header}\n{row}\n{long}\n{row}\n");
    let table = Table::parse(&score(&workspace, &["--format", "csv"], text.as_bytes(), 0).stdout);
    let errors = table.column("error");
    assert_eq!((errors.len(), errors[0], errors[2]), (3, "", ""));
    assert!(errors[1].contains("1 field"), "{}", errors[1]);
    let object_line = object(&names, &rows[0]);
    let text = format!("{object_line}{long}\n{object_line}");
    let out = score(&workspace, &["--format", "ndjson"], text.as_bytes(), 0).out();
    let told: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(
        (told.len(), told[0]["error"].as_str(), told[2]["error"].as_str()),
        (3, Some(""), Some(""))
    );
    assert_eq!(told[1]["raw"].as_str().unwrap().len(), long.len());
}

fn memchr(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[test]
fn nothing_in_is_nothing_out() {
    let workspace = Workspace::with_champion();
    let (names, _) = cells(1);
    let columns = names.join(",");
    for options in [
        &["--format", "csv"][..],
        &["--format", "tsv"],
        &["--format", "ndjson"],
        &["--format", "csv", "--no-header", "--columns", &columns],
    ] {
        let out = score(&workspace, options, b"", 0);
        assert!(out.stdout.is_empty() && out.stderr.is_empty(), "{}", out.err());
    }
    let out = score(
        &workspace,
        &["--format", "tsv"],
        (names.join("\t") + "\n").as_bytes(),
        0,
    );
    assert_eq!(
        out.out(),
        names.join("\t") + "\tprobability\tclassification\trisk_level\terror\n"
    );
}

#[test]
fn a_stream_without_the_columns_of_the_model_is_broken() {
    let workspace = Workspace::with_champion();
    let (mut names, _) = cells(1);
    let lost = names[2].clone();
    names[2].push('x');
    for (format, separator) in [("csv", ","), ("tsv", "\t")] {
        let out = score(
            &workspace,
            &["--format", format],
            (names.join(separator) + "\n1\n").as_bytes(),
            3,
        );
        assert!(out.stdout.is_empty());
        let error = out.error();
        assert!(error.contains(&format!("{lost} may be `{lost}x`")), "{error}");
    }
}

#[test]
fn wrong_use_is_told() {
    let workspace = Workspace::with_champion();
    for (options, code, told) in [
        (&["--format", "xml"][..], 2, "csv, tsv or ndjson"),
        (&["--format", "csv", "--no-header"], 2, "--columns"),
        (&["--format", "csv", "--columns", "a"], 2, "--no-header"),
        (&["--format", "csv", "--only", "verdict"], 2, "no column of the answer"),
        (&["--format", "csv", "--threshold", "7"], 2, "threshold 7"),
        (&["--format", "ndjson", "--no-header", "--columns", "a"], 2, "every row"),
        (&["--format", "csv", "--no-header", "--columns", "a,a"], 3, "both named"),
        (&["--format", "csv", "--model", "nobody"], 4, "nobody"),
    ] {
        let out = score(&workspace, options, b"a,b\n1,2\n", code);
        assert!(out.err().contains(told), "{options:?}: {}", out.err());
    }
    // Without --stdin nothing is read.
    let out = workspace.run_with(&[&"score", &"--format", &"csv"], b"", 2);
    assert!(out.err().contains("--stdin"), "{}", out.err());
}

#[test]
fn the_threshold_moves_the_class_and_nothing_else() {
    let workspace = Workspace::with_champion();
    let text = bundled(300);
    let at = |threshold: &str| {
        let options = ["--format", "csv", "--threshold", threshold];
        Table::parse(&score(&workspace, &options, text.as_bytes(), 0).stdout)
    };
    let (low, high) = (at("0"), at("1"));
    assert_eq!(low.column("probability"), high.column("probability"));
    assert!(low.column("classification").iter().all(|&class| class == "malicious"));
    let sure = high.column("probability").iter().filter(|&&p| p == "1.0").count();
    assert_eq!(
        high.column("classification")
            .iter()
            .filter(|&&c| c == "malicious")
            .count(),
        sure
    );
}

#[test]
fn a_signal_ends_it_with_its_code() {
    let workspace = Workspace::with_champion();
    let mut child = start(&workspace, &["--format", "csv"]);
    let mut input = child.stdin.take().unwrap();
    input.write_all(bundled(3).as_bytes()).unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let status = Command::new("kill")
        .arg("-TERM")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
    for _ in 0..600 {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(143));
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    panic!("still there after SIGTERM");
}
