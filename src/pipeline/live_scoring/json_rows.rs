//! Owns JSON objects as rows: each key's value becomes the cell of the column that bears the name or one of its aliases.
//!
//! Keys may stand in any order and differ from row to row. A key that is not there is a cell without a value; only a column
//! that the schema neither requires nor lets be empty is then absent, as it would be in a file. A key that the model does
//! not know is passed over, unless it looks like a missing column's name written wrong.

use std::collections::HashMap;
use std::fmt;

use rayon::prelude::*;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::data::{Header, MalformedRow, RawBatch};
use crate::pipeline::prediction::RowModel;
use crate::text::{json_reason, visible_text};

/// Lines that one task reads.
const PART: usize = 1024;
/// Likeness from which on an unknown key is taken for a column's name written wrong.
const ALIKE: f64 = 0.8;
/// Unknown keys of a row that are compared with missing columns.
const MOST_COMPARED: usize = 64;

/// Rows under one header, ready to be scored.
#[derive(Clone, Debug)]
pub struct JsonBatch {
    /// Canonical names of the columns that these rows have.
    pub header: Header,
    /// Their cells; objects that could not be read are in `malformed`.
    pub rows: RawBatch,
}

/// A column that a key can name.
#[derive(Clone, Debug)]
struct Target {
    name: String,
    /// Whether it is left out of a row's header where the row lacks it.
    optional: bool,
}

/// Which key is which column.
#[derive(Clone, Debug)]
pub struct JsonRows {
    targets: Vec<Target>,
    /// By key: the column, and how strictly the key matches (the least counts).
    keys: HashMap<String, (usize, u8)>,
    folded: HashMap<String, usize>,
}

impl JsonRows {
    /// For what a model reads. The label is never read.
    pub fn new(model: &RowModel) -> Self {
        let schema = &model.model().schema;
        let mut all = Self {
            targets: Vec::new(),
            keys: HashMap::new(),
            folded: HashMap::new(),
        };
        for column in schema.columns.iter().filter(|column| !schema.is_label(&column.name)) {
            let needed = model.model().preprocessor.columns().any(|name| name == column.name);
            let at = all.targets.len();
            all.targets.push(Target {
                name: column.name.clone(),
                optional: !column.required && !column.nullable && !needed,
            });
            all.keys.insert(column.name.clone(), (at, 0));
            for alias in &column.aliases {
                all.keys.entry(alias.clone()).or_insert((at, 1));
            }
            for name in std::iter::once(&column.name).chain(&column.aliases) {
                all.folded.entry(folded(name)).or_insert(at);
            }
        }
        if let Some(asset) = model.asset_column()
            && !all.keys.contains_key(asset)
        {
            all.keys.insert(asset.to_owned(), (all.targets.len(), 0));
            all.targets.push(Target {
                name: asset.to_owned(),
                optional: true,
            });
        }
        all
    }

    /// A collector with no rows yet.
    pub fn collector(&self) -> JsonCollector<'_> {
        JsonCollector {
            rows: self,
            batches: Vec::new(),
            absent: Vec::new(),
            row: Row::default(),
        }
    }

    /// Reads lines, one object a line, on rayon's current pool. `lines` has one cell a row.
    pub fn read(&self, lines: &RawBatch) -> Vec<JsonBatch> {
        let mut late: Vec<&MalformedRow> = lines.malformed.iter().collect();
        late.sort_by_key(|row| row.line);
        let parts = lines.rows().div_ceil(PART).max(1);
        let part = |at: usize| {
            let mut collector = self.collector();
            let rows = at * PART..lines.rows().min((at + 1) * PART);
            let after = if at == 0 { 0 } else { lines.line(rows.start) };
            let before = if at + 1 == parts {
                u64::MAX
            } else {
                lines.line(rows.end)
            };
            let mut late = late.iter().filter(|row| (after..before).contains(&row.line)).peekable();
            for row in rows {
                while let Some(row) = late.next_if(|late| late.line < lines.line(row)) {
                    collector.push_malformed((*row).clone());
                }
                collector.push_line(lines.line(row), lines.cell(row, 0));
            }
            late.for_each(|row| collector.push_malformed((*row).clone()));
            collector.finish()
        };
        let read: Vec<Vec<JsonBatch>> = if parts == 1 {
            vec![part(0)]
        } else {
            (0..parts).into_par_iter().map(part).collect()
        };
        let mut batches: Vec<JsonBatch> = Vec::new();
        for mut batch in read.into_iter().flatten() {
            if let Some(last) = batches.last_mut().filter(|last| last.header == batch.header) {
                match last.rows.extend(batch.rows) {
                    Ok(()) => continue,
                    Err(rows) => batch.rows = rows,
                }
            }
            batches.push(batch);
        }
        batches
    }

    fn target(&self, key: &str) -> Option<(usize, u8)> {
        match self.keys.get(key) {
            Some(found) => Some(*found),
            None => self.folded.get(&folded(key)).map(|at| (*at, 2)),
        }
    }

    fn header(&self, absent: &[usize]) -> Header {
        let there = self.targets.iter().enumerate().filter(|(at, _)| !absent.contains(at));
        Header {
            names: there.map(|(_, target)| target.name.clone()).collect(),
        }
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The cells of one object.
#[derive(Debug, Default)]
struct Row {
    bytes: Vec<u8>,
    /// By column: where its cell stands in `bytes`, and how strictly its key matched.
    cells: Vec<Option<(std::ops::Range<usize>, u8)>>,
    unknown: Vec<String>,
}

/// Rows in the making: objects in, runs of rows of one header out, in order.
pub struct JsonCollector<'a> {
    rows: &'a JsonRows,
    batches: Vec<JsonBatch>,
    /// The optional columns that the rows of the last batch lack.
    absent: Vec<usize>,
    row: Row,
}

