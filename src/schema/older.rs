//! Owns the older list form of a schema file (`columns: [{name: int64}]`, `numerical_columns`) and its conversion.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::document::Node;
use super::error::SchemaError;
use super::flexible::one_or_many;
use super::model::{Column, ColumnType, DriftThresholds, Label, Malicious, Role, Schema};
use super::nearest::{folded, nearest_of};
use super::reading::{Loaded, located, shown};
use super::vocabulary::{Meaning, is_uci_phishing, meaning};

const DTYPES: [&str; 14] = [
    "int64",
    "int32",
    "int16",
    "int8",
    "float64",
    "float32",
    "object",
    "str",
    "string",
    "category",
    "bool",
    "boolean",
    "datetime64[ns]",
    "Int64",
];

/// Whether every item of `columns` is one name with one pandas type, or `columns` maps names to types.
pub(super) fn is_older_form(document: &Node) -> bool {
    let pair = |(key, value): &(String, Node)| value.scalar().is_some_and(|v| key != "name" || dtype(v).is_some());
    match document.get("columns") {
        Some(Node::List(items)) => {
            !items.is_empty()
                && items
                    .iter()
                    .all(|item| matches!(item, Node::Map(m) if m.len() == 1 && m.iter().all(pair)))
        }
        Some(Node::Map(entries)) => !entries.is_empty() && entries.iter().all(pair),
        _ => false,
    }
}

/// The column type of a pandas type, and whether pandas can hold an empty cell in it.
fn dtype(word: &str) -> Option<(ColumnType, bool)> {
    Some(match word.trim() {
        "Int8" | "Int16" | "Int32" | "Int64" => (ColumnType::Int, true),
        "int" | "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64" => {
            (ColumnType::Int, false)
        }
        "float" | "float16" | "float32" | "float64" => (ColumnType::Float, true),
        "object" | "str" | "string" | "category" => (ColumnType::Category, true),
        "bool" => (ColumnType::Bool, false),
        "boolean" => (ColumnType::Bool, true),
        other if other.starts_with("datetime64") => (ColumnType::Timestamp, true),
        _ => return None,
    })
}

struct Dtype(ColumnType, bool);

impl<'de> Deserialize<'de> for Dtype {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DtypeVisitor)
    }
}

/// Refuses an unknown type where it stands, so that the error has its position.
struct DtypeVisitor;

impl Visitor<'_> for DtypeVisitor {
    type Value = Dtype;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a pandas type")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Dtype, E> {
        dtype(word)
            .map(|(kind, nullable)| Dtype(kind, nullable))
            .ok_or_else(|| {
                let near = nearest_of(word, DTYPES).map_or(String::new(), |n| format!(" (did you mean `{n}`?)"));
                E::custom(format_args!(
                    "unknown pandas type `{}`{near}; known are {}",
                    shown(word, 60),
                    DTYPES.join(", ")
                ))
            })
    }
}

struct Pairs(Vec<(String, Dtype)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsVisitor).map(Self)
    }
}

/// Takes a mapping of names to types, or a list of such mappings.
struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Vec<(String, Dtype)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`- column: type` items")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = entries.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Pairs(item)) = items.next_element()? {
            pairs.extend(item);
        }
        Ok(pairs)
    }
}

#[derive(Deserialize)]
struct OlderFile {
    #[serde(default)]
    name: Option<String>,
    columns: Pairs,
    #[serde(default, deserialize_with = "one_or_many")]
    numerical_columns: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    categorical_columns: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    drop_columns: Vec<String>,
    #[serde(default)]
    target_column: Option<String>,
    #[serde(default)]
    target_labels: BTreeMap<String, String>,
}

const KNOWN_KEYS: [&str; 7] = [
    "name",
    "columns",
    "numerical_columns",
    "categorical_columns",
    "drop_columns",
    "target_column",
    "target_labels",
];

/// Converts a document in the older form; the notes say what was decided.
pub(super) fn convert(text: &str, origin: &str, document: &Node) -> Result<Loaded, SchemaError> {
    let file: OlderFile = serde_yaml::from_str(text).map_err(|e| located(&e, origin, None))?;
    let mut notes =
        vec!["this schema is in the older list form; `schema generate` writes today's form from data".to_owned()];
    if let Node::Map(entries) = document {
        for (key, _) in entries.iter().filter(|(k, _)| !KNOWN_KEYS.contains(&k.as_str())) {
            notes.push(format!(
                "the key `{}` has no meaning here and was passed over",
                shown(key, 60)
            ));
        }
    }
    let name = file.name.clone().unwrap_or_else(|| {
        let stem = Path::new(origin)
            .file_stem()
            .map_or_else(|| "schema".into(), |s| s.to_string_lossy().into_owned());
        notes.push(format!(
            "no `name`, so it is called `{stem}` after its file; the name is part of every row_id"
        ));
        stem
    });
    let mut columns = columns_of(&file, &mut notes);
    let label = label_of(&file, &mut columns, &mut notes);
    let schema = Schema {
        name,
        description: None,
        label,
        columns,
        rules: Vec::new(),
        drift: DriftThresholds::default(),
    };
    Ok(Loaded { schema, notes })
}

