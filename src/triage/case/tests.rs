//! Owns the tests of what events add up to: sequences made by hand, and properties.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::data::RowId;

/// Events of one case; the nth has the id n and happens in second n.
#[derive(Default)]
struct Story(Vec<Event>);

fn id(n: u64) -> EventId {
    EventId(Uuid::from_u64_pair(0, n))
}

fn second(n: u64) -> Timestamp {
    Timestamp::from(DateTime::<Utc>::from_timestamp(1_800_000_000 + n as i64, 0).unwrap())
}

fn case(row: u64) -> CaseId {
    CaseId {
        schema: "phishing".to_owned(),
        row: RowId(row),
    }
}

fn event(n: u64, analyst: &str, change: Change) -> Event {
    let mut event = Event::now(case(1), analyst, change);
    (event.id, event.group, event.at) = (id(n), id(n), second(n));
    event
}

fn judge(verdict: Verdict) -> Change {
    Change::Judge {
        verdict: Some(verdict),
        reason: None,
    }
}

impl Story {
    /// An event by somebody who has seen everything so far.
    fn aware(mut self, analyst: &str, change: Change) -> Self {
        let mut event = event(self.0.len() as u64 + 1, analyst, change);
        event.having_seen(Some(&CaseState::of(&self.0)));
        self.0.push(event);
        self
    }

    /// An event by somebody who has seen nothing.
    fn blind(self, analyst: &str, change: Change) -> Self {
        self.seen(None, analyst, change)
    }

    fn seen(mut self, seen: Option<EventId>, analyst: &str, change: Change) -> Self {
        let mut event = event(self.0.len() as u64 + 1, analyst, change);
        event.seen = seen;
        self.0.push(event);
        self
    }

    /// The state, by [`CaseState::of`] and by [`Cases`], which must say the same after every event.
    fn state(&self) -> CaseState {
        let mut cases = Cases::default();
        for (at, event) in self.0.iter().enumerate() {
            assert!(cases.add(event.clone()));
            assert!(!cases.add(event.clone()), "the same once");
            assert_eq!(
                cases.state(&case(1)),
                Some(&CaseState::of(&self.0[..=at])),
                "after event {}",
                at + 1
            );
        }
        let mut ordered = self.0.clone();
        ordered.sort_by_key(Event::order);
        assert_eq!(cases.history(&case(1)), ordered);
        CaseState::of(&self.0)
    }

    fn verdict(&self) -> Option<(Verdict, String)> {
        self.state().verdict.map(|j| (j.verdict, j.analyst))
    }

    fn conflicts(&self) -> Vec<(Verdict, String)> {
        let conflicts = self.state().conflicts.into_iter();
        conflicts.map(|j| (j.verdict, j.analyst)).collect()
    }
}

use Verdict::{BenignPositive, FalsePositive, TruePositive};

fn by(verdict: Verdict, analyst: &str) -> (Verdict, String) {
    (verdict, analyst.to_owned())
}

#[test]
fn a_verdict_its_reason_note_and_tags() {
    let story = Story::default()
        .aware("mira", judge(TruePositive))
        .aware(
            "mira",
            Change::Reason {
                reason: Some("phishing".to_owned()),
            },
        )
        .aware(
            "jan",
            Change::Note {
                text: "seen before".to_owned(),
            },
        )
        .aware(
            "mira",
            Change::Tag {
                tag: "campaign".to_owned(),
                on: true,
            },
        )
        .aware(
            "mira",
            Change::Tag {
                tag: "escalated".to_owned(),
                on: true,
            },
        )
        .aware(
            "jan",
            Change::Tag {
                tag: "campaign".to_owned(),
                on: false,
            },
        );
    let state = story.state();
    let judgement = state.verdict.as_ref().unwrap();
    assert_eq!(
        (judgement.verdict, judgement.reason.as_deref()),
        (TruePositive, Some("phishing"))
    );
    assert_eq!(judgement.event, id(1));
    assert_eq!(state.note, "seen before");
    assert_eq!(state.tags, BTreeSet::from(["escalated".to_owned()]));
    assert_eq!(state.latest, Some(id(6)));
    assert_eq!(state.settled(), Some(TruePositive));
}