impl JsonCollector<'_> {
    /// Takes the text of one object; one that cannot be read becomes a malformed row.
    pub fn push_line(&mut self, line: u64, text: &[u8]) {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let read = self.read(&mut deserializer);
        let read = read.and_then(|()| deserializer.end().map_err(|e| reason(&e)));
        self.take(line, read, text);
    }

    /// Takes one object in any form that serde reads, a [`serde_json::Value`] for example. `text` is what a malformed row
    /// is shown as.
    pub fn push_object<'de, D: Deserializer<'de>>(&mut self, line: u64, object: D, text: &[u8]) {
        let read = self.read(object);
        self.take(line, read, text);
    }

    /// Takes a row that could not even be read as text.
    pub fn push_malformed(&mut self, row: MalformedRow) {
        let absent = self.absent.clone();
        self.batch(absent).malformed.push(row);
    }

    /// The rows, in the order in which they came.
    pub fn finish(self) -> Vec<JsonBatch> {
        self.batches
    }

    fn read<'de, D: Deserializer<'de>>(&mut self, object: D) -> Result<(), String> {
        self.row.bytes.clear();
        self.row.cells.clear();
        self.row.cells.resize(self.rows.targets.len(), None);
        self.row.unknown.clear();
        let reading = Object {
            rows: self.rows,
            row: &mut self.row,
        };
        object.deserialize_map(reading).map_err(|e| reason(&e))?;
        self.misspelt()
    }

    /// An unknown key that is nearly a missing column's name.
    fn misspelt(&self) -> Result<(), String> {
        if self.row.unknown.is_empty() {
            return Ok(());
        }
        let missing = self.rows.targets.iter().zip(&self.row.cells);
        for (target, _) in missing.filter(|(_, cell)| cell.is_none()) {
            let wanted = folded(&target.name);
            let alike = |key: &&String| strsim::normalized_damerau_levenshtein(&wanted, &folded(key)) >= ALIKE;
            if let Some(key) = self.row.unknown.iter().find(alike) {
                return Err(format!(
                    "lacks `{}`, which `{}` may be",
                    visible_text(&target.name),
                    visible_text(key)
                ));
            }
        }
        Ok(())
    }

    fn take(&mut self, line: u64, read: Result<(), String>, text: &[u8]) {
        if let Err(reason) = read {
            return self.push_malformed(MalformedRow::new(line, reason, text));
        }
        let row = std::mem::take(&mut self.row);
        let lacks = |at: &usize| row.cells[*at].is_none() && self.rows.targets[*at].optional;
        let absent: Vec<usize> = (0..row.cells.len()).filter(lacks).collect();
        let there = (0..row.cells.len()).filter(|at| !absent.contains(at));
        let cells = there.map(|at| {
            row.cells[at]
                .as_ref()
                .map_or(&[][..], |(range, _)| &row.bytes[range.clone()])
        });
        let cells: Vec<&[u8]> = cells.collect();
        self.batch(absent).push(line, cells);
        self.row = row;
    }

    /// The batch to which a row with these columns absent goes.
    fn batch(&mut self, absent: Vec<usize>) -> &mut RawBatch {
        if self.batches.is_empty() || self.absent != absent {
            let header = self.rows.header(&absent);
            self.absent = absent;
            self.batches.push(JsonBatch {
                rows: RawBatch::new(header.names.len()),
                header,
            });
        }
        let last = self.batches.len() - 1;
        &mut self.batches[last].rows
    }
}

/// What is wrong, without the place in a text that is the whole line.
fn reason(error: &impl fmt::Display) -> String {
    format!("is no row: {}", json_reason(&error.to_string()))
}

/// Reads one object into cells.
struct Object<'a> {
    rows: &'a JsonRows,
    row: &'a mut Row,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with a value for each column")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(target) = map.next_key_seed(Key {
            rows: self.rows,
            unknown: &mut self.row.unknown,
        })? {
            let Some((at, rank)) = target else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            match &self.row.cells[at] {
                Some((_, better)) if *better < rank => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                // Neither is the better one, and they may differ.
                Some((_, same)) if *same == rank => {
                    let name = visible_text(&self.rows.targets[at].name);
                    return Err(A::Error::custom(format!("`{name}` is given twice")));
                }
                _ => {}
            }
            let start = self.row.bytes.len();
            map.next_value_seed(Cell {
                bytes: &mut self.row.bytes,
                name: &self.rows.targets[at].name,
            })?;
            self.row.cells[at] = Some((start..self.row.bytes.len(), rank));
        }
        Ok(())
    }
}

/// Reads a key as the column it names.
struct Key<'a> {
    rows: &'a JsonRows,
    unknown: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<(usize, u8)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<(usize, u8)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let found = self.rows.target(key);
        if found.is_none() && self.unknown.len() < MOST_COMPARED {
            self.unknown.push(key.chars().take(100).collect());
        }
        Ok(found)
    }
}

/// Reads a value as the text of a cell.
struct Cell<'a> {
    bytes: &'a mut Vec<u8>,
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Cell<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Cell<'_> {
    fn refuse<E: serde::de::Error>(&self, what: &str) -> E {
        E::custom(format!(
            "`{}` holds {what}; a text, a number, true, false or null is wanted",
            visible_text(self.name)
        ))
    }
}

impl<'de> Visitor<'de> for Cell<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text, a number, true, false or null")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.bytes.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.bytes.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.bytes.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.bytes
            .extend_from_slice(ryu::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse::<A::Error>("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self.refuse::<A::Error>("an object"))
    }
}
