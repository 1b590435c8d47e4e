//! Owns the way from a schema file's text to a [`Schema`], with errors a person can act on.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::document::{MAX_FILE_BYTES, Node, too_deep};
use super::error::SchemaError;
use super::flexible::canonical_word;
use super::model::{ColumnType, Malicious, Schema};
use super::nearest::nearest_of;
use super::older;

/// A schema as read, with what a person should know about the reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The schema.
    pub schema: Schema,
    /// One line each; empty for a file in today's form, the conversion's decisions for one in the older list form.
    pub notes: Vec<String>,
}

impl Loaded {
    /// Reads a schema file in today's form or the older list form.
    ///
    /// # Errors
    /// The file cannot be read, is too large or not UTF-8, or is no schema; says where and what to do.
    pub fn read(path: &Path) -> Result<Self, SchemaError> {
        let open = |reason: String, cause| SchemaError::Open {
            path: path.to_path_buf(),
            reason,
            cause,
        };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes))
            .map_err(|cause| {
                open(
                    format!("the schema cannot be read ({cause}); check the path"),
                    Some(cause),
                )
            })?;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(open(too_large(), None));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].split(|b| *b == b'\n').count();
            open(format!("line {line} is not UTF-8; save the schema as UTF-8"), None)
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a schema from text; `origin` names it in errors.
    ///
    /// # Errors
    /// The text is no schema; says where and what to do.
    pub fn parse(text: &str, origin: &str) -> Result<Self, SchemaError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let content = |line, column, message: &str| SchemaError::Content {
            origin: origin.to_owned(),
            line,
            column,
            key: String::new(),
            message: message.to_owned(),
        };
        if text.len() > MAX_FILE_BYTES {
            return Err(content(1, 1, &too_large()));
        }
        if let Some((line, column)) = too_deep(text) {
            return Err(content(line, column, "nested too deeply; a schema needs three levels"));
        }
        let document = Node::read(text).map_err(|e| located(&e, origin, None))?;
        match &document {
            Node::Map(_) => {}
            Node::Null => {
                return Err(content(
                    1,
                    1,
                    "the schema is empty; `schema generate` writes one from data",
                ));
            }
            _ => {
                return Err(content(
                    1,
                    1,
                    "not a schema: expected the keys `name`, `label` and `columns`",
                ));
            }
        }
        if older::is_older_form(&document) {
            return older::convert(text, origin, &document);
        }
        let mut schema: Schema = serde_yaml::from_str(text).map_err(|e| located(&e, origin, Some(&document)))?;
        canonicalise(&mut schema);
        Ok(Self {
            schema,
            notes: Vec::new(),
        })
    }
}

impl Schema {
    /// Reads a schema file; [`Loaded::read`] also gives the notes of a conversion from the older list form.
    ///
    /// # Errors
    /// As [`Loaded::read`].
    pub fn read(path: &Path) -> Result<Self, SchemaError> {
        Loaded::read(path).map(|loaded| loaded.schema)
    }

    /// Reads a schema from text; `origin` names it in errors.
    ///
    /// # Errors
    /// As [`Loaded::parse`].
    pub fn parse(text: &str, origin: &str) -> Result<Self, SchemaError> {
        Loaded::parse(text, origin).map(|loaded| loaded.schema)
    }
}

fn too_large() -> String {
    format!(
        "larger than {} MiB, which no schema is; is this the data file?",
        MAX_FILE_BYTES >> 20
    )
}

/// Gives allowed and label values the text in which cells of their type are compared.
pub(super) fn canonicalise(schema: &mut Schema) {
    for column in &mut schema.columns {
        for value in column.allowed.iter_mut().flatten() {
            canonicalise_value(value, column.kind);
        }
    }
    let Some(label) = &mut schema.label else { return };
    let kind = schema.columns.iter().find(|c| c.name == label.column).map(|c| c.kind);
    let malicious = match &mut label.malicious {
        Malicious::Values(values) => values.as_mut_slice(),
        Malicious::NotBenign => &mut [],
    };
    for value in malicious.iter_mut().chain(&mut label.benign) {
        match (kind, canonical_word(value)) {
            (Some(kind), _) if kind.is_numeric() => canonicalise_value(value, kind),
            (_, Some(word)) => word.clone_into(value),
            _ => {}
        }
    }
}

