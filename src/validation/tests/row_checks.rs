//! Owns the tests of checks that judge single rows: each with a failing and a passing case.

use super::*;
use crate::schema::Rule;

/// A column with a change.
fn with(name: &str, kind: ColumnType, change: impl FnOnce(&mut Column)) -> Column {
    let mut column = column(name, kind);
    change(&mut column);
    column
}

/// Runs `csv` with a column `a` and expects rows of these lines to fail `id`, and that the check passes on `sound`.
fn expect(id: &str, a: Column, csv: &str, lines: &[u64], sound: &str) {
    let name = a.name.clone();
    let schema = schema(vec![a]);
    let outcome = train(&schema, csv);
    assert_eq!(outcome.lines(), lines, "{:#?}", outcome.rejects);
    let check = outcome.check(id, Some(&name));
    assert_eq!(check.failing_rows, lines.len() as u64);
    assert_eq!(check.examples.iter().map(|e| e.line).collect::<Vec<_>>(), lines);
    assert!(
        outcome
            .rejects
            .iter()
            .all(|r| r.check == id && r.column.as_deref() == Some(&name))
    );
    let outcome = train(&schema, sound);
    assert_eq!(outcome.check(id, None).status, CheckStatus::Passed);
    assert!(outcome.rejects.is_empty(), "{:#?}", outcome.rejects);
}

#[test]
fn unreadable_cells() {
    let sound = "a,y\n1,bad\n2,good\n";
    expect(
        "unparsable",
        column("a", ColumnType::Int),
        "a,y\n1,bad\nx,good\n2.5,good\n",
        &[3, 4],
        sound,
    );
    expect(
        "not_finite",
        column("a", ColumnType::Float),
        "a,y\n1e999,bad\n-inf,good\n2,good\n",
        &[2, 3],
        sound,
    );
    expect(
        "invalid_ip",
        column("a", ColumnType::Ip),
        "a,y\n10.0.0.256,bad\n::1,good\n",
        &[2],
        "a,y\n10.0.0.2,bad\n::1,good\n",
    );
    expect(
        "invalid_port",
        column("a", ColumnType::Port),
        "a,y\n65536,bad\n-1,good\n443,good\n",
        &[2, 3],
        sound,
    );
    let times = "a,y\n2024-01-02T03:04:05Z,bad\n2024-01-03,good\n";
    expect(
        "invalid_timestamp",
        column("a", ColumnType::Timestamp),
        "a,y\nsoon,bad\n2024-01-01,good\n",
        &[2],
        times,
    );
}

#[test]
fn bytes_that_are_not_utf8_warn() {
    let schema = schema(vec![column("a", ColumnType::Category)]);
    let outcome = Run::default().try_on(&schema, b"a,y\n\xff\xfe,bad\nx,good\n").unwrap();
    let check = outcome.check("invalid_utf8", Some("a"));
    assert_eq!((check.severity, check.failing_rows), (Severity::Warn, 1));
    assert_eq!(outcome.accepted, [true, true]);
    assert_eq!(
        train(&schema, "a,y\nx,bad\nz,good\n")
            .check("invalid_utf8", None)
            .status,
        CheckStatus::Passed
    );
}

#[test]
fn nulls_are_not_confused_with_unreadable_cells() {
    let a = with("a", ColumnType::Int, |c| c.nullable = false);
    let outcome = train(&schema(vec![a.clone()]), "a,y\nx,bad\n,good\n3,good\nNA,bad\nz,bad\n");
    assert_eq!(outcome.check("null", Some("a")).failing_rows, 2);
    assert_eq!(outcome.check("unparsable", Some("a")).failing_rows, 2);
    assert_eq!(outcome.lines(), [2, 3, 5, 6]);
    expect("null", a, "a,y\n,bad\n1,good\n", &[2], "a,y\n1,bad\n2,good\n");
    let nullable = train(&schema(vec![column("a", ColumnType::Int)]), "a,y\n,bad\n1,good\n");
    assert!(nullable.rejects.is_empty());
}

#[test]
fn range_of_every_ordered_type() {
    let limits = |c: &mut Column| (c.min, c.max) = (Some(0.0), Some(10.0));
    let sound = "a,y\n0,bad\n10,good\n,good\n";
    let csv = "a,y\n-1,bad\n0,good\n11,good\n,good\n";
    expect("range", with("a", ColumnType::Int, limits), csv, &[2, 4], sound);
    expect(
        "range",
        with("a", ColumnType::Float, limits),
        "a,y\n-0.001,bad\n10,good\n10.5,good\n",
        &[2, 4],
        sound,
    );
    expect(
        "range",
        with("a", ColumnType::Port, |c| c.min = Some(1024.0)),
        "a,y\n80,bad\n8080,good\n",
        &[2],
        "a,y\n1024,bad\n1025,good\n",
    );
    let since = with("a", ColumnType::Timestamp, |c| c.min = Some(1_600_000_000.0));
    expect(
        "range",
        since,
        "a,y\n1999-01-01,bad\n2024-01-01,good\n",
        &[2],
        "a,y\n2024-01-01,bad\n2024-01-02,good\n",
    );
}