#[test]
fn undo_takes_back_and_redo_brings_again_without_limit() {
    let undo = |n| Change::Undo { undone: id(n) };
    let redo = |n| Change::Redo { redone: id(n) };
    let story = Story::default()
        .aware("mira", judge(TruePositive))
        .aware("mira", judge(FalsePositive));
    assert_eq!(story.verdict(), Some(by(FalsePositive, "mira")));
    let story = story.aware("mira", undo(2));
    assert_eq!(
        story.verdict(),
        Some(by(TruePositive, "mira")),
        "what was before comes back"
    );
    let story = story.aware("mira", undo(1));
    assert!(story.state().is_unreviewed());
    let story = story.aware("mira", redo(1));
    assert_eq!(story.verdict(), Some(by(TruePositive, "mira")));
    let story = story.aware("mira", redo(2));
    assert_eq!(story.verdict(), Some(by(FalsePositive, "mira")));
    let story = story
        .aware("mira", undo(2))
        .aware("mira", undo(2))
        .aware("mira", redo(2));
    assert_eq!(
        story.verdict(),
        Some(by(FalsePositive, "mira")),
        "the latest of undo and redo decides"
    );
}

#[test]
fn undo_of_a_bulk_takes_all_its_cases_back() {
    let mut cases = Cases::default();
    let group = id(99);
    for row in 1..=5 {
        let mut judged = Event::now(case(row), "mira", judge(FalsePositive));
        judged.group = group;
        cases.add(judged);
        let mut tagged = Event::now(
            case(row),
            "mira",
            Change::Tag {
                tag: "campaign".to_owned(),
                on: true,
            },
        );
        tagged.group = group;
        cases.add(tagged);
    }
    assert!(
        cases
            .iter()
            .all(|(_, state)| state.settled() == Some(FalsePositive) && state.tags.len() == 1)
    );
    for row in 1..=5 {
        cases.add(Event::now(case(row), "mira", Change::Undo { undone: group }));
    }
    assert_eq!(cases.len(), 5);
    assert!(
        cases
            .iter()
            .all(|(_, state)| state.is_unreviewed() && state.tags.is_empty())
    );
}

#[test]
fn who_has_not_seen_the_other_contradicts() {
    let story = Story::default()
        .blind("mira", judge(TruePositive))
        .blind("jan", judge(FalsePositive));
    let both = story.state();
    assert_eq!((both.latest, &both.latest_besides[..]), (Some(id(2)), &[id(1)][..]));
    assert_eq!(
        story.verdict(),
        Some(by(FalsePositive, "jan")),
        "the later one is shown first"
    );
    assert_eq!(story.conflicts(), [(TruePositive, "mira".to_owned())]);
    assert_eq!(story.state().settled(), None);
    let settled = Story(story.0.clone()).aware("ada", judge(TruePositive));
    assert_eq!(settled.verdict(), Some(by(TruePositive, "ada")));
    assert!(settled.conflicts().is_empty(), "who has seen both settles it");
    let one_sided = Story(story.0).seen(Some(id(1)), "ada", judge(BenignPositive));
    assert_eq!(one_sided.verdict(), Some(by(BenignPositive, "ada")));
    assert_eq!(
        one_sided.conflicts(),
        [(FalsePositive, "jan".to_owned())],
        "jan's was not seen"
    );
}

#[test]
fn who_has_seen_the_other_changes_it_and_the_same_verdict_is_no_conflict() {
    let changed = Story::default()
        .blind("mira", judge(TruePositive))
        .aware("jan", judge(FalsePositive));
    assert_eq!(changed.verdict(), Some(by(FalsePositive, "jan")));
    assert!(changed.conflicts().is_empty());
    let agreed = Story::default()
        .blind("mira", judge(TruePositive))
        .blind("jan", judge(TruePositive));
    assert_eq!(agreed.state().settled(), Some(TruePositive));
}

