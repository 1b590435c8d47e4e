//! Owns the tests of the store with real files: what is kept, what a kill, a lock, damage and lack of room leave.

mod damage;
mod views;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::triage::{Change, Lane, RiskLevel, Score, Verdict};
use crate::workspace::Workspace;

/// A workspace of a test's own.
pub(super) struct Place {
    directory: TempDir,
    pub(super) workspace: Workspace,
}

impl Place {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let workspace = Workspace::at(directory.path());
        Self { directory, workspace }
    }

    pub(super) fn open(&self) -> LocalStore {
        LocalStore::open(&self.workspace, quick()).unwrap()
    }

    /// Names of what stands beside the database.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.directory.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(super) fn journal(&self) -> String {
        fs::read_to_string(self.workspace.audit_file()).unwrap()
    }

    /// Puts a line into the journal behind the store's back.
    pub(super) fn push_line(&self, text: &str) {
        let mut journal = self.journal();
        journal.push_str(text);
        fs::write(self.workspace.audit_file(), journal).unwrap();
    }
}

/// Waits so short that no test waits for it.
pub(super) fn quick() -> StoreOptions {
    StoreOptions {
        wait: Duration::from_millis(30),
        ..StoreOptions::default()
    }
}

pub(super) fn case(row: u64) -> CaseId {
    CaseId {
        schema: "phishing".to_owned(),
        row: RowId(row),
    }
}

pub(super) fn judged(row: u64, verdict: Verdict) -> Event {
    let change = Change::Judge {
        verdict: Some(verdict),
        reason: Some("phishing".to_owned()),
    };
    let mut event = Event::now(case(row), "mira", change);
    event.score = Some(Score {
        run: "20261127T120000Z-abcd".to_owned(),
        probability: 0.1 + 0.2,
        threshold: Some(0.5),
        risk: RiskLevel::Critical,
        flagged: true,
        file: "output.csv".to_owned(),
    });
    event.cells = Some(vec![("url".to_owned(), format!("http://{row}.example/\u{1b}[31m"))]);
    event
}

/// Every kind of event there is.
fn one_of_each() -> Vec<Event> {
    let first = judged(1, Verdict::TruePositive);
    let mut all = vec![first.clone()];
    let changes = [
        Change::Judge {
            verdict: None,
            reason: None,
        },
        Change::Reason {
            reason: Some("scan".to_owned()),
        },
        Change::Reason { reason: None },
        Change::Note {
            text: "a \"note\"\nof two lines, '; DROP TABLE events; --".to_owned(),
        },
        Change::Note { text: String::new() },
        Change::Tag {
            tag: "campaign".to_owned(),
            on: true,
        },
        Change::Tag {
            tag: "campaign".to_owned(),
            on: false,
        },
        Change::Undo { undone: first.group },
        Change::Redo { redone: first.group },
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut event = Event::now(case(1), "jan", change);
        event.seen = Some(first.id);
        event.lane = [Lane::Picked, Lane::RandomAudit, Lane::LabelAudit][at % 3];
        all.push(event);
    }
    all
}

/// Events as the store gives them: cells stand apart.
pub(super) fn bare(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    for event in &mut events {
        event.cells = None;
    }
    events
}

pub(super) fn all_of(store: &mut LocalStore) -> Vec<Event> {
    store.events_since(0).unwrap().0
}

