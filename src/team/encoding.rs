//! Owns how decisions, rules and cases stand on the server, in plain fields that others can ask for.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::artifacts::Timestamp;
use crate::mongo::Record;
use crate::triage::{CaseId, CaseState, Event, EventId, SuppressionRule};

/// What is withdrawn by a record of a withdrawal.
const WITHDRAWS: &str = "withdraws";

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        // What we keep is always an object, and a number in it that is none was refused before.
        Ok(_) | Err(_) => Map::new(),
    }
}

/// A record without its name.
fn named(value: &impl Serialize) -> Record {
    let mut body = object(value);
    let id = body.remove("id").and_then(|id| id.as_str().map(str::to_owned));
    Record {
        id: id.unwrap_or_default(),
        body,
    }
}

fn read<T: DeserializeOwned>(record: Record) -> Result<T, serde_json::Error> {
    let mut body = record.body;
    body.insert("id".to_owned(), Value::String(record.id));
    serde_json::from_value(Value::Object(body))
}

/// A decision as a record.
pub(super) fn record_of(event: &Event) -> Record {
    named(event)
}

/// A decision out of a record; a newer version of this program may say things that this one cannot read. A name that is not
/// written as we write it could stand beside the same one written otherwise, with other content.
pub(super) fn event_of(record: Record) -> Result<Event, serde_json::Error> {
    let name = record.id.clone();
    let event: Event = read(record)?;
    if event.id.to_string() == name {
        return Ok(event);
    }
    Err(serde::de::Error::custom("its name is not written as names are"))
}

/// Something about a suppression rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RuleRecord {
    Made(SuppressionRule),
    Withdrawn { rule: EventId, by: String },
}

/// A rule as the records that tell it: that it was made, and that it was withdrawn.
pub(super) fn records_of(rule: &SuppressionRule) -> Vec<Record> {
    let mut made = named(&SuppressionRule {
        withdrawn: None,
        ..rule.clone()
    });
    // Every host counts its own files.
    made.body.remove("hits");
    let withdrawal = rule.withdrawn.as_ref().map(|(at, by)| Record {
        id: format!("{WITHDRAWS} {}", rule.id),
        body: object(&json!({ WITHDRAWS: rule.id, "at": at, "by": by })),
    });
    std::iter::once(made).chain(withdrawal).collect()
}

pub(super) fn rule_of(record: Record) -> Result<RuleRecord, serde_json::Error> {
    let Some(rule) = record.body.get(WITHDRAWS) else {
        return read(record).map(RuleRecord::Made);
    };
    let by = record.body.get("by").and_then(Value::as_str).unwrap_or_default();
    Ok(RuleRecord::Withdrawn {
        rule: serde_json::from_value(rule.clone())?,
        by: by.to_owned(),
    })
}

/// The name of a case on the server.
pub(super) fn case_name(case: &CaseId) -> String {
    format!("{}/{}", case.schema, case.row)
}

/// What all records of a case have in common.
pub(super) fn case_key(case: &CaseId) -> Map<String, Value> {
    object(case)
}

/// How a case stands, for whoever reads the server with other means.
pub(super) fn state_of(case: &CaseId, state: &CaseState, events: usize) -> Map<String, Value> {
    let mut body = case_key(case);
    let verdict = state.verdict.as_ref();
    let conflicts = state.conflicts.iter();
    let conflicts: Vec<Value> = conflicts
        .map(
            |other| json!({ "verdict": other.verdict, "analyst": other.analyst, "at": other.at, "event": other.event }),
        )
        .collect();
    let told = json!({
        "verdict": verdict.map(|j| j.verdict),
        "reason": verdict.and_then(|j| j.reason.as_deref()),
        "analyst": verdict.map(|j| j.analyst.as_str()),
        "at": verdict.map(|j| j.at),
        "lane": verdict.map(|j| j.lane),
        "score": verdict.and_then(|j| j.score.as_ref()),
        "note": state.note,
        "tags": state.tags,
        "conflicts": conflicts,
        "events": events,
        "worked_out": Timestamp::now(),
    });
    body.extend(object(&told));
    body
}
