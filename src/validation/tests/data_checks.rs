//! Owns the tests of checks that judge a file as a whole: each with a failing and a passing case.

use super::*;

fn optional(name: &str) -> Column {
    let mut column = column(name, ColumnType::Int);
    column.required = false;
    column
}

#[test]
fn missing_extra_renamed_and_absent_columns() {
    let mut aliased = column("port_no", ColumnType::Int);
    aliased.aliases = vec!["port".into()];
    let schema = schema(vec![column("having_ip", ColumnType::Int), aliased, optional("rank")]);
    let outcome = train(&schema, "port,having_ipx,y\n1,2,bad\n3,4,good\n");
    let missing = outcome.check("missing_column", Some("having_ip"));
    assert!(missing.message.contains("`having_ipx`"), "{}", missing.message);
    assert_eq!((missing.severity, missing.scope), (Severity::Block, Scope::File));
    assert_eq!(outcome.report.status, Status::Blocked);
    assert_eq!(outcome.report.blocking().unwrap().id, "missing_column");
    assert_eq!(
        outcome.check("extra_column", Some("having_ipx")).severity,
        Severity::Warn
    );
    let renamed = outcome.check("renamed_column", Some("port_no"));
    assert!(renamed.message.contains("`port`"));
    assert!(outcome.check("absent_column", None).message.contains("`rank`"));
    let sound = train(&schema, "having_ip,port_no,rank,y\n1,2,3,bad\n4,5,6,good\n");
    for id in ["missing_column", "extra_column", "renamed_column"] {
        assert_eq!(sound.check(id, None).status, CheckStatus::Passed);
    }
    assert!(
        sound
            .report
            .checks
            .iter()
            .all(|c| c.id != "absent_column" && c.id != "column_order")
    );
    let moved = train(&schema, "rank,y,port_no,having_ip\n1,bad,2,3\n4,good,5,6\n");
    assert_eq!(moved.check("column_order", None).severity, Severity::Info);
}

#[test]
fn a_hostile_number_of_extra_columns_is_summed_up() {
    let names: Vec<String> = (0..5000).map(|i| format!("\u{1b}[31mc{i}")).collect();
    let cells = vec!["1"; 5000].join(",");
    let csv = format!("a,y,{}\n1,bad,{cells}\n2,good,{cells}\n", names.join(","));
    let outcome = train(&schema(vec![column("a", ColumnType::Int)]), &csv);
    let extra: Vec<&CheckOutcome> = outcome
        .report
        .checks
        .iter()
        .filter(|c| c.id == "extra_column")
        .collect();
    assert_eq!(extra.len(), 51);
    assert!(extra[50].message.starts_with("4950 further"));
    assert!(extra.iter().all(|c| !c.message.contains('\u{1b}')));
}

#[test]
fn the_label_column_by_purpose() {
    let schema = schema(vec![column("a", ColumnType::Int)]);
    let csv = "a,yy\n1,bad\n2,good\n";
    let run = |purpose| {
        Run {
            purpose,
            ..Run::default()
        }
        .on(&schema, csv)
    };
    let trained = run(Purpose::Train);
    assert_eq!(trained.report.status, Status::Blocked);
    assert!(trained.check("missing_column", Some("y")).message.contains("`yy`"));
    assert_eq!(
        run(Purpose::Validate).check("missing_column", Some("y")).severity,
        Severity::Warn
    );
    assert_eq!(
        run(Purpose::Score).check("missing_column", None).status,
        CheckStatus::Passed
    );
    let mut unlabelled = schema.clone();
    unlabelled.label = None;
    assert_eq!(train(&unlabelled, csv).report.status, Status::Blocked);
}

#[test]
fn no_rows_block_always() {
    let schema = schema(vec![column("a", ColumnType::Int)]);
    for purpose in [Purpose::Train, Purpose::Validate, Purpose::Score] {
        let outcome = Run {
            purpose,
            ..Run::default()
        }
        .on(&schema, "a,y\n");
        assert_eq!(outcome.report.status, Status::Blocked);
        assert_eq!(outcome.check("no_rows", None).status, CheckStatus::Failed);
    }
    assert_eq!(
        train(&schema, "a,y\n1,bad\n2,good\n").check("no_rows", None).status,
        CheckStatus::Passed
    );
}

