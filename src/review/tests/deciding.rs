//! Verdicts, undo, several analysts, what is kept.

use super::super::contract::{Decision, Selection, StoreState};
use super::super::testing::{Desk, about, arrange, judge, quietly};
use crate::data::RowId;
use crate::store::Kept;
use crate::triage::{Change, Queue, Verdict};

fn desk() -> Desk {
    let desk = Desk::new();
    let rows: Vec<_> = (1..=20).map(|id| (id, id as i64 % 3, 1, 0.9, id <= 15)).collect();
    desk.write("s.csv", &rows);
    desk
}

#[test]
fn a_verdict_is_an_event_with_all_it_needs() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::TopRisk, &[]);
    let outcome = review.decide(&about(&[3], judge(Verdict::FalsePositive))).unwrap();
    assert_eq!(
        (outcome.what.as_str(), outcome.cases, outcome.hidden),
        ("false positive on 1 case", 1, 0)
    );
    assert_eq!(outcome.kept, Kept::Stored);
    assert_eq!(outcome.progress.verdicts, [0, 0, 1, 0, 0]);
    assert_eq!((outcome.progress.judged, outcome.progress.of), (1, 15));
    assert_eq!((outcome.progress.today, outcome.progress.today_wrong), (1, 1));
    review.decide(&about(&[3], judge(Verdict::TruePositive))).unwrap();
    let shared = desk.shared.lock().unwrap();
    let [first, second] = shared.events.as_slice() else {
        panic!("{:?}", shared.events)
    };
    let cells = [("a", "0"), ("b", "1"), ("url", "http://x3.example/")];
    let cells = cells.map(|(name, cell)| (name.to_owned(), cell.to_owned()));
    assert_eq!(first.cells.as_deref(), Some(&cells[..]));
    assert_eq!(second.cells, None);
    assert_eq!((first.seen, second.seen), (None, Some(first.id)));
    let score = first.score.as_ref().unwrap();
    assert_eq!(
        (score.run.as_str(), score.probability, score.flagged),
        ("20260101T000000Z-abcd", 0.9, true)
    );
    assert_eq!(
        (first.case.schema.as_str(), first.case.row, first.analyst.as_str()),
        ("small", RowId(3), "ana")
    );
    drop(shared);
    // The last word counts once.
    assert_eq!((review.progress().today, review.progress().today_right), (1, 1));
}

#[test]
fn bulk_acts_on_what_is_seen_and_is_undone_at_once() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &["a = 0"]);
    // 3, 6, 9, 12, 15, 18 are in the view.
    let outcome = review
        .decide(&about(&[1, 2, 3, 6, 3, 99], judge(Verdict::Duplicate)))
        .unwrap();
    assert_eq!((outcome.cases, outcome.hidden), (2, 3));
    let view = Decision {
        selection: Selection::View,
        change: judge(Verdict::FalsePositive),
        view: None,
    };
    let outcome = review.decide(&view).unwrap();
    assert_eq!((outcome.what.as_str(), outcome.cases), ("false positive on 6 cases", 6));
    assert_eq!(outcome.progress.verdicts, [0, 0, 6, 0, 0]);
    let undone = review.undo().unwrap();
    assert_eq!(
        (undone.what.as_str(), undone.at),
        ("undone: false positive on 6 cases", Some(0))
    );
    assert_eq!(undone.progress.verdicts, [0, 0, 0, 2, 0]);
    review.undo().unwrap();
    assert_eq!(review.progress().verdicts, [0; 5]);
    let error = review.undo().unwrap_err().to_string();
    assert_eq!(error, "nothing of yours is left to undo in this file");
    assert_eq!(review.redo().unwrap().what, "decided anew: duplicate on 2 cases");
    assert_eq!(review.redo().unwrap().progress.verdicts, [0, 0, 6, 0, 0]);
    assert!(review.redo().is_err());
    // One case alone may be judged wherever it is: it is on the card.
    assert_eq!(review.decide(&about(&[1], judge(Verdict::Duplicate))).unwrap().cases, 1);
    assert!(review.decide(&about(&[99], judge(Verdict::Duplicate))).is_err());
}

