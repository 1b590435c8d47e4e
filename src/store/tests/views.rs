//! Tests that the views of the database say the same as [`CaseState`].

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::triage::CaseState;
use crate::triage::case::any_story;

/// What a person reads in the shell.
#[derive(Debug, PartialEq)]
struct Line {
    verdict: Option<String>,
    reason: Option<String>,
    analyst: Option<String>,
    note: String,
    tags: Option<String>,
    contradicted_by: i64,
}

impl Line {
    fn of(state: &CaseState) -> Self {
        let judgement = state.verdict.as_ref();
        let tags: Vec<&str> = state.tags.iter().map(String::as_str).collect();
        Self {
            verdict: judgement.map(|j| j.verdict.name().to_owned()),
            reason: judgement.and_then(|j| j.reason.clone()),
            analyst: judgement.map(|j| j.analyst.clone()),
            note: state.note.clone(),
            tags: (!tags.is_empty()).then(|| tags.join(", ")),
            contradicted_by: state.conflicts.len() as i64,
        }
    }

    fn read(connection: &Connection) -> Vec<Self> {
        let sql = "SELECT verdict, reason, analyst, note, tags, contradicted_by FROM cases ORDER BY schema, row_id";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok(Self {
                verdict: row.get(0)?,
                reason: row.get(1)?,
                analyst: row.get(2)?,
                note: row.get(3)?,
                tags: row.get(4)?,
                contradicted_by: row.get(5)?,
            })
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_view_of_cases_is_the_state_of_cases(stories in prop::collection::vec(any_story(16), 1..4)) {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let mut expected = Vec::new();
        let mut inserter = rows::Inserter::new(&connection).unwrap();
        for (row, story) in stories.iter().enumerate() {
            let mut events = story.clone();
            for event in &mut events {
                event.case = case(row as u64);
                event.id = moved(event.id, row);
                event.group = moved(event.group, row);
                event.seen = event.seen.map(|seen| moved(seen, row));
                event.seen_besides = event.seen_besides.iter().map(|seen| moved(*seen, row)).collect();
                match &mut event.change {
                    Change::Undo { undone: group } | Change::Redo { redone: group } => *group = moved(*group, row),
                    _ => {}
                }
            }
            inserter.entry(&journal::Entry::Events(events.clone())).unwrap();
            if !events.is_empty() {
                expected.push(Line::of(&CaseState::of(&events)));
            }
        }
        prop_assert_eq!(Line::read(&connection), expected);
    }
}

/// The id of another case's event.
fn moved(id: EventId, by: usize) -> EventId {
    let (high, low) = id.0.as_u64_pair();
    EventId(uuid::Uuid::from_u64_pair(high + by as u64, low))
}
