//! Owns the identity of rows: the id under which a row is one case, and the hash that groups identical features.

mod single;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use polars::prelude::{BooleanChunked, DataFrame, DataType, Float64Chunked, Int64Chunked, StringChunked};
use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::canonical::{write_float, write_int, write_timestamp};
use crate::schema::{Column, Schema};

pub use self::single::RowIds;

/// The first 64 bits of a row's BLAKE3 hash; displays as the 16 hexadecimal digits of `row_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u64);

impl RowId {
    /// Appends the 16 hex digits.
    pub fn push_hex(self, text: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 16];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0.to_be_bytes()) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        text.extend_from_slice(&hex);
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

impl FromStr for RowId {
    type Err = String;

    /// Reads the 16 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{}` is no row id: 16 hexadecimal digits are",
                crate::text::visible_text(text)
            )
        };
        if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| wrong())
    }
}

impl Serialize for RowId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RowId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Marks a cell without a value.
const NULL: u8 = 0xff;
/// Marks a length of 8 bytes.
const LONG: u8 = 0xfe;
/// Rows that one task hashes.
const PART_ROWS: usize = 4096;

/// The id of each row: BLAKE3 over the schema's name and the canonical text of every schema column but the label.
///
/// Columns count in schema order, whatever their order in `frame`; one that `frame` lacks counts as empty. The hashed
/// bytes are the name and then the cells, each framed by its length: one byte up to 253, else `FE` and eight bytes,
/// little-endian; a cell without a value is the byte `FF`. Canonical text: whole numbers in decimal; floats as the
/// shortest text that reads back, whole ones without `.0`, minus zero as `0`; `true` and `false`; times as ISO 8601
/// with `Z`; text as it is.
pub fn row_ids(schema: &Schema, frame: &DataFrame) -> Vec<RowId> {
    let mut prefix = Vec::new();
    frame_text(&mut prefix, schema.name.as_bytes());
    let columns = schema.columns.iter().filter(|column| !schema.is_label(&column.name));
    hash_rows(frame, columns, &prefix).into_iter().map(RowId).collect()
}

/// A hash of each row's features, equal where all features are equal: the groups of a grouped split.
///
/// Framed as in [`row_ids`], over [`Schema::features`] only and without the schema's name.
pub fn feature_groups(schema: &Schema, frame: &DataFrame) -> Vec<u64> {
    hash_rows(frame, schema.features(), &[])
}

/// A hash of which features a frame has. [`feature_groups`] of two frames can be compared only where this is equal: a
/// column that is there in one and not in the other changes every row's hash.
pub fn feature_fingerprint(schema: &Schema, frame: &DataFrame) -> u64 {
    let mut text = Vec::new();
    for column in schema.features().filter(|column| frame.column(&column.name).is_ok()) {
        frame_text(&mut text, column.name.as_bytes());
        frame_text(&mut text, column.kind.word().as_bytes());
    }
    first_bits(&text)
}

fn hash_rows<'a>(frame: &DataFrame, columns: impl Iterator<Item = &'a Column>, prefix: &[u8]) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    let columns: Vec<Values> = columns
        .filter(|column| seen.insert(column.name.as_str()))
        .map(|column| Values::of(frame, &column.name))
        .collect();
    let views: Vec<View<'_>> = columns.iter().map(View::of).collect();
    let rows = frame.height();
    let mut hashes = vec![0; rows];
    hashes.par_chunks_mut(PART_ROWS).enumerate().for_each(|(part, hashes)| {
        let mut text = RowText::new(prefix);
        for (offset, hash) in hashes.iter_mut().enumerate() {
            text.used = prefix.len();
            for view in &views {
                view.write(part * PART_ROWS + offset, &mut text);
            }
            *hash = first_bits(text.framed());
        }
    });
    hashes
}

/// The first 64 bits of the BLAKE3 hash of these bytes.
fn first_bits(framed: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(framed).as_bytes()[..8]);
    u64::from_be_bytes(first)
}

/// The bytes of one row that are hashed. Most cells are small whole numbers: those are copied from a table in one move of
/// fixed length, and the next cell overwrites what is too much.
struct RowText {
    bytes: Vec<u8>,
    /// How many of `bytes` count.
    used: usize,
}

/// Longest text of a whole number in the table, its length byte included: `-128`.
const SMALL_BYTES: usize = 5;
/// The framed text of -128 to 127.
const SMALL: [[u8; SMALL_BYTES]; 256] = small_ints();

const fn small_ints() -> [[u8; SMALL_BYTES]; 256] {
    let mut all = [[0; SMALL_BYTES]; 256];
    let mut at = 0;
    while at < all.len() {
        let value = at as i64 - 128;
        let mut length = 0;
        if value < 0 {
            length += 1;
            all[at][length] = b'-';
        }
        let size = value.unsigned_abs();
        let mut unit = 100;
        while unit > 0 {
            if size >= unit || unit == 1 {
                length += 1;
                all[at][length] = b'0' + (size / unit % 10) as u8;
            }
            unit /= 10;
        }
        all[at][0] = length as u8;
        at += 1;
    }
    all
}

