//! Owns the STIX 2.1 bundle: for every case with a URL, a domain or an address what was observed, and what people said of it.

mod ids;
mod observed;
mod pattern;

use std::collections::HashSet;
use std::io::Write;

use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::moment;
use super::observables::{Meaning, Observables, meanings};
use super::row::{ExportHeader, ExportRow, Summary};
use super::write::Sink;
use crate::data::RowId;
use crate::text::escape_json;
use crate::triage::{Judgement, Verdict};

/// When the identities of bundles were made: the same in every bundle, since it is the same object in every bundle.
const IDENTITY_MADE: &str = "2026-01-01T00:00:00.000Z";
/// What the specification allows in `number_observed` and `count`.
const MOST_OBSERVED: u64 = 999_999_999;

pub(super) struct StixSink<'a, W: Write> {
    header: &'a ExportHeader,
    out: W,
    meanings: Vec<Option<Meaning>>,
    /// Ids of objects that are in the bundle.
    written: HashSet<String>,
    cases: HashSet<RowId>,
    /// The id of the program's identity.
    program: String,
}

/// The properties that all objects but observables have.
struct Stamp<'s> {
    by: &'s str,
    at: &'s str,
}

impl<'a, W: Write> StixSink<'a, W> {
    /// Starts the bundle with the program's identity.
    pub(super) fn new(header: &'a ExportHeader, mut out: W) -> Result<Self, ExportError> {
        let of = [
            header.schema.as_str(),
            &header.file,
            &header.run,
            &header.scope,
            &header.made_at.to_string(),
        ];
        let id = ids::object("bundle", &of);
        // The `objects` array is closed at the end.
        write!(out, "{{\"type\":\"bundle\",\"id\":\"{id}\",\"objects\":[")?;
        let mut sink = Self {
            header,
            out,
            meanings: meanings(header),
            written: HashSet::new(),
            cases: HashSet::new(),
            program: String::new(),
        };
        sink.program = sink.identity("system", "nsec-tui")?;
        Ok(sink)
    }

    /// Writes an object, unless one of its id is there.
    fn put(&mut self, object: Value) -> Result<(), ExportError> {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        let first = self.written.is_empty();
        if !self.written.insert(id.to_owned()) {
            return Ok(());
        }
        self.out.write_all(if first { b"\n" } else { b",\n" })?;
        self.out.write_all(escape_json(&object.to_string()).as_bytes())?;
        Ok(())
    }

    fn identity(&mut self, class: &str, name: &str) -> Result<String, ExportError> {
        let id = ids::object("identity", &[class, name]);
        // A name may be empty in a damaged store, but not in a bundle.
        let shown = if name.is_empty() { "unknown" } else { name };
        self.put(json!({
            "type": "identity", "spec_version": "2.1", "id": id, "created": IDENTITY_MADE, "modified": IDENTITY_MADE,
            "name": shown, "identity_class": class,
        }))?;
        Ok(id)
    }

    /// The observed-data object of a row with its observables; answers its id.
    fn observed(&mut self, row: &ExportRow, seen: &Observables<'_>, stamp: &Stamp<'_>) -> Result<String, ExportError> {
        let mut refs = Vec::new();
        for object in observed::objects(seen) {
            refs.push(object.get("id").cloned().unwrap_or_default());
            self.put(object)?;
        }
        let when = seen
            .time
            .and_then(moment::text)
            .unwrap_or_else(|| self.header.made_at.to_string());
        let mut object = common("observed-data", &[&case_name(row), &row.run, stamp.at], stamp);
        object.insert("first_observed".to_owned(), when.as_str().into());
        object.insert("last_observed".to_owned(), when.into());
        object.insert("number_observed".to_owned(), row.copies.clamp(1, MOST_OBSERVED).into());
        object.insert("object_refs".to_owned(), refs.into());
        object.insert("labels".to_owned(), labels(row).into());
        if let Some(confidence) = confidence(row) {
            object.insert("confidence".to_owned(), confidence.into());
        }
        let reference = json!([{
            "source_name": "nsec-tui",
            "external_id": case_name(row),
            "description": format!("Row id, scored by run {}. {}", row.run, row.reasons),
        }]);
        object.insert("external_references".to_owned(), reference);
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.put(Value::Object(object))?;
        Ok(id)
    }