#[test]
fn one_analyst_at_two_consoles_contradicts_nobody() {
    let story = Story::default()
        .blind("mira", judge(TruePositive))
        .blind("mira", judge(FalsePositive));
    assert_eq!(story.verdict(), Some(by(FalsePositive, "mira")));
    assert!(story.conflicts().is_empty());
    // An older one of hers that is taken in later does not go before the newer one.
    let story = Story(story.0.into_iter().rev().collect());
    assert_eq!(story.verdict(), Some(by(FalsePositive, "mira")));
    assert!(story.conflicts().is_empty());
}

#[test]
fn a_clock_that_was_set_back_changes_nothing_for_whoever_has_seen() {
    let first = event(1, "mira", judge(TruePositive));
    let mut later = event(2, "mira", judge(FalsePositive));
    later.at = second(0);
    later.having_seen(Some(&CaseState::of([&first])));
    let story = Story(vec![first.clone(), later]);
    assert_eq!(story.verdict(), Some(by(FalsePositive, "mira")));
    // And whoever decides here is later than all that was seen.
    let mut next = event(3, "jan", Change::Note { text: "odd".to_owned() });
    next.at = second(0);
    next.having_seen(Some(&CaseState::of(&[first])));
    assert_eq!(
        (next.seen, next.at.to_string()),
        (Some(id(1)), "2027-01-15T08:00:01.001Z".to_owned())
    );
}

#[test]
fn taking_back_makes_unreviewed_and_undoing_a_settlement_brings_the_conflict_back() {
    let back = Change::Judge {
        verdict: None,
        reason: None,
    };
    let story = Story::default()
        .aware("mira", judge(TruePositive))
        .aware("mira", back.clone());
    assert!(story.state().is_unreviewed());
    let conflict = Story::default()
        .blind("mira", judge(TruePositive))
        .blind("jan", judge(FalsePositive));
    let own = Story(conflict.0.clone()).blind("jan", back);
    assert_eq!(
        own.verdict(),
        Some(by(TruePositive, "mira")),
        "jan takes only their own back"
    );
    assert!(own.conflicts().is_empty());
    let settled = conflict.aware("ada", judge(TruePositive));
    let again = settled.aware("ada", Change::Undo { undone: id(3) });
    assert_eq!(again.verdict(), Some(by(FalsePositive, "jan")));
    assert_eq!(again.conflicts().len(), 1);
}

#[test]
fn a_reason_goes_to_the_verdict_that_stood_then() {
    let reason = |code: &str| Change::Reason {
        reason: Some(code.to_owned()),
    };
    let story = Story::default()
        .aware("mira", judge(TruePositive))
        .aware("mira", reason("scan"))
        .aware("jan", judge(FalsePositive))
        .aware("jan", Change::Undo { undone: id(3) });
    assert_eq!(story.state().verdict.unwrap().reason.as_deref(), Some("scan"));
    let gone = Story(story.0).aware("mira", Change::Undo { undone: id(2) });
    assert_eq!(gone.state().verdict.unwrap().reason, None);
    assert_eq!(Story::default().aware("mira", reason("scan")).state().verdict, None);
}

#[test]
fn many_events_of_one_case_are_taken_in_quickly() {
    let mut cases = Cases::default();
    for n in 1..=1_000 {
        let mut event = event(n, "mira", judge(TruePositive));
        event.seen = (n > 1).then(|| id(n - 1));
        cases.add(event);
    }
    assert_eq!(cases.state(&case(1)).unwrap().latest, Some(id(1_000)));
}

