//! Owns comparing two runs by their manifests: metrics side by side, and what differs in parameters, data and split.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::Manifest;
use super::run::RunId;
use super::timestamp::Timestamp;
use crate::event::RunStatus;

/// Two runs side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunComparison {
    /// The first run.
    pub a: RunSummary,
    /// The second.
    pub b: RunSummary,
    /// Every metric that either has, by dotted path (`test.f1`), in name order.
    pub metrics: Vec<MetricRow>,
    /// Parameters that differ.
    pub params: Vec<Difference>,
    /// Facts about data, schema and split that differ.
    pub data: Vec<Difference>,
    /// Whether data, schema and split are known and the same, so that the metrics were measured on the same rows.
    pub same_test_rows: bool,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// How it stands.
    pub status: RunStatus,
    /// Family of its model.
    pub model: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: Option<f64>,
}

/// One metric of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Dotted path.
    pub name: String,
    /// Of the first.
    pub a: Option<f64>,
    /// Of the second.
    pub b: Option<f64>,
    /// `b - a`, where both have it.
    pub difference: Option<f64>,
}

/// Something in which the two differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Dotted path.
    pub name: String,
    /// Of the first; null where it has none.
    pub a: Value,
    /// Of the second; null where it has none.
    pub b: Value,
}

/// Compares two runs.
pub fn compare(a: &Manifest, b: &Manifest) -> RunComparison {
    let mut params_a = flat(&a.params);
    let mut params_b = flat(&b.params);
    for (params, manifest) in [(&mut params_a, a), (&mut params_b, b)] {
        if let Some(model) = &manifest.model {
            params.insert("model".to_owned(), Value::from(model.as_str()));
        }
        if let Some(threshold) = manifest.threshold {
            params.insert("threshold".to_owned(), Value::from(threshold));
        }
    }
    let (data_a, data_b) = (provenance(a), provenance(b));
    RunComparison {
        a: summary(a),
        b: summary(b),
        metrics: metric_rows(&flat(&a.metrics), &flat(&b.metrics)),
        params: differences(&params_a, &params_b),
        data: differences(&data_a, &data_b),
        same_test_rows: same_test_rows(a, b),
    }
}

fn same_test_rows(a: &Manifest, b: &Manifest) -> bool {
    match (&a.data, &b.data, &a.schema, &b.schema, &a.split, &b.split) {
        (Some(data_a), Some(data_b), Some(schema_a), Some(schema_b), Some(split_a), Some(split_b)) => {
            data_a.sha256 == data_b.sha256 && schema_a.sha256 == schema_b.sha256 && split_a == split_b
        }
        _ => false,
    }
}

fn summary(manifest: &Manifest) -> RunSummary {
    RunSummary {
        run_id: manifest.run_id.clone(),
        status: manifest.status,
        model: manifest.model.clone(),
        started_at: manifest.started_at,
        seconds: manifest.seconds,
    }
}

/// Data, schema, split and seed by dotted path.
fn provenance(manifest: &Manifest) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    let mut add = |name: &str, value: Result<Value, serde_json::Error>| {
        if let Ok(value) = value {
            flatten(name, &value, &mut facts);
        }
    };
    add("data", serde_json::to_value(&manifest.data));
    add("schema", serde_json::to_value(&manifest.schema));
    add("split", serde_json::to_value(&manifest.split));
    add("seed", serde_json::to_value(manifest.seed));
    add("version", serde_json::to_value(&manifest.version));
    facts
}

fn metric_rows(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> Vec<MetricRow> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let number = |side: &BTreeMap<String, Value>| side.get(name).and_then(Value::as_f64);
            let (a, b) = (number(a), number(b));
            (a.is_some() || b.is_some()).then(|| MetricRow {
                name: name.clone(),
                a,
                b,
                difference: a.zip(b).map(|(a, b)| b - a),
            })
        })
        .collect()
}

fn differences(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> Vec<Difference> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let side = |facts: &BTreeMap<String, Value>, name: &String| facts.get(name).cloned().unwrap_or(Value::Null);
    names
        .into_iter()
        .map(|name| Difference {
            name: name.clone(),
            a: side(a, name),
            b: side(b, name),
        })
        .filter(|difference| difference.a != difference.b)
        .collect()
}

fn flat(value: &Value) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    flatten("", value, &mut facts);
    facts
}

/// Leaves by dotted path. Lists stay whole: curves are no metrics. The JSON reader bounds the depth.
fn flatten(prefix: &str, value: &Value, facts: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let name = if prefix.is_empty() {
                    key.clone()
                } else {
                    format!("{prefix}.{key}")
                };
                flatten(&name, inner, facts);
            }
        }
        Value::Null => {}
        leaf => {
            facts.insert(prefix.to_owned(), leaf.clone());
        }
    }
}

/// A table for people: metrics first, then what differs. Text from the manifests is escaped.
impl fmt::Display for RunComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, run) in [("a", &self.a), ("b", &self.b)] {
            let model = run.model.as_deref().map_or_else(|| "no model".to_owned(), safe);
            writeln!(f, "{letter}  {}  {model}  started {}", run.run_id, run.started_at)?;
        }
        if !self.same_test_rows {
            writeln!(
                f,
                "The two were not measured on the same test rows; their metrics are no fair comparison."
            )?;
        }
        let width = self
            .metrics
            .iter()
            .map(|m| safe(&m.name).chars().count())
            .max()
            .unwrap_or(0)
            .max(6);
        writeln!(f, "\n{:width$}  {:>12}  {:>12}  {:>12}", "metric", "a", "b", "b - a")?;
        for row in &self.metrics {
            let difference = row.difference.map_or_else(|| "-".to_owned(), |d| format!("{d:+.6}"));
            let (name, a, b) = (safe(&row.name), number(row.a), number(row.b));
            writeln!(f, "{name:width$}  {a:>12}  {b:>12}  {difference:>12}")?;
        }
        for (title, rows) in [("Parameters", &self.params), ("Data", &self.data)] {
            if rows.is_empty() {
                writeln!(f, "\n{title}: the same")?;
                continue;
            }
            writeln!(f, "\n{title} that differ:")?;
            for row in rows {
                writeln!(f, "  {}: {} -> {}", safe(&row.name), shown(&row.a), shown(&row.b))?;
            }
        }
        Ok(())
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(v) if v.fract() == 0.0 && v.abs() < 1e15 => format!("{v}"),
        Some(v) => format!("{v:.6}"),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => safe(text),
        other => safe(&other.to_string()),
    }
}

fn safe(text: &str) -> String {
    crate::text::visible_text(text).into_owned()
}
