//! Owns how a row stands in a document, and how it becomes a row again, cell for cell.
//!
//! A document is `{_id, nsec_set, nsec_row, FIELD: value, …, nsec_text}`. `_id` is a BLAKE3 hash of data set, row number
//! and cells, so that pushing a row twice stores it once. Numbers stand as numbers, that others can ask for them; where a
//! number is not written in the file as we would write it (`1.50`, ` 7`), `nsec_text` keeps the cell's text beside it. Field names
//! are the columns' but for characters that mean something to MongoDB; [`super::data_set`] keeps both.

use std::collections::HashMap;
use std::fmt::Write as _;

use mongodb::bson::raw::{CString, RawBsonRef, RawDocument, RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, RawBson};

/// The field of the data set's name.
pub const SET_FIELD: &str = "nsec_set";
/// The field of the row's number in its file, from 1.
pub const ROW_FIELD: &str = "nsec_row";
/// The field of cell texts that their numbers do not tell.
const TEXT_FIELD: &str = "nsec_text";

/// What a column's cells are stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// 64-bit whole numbers; a cell that is none stays text.
    Whole,
    /// Numbers; a cell that is none stays text.
    Number,
    /// Text.
    Text,
}

/// The columns of a data set with the names of their fields.
#[derive(Clone, Debug)]
pub struct Fields {
    columns: Vec<String>,
    names: Vec<String>,
    keys: Vec<CString>,
    kinds: Vec<FieldKind>,
    by_name: HashMap<String, usize>,
}

impl Fields {
    /// Gives every column a field.
    pub fn new(columns: &[(String, FieldKind)]) -> Self {
        let mut names: Vec<String> = Vec::with_capacity(columns.len());
        let mut by_name = HashMap::with_capacity(columns.len());
        for (at, (column, _)) in columns.iter().enumerate() {
            let mut name = field_name(column);
            while by_name.contains_key(&name) {
                name.push('_');
            }
            by_name.insert(name.clone(), at);
            names.push(name);
        }
        Self::of(
            columns.iter().map(|(column, _)| column.clone()).collect(),
            names,
            by_name,
            columns.iter().map(|c| c.1).collect(),
        )
    }

    /// Columns whose fields are known already; nothing is to be stored in them.
    pub(super) fn known(columns: Vec<String>, names: Vec<String>) -> Self {
        let by_name = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        let kinds = vec![FieldKind::Text; columns.len()];
        Self::of(columns, names, by_name, kinds)
    }

    fn of(columns: Vec<String>, names: Vec<String>, by_name: HashMap<String, usize>, kinds: Vec<FieldKind>) -> Self {
        // Field names hold no zero byte: `field_name` replaces it, and a stored one cannot have any.
        let key = |name: &String| CString::try_from(name.replace('\0', "")).unwrap_or_else(|_| cstr!("_").into());
        let keys = names.iter().map(key).collect();
        Self {
            columns,
            names,
            keys,
            kinds,
            by_name,
        }
    }

    /// The columns' names, in the file's order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The fields' names, in the same order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn field_name(column: &str) -> String {
    let replaced: String = column
        .chars()
        .map(|c| match c {
            '.' => '\u{ff0e}',
            '$' => '\u{ff04}',
            '\0' => '\u{2400}',
            c => c,
        })
        .collect();
    match replaced.as_str() {
        "" | "_id" | SET_FIELD | ROW_FIELD | TEXT_FIELD => format!("{replaced}_"),
        _ => replaced,
    }
}

/// The `_id` of a row: 32 bytes.
pub fn row_hash<'a>(set: &str, row: u64, cells: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(b"nsec row 1");
    part(set.as_bytes());
    part(&row.to_le_bytes());
    cells.for_each(part);
    *hasher.finalize().as_bytes()
}

/// A row as a document. `cells` are as many as there are fields.
pub fn encode(fields: &Fields, set: &str, row: u64, cells: &[&[u8]]) -> RawDocumentBuf {
    let mut document = RawDocumentBuf::new();
    let id = row_hash(set, row, cells.iter().copied());
    document.append(
        cstr!("_id"),
        Binary {
            subtype: BinarySubtype::Generic,
            bytes: id.to_vec(),
        },
    );
    document.append(cstr!("nsec_set"), set);
    document.append(cstr!("nsec_row"), row as i64);
    let mut texts: Option<RawDocumentBuf> = None;
    let mut canonical = String::new();
    for ((key, kind), cell) in fields.keys.iter().zip(&fields.kinds).zip(cells) {
        let Ok(text) = std::str::from_utf8(cell) else {
            document.append(
                key,
                Binary {
                    subtype: BinarySubtype::Generic,
                    bytes: cell.to_vec(),
                },
            );
            continue;
        };
        canonical.clear();
        match (text, number(text, *kind)) {
            ("", _) => document.append(key, RawBson::Null),
            (_, None) => {
                document.append(key, text);
                continue;
            }
            (_, Some(Figure::Whole(value))) => {
                document.append(key, value);
                let _ = write!(canonical, "{value}");
            }
            (_, Some(Figure::Real(value))) => {
                document.append(key, value);
                let _ = write!(canonical, "{value}");
            }
        }
        if canonical != text {
            texts.get_or_insert_with(RawDocumentBuf::new).append(key, text);
        }
    }
    if let Some(texts) = texts {
        document.append(cstr!("nsec_text"), texts);
    }
    document
}

enum Figure {
    Whole(i64),
    Real(f64),
}

