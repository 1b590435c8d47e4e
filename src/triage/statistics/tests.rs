//! Owns the tests of the figures against values worked out by hand.

use chrono::{DateTime, Utc};

use super::*;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::triage::{RiskLevel, Score};

const TP: Verdict = Verdict::TruePositive;
const FP: Verdict = Verdict::FalsePositive;
const BP: Verdict = Verdict::BenignPositive;

fn judged(row: u64, analyst: &str, verdict: Verdict) -> Event {
    let case = CaseId {
        schema: "phishing".to_owned(),
        row: RowId(row),
    };
    let change = Change::Judge {
        verdict: Some(verdict),
        reason: None,
    };
    let mut event = Event::now(case, analyst, change);
    event.score = Some(Score {
        run: "run a".to_owned(),
        probability: 0.9,
        threshold: None,
        risk: RiskLevel::High,
        flagged: true,
        file: String::new(),
    });
    event
}

fn figures(events: impl IntoIterator<Item = Event>) -> Statistics {
    let mut cases = Cases::default();
    for event in events {
        cases.add(event);
    }
    Statistics::of(&cases)
}

/// Two analysts who judge cases without seeing each other: rows with (first, second).
fn blind(pairs: &[(Verdict, Verdict, u64)]) -> Statistics {
    let mut events = Vec::new();
    let mut row = 0;
    for (one, other, times) in pairs {
        for _ in 0..*times {
            row += 1;
            events.push(judged(row, "ada", *one));
            events.push(judged(row, "jan", *other));
        }
    }
    figures(events)
}

#[test]
fn kappa_is_that_of_the_textbook() {
    // Cohen's table of 50 proposals: both yes 20, ada alone 5, jan alone 10, both no 15. Observed .7, expected .5.
    let statistics = blind(&[(TP, TP, 20), (TP, FP, 5), (FP, TP, 10), (FP, FP, 15)]);
    let [agreement] = &statistics.agreement[..] else {
        panic!("{:?}", statistics.agreement)
    };
    assert_eq!(agreement.analysts, ["ada", "jan"]);
    assert_eq!((agreement.cases, agreement.agreed), (50, 35));
    assert!((agreement.raw - 0.7).abs() < 1e-12);
    assert!((agreement.kappa.unwrap() - 0.4).abs() < 1e-12);
    assert_eq!(statistics.conflicts.len(), 15);
    assert_eq!(statistics.conflicts[0].verdicts.len(), 2);
    // Contested cases say nothing about the model: 20 right, 15 wrong.
    assert_eq!(statistics.precision.by_run[0].precision, Some(20.0 / 35.0));
}

#[test]
fn kappa_is_nothing_where_chance_explains_all_and_below_zero_where_they_differ() {
    assert_eq!(blind(&[(TP, TP, 7)]).agreement[0].kappa, None);
    assert_eq!(blind(&[(TP, TP, 7)]).agreement[0].raw, 1.0);
    // Never the same: observed 0, expected .5.
    let kappa = blind(&[(TP, FP, 1), (FP, TP, 1)]).agreement[0].kappa.unwrap();
    assert!((kappa + 1.0).abs() < 1e-12);
    // Three verdicts. Shares: ada 3, 2, 1; jan 2, 3, 1, so chance gives (3*2 + 2*3 + 1*1) / 36; observed 3 of 6.
    let kappa = blind(&[(TP, TP, 2), (TP, FP, 1), (FP, FP, 1), (FP, BP, 1), (BP, FP, 1)]).agreement[0].kappa;
    assert!((kappa.unwrap() - (18.0 - 13.0) / (36.0 - 13.0)).abs() < 1e-12);
}

#[test]
fn what_was_undone_or_taken_back_counts_for_nobody() {
    let first = judged(1, "ada", TP);
    let undo = Event::now(first.case.clone(), "ada", Change::Undo { undone: first.group });
    let taken = judged(2, "ada", FP);
    let back = Event::now(
        taken.case.clone(),
        "ada",
        Change::Judge {
            verdict: None,
            reason: None,
        },
    );
    let statistics = figures([first, undo, taken, back]);
    assert_eq!((statistics.cases, statistics.judged, statistics.events), (2, 0, 4));
    assert!(statistics.analysts.is_empty() && statistics.agreement.is_empty());
}

#[test]
fn precision_stands_by_run_and_week_and_random_rows_apart() {
    let at = |event: &mut Event, day: &str| {
        let text = format!("{day}T12:00:00Z");
        event.at = Timestamp::from(DateTime::parse_from_rfc3339(&text).unwrap().with_timezone(&Utc));
    };
    let mut events = Vec::new();
    // 2026-12-31 and 2027-01-03 are both in week 53 of 2026; 2027-01-04 begins week 1 of 2027.
    for (row, day, verdict) in [
        (1, "2026-12-31", TP),
        (2, "2027-01-03", FP),
        (3, "2027-01-04", TP),
        (4, "2027-01-04", BP),
        (5, "2027-01-04", Verdict::Undetermined),
    ] {
        let mut event = judged(row, "ada", verdict);
        at(&mut event, day);
        events.push(event);
    }
    events[4].score.as_mut().unwrap().run = "run b".to_owned();
    for (row, flagged, verdict) in [
        (11, true, TP),
        (12, true, FP),
        (13, false, FP),
        (14, false, TP),
        (15, false, FP),
    ] {
        let mut event = judged(row, "jan", verdict);
        event.lane = Lane::RandomAudit;
        event.score.as_mut().unwrap().flagged = flagged;
        events.push(event);
    }
    let mut label = judged(20, "jan", FP);
    label.lane = Lane::LabelAudit;
    events.push(label);
    let mut unflagged = judged(21, "jan", FP);
    unflagged.score.as_mut().unwrap().flagged = false;
    events.push(unflagged);
    let statistics = figures(events);
    let lines = |lines: &[PrecisionLine]| -> Vec<(String, u64, Option<f64>)> {
        lines
            .iter()
            .map(|l| (l.name.clone(), l.verdicts.total(), l.precision))
            .collect()
    };
    assert_eq!(
        lines(&statistics.precision.by_run),
        [("run a".to_owned(), 4, Some(2.0 / 3.0)), ("run b".to_owned(), 1, None)]
    );
    assert_eq!(
        lines(&statistics.precision.by_week),
        [
            ("2026-W53".to_owned(), 2, Some(0.5)),
            ("2027-W01".to_owned(), 3, Some(1.0))
        ]
    );
    let audit = &statistics.random_audit;
    assert_eq!(
        (audit.judged, audit.malicious, audit.unflagged, audit.missed),
        (5, 2, 3, 1)
    );
    assert_eq!(audit.precision.by_run[0].precision, Some(0.5));
    let lanes: Vec<(Lane, u64)> = statistics.lanes.iter().map(|l| (l.lane, l.verdicts.total())).collect();
    assert_eq!(
        lanes,
        [(Lane::Picked, 6), (Lane::RandomAudit, 5), (Lane::LabelAudit, 1)]
    );
    let json = serde_json::to_value(&statistics).unwrap();
    assert_eq!(json["verdicts"]["true_positive"], 4);
    assert_eq!(json["lanes"][1]["lane"], "random_audit");
}

#[test]
fn nothing_gives_empty_figures() {
    assert_eq!(figures([]), Statistics::default());
}