#[test]
fn allowed_values_of_every_type() {
    let allowed = |values: &[&str]| {
        let values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
        move |c: &mut Column| c.allowed = Some(values)
    };
    let ints = with("a", ColumnType::Int, allowed(&["-1", "0", "1.0", "9000000000"]));
    expect(
        "allowed",
        ints,
        "a,y\n-1,bad\n2,good\n-2,good\n9000000000,good\n,bad\n",
        &[3, 4],
        "a,y\n1,bad\n0,good\n",
    );
    let texts = with("a", ColumnType::Category, allowed(&["tcp", "udp"]));
    expect(
        "allowed",
        texts,
        "a,y\ntcp,bad\nTCP,good\nicmp,good\n",
        &[3, 4],
        "a,y\nudp,bad\ntcp,good\n",
    );
    let floats = with("a", ColumnType::Float, allowed(&["0.5"]));
    expect(
        "allowed",
        floats,
        "a,y\n.5,bad\n0.25,good\n",
        &[3],
        "a,y\n0.50,bad\n5e-1,good\n",
    );
    let bools = with("a", ColumnType::Bool, allowed(&["true"]));
    expect(
        "allowed",
        bools,
        "a,y\nyes,bad\nno,good\n",
        &[3],
        "a,y\n1,bad\nT,good\n",
    );
    let ips = with("a", ColumnType::Ip, allowed(&["2001:db8:0::1"]));
    expect(
        "allowed",
        ips,
        "a,y\n2001:db8::1,bad\n10.0.0.1,good\n",
        &[3],
        "a,y\n2001:DB8::1,bad\n2001:db8::1,good\n",
    );
    let wrong = schema(vec![with("a", ColumnType::Int, allowed(&["one"]))]);
    let error = Run::default().try_on(&wrong, b"a,y\n1,bad\n").err().unwrap();
    assert_eq!(
        error.to_string(),
        "schema column `a`: allowed value `one` is not of type int; correct it in the schema"
    );
}

#[test]
fn the_whole_cell_must_match_a_pattern() {
    let a = with("a", ColumnType::Category, |c| c.pattern = Some("ab|b+".into()));
    expect(
        "pattern",
        a,
        "a,y\nab,bad\nabc,good\nxb,good\n,good\nbbb,good\n",
        &[3, 4],
        "a,y\nab,bad\nb,good\n",
    );
    let digits = with("a", ColumnType::Int, |c| c.pattern = Some("[0-9]{2}".into()));
    expect(
        "pattern",
        digits,
        "a,y\n7,bad\n07,good\n,bad\n",
        &[2],
        "a,y\n10,bad\n11,good\n",
    );
    for pattern in ["(", "a)|(b", "(?x) a # b"] {
        let broken = schema(vec![with("a", ColumnType::Text, |c| c.pattern = Some(pattern.into()))]);
        let result = Run::default().try_on(&broken, b"a,y\n1,bad\n");
        assert!(
            matches!(result.err(), Some(ValidationError::Pattern { .. })),
            "{pattern}"
        );
    }
}

#[test]
fn severity_of_a_column_decides_over_its_rows() {
    for (severity, lines, status) in [
        (Severity::Block, vec![2], Status::Warned),
        (Severity::Warn, vec![], Status::Warned),
        (Severity::Info, vec![], Status::Passed),
    ] {
        let a = with("a", ColumnType::Int, |c| {
            (c.max, c.severity) = (Some(5.0), severity);
            c.allowed = Some(vec!["1".into(), "2".into(), "3".into()]);
            c.pattern = Some("[1-3]".into());
        });
        let outcome = train(&schema(vec![a]), "a,y\n9,bad\n1,good\n2,bad\n");
        assert_eq!(outcome.lines(), lines);
        for id in ["range", "allowed", "pattern"] {
            let check = outcome.check(id, Some("a"));
            assert_eq!((check.severity, check.failing_rows), (severity, 1));
        }
        assert_eq!(outcome.report.status, status);
    }
}

#[test]
fn unique_values_across_batches_and_a_cap() {
    let a = with("a", ColumnType::Category, |c| c.unique = true);
    let csv = "a,y\nu,bad\nv,good\nw,good\nx,good\nu,good\n,bad\n,bad\nx,bad\n";
    expect("unique", a.clone(), csv, &[6, 9], "a,y\nu,bad\nv,good\n");
    for kind in [ColumnType::Int, ColumnType::Float] {
        let a = with("a", kind, |c| c.unique = true);
        expect(
            "unique",
            a,
            "a,y\n1,bad\n0,good\n+1,good\n-0,bad\n",
            &[4, 5],
            "a,y\n1,bad\n2,good\n",
        );
    }
    let mut run = Run::default();
    run.settings.max_tracked_rows = 2;
    let capped = run.on(&schema(vec![a.clone()]), csv);
    let check = capped.check("unique", Some("a"));
    assert_eq!(check.failing_rows, 1, "u is remembered, x is not");
    assert!(check.message.contains("max_tracked_rows"));
    assert!(score(&schema(vec![a]), csv).rejects.is_empty());
}