#[test]
fn what_was_decided_is_there_and_can_be_undone_after_a_restart() {
    let desk = desk();
    {
        let review = desk.open("s.csv", "ana");
        arrange(&review, Queue::All, &[]);
        review.decide(&about(&[1], judge(Verdict::TruePositive))).unwrap();
        review.decide(&about(&[2, 3], judge(Verdict::FalsePositive))).unwrap();
        review.undo().unwrap();
    }
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &[]);
    assert_eq!(review.progress().verdicts, [1, 0, 0, 0, 0]);
    assert_eq!(review.redo().unwrap().what, "decided anew: false positive on 2 cases");
    review.undo().unwrap();
    assert_eq!(review.undo().unwrap().what, "undone: true positive on 1 case");
    let history: Vec<_> = review
        .history(RowId(1))
        .into_iter()
        .map(|line| (line.what, line.undone))
        .collect();
    assert_eq!(
        history,
        [
            ("undid true positive".to_owned(), false),
            ("true positive".to_owned(), true)
        ]
    );
    // Nobody undoes somebody else's.
    review.redo().unwrap();
    assert!(desk.open("s.csv", "tom").undo().is_err());
    // Nor what is in another file.
    desk.write("t.csv", &[(77, 0, 0, 0.9, true)]);
    assert!(desk.open("t.csv", "ana").undo().is_err());
}

#[test]
fn notes_tags_and_reasons_change_only_what_they_change() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &[]);
    let tag = |on| Change::Tag {
        tag: "campaign".to_owned(),
        on,
    };
    assert_eq!(
        review.decide(&about(&[1], tag(true))).unwrap().what,
        "tag campaign on 1 case"
    );
    let again = review.decide(&about(&[1], tag(true))).unwrap();
    assert_eq!(
        (again.what.as_str(), again.cases),
        ("tag campaign on 0 cases: nothing to change", 0)
    );
    let both = review.decide(&about(&[1, 2], tag(true))).unwrap();
    assert_eq!(both.cases, 1);
    let reason = Change::Reason {
        reason: Some("other".to_owned()),
    };
    assert_eq!(review.decide(&about(&[1], reason.clone())).unwrap().cases, 0);
    review.decide(&about(&[1], judge(Verdict::FalsePositive))).unwrap();
    assert_eq!(review.decide(&about(&[1], reason)).unwrap().cases, 1);
    let note = |text: &str| Change::Note { text: text.to_owned() };
    review.decide(&about(&[1], note("asked tom"))).unwrap();
    assert!(review.decide(&about(&[1], note(&"x".repeat(20_000)))).is_err());
    let row = &review.page(0, 1, &[], 40).unwrap().rows[0];
    assert_eq!(row.state.note, "asked tom");
    assert_eq!(row.state.verdict.as_ref().unwrap().reason.as_deref(), Some("other"));
    assert!(row.state.tags.contains("campaign"));
    let back = Change::Judge {
        verdict: None,
        reason: None,
    };
    assert_eq!(review.decide(&about(&[1], back)).unwrap().what, "unreviewed on 1 case");
    assert_eq!(review.progress().verdicts, [0; 5]);
    assert_eq!(review.progress().today, 0);
}