#[test]
fn too_many_rejected_rows_block_training_but_not_scoring() {
    let mut a = column("a", ColumnType::Int);
    a.max = Some(100.0);
    let schema = schema(vec![a]);
    let rows = |bad: usize| -> String {
        let row = |i: usize| {
            format!(
                "{},{}\n",
                if i < bad { 101 } else { i },
                if i.is_multiple_of(2) { "bad" } else { "good" }
            )
        };
        std::iter::once("a,y\n".to_owned()).chain((0..100).map(row)).collect()
    };
    let mut run = Run::default();
    run.settings.max_rejected_fraction = 0.05;
    assert_eq!(
        run.on(&schema, &rows(5)).report.status,
        Status::Warned,
        "exactly the share is fine"
    );
    let blocked = run.on(&schema, &rows(6));
    assert_eq!(blocked.report.status, Status::Blocked);
    assert!(
        blocked
            .check("rejected_fraction", None)
            .message
            .contains("6 of 100 rows rejected (6.0 %)")
    );
    run.purpose = Purpose::Score;
    assert_eq!(run.on(&schema, &rows(99)).report.status, Status::Warned);
    assert_eq!(
        run.on(&schema, &rows(100)).report.status,
        Status::Blocked,
        "no row is left"
    );
}

#[test]
fn one_class_only() {
    let schema = schema(vec![column("a", ColumnType::Int)]);
    let csv = "a,y\n1,bad\n2,bad\n";
    assert_eq!(train(&schema, csv).report.status, Status::Blocked);
    let looked = Run {
        purpose: Purpose::Validate,
        ..Run::default()
    }
    .on(&schema, csv);
    assert_eq!(looked.check("one_class", None).severity, Severity::Warn);
    assert_eq!(looked.report.status, Status::Warned);
    assert_eq!(
        train(&schema, "a,y\n1,bad\n2,good\n").check("one_class", None).status,
        CheckStatus::Passed
    );
}

#[test]
fn constant_columns_across_batches() {
    let kinds = [
        ColumnType::Int,
        ColumnType::Float,
        ColumnType::Category,
        ColumnType::Bool,
        ColumnType::Timestamp,
    ];
    for kind in kinds {
        let schema = schema(vec![column("a", kind), column("b", ColumnType::Int)]);
        let (same, other) = match kind {
            ColumnType::Bool => ("true", "false"),
            ColumnType::Timestamp => ("2024-01-01", "2024-01-02"),
            _ => ("1", "2"),
        };
        let csv =
            |last: &str| format!("a,b,y\n{same},1,bad\n{same},2,good\n{same},3,good\n{same},4,good\n{last},5,bad\n");
        assert_eq!(
            train(&schema, &csv(same)).check("constant_column", Some("a")).severity,
            Severity::Warn
        );
        assert_eq!(
            train(&schema, &csv(other)).check("constant_column", None).status,
            CheckStatus::Passed
        );
        assert_eq!(
            train(&schema, &csv("")).check("constant_column", None).status,
            CheckStatus::Passed
        );
    }
    let empty = train(
        &schema(vec![column("a", ColumnType::Int)]),
        "a,y\n,bad\n,good\nNA,good\n,bad\n",
    );
    assert!(empty.check("constant_column", Some("a")).message.contains("empty"));
}

#[test]
fn rejected_rows_do_not_count_for_the_data_as_a_whole() {
    let mut a = column("a", ColumnType::Int);
    a.max = Some(5.0);
    let outcome = train(&schema(vec![a]), "a,y\n1,bad\n9,good\n1,good\n9,good\n");
    assert_eq!(outcome.check("constant_column", Some("a")).status, CheckStatus::Failed);
    assert_eq!(outcome.check("conflicting_labels", None).failing_rows, 2);
}

#[test]
fn duplicates_and_conflicts_by_hand() {
    let mut id = column("id", ColumnType::Int);
    id.role = Role::Id;
    let schema = schema(vec![
        id,
        column("a", ColumnType::Int),
        column("b", ColumnType::Category),
    ]);
    // vectors: (1,x): bad bad good; (2,x): good good; (,x): bad; (3,z): good.
    let csv = "id,a,b,y\n1,1,x,bad\n2,1,x,bad\n3,1,x,good\n4,2,x,good\n5,2,x,good\n6,,x,bad\n7,3,z,good\n";
    let outcome = train(&schema, csv);
    let duplicates = outcome.check("duplicate_rows", None);
    assert_eq!(duplicates.failing_rows, 2);
    assert!(
        duplicates.message.starts_with("2 of 7 rows (28.6 %)"),
        "{}",
        duplicates.message
    );
    let conflicts = outcome.check("conflicting_labels", None);
    assert_eq!(conflicts.failing_rows, 3);
    assert!(
        conflicts.message.starts_with("1 feature vectors (3 rows)"),
        "{}",
        conflicts.message
    );
    let mut run = Run::default();
    run.settings.max_tracked_rows = 1;
    let capped = run.on(&schema, csv);
    assert!(
        capped
            .check("duplicate_rows", None)
            .message
            .contains("4 later ones were not compared")
    );
    let sound = train(&schema, "id,a,b,y\n1,1,x,bad\n2,2,x,good\n");
    assert_eq!(sound.check("duplicate_rows", None).status, CheckStatus::Passed);
    assert_eq!(sound.check("conflicting_labels", None).status, CheckStatus::Passed);
    let scored = score(&schema, csv);
    assert_eq!(scored.check("duplicate_rows", None).status, CheckStatus::Skipped);
}

