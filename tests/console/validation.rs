//! Sessions about the Validation panel.

use nsec_tui::tui::app::{Command, Effect, Panel};
use nsec_tui::validation::Report as Findings;
use nsec_tui::worker::{
    CheckOutcome, CheckVerdict, ColumnDrift, DriftKind, DriftMetric, Event, Example, FileJob, Job, Kind, Level, Reply,
    Report, SchemaColumn, Scope, Severity, Stage, Survey, ValidationOutcome,
};

use super::session::Session;
use super::world::{World, done, failed, survey};

fn row_check(id: &str, severity: Severity, column: &str, rows: u64, message: &str) -> CheckOutcome {
    let examples = (0..rows.min(3)).map(|at| Example {
        line: 12 + at * 7,
        value: ["9", "", "1\u{1b}[2J0 \u{202e}x"][at as usize].to_owned(),
    });
    CheckOutcome {
        scope: Scope::Row,
        examples: examples.collect(),
        ..CheckOutcome::failed(id, severity, message).about(column).touching(rows)
    }
}

fn drift(column: &str, metric: DriftMetric, value: f64, threshold: f64, drifted: Option<bool>) -> ColumnDrift {
    ColumnDrift {
        column: column.to_owned(),
        kind: DriftKind::Discrete,
        metric,
        value,
        threshold,
        drifted,
        reference_rows: 8_844,
        batch_rows: 11_055,
    }
}

fn outcome() -> ValidationOutcome {
    let message = "2,113 rows have a value that is not among -1 0 1, the most frequent is \"9\\x1b[2J\"; new values pass with a warning";
    let mut checks = vec![
        CheckOutcome::passed("empty_file", Severity::Block, Scope::File, "there are rows"),
        row_check("allowed", Severity::Warn, "URL_Length", 2_113, message),
        row_check(
            "type",
            Severity::Block,
            "SSLfinal_State",
            2,
            "2 cells are no whole numbers",
        ),
        row_check(
            "range",
            Severity::Info,
            "Domain_registeration_length_\u{202e}hostile",
            1,
            "1 row is out of range",
        ),
        CheckOutcome::skipped("rule:ports", Severity::Warn, Scope::Row, "there is no column dst_port"),
    ];
    let passed =
        |at: usize| CheckOutcome::passed(format!("rule:{at}"), Severity::Warn, Scope::Row, "every row is sound");
    checks.extend((0..12).map(passed));
    let mut failing_lines = vec![Vec::new(); checks.len()];
    failing_lines[1] = (0..2_113).map(|at| 2 + at * 5).collect();
    failing_lines[2] = vec![12, 19];
    ValidationOutcome {
        source: "Network_Data/phisingData.csv".to_owned(),
        path: None,
        baseline: Some("20261127T080000Z-ab12".to_owned()),
        report: Findings {
            status: CheckVerdict::Warned,
            rows: 11_055,
            rejected_rows: 2,
            checks,
            drift: vec![
                drift("URL_Length", DriftMetric::JensenShannon, 0.05, 0.1, Some(false)),
                drift("port", DriftMetric::Psi, 0.31, 0.25, Some(true)),
                drift("bytes\u{1b}[2J", DriftMetric::Wasserstein, 9.5, 0.5, Some(true)),
                drift("(prediction)", DriftMetric::Ks, 0.02, 0.1, None),
            ],
        },
        failing_lines,
        rejects: None,
        seconds: 0.42,
    }
}

fn checked(outcome: ValidationOutcome) -> World {
    World::new().on(Kind::Validate, move |_| {
        done(Reply::Validated(Box::new(outcome.clone())))
    })
}

fn with_schema() -> Survey {
    let mut survey = survey();
    let column = |name: &str, role: &str, limits: &str, aliases: &[&str]| SchemaColumn {
        name: name.to_owned(),
        kind: "category".to_owned(),
        role: role.to_owned(),
        required: true,
        nullable: false,
        limits: limits.to_owned(),
        aliases: aliases.iter().map(|name| (*name).to_owned()).collect(),
        description: "what it means".to_owned(),
    };
    survey.schema.columns = vec![
        column("URL_Length", "feature", "one of -1 0 1", &["url_len"]),
        column("hostile\u{1b}[2J\u{202e}", "feature", "like ^\\d+$", &[]),
        column("Result", "label", "malicious -1, benign 1", &[]),
    ];
    let rule = ("ports", "warn", "src_port <> dst_port");
    survey.schema.rules = vec![(rule.0.to_owned(), rule.1.to_owned(), rule.2.to_owned())];
    survey
}

