//! Owns the tests of what stands on the server and what is remembered; the exchange itself is tested with a real server in
//! `tests/mongo_verdicts.rs`.

use proptest::prelude::*;
use serde_json::json;

use super::encoding::{RuleRecord, event_of, record_of, records_of, rule_of, state_of};
use super::memory::Memory;
use crate::artifacts::Timestamp;
use crate::data::RowId;
use crate::mongo::{Mark, Record};
use crate::triage::case::any_story;
use crate::triage::{CaseId, CaseState, Change, Event, EventId, Lane, RiskLevel, Score, SuppressionRule, Verdict};
use crate::workspace::Workspace;

proptest! {
    #[test]
    fn a_decision_comes_back_as_it_was(events in any_story(6)) {
        for event in events {
            prop_assert_eq!(event_of(record_of(&event)).unwrap(), event);
        }
    }
}

#[test]
fn a_record_has_plain_fields_that_others_can_ask_for() {
    let case = CaseId {
        schema: "flows".to_owned(),
        row: RowId(255),
    };
    let verdict = Some(Verdict::FalsePositive);
    let mut event = Event::now(
        case,
        "mira",
        Change::Judge {
            verdict,
            reason: Some("scan".to_owned()),
        },
    );
    event.lane = Lane::RandomAudit;
    event.score = Some(Score {
        run: "r1".to_owned(),
        probability: 0.1 + 0.2,
        threshold: None,
        risk: RiskLevel::Medium,
        flagged: true,
        file: String::new(),
    });
    event.cells = Some(vec![("port".to_owned(), "443".to_owned())]);
    let record = record_of(&event);
    assert_eq!(record.id, event.id.to_string());
    assert_eq!(record.body["row"], json!("00000000000000ff"));
    assert_eq!(
        record.body["change"],
        json!({"kind": "judge", "verdict": "false_positive", "reason": "scan"})
    );
    assert_eq!(record.body["score"]["probability"], json!(0.30000000000000004));
    assert_eq!(record.body["lane"], json!("random_audit"));
    assert_eq!(event_of(record.clone()).unwrap(), event);
    // What a newer version may say.
    let mut newer = record;
    newer.body["change"] = json!({"kind": "escalate", "to": "tier 3"});
    assert!(event_of(newer).is_err());
    let mut otherwise = record_of(&event);
    otherwise.id = otherwise.id.to_uppercase();
    assert!(event_of(otherwise).is_err(), "the same name written otherwise");
}

#[test]
fn a_rule_is_told_by_one_record_and_its_withdrawal_by_another() {
    let rule = SuppressionRule {
        id: EventId::new(),
        schema: "flows".to_owned(),
        condition: "port = 443".to_owned(),
        owner: "mira".to_owned(),
        reason: "ours".to_owned(),
        made_at: Timestamp::now(),
        expires_at: Timestamp::now(),
        withdrawn: Some((Timestamp::now(), "jan".to_owned())),
        hits: 12,
    };
    let told: Vec<RuleRecord> = records_of(&rule)
        .into_iter()
        .map(|record| rule_of(record).unwrap())
        .collect();
    let made = SuppressionRule {
        withdrawn: None,
        hits: 0,
        ..rule.clone()
    };
    assert_eq!(
        told,
        [
            RuleRecord::Made(made),
            RuleRecord::Withdrawn {
                rule: rule.id,
                by: "jan".to_owned()
            }
        ]
    );
    let nonsense = Record {
        id: "x".to_owned(),
        body: serde_json::Map::new(),
    };
    assert!(rule_of(nonsense).is_err());
}

#[test]
fn the_state_of_a_case_tells_its_verdict_and_who_contradicts() {
    let case = CaseId {
        schema: "flows".to_owned(),
        row: RowId(1),
    };
    let judge = |analyst: &str, verdict| {
        Event::now(
            case.clone(),
            analyst,
            Change::Judge {
                verdict: Some(verdict),
                reason: None,
            },
        )
    };
    let first = judge("mira", Verdict::TruePositive);
    let mut second = judge("jan", Verdict::FalsePositive);
    second.at = first.at.next();
    let state = CaseState::of([&first, &second]);
    let told = state_of(&case, &state, 2);
    assert_eq!(
        (&told["verdict"], &told["analyst"]),
        (&json!("false_positive"), &json!("jan"))
    );
    assert_eq!(told["conflicts"][0]["analyst"], json!("mira"));
    assert_eq!((&told["events"], &told["schema"]), (&json!(2), &json!("flows")));
    assert_eq!(state_of(&case, &CaseState::default(), 0)["verdict"], json!(null));
}

#[test]
fn what_is_remembered_is_of_one_server_and_one_store_and_not_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(directory.path());
    std::fs::write(workspace.verdicts_file(), "").unwrap();
    let read = |server: &str| Memory::read(&workspace, server);
    let mut memory = read("a:1/team");
    assert!(memory.is_old() && memory.looked_before(0.0));
    memory.looked();
    memory.place = 7;
    memory.latest = Some(5);
    memory.go_on_after(Mark("{}".to_owned()));
    memory.save(&workspace);
    assert_eq!(read("a:1/team"), memory);
    assert!(!memory.is_old() && !memory.looked_before(600.0));
    assert!(read("b:1/team").is_old(), "another server");
    let entries = std::fs::read_dir(workspace.logs_dir()).unwrap();
    let file = entries
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "json"));
    let file = file.unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let mut told: serde_json::Value = serde_json::from_str(&text).unwrap();
    told["looked_at"] = json!("2020-01-01T00:00:00.000Z");
    std::fs::write(&file, told.to_string()).unwrap();
    assert!(read("a:1/team").is_old(), "too long ago");
    std::fs::write(&file, "{").unwrap();
    assert!(read("a:1/team").is_old(), "damaged");
    memory.save(&workspace);
    assert_eq!(read("a:1/team").place, 7);
    let aside = workspace.verdicts_file().with_extension("aside");
    std::fs::rename(workspace.verdicts_file(), &aside).unwrap();
    std::fs::write(workspace.verdicts_file(), "").unwrap();
    assert_eq!(read("a:1/team").place, 0, "a store that was made again counts anew");
}