fn columns_of(file: &OlderFile, notes: &mut Vec<String>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::with_capacity(file.columns.0.len());
    for (name, Dtype(kind, nullable)) in &file.columns.0 {
        let kind = if file.categorical_columns.contains(name) {
            ColumnType::Category
        } else {
            *kind
        };
        let mut column = Column::new(name, kind);
        column.nullable = *nullable;
        if file.drop_columns.contains(name) {
            column.role = Role::Ignore;
            notes.push(format!(
                "`{}` is listed in drop_columns, so its role is `ignore`",
                shown(name, 60)
            ));
        }
        columns.push(column);
    }
    notes.push(
        "the older form says nothing of empty cells: float and text columns may have them, as in pandas".to_owned(),
    );
    for listed in &file.numerical_columns {
        match columns.iter().find(|c| c.name == *listed) {
            None => notes.push(format!(
                "numerical_columns names `{}`, which is not among the columns",
                shown(listed, 60)
            )),
            Some(c) if !c.kind.is_numeric() => notes.push(format!(
                "numerical_columns names `{}`, whose type is {}; the type counts",
                shown(listed, 60),
                c.kind.word()
            )),
            Some(_) => {}
        }
    }
    columns
}

fn label_of(file: &OlderFile, columns: &mut [Column], notes: &mut Vec<String>) -> Option<Label> {
    let uci = is_uci_phishing(columns.iter().map(|c| c.name.as_str()));
    let Some(target) = &file.target_column else {
        let index = columns.iter().position(|c| folded(&c.name) == "result")?;
        let name = columns[index].name.clone();
        if uci {
            notes.push(format!(
                "no label is named; these are the columns of the UCI phishing data, where `{name}` = -1 is phishing and 1 legitimate, so it is the label"
            ));
            return Some(label(&name, &["-1"], &["1"]));
        }
        columns[index].role = Role::Ignore;
        notes.push(format!(
            "no label is named; `{name}` looks like one and was given the role `ignore`; add `target_column: {name}` and `target_labels`"
        ));
        return None;
    };
    let of = |wanted| {
        let labels = file
            .target_labels
            .iter()
            .filter(move |(_, word)| meaning(word) == Some(wanted));
        labels.map(|(value, _)| value.clone()).collect::<Vec<_>>()
    };
    let (mut malicious, benign) = (of(Meaning::Malicious), of(Meaning::Benign));
    if (malicious.is_empty() || benign.is_empty()) && uci && folded(target) == "result" {
        notes.push(format!(
            "`{target}` = -1 is phishing and 1 legitimate, as in the UCI phishing data"
        ));
        return Some(label(target, &["-1"], &["1"]));
    }
    if malicious.is_empty() || benign.is_empty() {
        if let Some(column) = columns.iter_mut().find(|c| c.name == *target) {
            column.role = Role::Ignore;
        }
        notes.push(format!(
            "target_column is `{}`, but target_labels do not say which value is malicious and which benign; write them as `target_labels: {{-1: phishing, 1: legitimate}}`",
            shown(target, 60)
        ));
        return None;
    }
    for (value, word) in file.target_labels.iter().filter(|(_, word)| meaning(word).is_none()) {
        notes.push(format!(
            "target_labels: the meaning of {} (`{}`) is not known; such rows have no label",
            shown(value, 30),
            shown(word, 60)
        ));
    }
    // The older projects write 0 for the file's -1 before they train.
    if uci && malicious == ["0"] && benign == ["1"] {
        malicious.push("-1".to_owned());
        notes.push(format!(
            "`{target}`: -1 counts as malicious too; it is what the UCI file has where the older projects write 0"
        ));
    }
    Some(Label {
        column: target.clone(),
        malicious: Malicious::Values(malicious),
        benign,
    })
}

fn label(column: &str, malicious: &[&str], benign: &[&str]) -> Label {
    let owned = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
    Label {
        column: column.to_owned(),
        malicious: Malicious::Values(owned(malicious)),
        benign: owned(benign),
    }
}
