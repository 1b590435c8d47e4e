//! Owns turning raw text cells into typed columns as the schema says.

mod row;

use std::ops::Range;
use std::sync::Arc;

use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder, Column, DataFrame, Float64Type, Int64Type, IntoColumn, IntoSeries,
    PlSmallStr, PrimitiveChunkedBuilder, Series, StringChunkedBuilder, TimeUnit,
};
use rayon::prelude::*;

use super::batch::{CellIssue, CellProblem, RawBatch, TypedBatch};
use super::cell;
use super::layout::Layout;
use super::reader::NullTokens;
use crate::schema::{ColumnType, Label, LabelValue, Schema};

pub use self::row::{RowTyping, TypedRow};

/// Rows that one task parses.
const PART_ROWS: usize = 4096;
/// Cells parsed column after column before going on down the rows, so that their bytes stay in the inner cache.
const BLOCK_CELLS: usize = 32 << 10;

/// Types a batch: every schema column that the layout found, but the label's, and the label by itself.
///
/// `layout` is that of the header under which `raw` was read. Whole numbers may also be written `+1`, ` 1 ` or `1.0`; times
/// become `Datetime(Microseconds)` without a time zone, in UTC. A text cell is kept as it stands, white space included.
/// Runs on the current rayon pool; the result does not depend on its size.
pub fn parse_batch(schema: &Schema, layout: &Layout, raw: &RawBatch, nulls: &NullTokens) -> TypedBatch {
    let plan = plan(schema, layout, raw.columns());
    let quick = !nulls.any_numeric();
    let rows = raw.rows();
    let parts: Vec<Part> = (0..rows.div_ceil(PART_ROWS).max(1))
        .into_par_iter()
        .map(|part| {
            let first = part * PART_ROWS;
            parse_part(schema, &plan, raw, nulls, quick, first..rows.min(first + PART_ROWS))
        })
        .collect();
    let (frame, issues) = join(parts, rows);
    let labels = match (&schema.label, layout.label) {
        (Some(label), Some(source)) if source < raw.columns() => Some(labels(label, raw, source, nulls)),
        _ => None,
    };
    TypedBatch {
        frame,
        labels,
        issues,
        lines: Arc::from(raw.lines()),
    }
}

/// A schema column and where its cells stand.
struct Planned {
    column: usize,
    source: usize,
}

/// The columns to parse; of two schema columns of one name only the first.
fn plan(schema: &Schema, layout: &Layout, width: usize) -> Vec<Planned> {
    let mut names = std::collections::BTreeSet::new();
    let found = layout.sources.iter().enumerate().take(schema.columns.len());
    found
        .filter_map(|(column, source)| Some((column, source.filter(|&source| source < width)?)))
        .filter(|&(column, _)| {
            let name = schema.columns[column].name.as_str();
            !schema.is_label(name) && names.insert(name)
        })
        .map(|(column, source)| Planned { column, source })
        .collect()
}

/// A run of rows, typed.
struct Part {
    columns: Vec<Series>,
    issues: Vec<CellIssue>,
}

fn parse_part(
    schema: &Schema,
    plan: &[Planned],
    raw: &RawBatch,
    nulls: &NullTokens,
    quick: bool,
    rows: Range<usize>,
) -> Part {
    let mut issues = Vec::new();
    let mut builders: Vec<Builder> = plan
        .iter()
        .map(|planned| {
            let column = &schema.columns[planned.column];
            Builder::new(column.kind, &column.name, rows.len())
        })
        .collect();
    let block = (BLOCK_CELLS / raw.columns().max(1)).max(16);
    let mut first = rows.start;
    while first < rows.end {
        let end = rows.end.min(first + block);
        for (planned, builder) in plan.iter().zip(&mut builders) {
            let mut cells = Cells {
                raw,
                nulls,
                quick,
                planned,
                rows: first..end,
                issues: &mut issues,
            };
            builder.parse(&mut cells);
        }
        first = end;
    }
    issues.sort_by_key(|issue| (issue.row, issue.column));
    Part {
        columns: builders.into_iter().map(Builder::finish).collect(),
        issues,
    }
}

/// Puts the parts of each column under one another.
fn join(parts: Vec<Part>, rows: usize) -> (DataFrame, Vec<CellIssue>) {
    let mut issues = Vec::new();
    let mut columns: Vec<Vec<Series>> = Vec::new();
    for part in parts {
        issues.extend(part.issues);
        columns.resize_with(part.columns.len(), Vec::new);
        for (column, piece) in columns.iter_mut().zip(part.columns) {
            column.push(piece);
        }
    }
    let whole = |pieces: Vec<Series>| {
        let mut pieces = pieces.into_iter();
        let mut whole = pieces.next()?;
        for piece in pieces {
            // Pieces of a column have one type, so appending cannot fail.
            whole.append(&piece).ok()?;
        }
        Some(whole.rechunk().into_column())
    };
    // A few rows are not worth waiting for the pool, which a fit may have to itself.
    let columns: Vec<Column> = if rows <= PART_ROWS {
        columns.into_iter().filter_map(whole).collect()
    } else {
        columns.into_par_iter().filter_map(whole).collect()
    };
    // Names are distinct and lengths equal by construction.
    let frame = DataFrame::new(rows, columns).unwrap_or_else(|_| DataFrame::empty_with_height(rows));
    (frame, issues)
}

/// One column's cells in a block of rows.
struct Cells<'a> {
    raw: &'a RawBatch,
    nulls: &'a NullTokens,
    /// Whether a cell that reads as a number cannot be a null text.
    quick: bool,
    planned: &'a Planned,
    rows: Range<usize>,
    issues: &'a mut Vec<CellIssue>,
}

