//! Owns the NDJSON export: one document a row in the Elastic Common Schema.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::error::ExportError;
use super::labels::label_keys;
use super::moment;
use super::observables::{Cell, Meaning, is_domain, is_url, meanings, protocol_name};
use super::row::{ExportHeader, ExportRow, Summary};
use super::write::Sink;
use crate::schema::TypedCell;
use crate::text::escape_json;
use crate::triage::{Judgement, RiskLevel};

/// The list of fields that a test holds the documents to.
pub(super) const ECS_VERSION: &str = "8.12.0-dev";

pub(super) struct NdjsonSink<'a, W: Write> {
    header: &'a ExportHeader,
    out: W,
    meanings: Vec<Option<Meaning>>,
    /// For each column the key under which it stands where it has no field of its own.
    keys: Vec<String>,
}

impl<'a, W: Write> NdjsonSink<'a, W> {
    pub(super) fn new(header: &'a ExportHeader, out: W) -> Self {
        Self {
            header,
            out,
            meanings: meanings(header),
            keys: label_keys(&header.columns),
        }
    }

    fn document(&self, row: &ExportRow, summary: &mut Summary) -> Value {
        let mut columns = Columns::default();
        for (at, text) in row.cells.iter().enumerate() {
            let meaning = self.meanings.get(at).copied().flatten();
            let key = self.keys.get(at).map_or("", String::as_str);
            columns.add(meaning, key, Cell::of(self.header, at, text), summary);
        }
        let mut document = Map::new();
        let time = columns.time.unwrap_or_else(|| self.header.made_at.to_string());
        document.insert("@timestamp".to_owned(), time.into());
        put(&mut document, "ecs.version", ECS_VERSION.into());
        document.insert("message".to_owned(), message(row).into());
        self.describe_event(&mut document, row, &columns.fields);
        put(&mut document, "rule.name", self.rule_name().into());
        put(&mut document, "rule.ruleset", row.run.as_str().into());
        for (field, value) in columns.fields {
            put(&mut document, field, value);
        }
        if !columns.addresses.is_empty() {
            put(&mut document, "related.ip", columns.addresses.into());
        }
        if !row.state.tags.is_empty() {
            document.insert("tags".to_owned(), json!(row.state.tags));
        }
        if !columns.labels.is_empty() {
            document.insert("labels".to_owned(), columns.labels.into());
        }
        document.insert("nsec".to_owned(), self.ours(row, columns.numbers));
        Value::Object(document)
    }

    fn rule_name(&self) -> String {
        match &self.header.model {
            Some(model) => format!("{} {model}", self.header.schema),
            None => self.header.schema.clone(),
        }
    }

    /// The `event` fields. There is no `event.outcome`: that is for what succeeds or fails, and nothing was done.
    fn describe_event(&self, document: &mut Map<String, Value>, row: &ExportRow, fields: &[(&str, Value)]) {
        // A row that nobody was told of is no alert.
        let kind = if row.flagged { "alert" } else { "event" };
        let has = |start: &str| fields.iter().any(|(field, _)| field.starts_with(start));
        let mut categories = vec!["intrusion_detection"];
        if has("source.") || has("destination.") || has("network.") {
            categories.push("network");
        }
        if has("url.") {
            categories.push("web");
        }
        let event = [
            ("kind", json!(kind)),
            ("category", json!(categories)),
            ("type", json!(["info"])),
            ("id", json!(row.case.row)),
            ("created", json!(self.header.made_at)),
            ("module", json!("nsec")),
            ("dataset", json!(format!("nsec.{}", self.header.schema))),
            ("provider", json!("nsec-tui")),
            ("risk_score", json!(100.0 * row.probability)),
            ("severity", json!(severity(row.risk))),
            ("reason", json!(row.reasons)),
        ];
        for (name, value) in event {
            // A probability that is no number has no score.
            if !value.is_null() && value != "" {
                put(document, &format!("event.{name}"), value);
            }
        }
    }

    /// What ECS has no field for.
    fn ours(&self, row: &ExportRow, numbers: Map<String, Value>) -> Value {
        let state = &row.state;
        let mut ours = Map::new();
        let mut add = |name: &str, value: Value| {
            let empty = value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
            if !empty {
                ours.insert(name.to_owned(), value);
            }
        };
        add("schema", json!(row.case.schema));
        add("row_id", json!(row.case.row));
        add("file", json!(self.header.file));
        add("line", json!(row.line));
        add("copies", json!(row.copies));
        add("classification", json!(row.classification()));
        add("probability", json!(row.probability));
        add("confidence", json!(row.confidence));
        add("threshold", json!(self.header.threshold));
        add("flagged", json!(row.flagged));
        add("risk_level", json!(row.risk));
        add("recommended_action", json!(row.action));
        add("model_run", json!(row.run));
        if let Some(judged) = &state.verdict {
            add("verdict", json!(judged.verdict));
            add("verdict_reason", json!(judged.reason));
            add("reviewed_by", json!(judged.analyst));
            add("reviewed_at", json!(judged.at));
            add("lane", json!(judged.lane));
        }
        add("note", json!(state.note));
        add("conflicts", state.conflicts.iter().map(conflict).collect());
        add("suppressed_by", json!(row.suppressed));
        add("events", json!(row.events));
        add("exported_by", json!(self.header.analyst));
        if !numbers.is_empty() {
            add("columns", numbers.into());
        }
        Value::Object(ours)
    }
}