/// What an analyst may do, with what they have seen: nothing, all, or up to an event.
pub(crate) fn any_story(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let one = (
        0..3_usize,
        0..9_usize,
        0..5_usize,
        0..4_usize,
        any::<prop::sample::Index>(),
        0..4_u64,
    );
    prop::collection::vec(one, 0..most).prop_map(|steps| {
        let mut events: Vec<Event> = Vec::new();
        for (n, (who, what, verdict, seen, pick, clock)) in steps.into_iter().enumerate() {
            let n = n as u64 + 1;
            let analyst = ["mira", "jan", "ada"][who];
            let tag = |on| Change::Tag {
                tag: ["a", "b"][verdict % 2].to_owned(),
                on,
            };
            let code = Some(format!("code {n}"));
            let earlier = || events.get(pick.index(events.len().max(1)));
            let change = match (what, earlier()) {
                (0, Some(other)) => Change::Undo { undone: other.group },
                (1, Some(other)) => Change::Redo { redone: other.group },
                (2, _) => Change::Reason { reason: code },
                (3, _) => Change::Note {
                    text: format!("note {n}"),
                },
                (4, _) => tag(true),
                (5, _) => tag(false),
                (6, _) => Change::Judge {
                    verdict: None,
                    reason: None,
                },
                _ => Change::Judge {
                    verdict: Some(Verdict::ALL[verdict]),
                    reason: n.is_multiple_of(2).then_some(format!("given {n}")),
                },
            };
            let mut event = event(n, analyst, change);
            event.seen = match seen {
                0 => None,
                1 => earlier().map(|other| other.id),
                _ => events.last().map(|other| other.id),
            };
            event.seen_besides = match earlier() {
                Some(other) if who == 1 => vec![other.id],
                // Nobody can have seen what comes later, or itself.
                _ if who == 2 && seen == 3 => vec![id(n), id(n + 1)],
                _ => Vec::new(),
            };
            // Clocks of several hosts: they may run behind.
            event.at = second(n.saturating_sub(clock));
            if n.is_multiple_of(7) {
                event.group = events.last().map_or(event.id, |other| other.group);
            }
            events.push(event);
        }
        events
    })
}

/// A state without what the next event names as seen.
fn said(state: CaseState) -> CaseState {
    CaseState {
        latest: None,
        latest_besides: Vec::new(),
        latest_at: None,
        ..state
    }
}

proptest! {
    #[test]
    fn one_by_one_adds_up_to_the_same_as_all_together(events in any_story(25)) {
        let state = Story(events).state();
        for conflict in &state.conflicts {
            prop_assert_ne!(Some(conflict.verdict), state.verdict.as_ref().map(|j| j.verdict));
        }
        prop_assert!(state.conflicts.is_empty() || state.verdict.is_some());
    }

    #[test]
    fn undo_of_everything_gives_the_empty_state_and_redo_of_everything_all_of_it(events in any_story(20)) {
        // Undo and redo among them decide about the others, so only the others are looked at.
        let events: Vec<Event> = events
            .into_iter()
            .filter(|e| !matches!(e.change, Change::Undo { .. } | Change::Redo { .. }))
            .collect();
        let before = CaseState::of(&events);
        let mut all = events.clone();
        for (n, event) in events.iter().enumerate() {
            all.push(super::tests::event(100 + n as u64, "ada", Change::Undo { undone: event.group }));
        }
        let undone = CaseState::of(&all);
        prop_assert_eq!(said(undone), CaseState::default());
        for (n, event) in events.iter().enumerate() {
            all.push(super::tests::event(200 + n as u64, "ada", Change::Redo { redone: event.group }));
        }
        prop_assert_eq!(said(CaseState::of(&all)), said(before));
    }

    #[test]
    fn the_same_events_add_up_to_the_same_in_any_order(
        events in any_story(16),
        order in prop::collection::vec(any::<u16>(), 16),
    ) {
        let mut moved: Vec<(u16, Event)> = order.into_iter().zip(events.iter().cloned()).collect();
        moved.sort_by_key(|(place, _)| *place);
        let cases: Cases = moved.into_iter().map(|(_, event)| event).collect();
        let in_order: Cases = events.iter().cloned().collect();
        prop_assert_eq!(cases.state(&case(1)), in_order.state(&case(1)));
        prop_assert_eq!(cases.history(&case(1)), in_order.history(&case(1)));
        if let Some(state) = cases.state(&case(1)) {
            prop_assert_eq!(state, &CaseState::of(&events));
        }
    }

    #[test]
    fn who_has_seen_everything_and_judges_has_the_last_word(events in any_story(20), verdict in 0..5_usize) {
        let mut last = super::tests::event(500, "zoe", judge(Verdict::ALL[verdict]));
        last.having_seen(Some(&CaseState::of(&events)));
        let state = CaseState::of(events.iter().chain([&last]));
        prop_assert_eq!(state.settled(), Some(Verdict::ALL[verdict]));
    }
}