impl Cells<'_> {
    /// Reads each cell: by `quick` if that gives a value, else unless it is null by `read` (given the trimmed cell).
    #[inline]
    fn each<T>(
        &mut self,
        quick: impl Fn(&[u8]) -> Option<T>,
        read: impl Fn(&[u8]) -> Result<T, CellProblem>,
        mut push: impl FnMut(Option<T>),
    ) {
        for row in self.rows.clone() {
            let cell = self.raw.cell(row, self.planned.source);
            if self.quick
                && let Some(value) = quick(cell)
            {
                push(Some(value));
                continue;
            }
            if self.nulls.is_null(cell) {
                push(None);
                continue;
            }
            match read(cell.trim_ascii()) {
                Ok(value) => push(Some(value)),
                Err(problem) => {
                    push(None);
                    self.issue(row, problem);
                }
            }
        }
    }

    fn issue(&mut self, row: usize, problem: CellProblem) {
        /// Characters of a cell that are shown, and the most bytes they can take.
        const SHOWN: usize = 200;
        let cell = self.raw.cell(row, self.planned.source);
        let text = String::from_utf8_lossy(&cell[..cell.len().min(SHOWN * 4)]);
        self.issues.push(CellIssue {
            row,
            column: self.planned.column,
            problem,
            value: text.chars().take(SHOWN).collect(),
        });
    }
}

/// A column in the making.
enum Builder {
    Int(PrimitiveChunkedBuilder<Int64Type>),
    Port(PrimitiveChunkedBuilder<Int64Type>),
    Time(PrimitiveChunkedBuilder<Int64Type>),
    Float(PrimitiveChunkedBuilder<Float64Type>),
    Bool(BooleanChunkedBuilder),
    Text(StringChunkedBuilder),
    Ip(StringChunkedBuilder),
}

impl Builder {
    fn new(kind: ColumnType, name: &str, rows: usize) -> Self {
        let name = PlSmallStr::from_str(name);
        match kind {
            ColumnType::Int => Self::Int(PrimitiveChunkedBuilder::new(name, rows)),
            ColumnType::Port => Self::Port(PrimitiveChunkedBuilder::new(name, rows)),
            ColumnType::Timestamp => Self::Time(PrimitiveChunkedBuilder::new(name, rows)),
            ColumnType::Float => Self::Float(PrimitiveChunkedBuilder::new(name, rows)),
            ColumnType::Bool => Self::Bool(BooleanChunkedBuilder::new(name, rows)),
            ColumnType::Category | ColumnType::Text => Self::Text(StringChunkedBuilder::new(name, rows)),
            ColumnType::Ip => Self::Ip(StringChunkedBuilder::new(name, rows)),
        }
    }

    fn parse(&mut self, cells: &mut Cells<'_>) {
        match self {
            Self::Int(out) => cells.each(cell::short_int, cell::int, |value| push(out, value)),
            Self::Port(out) => {
                let quick = |text: &[u8]| cell::short_int(text).filter(|port| (0..=65_535).contains(port));
                cells.each(quick, cell::port, |value| push(out, value));
            }
            Self::Time(out) => cells.each(|_| None, cell::timestamp, |value| push(out, value)),
            Self::Float(out) => cells.each(cell::short_float, cell::float, |value| push(out, value)),
            Self::Bool(out) => cells.each(|_| None, cell::boolean, |value| push(out, value)),
            Self::Ip(out) => {
                cells.each(
                    |_| None,
                    cell::ip,
                    |address| match address {
                        Some(address) => out.append_value(address.to_string()),
                        None => out.append_null(),
                    },
                );
            }
            Self::Text(out) => text(out, cells),
        }
    }

    fn finish(self) -> Series {
        match self {
            Self::Int(out) | Self::Port(out) => out.finish().into_series(),
            Self::Time(out) => out.finish().into_datetime(TimeUnit::Microseconds, None).into_series(),
            Self::Float(out) => out.finish().into_series(),
            Self::Bool(out) => out.finish().into_series(),
            Self::Text(out) | Self::Ip(out) => out.finish().into_series(),
        }
    }
}

#[inline]
fn push<T, B: ChunkedBuilder<T, P>, P: polars::prelude::PolarsDataType>(out: &mut B, value: Option<T>) {
    match value {
        Some(value) => out.append_value(value),
        None => out.append_null(),
    }
}

/// Text stays as it is; bytes that are not UTF-8 become U+FFFD and an issue.
fn text(out: &mut StringChunkedBuilder, cells: &mut Cells<'_>) {
    for row in cells.rows.clone() {
        let cell = cells.raw.cell(row, cells.planned.source);
        if cells.nulls.is_null(cell) {
            out.append_null();
            continue;
        }
        if let Ok(text) = std::str::from_utf8(cell) {
            out.append_value(text);
        } else {
            out.append_value(String::from_utf8_lossy(cell));
            cells.issue(row, CellProblem::InvalidUtf8);
        }
    }
}

/// Reads the label of each row. Labels repeat, so the first few distinct cells are remembered.
fn labels(label: &Label, raw: &RawBatch, source: usize, nulls: &NullTokens) -> Vec<LabelValue> {
    const REMEMBERED: usize = 8;
    let mut known: Vec<(&[u8], LabelValue)> = Vec::with_capacity(REMEMBERED);
    raw.column(source, 0..raw.rows())
        .map(|cell| {
            if let Some((_, value)) = known.iter().find(|(text, _)| *text == cell) {
                return *value;
            }
            let value = if nulls.is_null(cell) {
                LabelValue::Unknown
            } else {
                label.read(&String::from_utf8_lossy(cell))
            };
            if known.len() < REMEMBERED {
                known.push((cell, value));
            }
            value
        })
        .collect()
}

#[cfg(test)]
mod tests;