impl RowText {
    fn new(prefix: &[u8]) -> Self {
        Self {
            bytes: prefix.to_vec(),
            used: prefix.len(),
        }
    }

    #[inline]
    fn int(&mut self, value: i64) {
        let Some(framed) = SMALL.get(value.wrapping_add(128) as usize) else {
            return self.append(|out| frame_int(out, value));
        };
        let end = self.used + SMALL_BYTES;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes[self.used..end].copy_from_slice(framed);
        self.used += 1 + usize::from(framed[0]);
    }

    /// The bytes that count.
    fn framed(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }

    /// Appends what `write` appends.
    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.bytes.truncate(self.used);
        write(&mut self.bytes);
        self.used = self.bytes.len();
    }
}

/// A column's values in one piece.
enum Values {
    Int(Int64Chunked),
    Time(Int64Chunked),
    Float(Float64Chunked),
    Bool(BooleanChunked),
    Text(StringChunked),
    Absent,
}

impl Values {
    fn of(frame: &DataFrame, name: &str) -> Self {
        let Ok(column) = frame.column(name) else {
            return Self::Absent;
        };
        let values = match column.dtype() {
            DataType::Int64 => column.i64().map(|values| Self::Int(values.rechunk().into_owned())),
            DataType::Float64 => column.f64().map(|values| Self::Float(values.rechunk().into_owned())),
            DataType::Boolean => column.bool().map(|values| Self::Bool(values.rechunk().into_owned())),
            DataType::Datetime(..) => column
                .datetime()
                .map(|values| Self::Time(values.physical().rechunk().into_owned())),
            _ => column
                .cast(&DataType::String)
                .and_then(|text| Ok(Self::Text(text.str()?.rechunk().into_owned()))),
        };
        values.unwrap_or(Self::Absent)
    }
}

/// How a column's values are reached: as a slice where none is null.
enum View<'a> {
    IntSlice(&'a [i64]),
    FloatSlice(&'a [f64]),
    Other(&'a Values),
}

impl<'a> View<'a> {
    fn of(values: &'a Values) -> Self {
        match values {
            Values::Int(ints) => ints.cont_slice().map_or(Self::Other(values), Self::IntSlice),
            Values::Float(floats) => floats.cont_slice().map_or(Self::Other(values), Self::FloatSlice),
            _ => Self::Other(values),
        }
    }

    #[inline]
    fn write(&self, row: usize, text: &mut RowText) {
        match self {
            Self::IntSlice(values) => text.int(values[row]),
            Self::FloatSlice(values) => text.append(|out| frame_float(out, values[row])),
            Self::Other(values) => text.append(|out| values.write(row, out)),
        }
    }
}

impl Values {
    fn write(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Int(values) => framed(out, values.get(row), frame_int),
            Self::Float(values) => framed(out, values.get(row), frame_float),
            Self::Time(values) => framed(out, values.get(row), frame_time),
            Self::Bool(values) => framed(out, values.get(row), frame_bool),
            Self::Text(values) => {
                framed(out, values.get(row), |out, text| frame_text(out, text.as_bytes()));
            }
            Self::Absent => out.push(NULL),
        }
    }
}

fn framed<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => write(out, value),
        None => out.push(NULL),
    }
}

#[inline]
fn frame_int(out: &mut Vec<u8>, value: i64) {
    frame_short(out, |out| write_int(out, value));
}

fn frame_float(out: &mut Vec<u8>, value: f64) {
    frame_short(out, |out| {
        // Minus zero is the same case as zero.
        write_float(out, if value == 0.0 { 0.0 } else { value });
        if out.ends_with(b".0") {
            out.truncate(out.len() - 2);
        }
    });
}

fn frame_time(out: &mut Vec<u8>, micros: i64) {
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1000;
    frame_short(out, |out| {
        write_timestamp(out, micros.div_euclid(1_000_000), nanos, true);
    });
}

fn frame_bool(out: &mut Vec<u8>, value: bool) {
    frame_text(out, if value { b"true" } else { b"false" });
}

/// Frames what `write` appends, which is shorter than 254 bytes.
#[inline]
fn frame_short(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    write(out);
    out[at] = (out.len() - at - 1) as u8;
}

fn frame_text(out: &mut Vec<u8>, text: &[u8]) {
    match u8::try_from(text.len()) {
        Ok(length) if length < LONG => out.push(length),
        _ => {
            out.push(LONG);
            out.extend_from_slice(&(text.len() as u64).to_le_bytes());
        }
    }
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests;
