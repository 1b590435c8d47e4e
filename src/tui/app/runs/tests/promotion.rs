//! Owns the tests of what is told before a promotion, and of the label audit.

use std::path::PathBuf;

use super::*;
use crate::tui::app::layer::Caution;
use crate::worker::{Flip, JudgedFlips, LabelAuditSummary, PipelineJob, RowId};

fn flips(job: &Bench) -> Ticket {
    let (ticket, job) = job.jobs().last().cloned().unwrap();
    assert_eq!(job, Job::Pipeline(PipelineJob::Flips { run: "b".to_owned() }));
    ticket
}

fn rows(count: u64) -> Vec<Flip> {
    let flip = |at| Flip {
        row: RowId(at),
        before: 0.8,
        after: 0.1,
        analyst: "mira".to_owned(),
    };
    (0..count).map(flip).collect()
}

fn found(lost: u64, alarms: u64, better: u64, cleared: u64) -> JudgedFlips {
    JudgedFlips {
        champion: "c".to_owned(),
        run: "b".to_owned(),
        judged: 1_041,
        lost: rows(lost),
        alarms: rows(alarms),
        found: rows(better),
        cleared: rows(cleared),
        unscored: None,
    }
}

/// The question that is open, which must be about rows.
fn caution(bench: &mut Bench) -> Caution {
    match bench.shared.layers.pop().unwrap().kind {
        LayerKind::Caution(caution) => caution,
        other => panic!("{other:?}"),
    }
}

/// What is asked when judged rows say this.
fn asked(reply: JudgedFlips) -> Caution {
    let mut bench = Bench::listed();
    bench.on("b").act(Action::Promote);
    flips(&bench);
    assert!(bench.shared.layers.is_empty());
    bench.done(Reply::Flips(Box::new(reply)));
    caution(&mut bench)
}

#[test]
fn a_promotion_says_what_follows() {
    let mut bench = Bench::listed();
    bench.on("c").act(Action::Promote);
    assert_eq!(bench.flash(), ("c is champion already", false));
    bench.on("d").act(Action::Promote);
    assert_eq!(bench.flash(), ("d is failed: it has no model to promote", true));
    bench.on("b").act(Action::Promote);
    flips(&bench);
    bench.done(Reply::Flips(Box::new(found(0, 0, 0, 0))));
    let caution = caution(&mut bench);
    assert_eq!(caution.question, "Make b champion?");
    let says = |words: &str| caution.consequences.iter().any(|line| line.contains(words));
    assert!(
        says("c steps down") && says("lower (0.9800 against 0.9900)"),
        "{caution:?}"
    );
    assert!(says("Of 1,041 judged rows none changes side."), "{caution:?}");
    assert!(!caution.careful && caution.rows.is_empty());
    bench.answer(Purpose::Promote("b".to_owned()), Given::Yes);
    assert_eq!(bench.job(), Job::Runs(RunsJob::Promote { run: "b".to_owned() }));
    bench.done(Reply::Registry("b is champion".to_owned()));
    assert_eq!(bench.flash(), ("b is champion", false));
    assert_eq!(bench.shared.commands, [Command::RunsChanged]);
}

#[test]
fn without_a_champion_nothing_can_change_side() {
    let mut bench = Bench::listed();
    bench.panel.list.champion = None;
    bench.on("b").act(Action::Promote);
    let caution = caution(&mut bench);
    assert!(!caution.careful);
    assert!(caution.consequences.iter().any(|line| line.contains("no champion yet")));
}

#[test]
fn what_gets_worse_is_a_warning_and_enter_is_no() {
    let caution = asked(found(2, 1, 0, 5));
    assert!(caution.careful);
    assert_eq!(
        caution.warnings,
        ["Of 1,041 judged rows, for the worse: 2 true positives lost, 1 new false alarm."]
    );
    assert!(
        caution
            .consequences
            .iter()
            .any(|line| line.contains("5 false alarms fewer"))
    );
    // Three headings, and every row.
    assert_eq!(caution.rows.len(), 3 + 8);
    assert!(caution.rows[1].label == "0000000000000000" && caution.rows[1].text.contains("0.8000 now 0.1000"));
    let layer = Layer::caution(Panel::Runs, Purpose::Rollback, caution);
    assert_eq!(layer.context(), Context::Caution);
}

#[test]
fn what_gets_better_asks_as_other_questions_do() {
    let caution = asked(found(0, 0, 1, 0));
    assert!(!caution.careful && caution.warnings.is_empty());
    let line = "Of 1,041 judged rows: 1 true positive more.";
    assert!(caution.consequences.iter().any(|text| text == line), "{caution:?}");
    let none = asked(JudgedFlips {
        judged: 0,
        unscored: Some((3, "their columns were not kept".to_owned())),
        ..found(0, 0, 0, 0)
    });
    let says = |words: &str| none.consequences.iter().any(|line| line.contains(words));
    assert!(says("No judged row tells") && says("cannot be scored: 3 (their columns were not kept)"));
}

#[test]
fn flips_that_cannot_be_told_say_why_and_keep_nobody_from_promoting() {
    let mut bench = Bench::listed();
    bench.on("b").act(Action::Promote);
    bench.tell(Report::Failed(Failure::new("the store of verdicts is locked")));
    let caution = caution(&mut bench);
    assert!(!caution.careful);
    assert!(
        caution
            .consequences
            .iter()
            .any(|line| line.ends_with("cannot be told: the store of verdicts is locked"))
    );
}

#[test]
fn the_look_before_a_promotion_is_stopped_or_left() {
    let mut bench = Bench::listed();
    bench.on("b").act(Action::Promote);
    let ticket = flips(&bench);
    assert!(bench.act(Action::Back));
    assert_eq!(bench.shared.effects.last(), Some(&Effect::Cancel(ticket)));
    bench.tell(Report::Cancelled);
    assert!(bench.shared.layers.is_empty() && bench.panel.weighing.is_none());
    // Whoever is elsewhere by then is not asked there.
    bench.on("b").act(Action::Promote);
    bench.panel.command(&mut bench.shared, &Command::Show(Panel::Review));
    bench.done(Reply::Flips(Box::new(found(1, 0, 0, 0))));
    assert!(bench.shared.layers.is_empty());
    assert_eq!(bench.flash(), ("b was not promoted: ask again in Runs", false));
}

#[test]
fn a_label_audit_is_reviewed() {
    let mut bench = Bench::listed();
    bench.on("d").act(Action::AuditLabels);
    assert!(bench.flash().1);
    bench.on("b").act(Action::AuditLabels);
    assert_eq!(
        bench.job(),
        Job::Pipeline(PipelineJob::AuditLabels { run: "b".to_owned() })
    );
    bench.tell(Report::Progress {
        done: 3,
        total: Some(10),
        note: "folds".to_owned(),
    });
    assert_eq!(
        bench.panel.work(&bench.shared).as_deref(),
        Some("label audit of b, 30 %")
    );
    let summary = LabelAuditSummary {
        run: "b".to_owned(),
        output: PathBuf::from("/srv/w/labels.csv"),
        rows: 8_844,
        contradicted: 212,
        conflicting: 64,
    };
    bench.done(Reply::LabelsAudited(Box::new(summary)));
    assert_eq!(
        bench.shared.commands,
        [
            Command::Review(Some(PathBuf::from("/srv/w/labels.csv"))),
            Command::Show(Panel::Review)
        ]
    );
    assert!(
        bench
            .flash()
            .0
            .starts_with("212 of 8,844 training rows contradict their label")
    );
    assert_eq!(bench.panel.work(&bench.shared), None);
}