    /// What a true positive is made into: an indicator, and where it was sighted.
    fn indicator(
        &mut self,
        row: &ExportRow,
        seen: &Observables<'_>,
        observed: &str,
        stamp: &Stamp<'_>,
    ) -> Result<(), ExportError> {
        let Some((name, pattern)) = pattern::of(seen) else {
            return Ok(());
        };
        let mut object = common("indicator", &[&case_name(row), &pattern, stamp.at], stamp);
        object.insert("name".to_owned(), name.into());
        let said = format!(
            "Judged a true positive; scored {:.3} by run {}.",
            row.probability, row.run
        );
        object.insert("description".to_owned(), said.into());
        object.insert("indicator_types".to_owned(), json!(["malicious-activity"]));
        object.insert("pattern".to_owned(), pattern.into());
        object.insert("pattern_type".to_owned(), "stix".into());
        object.insert("valid_from".to_owned(), stamp.at.into());
        if let Some(confidence) = confidence(row) {
            object.insert("confidence".to_owned(), confidence.into());
        }
        let indicator = object.get("id").cloned().unwrap_or_default();
        self.put(Value::Object(object))?;
        let mut sighting = common("sighting", &[&case_name(row), observed, stamp.at], stamp);
        sighting.insert("sighting_of_ref".to_owned(), indicator);
        sighting.insert("observed_data_refs".to_owned(), json!([observed]));
        sighting.insert("where_sighted_refs".to_owned(), json!([self.program]));
        sighting.insert("count".to_owned(), row.copies.clamp(1, MOST_OBSERVED).into());
        self.put(Value::Object(sighting))
    }

    fn opinion(&mut self, judged: &Judgement, observed: &str) -> Result<(), ExportError> {
        let by = self.identity("individual", &judged.analyst)?;
        let at = judged.at.to_string();
        let stamp = Stamp { by: &by, at: &at };
        let mut object = common("opinion", &[&judged.event.to_string(), observed], &stamp);
        object.insert("opinion".to_owned(), opinion(judged.verdict).into());
        let reason = judged
            .reason
            .as_ref()
            .map(|code| format!(" ({code})"))
            .unwrap_or_default();
        let explanation = format!("Verdict {}{reason}.", judged.verdict.name());
        object.insert("explanation".to_owned(), explanation.into());
        object.insert("object_refs".to_owned(), json!([observed]));
        self.put(Value::Object(object))
    }

    fn note(&mut self, row: &ExportRow, observed: &str, stamp: &Stamp<'_>) -> Result<(), ExportError> {
        let latest = row.state.latest.map(|event| event.to_string()).unwrap_or_default();
        let mut object = common("note", &[&case_name(row), &latest, &row.state.note], stamp);
        object.insert("content".to_owned(), row.state.note.as_str().into());
        object.insert("object_refs".to_owned(), json!([observed]));
        self.put(Value::Object(object))
    }
}

/// An object's common properties; `of` names it.
fn common(kind: &str, of: &[&str], stamp: &Stamp<'_>) -> Map<String, Value> {
    let common = json!({
        "type": kind, "spec_version": "2.1", "id": ids::object(kind, of), "created_by_ref": stamp.by,
        "created": stamp.at, "modified": stamp.at,
    });
    match common {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// `network_flows/00112233445566ff`.
fn case_name(row: &ExportRow) -> String {
    format!("{}/{}", row.case.schema, row.case.row)
}

/// Probability in per cent, 0 to 100.
fn confidence(row: &ExportRow) -> Option<u8> {
    row.probability
        .is_finite()
        .then(|| (100.0 * row.probability).round().clamp(0.0, 100.0) as u8)
}

fn labels(row: &ExportRow) -> Vec<String> {
    let mut labels = vec![row.classification().to_owned(), format!("risk:{}", row.risk)];
    if let Some(judged) = &row.state.verdict {
        labels.push(format!("verdict:{}", judged.verdict));
    }
    if !row.state.conflicts.is_empty() {
        labels.push("contested".to_owned());
    }
    if row.suppressed.is_some() {
        labels.push("suppressed".to_owned());
    }
    labels.extend(row.state.tags.iter().map(|tag| format!("tag:{tag}")));
    labels
}

/// How far a verdict agrees that what was observed is what a detection should find.
fn opinion(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TruePositive => "strongly-agree",
        Verdict::BenignPositive => "agree",
        Verdict::FalsePositive => "strongly-disagree",
        Verdict::Duplicate | Verdict::Undetermined => "neutral",
    }
}

impl<W: Write> Sink for StixSink<'_, W> {
    fn row(&mut self, row: &ExportRow, summary: &mut Summary) -> Result<(), ExportError> {
        let seen = Observables::of(self.header, &self.meanings, row);
        if !seen.has_indicator() {
            summary.without_indicator += 1;
            return Ok(());
        }
        if !self.cases.insert(row.case.row) {
            return Ok(());
        }
        let judged = row.state.verdict.as_ref();
        let at = judged.map_or(self.header.made_at, |judged| judged.at).to_string();
        let program = self.program.clone();
        let stamp = Stamp { by: &program, at: &at };
        let observed = self.observed(row, &seen, &stamp)?;
        // A contested case is nobody's to block.
        if row.state.settled() == Some(Verdict::TruePositive) {
            self.indicator(row, &seen, &observed, &stamp)?;
        }
        for judged in judged.into_iter().chain(&row.state.conflicts) {
            self.opinion(judged, &observed)?;
        }
        if !row.state.note.is_empty() {
            self.note(row, &observed, &stamp)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, summary: &mut Summary) -> Result<(), ExportError> {
        summary.objects = self.written.len() as u64;
        self.out.write_all(b"\n]}\n")?;
        Ok(())
    }
}
