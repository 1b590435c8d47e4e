//! Owns the tests of the panel's state: what the worker says and keys ask, and what comes of it.

use std::path::PathBuf;

use proptest::prelude::*;

use super::checks::items;
use super::*;
use crate::tui::app::layer::LayerKind;
use crate::worker::{
    CheckOutcome, CheckStatus, ColumnDrift, DirectoryEntry, DriftKind, DriftMetric, FileJob, Job, Level, PipelineJob,
    Scope, Severity, Survey,
};

fn check(id: &str, severity: Severity, failing_rows: u64) -> CheckOutcome {
    CheckOutcome {
        scope: Scope::Row,
        ..CheckOutcome::failed(id, severity, format!("{id} fails"))
            .about("x")
            .touching(failing_rows)
    }
}

fn drift(column: &str, value: f64, threshold: f64) -> ColumnDrift {
    ColumnDrift {
        column: column.to_owned(),
        kind: DriftKind::Numeric,
        metric: DriftMetric::Ks,
        value,
        threshold,
        drifted: Some(value >= threshold),
        reference_rows: 100,
        batch_rows: 50,
    }
}

fn outcome(status: CheckVerdict) -> ValidationOutcome {
    let checks = vec![
        CheckOutcome::passed("empty_file", Severity::Block, Scope::File, "there are rows"),
        check("range", Severity::Warn, 7),
        check("missing", Severity::Block, 2),
        check("type", Severity::Block, 5),
        CheckOutcome::skipped("rule:ports", Severity::Warn, Scope::Row, "no column port"),
        CheckOutcome::failed("missing_column", Severity::Info, "no column y"),
    ];
    ValidationOutcome {
        source: "data.csv".to_owned(),
        path: None,
        baseline: Some("20261127T080000Z-ab12".to_owned()),
        report: crate::validation::Report {
            status,
            rows: 100,
            rejected_rows: 7,
            checks,
            drift: vec![drift("a", 0.1, 0.2), drift("b", 0.3, 0.1), drift("c", 0.3, 0.2)],
        },
        failing_lines: vec![vec![], vec![3, 4, 5], vec![9, 11], vec![2, 3, 4, 5, 6], vec![], vec![]],
        rejects: None,
        seconds: 0.5,
    }
}

struct Bench {
    panel: ValidationPanel,
    shared: Shared,
}

impl Bench {
    fn new() -> Self {
        let mut shared = Shared::default();
        shared.size = (80, 24);
        shared.survey = Some(Survey {
            workspace: "/srv/w".to_owned(),
            ..Survey::default()
        });
        let panel = ValidationPanel::default();
        Self { panel, shared }
    }

    fn act(&mut self, action: Action) -> bool {
        self.panel.act(&mut self.shared, action)
    }

    fn job(&mut self) -> (Ticket, Job) {
        let submitted = self.shared.effects.iter().rev().find_map(|effect| match effect {
            Effect::Submit(ticket, job) => Some((*ticket, job.clone())),
            _ => None,
        });
        submitted.unwrap()
    }

    fn tell(&mut self, ticket: Ticket, report: Report) {
        self.panel.news(&mut self.shared, &News { ticket, report });
    }

    fn done(&mut self, reply: Reply) {
        let (ticket, _) = self.job();
        self.tell(ticket, Report::Done(Box::new(reply)));
    }

    fn checked(status: CheckVerdict) -> Self {
        let mut bench = Self::new();
        assert!(bench.act(Action::Run));
        bench.done(Reply::Validated(Box::new(outcome(status))));
        bench
    }

    fn answer(&mut self, purpose: Purpose, given: Given) {
        self.panel.answered(&mut self.shared, Answer { purpose, given });
    }

    fn line(&mut self, purpose: Purpose, text: &str) {
        let given = Given::Line {
            text: text.to_owned(),
            regex: false,
            exact_case: false,
        };
        self.answer(purpose, given);
    }
}

#[test]
fn failures_come_first_the_gravest_on_top_and_the_rest_is_folded() {
    let outcome = outcome(CheckVerdict::Warned);
    let fold = |status, open| CheckItem::Fold { status, count: 1, open };
    let mut expected = vec![
        CheckItem::Check(3),
        CheckItem::Check(2),
        CheckItem::Check(1),
        CheckItem::Check(5),
        fold(CheckStatus::Passed, false),
        fold(CheckStatus::Skipped, false),
    ];
    assert_eq!(items(&outcome.report.checks, Folds::default()), expected);
    expected[5] = fold(CheckStatus::Skipped, true);
    expected.push(CheckItem::Check(4));
    let folds = Folds {
        passed: false,
        skipped: true,
    };
    assert_eq!(items(&outcome.report.checks, folds), expected);
}

#[test]
fn folds_open_and_close_where_the_cursor_is() {
    let mut bench = Bench::checked(CheckVerdict::Warned);
    assert!(!bench.act(Action::Right));
    bench.act(Action::Bottom);
    assert!(bench.act(Action::Right));
    assert_eq!(bench.panel.items.len(), 7);
    bench.act(Action::Open);
    assert_eq!(bench.panel.items.len(), 6);
    assert_eq!(bench.panel.cursor().at, 5);
}