fn rule(id: &str, severity: Severity, expression: &str) -> Rule {
    Rule {
        id: id.into(),
        severity,
        expression: expression.into(),
        description: None,
    }
}

#[test]
fn rules_across_columns() {
    let columns = vec![
        column("proto", ColumnType::Category),
        column("port", ColumnType::Port),
        column("duration", ColumnType::Float),
        with("gone", ColumnType::Int, |c| c.required = false),
    ];
    let mut schema = schema(columns);
    schema.rules = vec![
        rule("icmp", Severity::Block, "proto <> 'icmp' OR port IS NULL"),
        rule("positive", Severity::Warn, "duration >= 0"),
        rule("absent", Severity::Block, "gone > port"),
        rule("truth", Severity::Block, "1 = 1"),
    ];
    let csv = "proto,port,duration,y\nicmp,80,1,bad\nicmp,,1,good\ntcp,80,-1,good\ntcp,81,,good\n,80,,bad\n";
    let outcome = train(&schema, csv);
    assert_eq!(outcome.lines(), [2]);
    let reject = &outcome.rejects[0];
    assert_eq!((reject.check.as_str(), reject.column.as_deref()), ("rule:icmp", None));
    assert!(reject.reason.contains("proto <> 'icmp'"));
    assert_eq!(
        outcome.check("rule:positive", None).failing_rows,
        1,
        "null counts as sound"
    );
    let absent = outcome.check("rule:absent", None);
    assert_eq!(absent.status, CheckStatus::Skipped);
    assert!(absent.message.contains("`gone`"));
    assert_eq!(outcome.check("rule:truth", None).status, CheckStatus::Passed);
}

#[test]
fn rules_that_cannot_be_used_are_errors() {
    for (expression, says) in [
        ("a >", "`broken`"),
        ("b > 1", "it names `b`"),
        ("y = 'bad'", "the label cannot be used"),
        ("a + 1", "not true or false"),
    ] {
        let mut schema = schema(vec![column("a", ColumnType::Int)]);
        schema.rules = vec![rule("broken", Severity::Block, expression)];
        let error = Run::default().try_on(&schema, b"a,y\n1,bad\n").err().unwrap();
        let text = error.to_string();
        assert!(text.contains(says) && !text.contains('\n'), "{text}");
    }
}

#[test]
fn timestamps_in_the_future() {
    let schema = schema(vec![column("at", ColumnType::Timestamp)]);
    let now = 1_700_000_000_i64; // 2023-11-14T22:13:20Z
    let run = Run {
        against: Against {
            now: Some(now * 1_000_000),
            ..Against::default()
        },
        ..Run::default()
    };
    let outcome = run.on(&schema, "at,y\n2023-11-15T00:00:00Z,bad\n2023-11-17T00:00:00Z,good\n");
    let check = outcome.check("future_timestamp", Some("at"));
    assert_eq!(
        (check.failing_rows, check.examples[0].line),
        (1, 3),
        "a day's tolerance"
    );
    assert!(outcome.rejects.is_empty());
    let sound = run.on(&schema, "at,y\n2023-11-15T00:00:00Z,bad\n2023-11-14T00:00:00Z,good\n");
    assert_eq!(sound.check("future_timestamp", None).status, CheckStatus::Passed);
}

#[test]
fn labels_matter_unless_scoring() {
    let schema = schema(vec![column("a", ColumnType::Int)]);
    let csv = "a,y\n1,bad\n2,\n3,evil\n4,good\n";
    let outcome = train(&schema, csv);
    assert_eq!(outcome.lines(), [3, 4]);
    assert_eq!(outcome.rejects[0].reason, "the label is empty");
    assert_eq!(outcome.rejects[1].value, "evil");
    assert_eq!(outcome.rejects[1].column.as_deref(), Some("y"));
    assert_eq!(outcome.check("label", Some("y")).failing_rows, 2);
    let scored = score(&schema, csv);
    assert!(scored.rejects.is_empty());
    assert!(
        scored
            .report
            .checks
            .iter()
            .all(|c| c.id != "label" && c.id != "one_class")
    );
    assert_eq!(
        train(&schema, "a,y\n1,bad\n2,good\n").check("label", None).status,
        CheckStatus::Passed
    );
}

#[test]
fn ignored_columns_and_the_label_column_are_not_checked() {
    let ignored = with("a", ColumnType::Int, |c| {
        (c.role, c.nullable, c.max, c.unique) = (Role::Ignore, false, Some(1.0), true);
    });
    let label = with("y", ColumnType::Int, |c| (c.nullable, c.max) = (false, Some(1.0)));
    let outcome = train(&schema(vec![ignored, label]), "a,y\n9,bad\nx,good\n9,good\n");
    assert!(outcome.rejects.is_empty(), "{:#?}", outcome.rejects);
}