#[test]
fn what_is_kept_comes_back_the_same_and_once() {
    let place = Place::new();
    let mut store = place.open();
    let events = one_of_each();
    assert_eq!(store.append(&events, "nsec-tui").unwrap(), Kept::Stored);
    assert_eq!(store.append(&events[..3], "nsec-tui").unwrap(), Kept::Stored);
    let (back, last) = store.events_since(0).unwrap();
    assert_eq!(back, bare(&events));
    assert_eq!(last, events.len() as i64);
    assert_eq!(store.events_since(last).unwrap(), (Vec::new(), last));
    assert_eq!(store.events_since(last - 1).unwrap().0, back[back.len() - 1..]);
    assert_eq!(
        store.cells("phishing").unwrap(),
        [(case(1), events[0].cells.clone().unwrap())]
    );
    assert_eq!(store.cells("flows").unwrap(), []);
    assert_eq!(store.standing(), Standing::Ready);
    assert_eq!(store.notices(), Vec::<String>::new());
    drop(store);
    assert_eq!(all_of(&mut place.open()), bare(&events));
    let lines = place.journal();
    assert_eq!(
        lines.lines().count(),
        1,
        "one line for what was decided at once, none for what was known"
    );
    let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(
        (&line["action"], &line["by"]),
        (&"verdict".into(), &serde_json::json!(crate::artifacts::current_user()))
    );
    assert_eq!(line["details"]["command"], "nsec-tui");
    assert_eq!(line["details"]["events"].as_array().unwrap().len(), events.len());
}

#[test]
fn the_first_cells_of_a_case_stay() {
    let place = Place::new();
    let mut store = place.open();
    let (first, mut second) = (judged(1, Verdict::TruePositive), judged(1, Verdict::FalsePositive));
    second.cells = Some(vec![("url".to_owned(), "another".to_owned())]);
    store.append(std::slice::from_ref(&first), "").unwrap();
    store.append(&[second], "").unwrap();
    assert_eq!(store.cells("phishing").unwrap(), [(case(1), first.cells.unwrap())]);
}

#[test]
fn history_cannot_be_rewritten_by_the_shell() {
    let place = Place::new();
    place.open().append(&one_of_each(), "").unwrap();
    let connection = Connection::open(place.workspace.verdicts_file()).unwrap();
    for statement in [
        "UPDATE events SET verdict = 'false_positive'",
        "DELETE FROM events",
        "UPDATE cells SET cells = '[]'",
        "DELETE FROM cells",
        "INSERT OR REPLACE INTO events SELECT * FROM events WHERE place = 1",
    ] {
        let refused = connection.execute(statement, []).is_err();
        assert!(refused || statement.contains("REPLACE"), "{statement}");
    }
    assert_eq!(all_of(&mut place.open()).len(), 10);
}

#[test]
fn only_its_owner_reads_it_or_the_group_where_it_is_shared() {
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let place = Place::new();
    let file = place.workspace.verdicts_file();
    let mut store = place.open();
    store.append(&[judged(1, Verdict::Duplicate)], "").unwrap();
    for path in [&file, &files::with_suffix(&file, "-wal"), &place.workspace.audit_file()] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    drop(store);
    let shared = StoreOptions {
        shared: true,
        ..quick()
    };
    let mut store = LocalStore::open(&place.workspace, shared).unwrap();
    store.append(&[judged(2, Verdict::Duplicate)], "").unwrap();
    for path in [&file, &files::with_suffix(&file, "-wal"), &place.workspace.audit_file()] {
        assert_eq!(mode(path), 0o660, "{}", path.display());
    }
    assert_eq!(mode(place.workspace.root()) & 0o2070, 0o2070);
    assert_eq!(mode(&place.workspace.logs_dir()) & 0o2070, 0o2070);
    drop(store);
    drop(place.open());
    assert_eq!(mode(&file), 0o600, "no longer shared");
}

#[test]
fn two_stores_see_each_other() {
    let place = Place::new();
    let (mut one, mut two) = (place.open(), place.open());
    assert!(!one.has_changed().unwrap() && !two.has_changed().unwrap());
    let first = judged(1, Verdict::TruePositive);
    one.append(std::slice::from_ref(&first), "").unwrap();
    assert!(!one.has_changed().unwrap(), "its own");
    assert!(two.has_changed().unwrap());
    assert!(!two.has_changed().unwrap(), "told once");
    let (events, at) = two.events_since(0).unwrap();
    assert_eq!(events, bare(&[first]));
    let second = judged(2, Verdict::FalsePositive);
    two.append(std::slice::from_ref(&second), "").unwrap();
    assert!(one.has_changed().unwrap());
    assert_eq!(one.events_since(at).unwrap().0, bare(&[second]));
}