fn conflict(judged: &Judgement) -> Value {
    json!({"verdict": judged.verdict, "reason": judged.reason, "by": judged.analyst, "at": judged.at})
}

/// What Elastic's own rules give to the four levels.
pub(super) fn severity(risk: RiskLevel) -> u8 {
    match risk {
        RiskLevel::Low => 21,
        RiskLevel::Medium => 47,
        RiskLevel::High => 73,
        RiskLevel::Critical => 99,
    }
}

fn message(row: &ExportRow) -> String {
    let verdict = match (&row.state.verdict, row.state.conflicts.is_empty()) {
        (None, _) => "not reviewed".to_owned(),
        (Some(judged), true) => judged.verdict.words().to_owned(),
        (Some(judged), false) => format!("{}, contested", judged.verdict.words()),
    };
    let kind = row.classification();
    format!(
        "{kind}, {} risk, probability {:.3}: {verdict}",
        row.risk, row.probability
    )
}

/// The input's columns of a row, by where they go.
#[derive(Default)]
struct Columns {
    time: Option<String>,
    fields: Vec<(&'static str, Value)>,
    addresses: Vec<String>,
    labels: Map<String, Value>,
    numbers: Map<String, Value>,
}

impl Columns {
    fn add(&mut self, meaning: Option<Meaning>, key: &str, cell: Cell<'_>, summary: &mut Summary) {
        if let Cell::Value(TypedCell::Ip(address)) = &cell
            && !self.addresses.contains(&address.to_string())
        {
            self.addresses.push(address.to_string());
        }
        if let Some(meaning) = meaning
            && let Some(value) = field_value(meaning, &cell)
        {
            if meaning == Meaning::Time {
                self.time = value.as_str().map(str::to_owned);
            } else {
                self.fields.push((meaning.field(), value));
            }
            return;
        }
        let (group, value) = match cell {
            Cell::Empty => return,
            Cell::Text(text) => (&mut self.labels, json!(text)),
            Cell::Unreadable(text) => {
                summary.unreadable_cells += 1;
                (&mut self.labels, json!(text))
            }
            Cell::Value(value) => match value {
                TypedCell::Int(number) => (&mut self.numbers, json!(number)),
                TypedCell::Float(number) => (&mut self.numbers, json!(number)),
                TypedCell::Bool(truth) => (&mut self.numbers, json!(truth)),
                TypedCell::Time(micros) => (&mut self.numbers, json!(moment::text(micros))),
                TypedCell::Ip(address) => (&mut self.labels, json!(address.to_string())),
                TypedCell::Text(_) | TypedCell::Missing => return,
            },
        };
        group.insert(key.to_owned(), value);
    }
}

/// What goes into the field of a meaning; `None` where the cell cannot.
fn field_value(meaning: Meaning, cell: &Cell<'_>) -> Option<Value> {
    match (meaning, cell) {
        (Meaning::Time, Cell::Value(TypedCell::Time(micros))) => moment::text(*micros).map(Value::from),
        (_, Cell::Value(TypedCell::Ip(address))) => Some(address.to_string().into()),
        (_, Cell::Value(TypedCell::Int(number))) => Some((*number).into()),
        (Meaning::Transport | Meaning::Protocol, Cell::Text(text)) => protocol_name(text).map(Value::from),
        (Meaning::Url, Cell::Text(text)) if is_url(text) => Some((*text).into()),
        (Meaning::Domain, Cell::Text(text)) if is_domain(text) => Some((*text).into()),
        _ => None,
    }
}

/// Puts a value at a place of objects within objects.
fn put(document: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => _ = document.insert(path.to_owned(), value),
        Some((first, rest)) => {
            let inner = document.entry(first).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

impl<W: Write> Sink for NdjsonSink<'_, W> {
    fn row(&mut self, row: &ExportRow, summary: &mut Summary) -> Result<(), ExportError> {
        let document = self.document(row, summary).to_string();
        self.out.write_all(escape_json(&document).as_bytes())?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    fn finish(self: Box<Self>, _: &mut Summary) -> Result<(), ExportError> {
        Ok(())
    }
}
