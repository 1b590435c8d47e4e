//! Owns the promise that a key decides about the case that was on the screen, however fast keys come.

use super::{Bench, decided, row};
use crate::worker::{
    CaseState, Change, Decided, Failure, Judgement, Kept, Lane, Reply, Report, ReviewJob, ReviewPage, Selection,
    StoreState, Verdict,
};

fn page_job(job: &ReviewJob) -> bool {
    matches!(job, ReviewJob::Page { .. })
}

fn seek_job(job: &ReviewJob) -> bool {
    matches!(job, ReviewJob::NextUnreviewed { .. })
}

#[test]
fn keys_typed_ahead_judge_one_case_each() {
    let mut bench = Bench::new();
    bench.keys("t f f b d x");
    let expected = [(0, 't'), (1, 'f'), (2, 'f'), (3, 'b'), (4, 'd'), (5, 'x')];
    assert_eq!(bench.verdicts(), expected);
    // None of it is known to be kept yet.
    let panel = &bench.app.review;
    assert!((0..6).all(|at| panel.seen(panel.window().row(at).unwrap()).pending));
    assert!(!panel.seen(panel.window().row(6).unwrap()).pending);
}

#[test]
fn nothing_is_decided_before_cases_have_come() {
    let mut bench = Bench::without_cases();
    bench.keys("t f m r space");
    assert!(bench.decisions().is_empty());
    assert!(bench.app.layers.is_empty());
    assert!(bench.app.review.marks().is_empty());
    bench.page_comes();
    bench.keys("t");
    assert_eq!(bench.verdicts(), [(0, 't')]);
}

#[test]
fn nothing_is_decided_about_a_case_that_is_still_being_read() {
    let mut bench = Bench::new();
    bench.keys("G t");
    assert!(bench.decisions().is_empty(), "{}", bench.flash());
    bench.page_comes();
    bench.keys("t");
    assert_eq!(bench.verdicts(), [(999, 't')]);
}

#[test]
fn a_verdict_waits_for_the_case_that_is_sought() {
    let mut bench = Bench::new();
    // The last row that is here; the next one is not.
    let rows = bench.app.review.window().kept().count() as u64;
    bench.app.review.window.go_to(rows - 1);
    bench.keys("t f");
    assert_eq!(
        bench.verdicts(),
        [(rows - 1, 't')],
        "the second key would judge a case unseen"
    );
    assert!(bench.flash().contains("nothing was decided"), "{}", bench.flash());
    bench.answer(seek_job, Reply::CaseAt(Some(rows + 7)));
    bench.page_comes();
    bench.keys("f");
    assert_eq!(bench.verdicts().last(), Some(&(rows + 7, 'f')));
}

#[test]
fn a_case_that_was_just_judged_is_not_offered_as_unreviewed() {
    let mut bench = Bench::new();
    let rows = bench.app.review.window().kept().count() as u64;
    bench.app.review.window.go_to(rows - 1);
    bench.keys("t");
    // The worker has not taken the verdict in yet and goes round to the same case.
    bench.app.review.window.go_to(3);
    let asked = bench.asked(seek_job);
    bench.app.review.window.go_to(rows - 1);
    bench.answer(seek_job, Reply::CaseAt(Some(rows - 1)));
    assert_eq!(bench.asked(seek_job), asked, "it would be sought for ever");
    assert_eq!(bench.app.review.window().place(), Some(rows - 1));
}

#[test]
fn rows_that_shift_take_the_cursor_with_them() {
    let mut bench = Bench::new();
    bench.keys("j j m enter");
    let (ticket, _) = bench.decisions().pop().unwrap();
    bench.tell(ticket, Report::Done(Box::new(decided("note", None))));
    // Somebody else's verdict has moved two cases to the front.
    bench.page_comes_as(|at| if at < 2 { 500 + at } else { at - 2 });
    assert_eq!(bench.app.review.window().place(), Some(4));
    bench.keys("t");
    assert_eq!(bench.verdicts(), [(2, 't')]);
}

#[test]
fn another_case_under_a_resting_cursor_is_not_judged_at_once() {
    let mut bench = Bench::new();
    bench.keys("j m enter");
    let (ticket, _) = bench.decisions().pop().unwrap();
    bench.tell(ticket, Report::Done(Box::new(decided("note", None))));
    bench.page_comes_as(|at| at + 300);
    bench.keys("t");
    assert!(bench.verdicts().is_empty());
    assert!(bench.flash().contains("look again"), "{}", bench.flash());
    // Somebody who looks again, or moves, can judge.
    bench.now += 400;
    bench.keys("t");
    assert_eq!(bench.verdicts(), [(301, 't')]);
}

#[test]
fn every_answer_counts_also_of_older_decisions() {
    let mut bench = Bench::new();
    bench.keys("t f");
    let tickets: Vec<_> = bench.decisions().into_iter().map(|(ticket, _)| ticket).collect();
    bench.tell(tickets[0], Report::Done(Box::new(decided("true positive", None))));
    let panel = &bench.app.review;
    let seen = |at| panel.seen(panel.window().row(at).unwrap());
    assert_eq!((seen(0).verdict, seen(0).pending), (Some(Verdict::TruePositive), false));
    assert_eq!((seen(1).verdict, seen(1).pending), (Some(Verdict::FalsePositive), true));
    let failure = Failure {
        message: "the disk is full".to_owned(),
        details: Vec::new(),
    };
    bench.tell(tickets[1], Report::Failed(failure));
    let panel = &bench.app.review;
    assert_eq!(panel.seen(panel.window().row(1).unwrap()).verdict, None);
    assert!(bench.flash().starts_with("NOT kept"), "{}", bench.flash());
}