/// 100 rows; `cell` gives the cells of a row after its number and whether it is malicious.
pub(super) fn rows(header: &str, cell: impl Fn(usize, bool) -> String) -> String {
    let row = |i: usize| {
        let bad = i * 7 % 5 < 2;
        format!("{},{}\n", cell(i, bad), if bad { "bad" } else { "good" })
    };
    std::iter::once(format!("{header},y\n"))
        .chain((0..100).map(row))
        .collect()
}

#[test]
fn a_feature_that_gives_the_label_away() {
    let schema = schema(vec![
        column("n", ColumnType::Float),
        column("c", ColumnType::Category),
        column("m", ColumnType::Int),
    ]);
    let leak = rows("n,c,m", |i, bad| {
        let n = if bad { -5.0 - i as f64 } else { i as f64 };
        format!(
            "{n},{},{}",
            if bad { "evil" } else { "fine" },
            if bad { "" } else { "1" }
        )
    });
    let outcome = train(&schema, &leak);
    for name in ["n", "c", "m"] {
        assert_eq!(outcome.check("label_leak", Some(name)).severity, Severity::Warn);
    }
    let sound = rows("n,c,m", |i, _| format!("{},u{i},{}", i * 31 % 97, i % 4));
    assert_eq!(
        train(&schema, &sound).check("label_leak", None).status,
        CheckStatus::Passed
    );
    let few = train(&schema, "n,c,m,y\n1,a,1,bad\n2,b,2,good\n");
    assert_eq!(few.check("label_leak", None).status, CheckStatus::Skipped);
    assert_eq!(
        score(&schema, &leak).check("label_leak", None).status,
        CheckStatus::Skipped
    );
}

#[test]
fn categories_that_are_numbers() {
    let schema = schema(vec![column("c", ColumnType::Category)]);
    let numbers = rows("c", |i, _| format!("{}", i % 12));
    assert_eq!(
        train(&schema, &numbers).check("numeric_category", Some("c")).severity,
        Severity::Warn
    );
    let mixed = rows("c", |i, _| if i == 99 { "x".to_owned() } else { format!("{}", i % 12) });
    assert_eq!(
        train(&schema, &mixed).check("numeric_category", None).status,
        CheckStatus::Passed
    );
    let flags = rows("c", |i, _| format!("{}", i % 2));
    assert_eq!(
        train(&schema, &flags).check("numeric_category", None).status,
        CheckStatus::Passed
    );
}

#[test]
fn notes_on_the_source_are_information() {
    let schema = schema(vec![column("a", ColumnType::Int)]);
    let outcome = train(&schema, "\u{feff}a,y\n1,bad\n2,good\n");
    let note = outcome.check("source_note", None);
    assert_eq!((note.severity, note.status), (Severity::Info, CheckStatus::Failed));
    assert_eq!(outcome.report.status, Status::Passed);
    assert_eq!(
        train(&schema, "a,y\n1,bad\n2,good\n").check("source_note", None).status,
        CheckStatus::Passed
    );
}

#[test]
fn a_check_of_your_own() {
    /// Counts rows whose first column is odd.
    struct Odd(u64);
    impl Check for Odd {
        fn rows(&mut self, batch: &Batch<'_>, _found: &mut Findings) -> Result<(), ValidationError> {
            if let Some(Cells::Int(cells)) = batch.cells(0) {
                scan(cells, |v| v % 2 != 0, |_| self.0 += 1);
            }
            Ok(())
        }
        fn outcomes(&mut self, totals: &Totals) -> Vec<CheckOutcome> {
            vec![CheckOutcome::passed(
                "odd",
                Severity::Info,
                Scope::File,
                format!("{} of {}", self.0, totals.rows),
            )]
        }
    }
    let schema = Arc::new(schema(vec![column("a", ColumnType::Int)]));
    let mut reader = open_bytes("t", b"a\n1\n2\n3\n".to_vec(), &ReadSettings::default()).unwrap();
    let layout = Layout::resolve(&schema, reader.header());
    let settings = ValidationSettings::default();
    let mut validator = Validator::new(
        Arc::clone(&schema),
        layout.clone(),
        Purpose::Score,
        &settings,
        Against::default(),
    )
    .unwrap();
    validator.add_check(Box::new(Odd(0)));
    let raw = reader.next_batch(10).unwrap().unwrap();
    validator
        .check_batch(&raw, &parse_batch(&schema, &layout, &raw, reader.null_tokens()))
        .unwrap();
    let report = validator.finish();
    assert_eq!(report.checks.iter().find(|c| c.id == "odd").unwrap().message, "2 of 3");
}
