//! Queues, filters, similar cases, going to cases.

use super::super::ReviewError;
use super::super::find::Sought;
use super::super::testing::{Desk, about, arrange, ids, judge, quietly};
use crate::browse::Direction;
use crate::data::RowId;
use crate::triage::{Change, Lane, Queue, SavedQueue, Verdict, audit_place, is_audited};

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write(
        "s.csv",
        &[
            (10, 1, 1, 0.62, true),
            (11, 0, 1, 0.30, false),
            (12, 1, 0, 0.99, true),
            (13, 0, 0, 0.05, false),
            (14, 1, 5, 0.70, true),
            (12, 1, 0, 0.99, true),
        ],
    );
    desk
}

#[test]
fn queues_have_their_cases_in_their_order() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    let shown = |queue| {
        let cases = arrange(&review, queue, &[]).cases;
        let ids = ids(&review);
        assert_eq!(cases as usize, ids.len());
        ids
    };
    assert_eq!(shown(Queue::TopRisk), [12, 14, 10]);
    // The threshold of the file is 0.62.
    assert_eq!(shown(Queue::MostUncertain), [10, 14, 11, 12, 13]);
    assert_eq!(shown(Queue::All), [10, 11, 12, 13, 14]);
    assert_eq!(shown(Queue::Conflicts), Vec::<u64>::new());
    let refused = quietly(|work| review.arrange(&Queue::LabelAudit, &[], None, work));
    assert!(matches!(refused, Err(ReviewError::NoLabelAudit { .. })));
    review.decide(&about(&[14], judge(Verdict::FalsePositive))).unwrap();
    review.decide(&about(&[13], judge(Verdict::TruePositive))).unwrap();
    assert_eq!(shown(Queue::Unreviewed), [12, 10]);
    assert_eq!(shown(Queue::Mine), [13, 14]);
}

#[test]
fn the_random_audit_is_a_fixed_share_and_marks_its_verdicts() {
    let mut desk = Desk::new();
    let rows: Vec<_> = (0..2000).map(|id| (id * 7919, 1, 1, 0.2, false)).collect();
    desk.write("s.csv", &rows);
    desk.settings.triage.audit_fraction = 0.1;
    let review = desk.open("s.csv", "ana");
    let count = arrange(&review, Queue::RandomAudit, &[]).cases;
    assert!((140..260).contains(&count), "{count}");
    let drawn = ids(&review);
    assert!(drawn.iter().all(|id| is_audited(RowId(*id), 0.1)));
    assert!(drawn.is_sorted_by_key(|id| audit_place(RowId(*id))));
    review
        .decide(&about(&drawn[..1], judge(Verdict::TruePositive)))
        .unwrap();
    review
        .decide(&about(&drawn[1..2], judge(Verdict::FalsePositive)))
        .unwrap();
    assert_eq!(review.progress().audited, (2, 1));
    // Under a filter somebody picked.
    arrange(&review, Queue::RandomAudit, &["a = 1"]);
    review
        .decide(&about(&drawn[2..3], judge(Verdict::TruePositive)))
        .unwrap();
    assert_eq!(review.progress().audited, (2, 1));
    let lanes: Vec<Lane> = desk
        .shared
        .lock()
        .unwrap()
        .events
        .iter()
        .map(|event| event.lane)
        .collect();
    assert_eq!(lanes, [Lane::RandomAudit, Lane::RandomAudit, Lane::Picked]);
}

#[test]
fn filters_look_at_the_file_and_at_how_cases_stand() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    let shown = |filters: &[&str]| {
        arrange(&review, Queue::All, filters);
        ids(&review)
    };
    assert_eq!(shown(&["a = 1", "b < 5"]), [10, 12]);
    assert_eq!(shown(&["copies > 1"]), [12]);
    assert_eq!(shown(&["verdict is null"]).len(), 5);
    let decide = |ids: &[u64], change| review.decide(&about(ids, change)).unwrap();
    let reason = Some("known_good".to_owned());
    let verdict = Some(Verdict::FalsePositive);
    decide(&[10], Change::Judge { verdict, reason });
    decide(
        &[11],
        Change::Note {
            text: "asked, \"tom\"".to_owned(),
        },
    );
    let tag = |tag: &str| Change::Tag {
        tag: tag.to_owned(),
        on: true,
    };
    decide(&[12], tag("campaign"));
    decide(&[12], tag("escalated"));
    assert_eq!(shown(&["verdict = 'false_positive' and a = 1"]), [10]);
    assert_eq!(shown(&["verdict_reason = 'known_good'"]), [10]);
    assert_eq!(shown(&["reviewed_by = 'ana' or note ilike '%TOM%'"]), [10, 11]);
    assert_eq!(shown(&["tags like '%campaign%'"]), [12]);
    assert_eq!(shown(&["not tags is null"]), [12]);
    assert_eq!(shown(&["x13.example"]), [13]);
    let wrong = quietly(|work| review.arrange(&Queue::All, &["verdikt = 'x'".to_owned()], None, work));
    assert!(wrong.unwrap_err().to_string().contains("did you mean \"verdict\""));
    // The view that stood still stands.
    assert_eq!(ids(&review), [13]);
}