#[test]
fn two_analysts_see_each_other_and_their_conflicts() {
    let desk = desk();
    let (ana, mira) = (desk.open("s.csv", "ana"), desk.open("s.csv", "mira"));
    arrange(&ana, Queue::All, &[]);
    arrange(&mira, Queue::All, &[]);
    mira.decide(&about(&[1, 2, 3], judge(Verdict::TruePositive))).unwrap();
    let tag = Change::Tag {
        tag: "campaign".to_owned(),
        on: true,
    };
    mira.decide(&about(&[1], tag)).unwrap();
    let news = quietly(|work| ana.poll(work)).unwrap().unwrap();
    assert_eq!(
        (news.what.as_str(), news.conflicts),
        ("3 verdicts and 1 change by mira", 0)
    );
    assert_eq!(news.progress.verdicts, [3, 0, 0, 0, 0]);
    assert_eq!(quietly(|work| ana.poll(work)).unwrap(), None);
    // Ana has not heard yet when both judge the same case; the later one does not win silently.
    mira.decide(&about(&[5], judge(Verdict::TruePositive))).unwrap();
    let outcome = ana.decide(&about(&[5], judge(Verdict::FalsePositive))).unwrap();
    assert_eq!((outcome.conflicts, outcome.progress.conflicts), (1, 1));
    let news = quietly(|work| ana.poll(work)).unwrap().unwrap();
    assert_eq!(news.what, "1 verdict by mira");
    let news = quietly(|work| mira.poll(work)).unwrap().unwrap();
    assert_eq!((news.what.as_str(), news.conflicts), ("1 verdict by ana", 1));
    for review in [&ana, &mira] {
        arrange(review, Queue::Conflicts, &[]);
        let row = &review.page(0, 9, &[], 40).unwrap().rows[0];
        assert_eq!(
            (row.row, row.state.verdict.as_ref().unwrap().analyst.as_str()),
            (RowId(5), "ana")
        );
        assert_eq!(row.state.conflicts[0].analyst, "mira");
    }
    // Mira has seen both and settles it.
    let settled = mira.decide(&about(&[5], judge(Verdict::FalsePositive))).unwrap();
    assert_eq!((settled.conflicts, settled.progress.conflicts), (0, 0));
    let news = quietly(|work| ana.poll(work)).unwrap().unwrap();
    assert_eq!(news.progress.conflicts, 0);
    assert_eq!(news.what, "case 0000000000000005 settled by mira; 1 verdict by mira");
}

#[test]
fn the_journal_is_told_and_work_goes_on() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &[]);
    desk.shared.lock().unwrap().journal = Some("locked by another process".to_owned());
    let outcome = review.decide(&about(&[1], judge(Verdict::TruePositive))).unwrap();
    assert_eq!(outcome.kept, Kept::Journalled("locked by another process".to_owned()));
    assert_eq!(outcome.progress.verdicts[0], 1);
    let news = quietly(|work| review.poll(work)).unwrap().unwrap();
    assert_eq!(news.store, StoreState::Journal("locked by another process".to_owned()));
    assert_eq!(news.what, "");
    desk.shared.lock().unwrap().journal = None;
    review.decide(&about(&[2], judge(Verdict::TruePositive))).unwrap();
    assert_eq!(
        quietly(|work| review.poll(work)).unwrap().unwrap().store,
        StoreState::Ready
    );
    assert_eq!(review.progress().verdicts[0], 2);
}

#[test]
fn a_very_large_bulk_is_one_decision() {
    let desk = Desk::new();
    let rows: Vec<_> = (1..=20_500).map(|id| (id, 1, 1, 0.9, true)).collect();
    desk.write("s.csv", &rows);
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::TopRisk, &[]);
    let view = Decision {
        selection: Selection::View,
        change: judge(Verdict::FalsePositive),
        view: None,
    };
    let outcome = review.decide(&view).unwrap();
    assert_eq!(
        (outcome.what.as_str(), outcome.progress.judged),
        ("false positive on 20500 cases", 20_500)
    );
    {
        let shared = desk.shared.lock().unwrap();
        assert!(
            shared
                .events
                .iter()
                .all(|event| event.group == shared.events[0].group && event.cells.is_some())
        );
    }
    let undone = review.undo().unwrap();
    assert_eq!((undone.cases, undone.progress.judged), (20_500, 0));
    assert!(review.undo().is_err());
}

#[test]
fn a_decision_on_many_is_about_the_list_that_was_on_the_screen() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    let before = arrange(&review, Queue::All, &["a = 0"]);
    let wider = arrange(&review, Queue::All, &[]);
    assert_ne!(before.number, wider.number);
    let on = |selection: Selection, view: u64| Decision {
        selection,
        change: judge(Verdict::FalsePositive),
        view: Some(view),
    };
    let many = || Selection::Cases(vec![RowId(3), RowId(6)]);
    for selection in [Selection::View, many()] {
        let error = review.decide(&on(selection, before.number)).unwrap_err().to_string();
        assert!(error.contains("nothing was decided"), "{error}");
    }
    assert_eq!(review.progress().verdicts, [0; 5]);
    // The case on the card is the one that was meant, whatever list is beside it now.
    let one = on(Selection::Cases(vec![RowId(3)]), before.number);
    assert_eq!(review.decide(&one).unwrap().cases, 1);
    assert_eq!(review.decide(&on(many(), wider.number)).unwrap().cases, 2);
}
