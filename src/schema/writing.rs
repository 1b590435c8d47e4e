//! Owns the schema's written forms: YAML, with or without remarks, and the hash that identifies it.

use std::fmt::Write;

use super::model::{Column, DriftThresholds, Label, Malicious, Role, Rule, Schema, Severity};

/// Remarks that are written as comments beside what they explain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Remarks {
    /// At the top of the file.
    pub(super) head: Vec<String>,
    /// Above the label.
    pub(super) label: Vec<String>,
    /// Above each column, by its index.
    pub(super) columns: Vec<Vec<String>>,
}

/// Changes when the canonical form does, so that hashes of two forms never meet.
const HASH_PREFIX: &[u8] = b"nsec schema 1\n";

impl Schema {
    /// The schema as YAML that reads back to an equal schema. Keys at their default are left out.
    pub fn to_yaml(&self) -> String {
        self.to_annotated_yaml(&Remarks::default())
    }

    /// BLAKE3 (64 hex digits) of a canonical serialisation: key order, comments and layout of the file do not count; the order of
    /// columns and values does.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(HASH_PREFIX);
        match serde_json::to_vec(self) {
            Ok(canonical) => hasher.update(&canonical),
            // JSON refuses only keys that are not text, and a schema has none.
            Err(error) => hasher.update(error.to_string().as_bytes()),
        };
        hasher.finalize().to_hex().to_string()
    }

    /// As [`Schema::to_yaml`], with comments.
    pub(super) fn to_annotated_yaml(&self, remarks: &Remarks) -> String {
        let mut out = String::new();
        write_remarks(&mut out, "", &remarks.head);
        entry(&mut out, "", "name", &text(&self.name));
        if let Some(description) = &self.description {
            entry(&mut out, "", "description", &text(description));
        }
        write_remarks(&mut out, "", &remarks.label);
        if let Some(label) = &self.label {
            write_label(&mut out, label);
        }
        if self.columns.is_empty() {
            entry(&mut out, "", "columns", "[]");
        } else {
            out.push_str("columns:\n");
        }
        for (index, column) in self.columns.iter().enumerate() {
            write_remarks(&mut out, "  ", remarks.columns.get(index).map_or(&[], Vec::as_slice));
            write_column(&mut out, column);
        }
        if !self.rules.is_empty() {
            out.push_str("rules:\n");
        }
        for rule in &self.rules {
            write_rule(&mut out, rule);
        }
        write_drift(&mut out, &self.drift);
        out
    }
}

fn write_remarks(out: &mut String, indent: &str, lines: &[String]) {
    for line in lines {
        out.push_str(indent);
        out.push_str("# ");
        out.extend(line.chars().map(|c| if is_plain_char(c) { c } else { '\u{fffd}' }));
        out.push('\n');
    }
}

fn entry(out: &mut String, indent: &str, key: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{indent}{key}: {value}");
}

fn write_label(out: &mut String, label: &Label) {
    out.push_str("label:\n");
    entry(out, "  ", "column", &text(&label.column));
    let malicious = match &label.malicious {
        Malicious::Values(values) => list(values, value),
        Malicious::NotBenign => "not_benign".to_owned(),
    };
    entry(out, "  ", "malicious", &malicious);
    if !label.benign.is_empty() {
        entry(out, "  ", "benign", &list(&label.benign, value));
    }
}

fn write_column(out: &mut String, column: &Column) {
    entry(out, "  - ", "name", &text(&column.name));
    let mut put = |key: &str, value: &str| entry(out, "    ", key, value);
    put("type", column.kind.word());
    if column.role != Role::Feature {
        put("role", column.role.word());
    }
    if !column.required {
        put("required", "false");
    }
    if column.nullable {
        put("nullable", "true");
    }
    if column.unique {
        put("unique", "true");
    }
    if let Some(allowed) = &column.allowed {
        put("allowed", &list(allowed, value));
    }
    if let Some(min) = column.min {
        put("min", &number(min));
    }
    if let Some(max) = column.max {
        put("max", &number(max));
    }
    if let Some(pattern) = &column.pattern {
        put("pattern", &text(pattern));
    }
    if column.severity != Severity::Block {
        put("severity", column.severity.word());
    }
    if !column.aliases.is_empty() {
        put("aliases", &list(&column.aliases, text));
    }
    if let Some(description) = &column.description {
        put("description", &text(description));
    }
}

fn write_rule(out: &mut String, rule: &Rule) {
    entry(out, "  - ", "id", &text(&rule.id));
    if rule.severity != Severity::Block {
        entry(out, "    ", "severity", rule.severity.word());
    }
    entry(out, "    ", "expression", &text(&rule.expression));
    if let Some(description) = &rule.description {
        entry(out, "    ", "description", &text(description));
    }
}

fn write_drift(out: &mut String, drift: &DriftThresholds) {
    if *drift == DriftThresholds::default() {
        return;
    }
    out.push_str("drift:\n");
    entry(out, "  ", "jensen_shannon", &number(drift.jensen_shannon));
    entry(out, "  ", "psi", &number(drift.psi));
    entry(out, "  ", "wasserstein", &number(drift.wasserstein));
    entry(out, "  ", "ks", &number(drift.ks));
    entry(out, "  ", "min_rows", &drift.min_rows.to_string());
}

fn list(values: &[String], write: impl Fn(&str) -> String) -> String {
    let items: Vec<String> = values.iter().map(|v| write(v)).collect();
    format!("[{}]", items.join(", "))
}

/// A number in a form that YAML reads back to the same f64.
fn number(value: f64) -> String {
    if value.is_nan() {
        ".nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf" } else { "-.inf" }.to_owned()
    } else if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        format!("{value:?}")
    }
}

/// A label or allowed value: numbers and `true`, `false` stand bare, since they are read as their text.
fn value(text_of: &str) -> String {
    let bare = text_of == "true"
        || text_of == "false"
        || text_of.parse::<i64>().is_ok_and(|v| v.to_string() == text_of)
        || (text_of.contains('.')
            && text_of
                .parse::<f64>()
                .is_ok_and(|v| v.is_finite() && v.to_string() == text_of));
    if bare { text_of.to_owned() } else { text(text_of) }
}

/// Words that some YAML reader takes for something other than text.
const RESERVED: [&str; 11] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
];

/// Any text: bare where every YAML reader takes it for that text, else in double quotes.
fn text(content: &str) -> String {
    let bare = content.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && content
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !RESERVED.iter().any(|word| content.eq_ignore_ascii_case(word));
    if bare {
        return content.to_owned();
    }
    let mut quoted = String::with_capacity(content.len() + 2);
    quoted.push('"');
    for c in content.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_plain_char(c) => quoted.push(c),
            c => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character can stand in the file as it is: no control, no direction mark, nothing invisible.
fn is_plain_char(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() || c == '…'
}