#[test]
fn a_case_that_is_kept_is_found_again_and_the_list_stays_put() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    let keep = |queue, row| {
        quietly(|work| review.arrange(&queue, &[], Some(RowId(row)), work))
            .unwrap()
            .at
    };
    assert_eq!(keep(Queue::TopRisk, 14), Some(1));
    assert_eq!(keep(Queue::TopRisk, 11), None);
    assert_eq!(keep(Queue::All, 11), Some(1));
    arrange(&review, Queue::Unreviewed, &[]);
    let outcome = review.decide(&about(&[12], judge(Verdict::TruePositive))).unwrap();
    assert_eq!((outcome.progress.judged, outcome.progress.of), (1, 3));
    assert_eq!(ids(&review), [12, 14, 10]);
    assert_eq!(arrange(&review, Queue::Unreviewed, &[]).cases, 2);
}

#[test]
fn going_to_cases_goes_round() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &[]);
    review.decide(&about(&[11], judge(Verdict::TruePositive))).unwrap();
    assert_eq!(review.next_unreviewed(0, Direction::Forward), Some(2));
    assert_eq!(review.next_unreviewed(2, Direction::Backward), Some(0));
    assert_eq!(review.next_unreviewed(4, Direction::Forward), Some(0));
    assert_eq!(review.next_unreviewed(0, Direction::Backward), Some(4));
    let find = |text: &str, regex, from, direction| {
        let sought = Sought {
            text: text.to_owned(),
            regex,
            case: None,
        };
        quietly(|work| review.find(&sought, from, direction, work)).unwrap()
    };
    assert_eq!(find("X13.example", false, 0, Direction::Forward), None);
    assert_eq!(find("x13.example", false, 4, Direction::Forward), Some(3));
    assert_eq!(find("x1[23]\\.", true, 3, Direction::Forward), Some(2));
    assert_eq!(find("x1[23]\\.", true, 0, Direction::Backward), Some(3));
    arrange(&review, Queue::TopRisk, &[]);
    assert_eq!(find("x1[23]\\.", true, 1, Direction::Forward), Some(0));
    for id in [10, 11, 12, 13, 14] {
        review.decide(&about(&[id], judge(Verdict::TruePositive))).unwrap();
    }
    assert_eq!(review.next_unreviewed(0, Direction::Forward), None);
    arrange(&review, Queue::Conflicts, &[]);
    assert_eq!(review.next_unreviewed(7, Direction::Backward), None);
}

#[test]
fn alike_cases_come_nearest_first() {
    let desk = desk();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::TopRisk, &[]);
    let view = quietly(|work| review.similar(RowId(12), 1, work)).unwrap();
    assert_eq!((view.cases, view.at), (4, Some(0)));
    // Only a and b are features: 10 and 14 differ in b, 13 in a.
    assert_eq!(ids(&review), [12, 10, 13, 14]);
    quietly(|work| review.similar(RowId(12), 0, work)).unwrap();
    assert_eq!(ids(&review), [12]);
    assert!(quietly(|work| review.similar(RowId(99), 0, work)).is_err());
}

#[test]
fn saved_queues_are_conditions_with_an_order() {
    let mut desk = desk();
    desk.settings.triage.queues = vec![SavedQueue {
        name: "ones".to_owned(),
        filter: "a = 1".to_owned(),
        order: "most_uncertain".to_owned(),
    }];
    let review = desk.open("s.csv", "ana");
    let saved = |name: &str| Queue::Saved { name: name.to_owned() };
    arrange(&review, saved("ones"), &[]);
    assert_eq!(ids(&review), [10, 14, 12]);
    arrange(&review, saved("ones"), &["b = 0"]);
    assert_eq!(ids(&review), [12]);
    let unknown = quietly(|work| review.arrange(&saved("twos"), &[], None, work)).unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "there is no saved queue `twos`; `triage.queues` in nsec.yaml has ones"
    );
}

#[test]
fn lines_have_the_stores_word_not_the_files() {
    let desk = Desk::new();
    let stale =
        super::super::testing::line(1, 1, 1, 0.9, true).replace(",,,,,\n", ",false_positive,other,old,tom,2020\n");
    let text = format!("{}\n{stale}", super::super::testing::HEADER);
    std::fs::write(desk.path("s.csv"), text).unwrap();
    let review = desk.open("s.csv", "ana");
    arrange(&review, Queue::All, &[]);
    let row = &review.page(0, 9, &[0, 12, 14, 2], 8).unwrap().rows[0];
    assert_eq!(row.cells, ["1", "", "", "http://x…"]);
    assert_eq!((row.reason.as_str(), row.copies), ("+31 a = 1", 1));
    review.decide(&about(&[1], judge(Verdict::Duplicate))).unwrap();
    let row = &review.page(0, 9, &[12], 40).unwrap().rows[0];
    assert_eq!(row.cells, ["duplicate"]);
    assert_eq!(row.state.verdict.as_ref().unwrap().analyst, "ana");
    assert_eq!(review.page(5, 9, &[12], 40).unwrap().rows, []);
}