/// `+1` becomes `1` and `1e3` becomes `1000` where the type is a number; a value that is not of the type stays for the checker.
fn canonicalise_value(value: &mut String, kind: ColumnType) {
    let text = value.trim();
    let canonical = match kind {
        ColumnType::Int | ColumnType::Port => whole_number(text).map(|v| v.to_string()),
        ColumnType::Float => text
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite())
            .map(|v| v.to_string()),
        ColumnType::Bool => canonical_word(text).map(str::to_owned),
        _ => None,
    };
    if let Some(canonical) = canonical {
        *value = canonical;
    }
}

/// `1`, `+1` and `1.0` as a whole number.
fn whole_number(text: &str) -> Option<i64> {
    let exact = |v: &f64| v.fract() == 0.0 && v.abs() < 9e15;
    text.parse()
        .ok()
        .or_else(|| text.parse().ok().filter(exact).map(|v: f64| v as i64))
}

/// A YAML error with its place and, where the document's shape is known, the name of the column it is in.
pub(super) fn located(error: &serde_yaml::Error, origin: &str, document: Option<&Node>) -> SchemaError {
    let (line, column) = error.location().map_or((1, 1), |l| (l.line(), l.column()));
    let text = error.to_string();
    // The position is a field of our own error, so it need not stand in the message as well.
    let text = match text.rfind(" at line ") {
        Some(at) if error.location().is_some() => &text[..at],
        _ => text.as_str(),
    };
    let (mut key, message) = match text.split_once(": ") {
        Some((path, rest)) if !path.is_empty() && !path.contains(char::is_whitespace) => (path.to_owned(), rest),
        _ => (String::new(), text),
    };
    if let Some(name) = document.and_then(|d| column_name(d, &key)) {
        key = format!("{key} (column `{}`)", shown(name, 60));
    }
    SchemaError::Content {
        origin: origin.to_owned(),
        line,
        column,
        key: shown(&key, 120),
        message: shown(&for_people(message), 600),
    }
}

/// The name of the column that a path such as `columns[3].type` is in.
fn column_name<'d>(document: &'d Node, path: &str) -> Option<&'d str> {
    let index: usize = path.strip_prefix("columns[")?.split_once(']')?.0.parse().ok()?;
    match document.get("columns")? {
        Node::List(items) => items.get(index)?.get("name")?.scalar(),
        _ => None,
    }
}

/// serde's wording turned into what is wrong and what to do.
fn for_people(message: &str) -> String {
    if let Some(rest) = message.strip_prefix("unknown field `")
        && let Some((found, expected)) = rest.split_once("`, ")
    {
        return unknown("key", found, expected);
    }
    if let Some(rest) = message.strip_prefix("unknown variant `")
        && let Some((found, expected)) = rest.split_once("`, ")
    {
        return unknown("word", found, expected);
    }
    if let Some(key) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return format!("the key `{key}` is missing; add it");
    }
    if let Some(rest) = message.strip_prefix("invalid type: ")
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        let found = found.replacen("unit value", "nothing", 1);
        return format!("expected {expected}, found {found}");
    }
    match message {
        "recursion limit exceeded" => "nested too deeply; a schema needs three levels".to_owned(),
        "repetition limit exceeded" => "its aliases expand too far; write repeated parts out".to_owned(),
        other => other.to_owned(),
    }
}

fn unknown(what: &str, found: &str, expected: &str) -> String {
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let hint =
        nearest_of(found, known.iter().copied()).map_or(String::new(), |near| format!(" (did you mean `{near}`?)"));
    format!(
        "unknown {what} `{}`{hint}; known are {}",
        shown(found, 60),
        known.join(", ")
    )
}

/// One line of printable text, shortened.
pub(super) fn shown(text: &str, max_chars: usize) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(max_chars)
        .collect();
    if text.chars().nth(max_chars).is_some() {
        line.push('…');
    }
    line
}