#[test]
fn the_data_are_checked_and_the_failing_rows_shown() {
    let mut session = Session::new(checked(outcome()));
    session.keys("2").shows("validation-before");
    session
        .keys("r")
        .shows("validation-checks")
        .shows_plain("validation-checks");
    session.keys("j").shows("validation-second");
    session.keys("G h l").shows("validation-folds");
    session.replays();
    session.keys("g enter");
    assert_eq!(session.consoles[0].app.panel, Panel::Data);
}

#[test]
fn drift_has_a_bar_for_each_measure() {
    let mut session = Session::new(checked(outcome()));
    session
        .keys("2 r v")
        .shows("validation-drift")
        .shows_plain("validation-drift");
    session.keys("j enter").shows("validation-drift-read");
    let mut without = outcome();
    (without.baseline, without.report.drift) = (None, Vec::new());
    let world = World::new().on(Kind::Validate, move |_| {
        let text = "drift is not measured against the champion: it is a model of schema \u{1b}flows".to_owned();
        let level = Level::Warning;
        let mut said = vec![Report::Events(vec![Event::Message { level, text }])];
        said.extend(done(Reply::Validated(Box::new(without.clone()))));
        said
    });
    Session::new(world).keys("2 r v").shows("validation-no-drift");
}

#[test]
fn the_schema_is_read_before_any_check() {
    let world = World::new().on(Kind::Survey, |_| done(Reply::Survey(with_schema())));
    let mut session = Session::new(world);
    session
        .keys("2 V")
        .shows("validation-schema")
        .shows_plain("validation-schema");
    session.keys("G enter").shows("validation-rule");
    let mut broken = with_schema();
    broken.schema.problem =
        Some("data_schema/schema.yaml, line 3: no type \u{1b}\"integr\"; the nearest is int".to_owned());
    let world = World::new().on(Kind::Survey, move |_| done(Reply::Survey(broken.clone())));
    Session::new(world).keys("2 V").shows("validation-schema-broken");
}

#[test]
fn progress_is_seen_and_a_check_is_stopped() {
    let mut session = Session::new(World::new());
    session.keys("2 r").shows("validation-waiting");
    let progress = Event::StageProgress {
        stage: Stage::Validation,
        done: 4_000,
        total: Some(11_055),
        note: "rows".to_owned(),
    };
    session
        .tell(Kind::Validate, &Report::Events(vec![progress]))
        .shows("validation-running");
    session.keys("1");
    assert!(session.text().contains("validation 36.2 %"));
    session.effects();
    session.keys("2 ctrl-c");
    assert!(
        session
            .effects()
            .iter()
            .any(|effect| matches!(effect, Effect::Cancel(_)))
    );
    session.tell(Kind::Validate, &Report::Cancelled);
    assert!(session.text().contains("the check was stopped"));
}

#[test]
fn a_failure_is_told_in_full() {
    let world = World::new().on(Kind::Validate, |_| {
        failed(
            "/srv/\u{1b}[2Jdata.csv: no such file; open another with o",
            &["because: No such file or directory (os error 2)"],
        )
    });
    let mut session = Session::new(world);
    session
        .keys("2 r")
        .shows("validation-failed")
        .shows_plain("validation-failed");
    session.keys("esc");
    assert!(session.text().contains("has not been checked"));
}

#[test]
fn a_blocked_source_says_why() {
    let mut blocked = outcome();
    blocked.report.status = CheckVerdict::Blocked;
    let missing = CheckOutcome::failed("missing_column", Severity::Block, "column Result is not in the file");
    blocked.report.checks.insert(0, missing.about("Result"));
    blocked.failing_lines.insert(0, Vec::new());
    let mut session = Session::new(checked(blocked));
    session.keys("2 r").shows("validation-blocked");
    let reason = session.consoles[0].app.shared.blocked.clone().unwrap();
    assert!(reason.contains("column Result is not in the file"), "{reason}");
    for console in &mut session.consoles {
        console.app.shared.request(Command::SourceChanged);
    }
    session.keys("j");
    assert_eq!(session.consoles[0].app.shared.blocked, None);
}

#[test]
fn the_report_is_written_and_nothing_replaced_unasked() {
    let mut session = Session::new(checked(outcome()));
    session.keys("2 r e").shows("validation-export");
    session
        .keys("ctrl-u")
        .typed("/srv/flows.parquet")
        .keys("enter")
        .shows("validation-replace");
    session.effects();
    session.keys("n");
    assert!(!wrote(&session.effects()));
    session.keys("e enter");
    assert!(wrote(&session.effects()));
    let path = "/srv/phishing/validation_report.json".into();
    session.tell(Kind::Export, &Report::Done(Box::new(Reply::Written { path })));
    assert!(
        session
            .text()
            .contains("report written to /srv/phishing/validation_report.json")
    );
}

fn wrote(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::Submit(_, Job::Files(FileJob::Write { .. }))))
}