#[test]
fn drift_is_sorted_by_what_counts_as_drift() {
    let bench = Bench::checked(CheckVerdict::Warned);
    assert_eq!(bench.panel.drift, [1, 2, 0]);
    assert_eq!(drift::weight(&drift("x", 0.3, 0.0)), 1e9);
    assert_eq!(drift::weight(&drift("x", 0.0, 0.0)), 0.0);
}

#[test]
fn the_failing_rows_are_shown_in_data() {
    let mut bench = Bench::checked(CheckVerdict::Warned);
    bench.act(Action::Open);
    let show = Command::ShowLines {
        lines: vec![2, 3, 4, 5, 6],
        title: "type x".to_owned(),
        column: Some("x".to_owned()),
    };
    assert_eq!(bench.shared.commands, [show, Command::Show(Panel::Data)]);
    bench.shared.commands.clear();
    bench.act(Action::Down);
    bench.act(Action::Down);
    bench.act(Action::Open);
    // Of seven failing rows three are known.
    let title = bench.shared.commands.first().map(|command| match command {
        Command::ShowLines { title, .. } => title.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(title.as_deref(), Some("range x, the first 3"));
    bench.shared.commands.clear();
    bench.act(Action::Down);
    bench.act(Action::Open);
    assert!(bench.shared.commands.is_empty());
    assert!(matches!(bench.shared.layers[0].kind, LayerKind::Reader(_)));
}

#[test]
fn a_blocked_source_blocks_training_until_it_passes_or_another_is_opened() {
    let mut bench = Bench::new();
    bench.act(Action::Run);
    let mut blocked = outcome(CheckVerdict::Blocked);
    blocked.report.checks.push(CheckOutcome::failed(
        "missing_column",
        Severity::Block,
        "column port is missing",
    ));
    bench.done(Reply::Validated(Box::new(blocked)));
    let reason = bench.shared.blocked.clone().unwrap();
    assert!(
        reason.starts_with("data.csv is blocked by validation: ") && reason.contains("port is missing"),
        "{reason}"
    );
    bench.act(Action::Run);
    bench.done(Reply::Validated(Box::new(outcome(CheckVerdict::Warned))));
    assert_eq!(bench.shared.blocked, None);
    bench.shared.blocked = Some(reason);
    bench.panel.command(&mut bench.shared, &Command::SourceChanged);
    assert_eq!(
        (bench.shared.blocked.as_ref(), bench.panel.outcome.as_ref()),
        (None, None)
    );
}

#[test]
fn what_is_told_of_another_source_is_not_believed() {
    let mut bench = Bench::new();
    bench.act(Action::Run);
    let (ticket, _) = bench.job();
    bench.shared.source.path = Some(PathBuf::from("/other.csv"));
    bench.panel.command(&mut bench.shared, &Command::SourceChanged);
    assert!(bench.shared.effects.contains(&Effect::Cancel(ticket)));
    bench.tell(
        ticket,
        Report::Done(Box::new(Reply::Validated(Box::new(outcome(CheckVerdict::Blocked))))),
    );
    assert!(bench.panel.outcome.is_none() && bench.shared.blocked.is_none());
    bench.act(Action::Run);
    bench.done(Reply::Validated(Box::new(outcome(CheckVerdict::Blocked))));
    assert!(bench.panel.outcome.is_none() && bench.shared.blocked.is_none() && !bench.panel.is_running());
}

#[test]
fn progress_and_remarks_of_the_stage_are_kept() {
    let mut bench = Bench::new();
    bench.act(Action::Run);
    let (ticket, _) = bench.job();
    let progress = Event::StageProgress {
        stage: crate::worker::Stage::Validation,
        done: 25,
        total: Some(50),
        note: "rows".to_owned(),
    };
    let remark = Event::Message {
        level: Level::Warning,
        text: "no drift: the champion is of another schema".to_owned(),
    };
    bench.tell(ticket, Report::Events(vec![progress, remark]));
    assert_eq!(bench.panel.work(&bench.shared).as_deref(), Some("validation 50.0 %"));
    assert_eq!(bench.panel.remarks.len(), 1);
    bench.tell(ticket, Report::Cancelled);
    assert_eq!(bench.panel.work(&bench.shared), None);
    assert_eq!(bench.shared.flash.as_ref().unwrap().text, "the check was stopped");
}

#[test]
fn a_failure_is_shown_and_left() {
    let mut bench = Bench::checked(CheckVerdict::Warned);
    bench.act(Action::Run);
    let (ticket, _) = bench.job();
    let failure = Failure::new("data.csv: no such file; open another");
    bench.tell(ticket, Report::Failed(failure.clone()));
    assert_eq!(bench.panel.failure, Some(failure));
    assert!(bench.panel.items.is_empty());
    assert!(bench.act(Action::Back));
    assert!(!bench.act(Action::Back));
}

#[test]
fn the_report_replaces_no_file_unasked() {
    let mut bench = Bench::checked(CheckVerdict::Warned);
    bench.act(Action::Export);
    let LayerKind::Prompt(prompt) = &bench.shared.layers[0].kind else {
        panic!("no prompt")
    };
    assert_eq!(prompt.line.text(), "/srv/w/validation_report.json");
    bench.line(Purpose::ExportReport, " /srv/w/r.json ");
    let (ticket, job) = bench.job();
    assert_eq!(job, Job::Files(FileJob::List { path: "/srv/w/".into() }));
    let entries = |name: &str, directory| Reply::Directory {
        path: "/srv/w/".into(),
        entries: vec![DirectoryEntry {
            name: name.to_owned(),
            directory,
            bytes: 1,
        }],
    };
    bench.tell(ticket, Report::Done(Box::new(entries("r.json", false))));
    let purpose = Purpose::Replace(Box::new(Purpose::ExportReport), "/srv/w/r.json".to_owned());
    assert_eq!(bench.shared.layers[1].purpose(), &purpose);
    bench.answer(purpose, Given::Yes);
    let (_, job) = bench.job();
    let Job::Files(FileJob::Write { path, text, replace }) = job else {
        panic!("{job:?}")
    };
    assert_eq!((path, replace), (PathBuf::from("/srv/w/r.json"), true));
    assert!(text.contains("\"rejected_rows\": 7"));
    bench.done(Reply::Written {
        path: "/srv/w/r.json".into(),
    });
    assert_eq!(
        bench.shared.flash.as_ref().unwrap().text,
        "report written to /srv/w/r.json"
    );
    // Where nothing is in the way it is written at once, and never over what has come there meanwhile.
    bench.line(Purpose::ExportReport, "r.json");
    bench.done(entries("other", false));
    assert!(matches!(
        bench.job().1,
        Job::Files(FileJob::Write { replace: false, .. })
    ));
    bench.line(Purpose::ExportReport, "sub");
    bench.done(entries("sub", true));
    assert!(bench.shared.flash.as_ref().unwrap().bad);
}

#[test]
fn rejects_are_written_by_another_check() {
    let mut bench = Bench::checked(CheckVerdict::Warned);
    bench.line(Purpose::ExportRejects, "/tmp/r.csv");
    let (ticket, _) = bench.job();
    bench.tell(ticket, Report::Failed(Failure::new("cannot be listed")));
    let expected = PipelineJob::Validate {
        path: None,
        baseline: None,
        rejects: Some("/tmp/r.csv".into()),
    };
    assert_eq!(bench.job().1, Job::Pipeline(expected));
    let mut written = outcome(CheckVerdict::Warned);
    written.rejects = Some("/tmp/r.csv".into());
    bench.done(Reply::Validated(Box::new(written)));
    assert_eq!(
        bench.shared.flash.as_ref().unwrap().text,
        "7 rejected rows written to /tmp/r.csv"
    );
    bench.panel.outcome.as_mut().unwrap().report.rejected_rows = 0;
    bench.act(Action::ExportRejects);
    assert!(bench.shared.layers.is_empty());
}

#[test]
fn nothing_can_be_written_before_a_check() {
    let mut bench = Bench::new();
    bench.act(Action::Export);
    bench.act(Action::ExportRejects);
    assert!(bench.shared.layers.is_empty() && bench.shared.flash.as_ref().unwrap().bad);
}

proptest! {
    #[test]
    fn no_order_of_keys_and_news_panics(steps in prop::collection::vec((0usize..14, 0usize..200, 1u16..200, 0u16..60), 0..60)) {
        let mut bench = Bench::new();
        for (kind, action, width, height) in steps {
            let latest = bench.shared.effects.iter().rev().find_map(|effect| match effect {
                Effect::Submit(ticket, _) => Some(*ticket),
                _ => None,
            });
            let report = match kind {
                0 => Report::Done(Box::new(Reply::Validated(Box::new(outcome(CheckVerdict::Blocked))))),
                1 => Report::Failed(Failure::new("no")),
                2 => Report::Cancelled,
                3 => Report::Progress { done: 3, total: Some(0), note: String::new() },
                4 => {
                    bench.panel.command(&mut bench.shared, &Command::SourceChanged);
                    continue;
                }
                5 => {
                    bench.shared.size = (width, height);
                    bench.panel.woke(&mut bench.shared);
                    continue;
                }
                6 => {
                    bench.line(Purpose::ExportReport, "a/b");
                    continue;
                }
                _ => {
                    bench.act(Action::ALL[action % Action::ALL.len()]);
                    continue;
                }
            };
            if let Some(ticket) = latest {
                bench.tell(ticket, report);
            }
            let length = bench.panel.length(&bench.shared);
            prop_assert!(bench.panel.cursor().at < length.max(1));
        }
    }
}
