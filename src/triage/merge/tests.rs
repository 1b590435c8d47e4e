//! Owns the tests of merging: nobody's verdict goes silently before one that they never saw.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::triage::case::any_story;
use crate::triage::{CaseState, EventId, Verdict};

const TP: Verdict = Verdict::TruePositive;
const FP: Verdict = Verdict::FalsePositive;

fn case() -> CaseId {
    CaseId {
        schema: "phishing".to_owned(),
        row: RowId(1),
    }
}

fn event(second: i64, analyst: &str, change: Change, seen: Option<&Event>) -> Event {
    let mut event = Event::now(case(), analyst, change);
    event.at = Timestamp::from(DateTime::<Utc>::from_timestamp(1_800_000_000 + second, 0).unwrap());
    event.seen = seen.map(|seen| seen.id);
    event
}

fn judge(verdict: Verdict) -> Change {
    Change::Judge {
        verdict: Some(verdict),
        reason: None,
    }
}

fn note(text: &str) -> Change {
    Change::Note { text: text.to_owned() }
}

fn cases(events: &[Event]) -> Cases {
    let mut cases = Cases::default();
    for event in events {
        cases.add(event.clone());
    }
    cases
}

fn after(own: &[Event], merged: &Merged) -> CaseState {
    CaseState::of(own.iter().chain(&merged.events))
}

#[test]
fn a_verdict_that_had_seen_only_its_own_history_contradicts_ours() {
    let ours = [event(1, "mira", judge(TP), None)];
    let noted = event(2, "jan", note("odd"), None);
    let theirs = [noted.clone(), event(3, "jan", judge(FP), Some(&noted))];
    let merged = merge(cases(&ours), theirs.to_vec());
    assert_eq!((merged.events.len(), merged.known), (2, 0));
    let state = after(&ours, &merged);
    assert_eq!(state.verdict.unwrap().verdict, FP);
    assert_eq!(state.conflicts.len(), 1, "mira's is not gone");
    let [conflict] = &merged.conflicts[..] else {
        panic!("{merged:?}")
    };
    let said: Vec<(&str, Verdict)> = conflict
        .verdicts
        .iter()
        .map(|s| (s.analyst.as_str(), s.verdict))
        .collect();
    assert_eq!(said, [("jan", FP), ("mira", TP)]);
}

#[test]
fn a_verdict_that_had_seen_ours_settles_it() {
    let first = event(1, "mira", judge(TP), None);
    let other = event(0, "ada", judge(FP), None);
    let ours = [first.clone()];
    // Jan has taken in all of ours, and judges over it.
    let mut last = event(3, "jan", judge(FP), Some(&first));
    last.seen_besides = vec![other.id];
    let theirs = [other.clone(), first.clone(), last];
    let merged = merge(cases(&ours), theirs.to_vec());
    assert_eq!((merged.events.len(), merged.known), (2, 1));
    assert_eq!(after(&ours, &merged).settled(), Some(FP));
    assert!(merged.conflicts.is_empty());
    // But if mira has gone on since, he has not seen that, while her first verdict stays settled.
    let second = event(2, "mira", judge(Verdict::Duplicate), Some(&first));
    let ours = [first.clone(), second.clone()];
    let merged = merge(cases(&ours), theirs.to_vec());
    let state = after(&ours, &merged);
    assert_eq!(state.verdict.unwrap().verdict, FP);
    assert_eq!(state.conflicts.iter().map(|c| c.event).collect::<Vec<_>>(), [second.id]);
}

#[test]
fn an_untouched_case_is_taken_in_as_it_stands_there() {
    let first = event(1, "mira", judge(TP), None);
    let theirs = [first.clone(), event(2, "jan", judge(FP), Some(&first))];
    let merged = merge(Cases::default(), theirs.to_vec());
    assert_eq!(merged.events, theirs);
    assert_eq!(after(&[], &merged), CaseState::of(&theirs));
}

#[test]
fn twice_adds_nothing_and_an_older_note_does_not_show() {
    let ours = [event(5, "mira", note("ours, later"), None)];
    let theirs = vec![
        event(1, "jan", note("theirs, older"), None),
        event(2, "jan", judge(TP), None),
    ];
    let merged = merge(cases(&ours), theirs.clone());
    assert_eq!(merged.older_notes, [case()]);
    assert_eq!(after(&ours, &merged).note, "ours, later");
    let all: Vec<Event> = ours.iter().cloned().chain(merged.events).collect();
    let again = merge(cases(&all), [theirs.clone(), theirs].concat());
    assert_eq!((again.events.len(), again.known), (0, 4));
}

proptest! {
    #[test]
    fn our_standing_verdict_is_never_gone_without_being_seen(ours in any_story(8), theirs in any_story(8)) {
        // The same analysts elsewhere are others here; ids differ.
        let theirs: Vec<Event> = theirs.into_iter().map(|mut event| {
            let moved = |id: EventId| EventId(uuid::Uuid::from_u64_pair(7, id.0.as_u64_pair().1));
            event.id = moved(event.id);
            event.group = moved(event.group);
            event.seen = event.seen.map(moved);
            event.seen_besides = event.seen_besides.into_iter().map(moved).collect();
            match &mut event.change {
                Change::Undo { undone: group } | Change::Redo { redone: group } => *group = moved(*group),
                _ => {}
            }
            event.analyst.push_str(" elsewhere");
            event
        }).collect();
        let before = CaseState::of(&ours);
        let merged = merge(cases(&ours), theirs);
        let state = after(&ours, &merged);
        if let Some(judgement) = &before.verdict {
            let now = state.verdict.as_ref().unwrap();
            prop_assert!(now.verdict == judgement.verdict
                || state.conflicts.iter().any(|c| c.event == judgement.event));
        }
    }
}

#[test]
fn a_decision_that_comes_back_under_another_name_is_known() {
    let own = event(1, "mira", judge(Verdict::FalsePositive), None);
    let undo = event(2, "mira", Change::Undo { undone: own.group }, Some(&own));
    let told = note("asked");
    let noted = event(3, "mira", told.clone(), Some(&own));
    let again = |event: &Event| Event {
        id: EventId::new(),
        group: EventId::new(),
        seen: None,
        ..event.clone()
    };
    let merged = merge(
        cases(&[own.clone(), undo, noted.clone()]),
        vec![again(&own), again(&noted)],
    );
    assert_eq!(
        (merged.events.len(), merged.known),
        (0, 2),
        "what was undone here does not come back"
    );
    // Another verdict, another person or another time is another decision.
    let others = [
        event(1, "mira", judge(Verdict::TruePositive), None),
        event(1, "jan", judge(Verdict::FalsePositive), None),
        event(4, "mira", judge(Verdict::FalsePositive), None),
    ];
    assert_eq!(merge(cases(&[own]), others.to_vec()).events.len(), 3);
}