fn number(text: &str, kind: FieldKind) -> Option<Figure> {
    let trimmed = text.trim();
    let real = || trimmed.parse::<f64>().ok().filter(|value| value.is_finite());
    match kind {
        FieldKind::Text => None,
        FieldKind::Whole => match trimmed.parse::<i64>() {
            Ok(value) => Some(Figure::Whole(value)),
            Err(_) => real().map(Figure::Real),
        },
        FieldKind::Number => real().map(Figure::Real),
    }
}

/// One row read back: its cells' bytes one after the other.
#[derive(Clone, Debug, Default)]
pub struct Row {
    bytes: Vec<u8>,
    /// Where each cell stands in `bytes`.
    cells: Vec<(usize, usize)>,
    /// What the document has that the row has not.
    pub strangers: usize,
    /// The row's number in its file, where it is one of ours.
    pub number: Option<i64>,
}

impl Row {
    /// The cells in column order.
    pub fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.cells
            .iter()
            .map(|&(start, end)| self.bytes.get(start..end).unwrap_or_default())
    }
}

/// A document that is no row, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Its `_id`, in words.
    pub id: String,
    /// What does not fit.
    pub reason: String,
}

/// What a document tells of itself beside its cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// The data set, where it is one of ours.
    pub set: Option<String>,
    /// The row's number, where it is one of ours.
    pub row: Option<i64>,
    /// Its `_id`.
    pub id: Option<RawBson>,
}

/// Reads a document into `row`, which is emptied first. Fields that are missing become empty cells.
///
/// # Errors
/// A value that no cell can hold (a list, a document), or bytes that are no document.
pub fn decode(fields: &Fields, document: &RawDocument, row: &mut Row) -> Result<Marks, Misfit> {
    row.bytes.clear();
    row.cells.clear();
    row.cells.resize(fields.names.len(), (0, 0));
    row.strangers = 0;
    row.number = None;
    let mut marks = Marks::default();
    let mut texts = None;
    let mut expected = 0;
    for element in document {
        let misfit = |marks: &Marks, reason: String| Misfit {
            id: id_text(marks.id.as_ref()),
            reason,
        };
        let (key, value) = element.map_err(|_| misfit(&marks, "cannot be read: its bytes are damaged".to_owned()))?;
        let key = key.as_str();
        let at = if fields.names.get(expected).is_some_and(|name| name == key) {
            Some(expected)
        } else {
            fields.by_name.get(key).copied()
        };
        match (key, at) {
            (_, Some(at)) => {
                expected = at + 1;
                let start = row.bytes.len();
                cell_text(value, &mut row.bytes)
                    .map_err(|what| misfit(&marks, format!("{key} is {what}, which no cell can hold")))?;
                row.cells[at] = (start, row.bytes.len());
            }
            ("_id", _) => marks.id = Some(value.into()),
            (SET_FIELD, _) => marks.set = value.as_str().map(str::to_owned),
            (ROW_FIELD, _) => marks.row = value.as_i64().or_else(|| value.as_i32().map(i64::from)),
            (TEXT_FIELD, _) => texts = value.as_document(),
            _ => row.strangers += 1,
        }
    }
    for (key, value) in texts.into_iter().flatten().flatten() {
        if let (Some(&at), Some(text)) = (fields.by_name.get(key.as_str()), value.as_str()) {
            let start = row.bytes.len();
            row.bytes.extend_from_slice(text.as_bytes());
            row.cells[at] = (start, row.bytes.len());
        }
    }
    row.number = marks.row;
    Ok(marks)
}

/// A value as a cell's text.
fn cell_text(value: RawBsonRef<'_>, out: &mut Vec<u8>) -> Result<(), &'static str> {
    use std::io::Write as _;
    let written = match value {
        RawBsonRef::Null | RawBsonRef::Undefined => Ok(()),
        RawBsonRef::Int32(v) => write!(out, "{v}"),
        RawBsonRef::Int64(v) => write!(out, "{v}"),
        RawBsonRef::Double(v) => write!(out, "{v}"),
        RawBsonRef::Boolean(v) => write!(out, "{v}"),
        RawBsonRef::Decimal128(v) => write!(out, "{v}"),
        RawBsonRef::ObjectId(v) => write!(out, "{v}"),
        RawBsonRef::String(v) | RawBsonRef::Symbol(v) => out.write_all(v.as_bytes()),
        RawBsonRef::Binary(v) => out.write_all(v.bytes),
        RawBsonRef::DateTime(v) => match v.try_to_rfc3339_string() {
            Ok(text) => out.write_all(text.as_bytes()),
            Err(_) => return Err("a time out of range"),
        },
        RawBsonRef::Document(_) => return Err("a document"),
        RawBsonRef::Array(_) => return Err("a list"),
        _ => return Err("a value of a kind of its own"),
    };
    written.map_err(|_| "a value that cannot be written")
}

/// Bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// An `_id` as people see it.
pub fn id_text(id: Option<&RawBson>) -> String {
    match id {
        None => "without _id".to_owned(),
        Some(RawBson::ObjectId(id)) => id.to_string(),
        Some(RawBson::String(text)) => crate::text::shortened(text.as_bytes(), 100),
        Some(RawBson::Int32(v)) => v.to_string(),
        Some(RawBson::Int64(v)) => v.to_string(),
        Some(RawBson::Binary(binary)) => hex(&binary.bytes[..binary.bytes.len().min(32)]),
        Some(other) => crate::text::shortened(format!("{other:?}").as_bytes(), 100),
    }
}

#[cfg(test)]
mod tests;