#[test]
fn what_is_kept_stays_until_the_rows_say_it_themselves() {
    let mut bench = Bench::new();
    bench.keys("t");
    let (ticket, _) = bench.decisions().pop().unwrap();
    let pages = bench.asked(page_job);
    bench.tell(ticket, Report::Done(Box::new(decided("true positive", None))));
    assert_eq!(bench.asked(page_job), pages + 1, "the rows are asked for anew");
    let (_, job) = bench.latest(page_job);
    let ReviewJob::Page { first, count, .. } = job else {
        panic!()
    };
    let rows = (first..first + count as u64).map(|at| {
        let mut row = row(at);
        if at == 0 {
            row.state = judged(Verdict::TruePositive);
        }
        row
    });
    let rows = rows.collect();
    bench.answer(page_job, Reply::Cases(ReviewPage { first, rows }));
    let panel = &bench.app.review;
    assert_eq!(
        panel.seen(panel.window().row(0).unwrap()).verdict,
        Some(Verdict::TruePositive)
    );
    assert_eq!(panel.seen(panel.window().row(1).unwrap()).verdict, None);
}

fn judged(verdict: Verdict) -> CaseState {
    CaseState {
        verdict: Some(Judgement {
            event: crate::worker::EventId::default(),
            verdict,
            reason: Some("phishing".to_owned()),
            analyst: "ana".to_owned(),
            at: serde_json::from_value(serde_json::json!("2026-11-27T08:40:00.000Z")).unwrap(),
            lane: Lane::Picked,
            score: None,
        }),
        ..CaseState::default()
    }
}

#[test]
fn undo_goes_to_its_case_and_nothing_is_decided_on_the_way() {
    let mut bench = Bench::new();
    bench.keys("t f u b");
    assert_eq!(
        bench.verdicts().len(),
        2,
        "what undo will show was not on the screen yet"
    );
    assert!(bench.flash().contains("nothing was decided"));
    bench.answer(
        |job| matches!(job, ReviewJob::Undo),
        decided("taken back: false positive", Some(1)),
    );
    assert_eq!(bench.app.review.window().place(), Some(1));
    bench.keys("b");
    assert_eq!(bench.verdicts().last(), Some(&(1, 'b')));
}

#[test]
fn the_same_verdict_again_keeps_its_reason() {
    let mut bench = Bench::without_cases();
    let mut rows: Vec<_> = (0..18).map(row).collect();
    rows[0].state = judged(Verdict::TruePositive);
    bench.answer(page_job, Reply::Cases(ReviewPage { first: 0, rows }));
    bench.keys("t");
    let (_, decision) = bench.decisions().pop().unwrap();
    let reason = Some("phishing".to_owned());
    let verdict = Some(Verdict::TruePositive);
    assert_eq!(decision.change, Change::Judge { verdict, reason });
    bench.keys("g f");
    let (_, decision) = bench.decisions().pop().unwrap();
    let verdict = Some(Verdict::FalsePositive);
    assert_eq!(decision.change, Change::Judge { verdict, reason: None });
}

#[test]
fn a_store_that_keeps_nothing_takes_no_verdict() {
    let mut bench = Bench::new();
    if let Some(file) = bench.app.review.file.opened_mut() {
        file.store = StoreState::ReadOnly("the directory is read-only".to_owned());
    }
    bench.keys("t u m");
    assert!(bench.decisions().is_empty() && bench.asked(|job| *job == ReviewJob::Undo) == 0);
    assert!(bench.app.review.alarm().unwrap().contains("READ ONLY"));
}

#[test]
fn a_verdict_that_went_to_the_journal_is_said_for_good() {
    let mut bench = Bench::new();
    bench.keys("t");
    let Reply::Decided(reply) = decided("true positive", None) else {
        panic!()
    };
    let reply = Decided {
        kept: Kept::Journalled("the database is locked".to_owned()),
        ..reply
    };
    let (ticket, _) = bench.decisions().pop().unwrap();
    bench.tell(ticket, Report::Done(Box::new(Reply::Decided(reply))));
    bench.now += 10_000;
    bench.keys("j");
    assert!(bench.app.review.alarm().unwrap().contains("the database is locked"));
}

#[test]
fn a_tag_is_toggled_by_what_is_seen_of_it() {
    let mut bench = Bench::new();
    bench.keys("# 1 # 1");
    let on = |(_, decision): (_, crate::worker::Decision)| match (decision.selection, decision.change) {
        (Selection::Cases(rows), Change::Tag { on, .. }) => Some((rows.len(), on)),
        _ => None,
    };
    let tags: Vec<_> = bench.decisions().into_iter().filter_map(on).collect();
    assert_eq!(tags, [(1, true), (1, false)]);
    assert_eq!(
        bench.app.panel,
        crate::tui::app::Panel::Review,
        "the digit is no panel's"
    );
}
