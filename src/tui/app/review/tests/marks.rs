//! Owns what marks mean: what is decided is about what is in sight of the filters, and nothing else.

use super::super::asking::Asking;
use super::super::marks::Marks;
use super::{Bench, decided};
use crate::tui::app::layer::Purpose;
use crate::worker::{Decision, Failure, Reply, Report, ReviewJob, RowId, Selection};

fn rows(decision: &Decision) -> Vec<u64> {
    match &decision.selection {
        Selection::Cases(rows) => rows.iter().map(|row| row.0 - 1_000).collect(),
        Selection::View => vec![u64::MAX],
    }
}

fn last(bench: &Bench) -> Vec<u64> {
    rows(&bench.decisions().last().unwrap().1)
}

/// The last decision is on disk.
fn kept(bench: &mut Bench) {
    let (ticket, _) = bench.decisions().pop().unwrap();
    bench.tell(ticket, Report::Done(Box::new(decided("done", None))));
}

#[test]
fn after_many_the_cursor_goes_on_when_they_are_kept() {
    let mut bench = Bench::new();
    bench.keys("v j j t f");
    assert_eq!(
        last(&bench),
        [0, 1, 2],
        "the second key would judge a case that was judged just now"
    );
    assert_eq!(bench.app.review.window().place(), Some(2));
    kept(&mut bench);
    assert_eq!(bench.app.review.window().place(), Some(3));
}

#[test]
fn a_verdict_is_about_the_marked_cases() {
    let mut bench = Bench::new();
    bench.keys("space j space t");
    assert_eq!(last(&bench), [0, 2]);
    assert!(bench.app.review.marks().is_empty());
    // The cursor is on one that has no verdict yet. While the others are being kept nothing more is decided.
    assert_eq!(bench.app.review.window().place(), Some(3));
    bench.keys("t");
    assert_eq!(last(&bench), [0, 2]);
    kept(&mut bench);
    bench.keys("t");
    assert_eq!(last(&bench), [3]);
}

#[test]
fn marks_that_a_filter_hides_are_counted_and_left_alone() {
    let mut bench = Bench::new();
    bench.keys("space space + l");
    bench.arranged(10);
    // Until it is known which marks are in sight nothing is decided about them.
    bench.page_comes();
    bench.keys("t");
    assert!(bench.decisions().is_empty(), "{}", bench.flash());
    bench.answer(
        |job| matches!(job, ReviewJob::InView { .. }),
        Reply::InView(vec![RowId(1_001)]),
    );
    assert_eq!(bench.app.review.marks().counts(), (1, 1));
    bench.keys("t");
    assert_eq!(last(&bench), [1]);
    assert_eq!(
        bench.app.review.marks().counts(),
        (0, 1),
        "the hidden one is still marked"
    );
    // With nothing in sight that is marked, the case under the cursor is not meant either.
    let decisions = bench.decisions().len();
    bench.keys("t");
    assert_eq!(bench.decisions().len(), decisions);
    assert!(bench.flash().contains("hidden"), "{}", bench.flash());
    bench.keys("esc t");
    assert_eq!(bench.decisions().len(), decisions + 1);
}

#[test]
fn a_range_is_sticky_and_goes_both_ways() {
    let mut bench = Bench::new();
    bench.keys("j j j v k k f");
    assert_eq!(last(&bench), [1, 2, 3]);
    kept(&mut bench);
    bench.keys("v j j v t");
    assert_eq!(last(&bench).len(), 1, "a range that was left is none");
}

#[test]
fn a_range_beyond_the_rows_in_sight_is_read_first() {
    let mut bench = Bench::new();
    bench.keys("v G");
    bench.page_comes();
    bench.keys("f");
    assert!(bench.decisions().is_empty(), "{}", bench.flash());
    while bench.app.review.marks().range.as_ref().unwrap().rows().is_none() {
        bench.page_comes();
    }
    bench.keys("f");
    assert!(bench.decisions().is_empty(), "a thousand cases are asked about first");
    bench.keys("y");
    assert_eq!(last(&bench), (0..1_000).collect::<Vec<u64>>());
}

#[test]
fn much_at_once_is_asked_about() {
    let mut bench = Bench::new();
    bench.keys("V f");
    assert!(bench.decisions().is_empty());
    let purpose = bench.app.layers.last().unwrap().purpose().clone();
    assert!(matches!(purpose, Purpose::Review(Asking::Decide(_))));
    bench.keys("n f y");
    assert_eq!(last(&bench), [u64::MAX]);
    assert!(bench.app.review.marks().is_empty());
    kept(&mut bench);
    // Three are not much.
    bench.keys("space space space t");
    assert!(bench.app.layers.is_empty());
}

#[test]
fn marks_come_back_when_nothing_was_kept() {
    let mut bench = Bench::new();
    bench.keys("space space t");
    let (ticket, _) = bench.decisions().pop().unwrap();
    let failure = Failure {
        message: "the disk is full".to_owned(),
        details: Vec::new(),
    };
    bench.tell(ticket, Report::Failed(failure));
    assert_eq!(bench.app.review.marks().counts(), (2, 0));
    bench.keys("t");
    let (ticket, _) = bench.decisions().pop().unwrap();
    bench.tell(
        ticket,
        Report::Done(Box::new(decided("true positive on 2 cases", None))),
    );
    assert_eq!(bench.app.review.marks().counts(), (0, 0));
}

#[test]
fn a_view_is_not_judged_while_another_is_being_made() {
    let mut bench = Bench::new();
    bench.keys("V + t");
    assert!(bench.app.layers.is_empty() && bench.decisions().is_empty());
    assert!(bench.flash().contains("being made"), "{}", bench.flash());
}

#[test]
fn marks_alone() {
    let mut marks = Marks::default();
    for row in [5, 1, 3, 1] {
        marks.toggle(RowId(row));
    }
    assert_eq!(marks.visible(), [RowId(3), RowId(5)]);
    assert_eq!(marks.other_view(), [RowId(3), RowId(5)]);
    assert!(marks.is_unknown());
    marks.in_view(&[RowId(5), RowId(9)]);
    assert_eq!((marks.visible(), marks.counts()), (vec![RowId(5)], (1, 1)));
    marks.decided();
    assert_eq!((marks.visible(), marks.counts()), (vec![], (0, 1)));
    // Marked anew, it is meant again.
    marks.toggle(RowId(3));
    assert!(marks.is_empty());
    marks.toggle_range(10);
    marks.reach(8, [(10, RowId(10)), (9, RowId(9))].into_iter());
    let range = marks.range.clone().unwrap();
    assert_eq!((range.size(), range.gap(), range.rows()), (3, Some((8, 3)), None));
    marks.reach(8, [(8, RowId(8))].into_iter());
    let range = marks.range.clone().unwrap();
    assert_eq!((range.gap(), range.rows().map(|rows| rows.len())), (None, Some(3)));
}
