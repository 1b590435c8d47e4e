//! Owns finding the rows that meet conditions or hold a text.

use std::sync::Arc;

use super::bits::{Bits, BitsBuilder};
use super::contract::Match;
use super::cursor::{Cursor, Row, Step};
use super::error::BrowseError;
use super::filter::{Fields, Filter};
use super::index::Segment;
use super::pattern::Pattern;
use super::scan::{SEGMENT, WHOLE, Work, each};
use super::table::Table;

/// After so many rows that seemed to match and did not, all rows of a run are looked at one by one: an expression that
/// reaches over many rows would be looked for through all of them again and again.
const MOST_MISTAKES: u32 = 8;

/// What rows are asked.
pub(super) enum Question<'q> {
    /// Whether all conditions hold.
    Filters(&'q [Filter]),
    /// Whether a cell has it.
    Has(&'q Pattern),
}

impl Question<'_> {
    /// What the row must have somewhere.
    fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::Filters(filters) => filters.iter().find_map(Filter::anywhere),
            Self::Has(pattern) => Some(pattern),
        }
    }

    fn holds(&self, row: &[u8], table: &Table, fields: &mut Fields) -> bool {
        let inner = &table.0;
        match self {
            Self::Filters(filters) => filters
                .iter()
                .all(|f| f.holds(row, inner.dialect, &inner.nulls, fields)),
            Self::Has(pattern) => pattern.column_of(row, inner.dialect, 0, inner.columns.len()).is_some(),
        }
    }
}

/// The rows, of those in `among`, of which the question's answer is yes.
pub(super) fn select(
    table: &Table,
    among: Option<&Arc<Bits>>,
    question: &Question<'_>,
    control: Work<'_>,
    note: &str,
) -> Result<Bits, BrowseError> {
    let rows = table.wait(control.cancel, control.progress)?;
    let mut bits = BitsBuilder::new(rows);
    let segments = wanted(table, among);
    each(
        table,
        &segments,
        control,
        note,
        |cursor, segment| {
            let mut found = Vec::new();
            walk(table, cursor, segment, among, question, |row, _| {
                found.push((row - segment.from.row) as u32);
                true
            })?;
            Ok(found)
        },
        |segment, found| {
            for row in found {
                bits.add(segment.from.row + u64::from(row));
            }
            Ok(true)
        },
    )?;
    Ok(bits.build())
}

/// The runs in which there are rows of `among`.
pub(super) fn wanted(table: &Table, among: Option<&Arc<Bits>>) -> Vec<Segment> {
    let mut segments = table.segments(SEGMENT);
    if let Some(among) = among {
        segments.retain(|segment| among.any(segment.from.row, segment.rows));
    }
    segments
}

/// Goes over the rows of a run of which the answer is yes until `found` returns `false`.
fn walk(
    table: &Table,
    cursor: &mut Cursor,
    segment: &Segment,
    among: Option<&Arc<Bits>>,
    question: &Question<'_>,
    mut found: impl FnMut(u64, &[u8]) -> bool,
) -> Result<(), BrowseError> {
    let store = &table.0.store;
    // A cell in pieces is not to be found in the bytes.
    let mut pattern = question.pattern().filter(|_| !cursor.quotes.torn);
    if pattern.is_some() && cursor.whole(store, WHOLE)?.is_none() {
        pattern = None;
    }
    let mut fields = Fields::default();
    let mut candidate: Option<usize> = None;
    let mut mistakes = 0;
    for row in segment.from.row..segment.from.row + segment.rows {
        if let (Some(looked_for), None) = (pattern, candidate) {
            let (ahead, at) = cursor.ahead();
            match looked_for.candidate(ahead) {
                Ok(None) => return Ok(()),
                Ok(Some(place)) => candidate = Some(at + place),
                Err(_) => pattern = None,
            }
        }
        let at = next_row(table, cursor)?;
        if candidate.is_some_and(|place| at.to < place) {
            continue;
        }
        candidate = None;
        if among.is_some_and(|among| !among.contains(row)) {
            continue;
        }
        let text = cursor.text(at);
        if question.holds(text, table, &mut fields) {
            if !found(row, text) {
                return Ok(());
            }
        } else if pattern.is_some() {
            mistakes += 1;
            if mistakes >= MOST_MISTAKES {
                pattern = None;
            }
        }
    }
    Ok(())
}

/// The next row of a run, which the index says is there.
pub(super) fn next_row(table: &Table, cursor: &mut Cursor) -> Result<Row, BrowseError> {
    match cursor.next(&table.0.store)? {
        Step::Row(row) => Ok(row),
        _ => Err(table.0.store.changed("was rewritten")),
    }
}

/// A match by the source's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: u64,
    pub(super) column: usize,
}

/// The first row of `rows` that has the pattern in a cell, and its first such column; from the end and the last such
/// column if `backward`.
pub(super) fn first_match(
    table: &Table,
    among: Option<&Arc<Bits>>,
    pattern: &Pattern,
    rows: std::ops::Range<u64>,
    backward: bool,
    control: Work<'_>,
) -> Result<Option<Place>, BrowseError> {
    let mut segments = wanted(table, among);
    segments.retain(|segment| segment.from.row < rows.end && segment.from.row + segment.rows > rows.start);
    if backward {
        segments.reverse();
    }
    let columns = table.0.columns.len();
    let mut result = None;
    each(
        table,
        &segments,
        control,
        "searching",
        |cursor, segment| {
            let mut place = None;
            walk(table, cursor, segment, among, &Question::Has(pattern), |row, text| {
                if rows.contains(&row) {
                    let column = if backward {
                        pattern.last_column_of(text, table.0.dialect, 0, columns)
                    } else {
                        pattern.column_of(text, table.0.dialect, 0, columns)
                    };
                    place = column.map(|column| Place { row, column });
                }
                row < rows.end && (backward || place.is_none())
            })?;
            Ok(place)
        },
        |_, place| {
            result = place;
            Ok(result.is_none())
        },
    )?;
    Ok(result)
}

/// A match's place in a view.
pub(super) fn in_view(at: u64, column: usize, wrapped: bool) -> Match {
    Match { at, column, wrapped }
}