#[test]
fn what_was_written_down_and_not_yet_stored_is_taken_over() {
    let place = Place::new();
    let mut store = place.open();
    store.append(&[judged(1, Verdict::TruePositive)], "").unwrap();
    // As a kill between the two leaves it.
    let late = judged(2, Verdict::FalsePositive);
    journal::write(&place.workspace, &journal::Entry::Events(vec![late.clone()]), None, "").unwrap();
    assert!(store.has_changed().unwrap(), "one that is open finds it");
    assert_eq!(all_of(&mut store)[1..], bare(std::slice::from_ref(&late)));
    let later = judged(3, Verdict::FalsePositive);
    journal::write(&place.workspace, &journal::Entry::Events(vec![later.clone()]), None, "").unwrap();
    store.append(&[judged(4, Verdict::Duplicate)], "").unwrap();
    let rows: Vec<u64> = all_of(&mut store).iter().map(|e| e.case.row.0).collect();
    assert_eq!(rows, [1, 2, 3, 4], "in the journal's order");
    drop(store);
    journal::write(&place.workspace, &journal::Entry::Events(vec![late, later]), None, "").unwrap();
    assert_eq!(
        all_of(&mut place.open()).len(),
        4,
        "twice in the journal, once in the store"
    );
}

#[test]
fn torn_and_hostile_lines_are_left_out_and_said() {
    let place = Place::new();
    place.open().append(&[judged(1, Verdict::TruePositive)], "").unwrap();
    let good = serde_json::to_string(&judged(2, Verdict::Duplicate)).unwrap();
    place.push_line("{\"time\": 7, not json \u{1b}]0;x\u{7}\n");
    place.push_line("\n[1, 2]\n{\"action\":\"promote\",\"details\":{\"events\":\"none\"}}\n");
    place.push_line("{\"action\":\"verdict\",\"details\":{}}\n");
    place.push_line(&format!(
        "{{\"action\":\"tag\",\"details\":{{\"events\":[{{\"id\":1}},{good}]}}}}\n"
    ));
    place.push_line("{\"action\":\"verdict\",\"details\":{\"events\":[");
    let mut store = place.open();
    let rows: Vec<u64> = all_of(&mut store).iter().map(|e| e.case.row.0).collect();
    assert_eq!(rows, [1, 2]);
    let notices = store.notices();
    let lines: Vec<&str> = notices
        .iter()
        .map(|n| n.split("audit.ndjson: ").nth(1).unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(lines, ["line 2", "line 4", "line 6", "line 7"], "{notices:?}");
    assert!(!store.has_changed().unwrap());
    assert_eq!(store.notices(), Vec::<String>::new(), "said once");
    // The next writer closes the torn line, so that it spoils no other.
    store.append(&[judged(3, Verdict::Duplicate)], "").unwrap();
    assert_eq!(all_of(&mut store).len(), 3);
    assert!(store.notices()[0].contains("line 8"));
    let mut again = place.open();
    assert_eq!(
        again.notices(),
        Vec::<String>::new(),
        "what was taken over is not read again"
    );
    let report = again.rebuild().unwrap();
    assert_eq!((report.events, report.bad.len()), (0, 5));
}

#[test]
fn a_journal_that_was_replaced_is_read_from_its_start() {
    let place = Place::new();
    let mut store = place.open();
    for row in 0..20 {
        store.append(&[judged(row, Verdict::TruePositive)], "").unwrap();
    }
    fs::remove_file(place.workspace.audit_file()).unwrap();
    assert!(!store.has_changed().unwrap());
    for row in 20..60 {
        assert_eq!(
            store.append(&[judged(row, Verdict::TruePositive)], "").unwrap(),
            Kept::Stored
        );
    }
    assert_eq!(all_of(&mut store).len(), 60);
    assert!(store.notices()[0].contains("not the journal of last time"));
    assert_eq!(all_of(&mut place.open()).len(), 60);
}

#[test]
fn a_bulk_is_one_line_up_to_a_size_and_several_beyond() {
    let place = Place::new();
    let mut store = place.open();
    let events: Vec<Event> = (0..5_000).map(|row| judged(row, Verdict::FalsePositive)).collect();
    store.append(&events, "").unwrap();
    assert_eq!(place.journal().lines().count(), 2);
    store.append(&[judged(9_999, Verdict::FalsePositive)], "").unwrap();
    place.push_line("not json\n");
    store.has_changed().unwrap();
    assert!(store.notices()[0].contains("line 4:"), "lines are counted right");
    assert_eq!(all_of(&mut store).len(), 5_001);
}

#[test]
fn rules_are_made_withdrawn_counted_and_rebuilt() {
    let place = Place::new();
    let mut store = place.open();
    let rule = |condition: &str| SuppressionRule {
        id: EventId::new(),
        schema: "phishing".to_owned(),
        condition: condition.to_owned(),
        owner: "mira".to_owned(),
        reason: "our own scanner".to_owned(),
        made_at: Timestamp::now(),
        expires_at: Timestamp::now(),
        withdrawn: None,
        hits: 0,
    };
    let (one, two) = (rule("a = 1"), rule("b = 2"));
    assert_eq!(store.add_rule(&one, "rules").unwrap(), Kept::Stored);
    store.add_rule(&one, "rules").unwrap();
    store.add_rule(&two, "rules").unwrap();
    store.count_hits(one.id, "file 1", 3).unwrap();
    store.count_hits(one.id, "file 1", 3).unwrap();
    store.count_hits(one.id, "file 2", 4).unwrap();
    store.withdraw_rule(two.id, "jan", "withdraw").unwrap();
    store.withdraw_rule(two.id, "ada", "withdraw").unwrap();
    let unknown = store.withdraw_rule(EventId::new(), "jan", "");
    assert!(matches!(unknown, Err(StoreError::NoSuchRule(_))));
    let rules = store.rules("phishing").unwrap();
    assert_eq!(rules.len(), 2);
    assert_eq!((rules[0].id, rules[1].id), (two.id, one.id), "the latest first");
    assert_eq!((rules[1].hits, rules[0].hits), (7, 0));
    assert_eq!(rules[0].withdrawn.as_ref().unwrap().1, "jan");
    assert_eq!(store.rules("flows").unwrap(), []);
    assert_eq!(place.journal().lines().count(), 5);
    drop(store);
    fs::remove_file(place.workspace.verdicts_file()).unwrap();
    assert_eq!(place.open().rules("phishing").unwrap(), rules);
}

#[test]
fn a_score_that_is_no_number_is_refused_and_nothing_is_written() {
    let place = Place::new();
    let mut store = place.open();
    let mut event = judged(1, Verdict::TruePositive);
    event.score.as_mut().unwrap().probability = f64::NAN;
    let error = store
        .append(&[judged(2, Verdict::TruePositive), event], "")
        .unwrap_err();
    assert!(error.to_string().contains("0000000000000001"), "{error}");
    assert!(!place.workspace.audit_file().exists());
}

#[test]
fn import_counts_what_is_new() {
    let place = Place::new();
    let mut store = place.open();
    let events = one_of_each();
    let doubled = [&events[..4], &events[2..4]].concat();
    assert_eq!(store.import(&doubled, "verdicts import x").unwrap(), (Kept::Stored, 4));
    assert_eq!(store.import(&doubled, "verdicts import x").unwrap(), (Kept::Stored, 0));
    assert!(place.journal().contains("\"action\":\"import\""));
}
