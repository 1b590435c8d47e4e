//! Owns finding the next match in a view, and the rows that match.

use std::sync::Arc;

use super::bits::Bits;
use super::contract::{Direction, Match};
use super::error::BrowseError;
use super::pattern::Pattern;
use super::scan::Work;
use super::select::{Place, Question, first_match, in_view, select};
use super::table::{Seeker, Table};
use super::view::{Rows, View};

/// The rows of a view that have a pattern in some cell.
#[derive(Clone, Debug)]
pub struct Matches(Arc<Bits>);

impl Matches {
    /// Finds them all.
    ///
    /// # Errors
    /// Not all rows can be read, or it was given up.
    pub fn all(table: &Table, view: &View, pattern: &Pattern, control: Work<'_>) -> Result<Self, BrowseError> {
        table.wait(control.cancel, control.progress)?;
        let among = view.set(table);
        let bits = select(table, among.as_ref(), &Question::Has(pattern), control, "searching")?;
        Ok(Self(Arc::new(bits)))
    }

    /// Their numbers in the source, ascending.
    pub fn rows(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter()
    }

    /// How many rows that are.
    pub fn count(&self) -> u64 {
        self.0.count()
    }
}

/// Where a search begins and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Search<'m> {
    /// Place in the view and column behind (or before) which it begins. The cell itself comes last.
    pub from: (u64, usize),
    /// Which way.
    pub direction: Direction,
    /// All matches, if they are known already.
    pub matches: Option<&'m Matches>,
}

/// The next match in the order of the view, cell by cell; goes on at the other end.
///
/// # Errors
/// Not all rows can be read, or it was given up.
pub fn find(
    table: &Table,
    view: &View,
    pattern: &Pattern,
    search: Search<'_>,
    control: Work<'_>,
) -> Result<Option<Match>, BrowseError> {
    table.wait(control.cancel, control.progress)?;
    let length = view.len(table);
    let Some(last) = length.checked_sub(1) else {
        return Ok(None);
    };
    let backward = search.direction == Direction::Backward;
    let start = search.from.0.min(last);
    let columns = table.0.columns.len();
    let mut finder = Finder {
        table,
        view,
        pattern,
        backward,
        control,
        seeker: Seeker::new(table),
    };
    let (near, far) = if backward {
        (0..search.from.1.min(columns), search.from.1.min(columns)..columns)
    } else {
        (
            search.from.1.saturating_add(1)..columns,
            0..search.from.1.saturating_add(1).min(columns),
        )
    };
    if let Some(column) = finder.column(start, near)? {
        return Ok(Some(in_view(start, column, false)));
    }
    let (first, second) = if backward {
        (0..start, start + 1..length)
    } else {
        (start + 1..length, 0..start)
    };
    for (places, wrapped) in [(first, false), (second, true)] {
        let found = match &view.0 {
            Rows::Ordered(rows) => finder.among_ordered(rows, places, search.matches)?,
            _ => finder.among_ascending(places, search.matches)?,
        };
        if let Some((at, column)) = found {
            return Ok(Some(in_view(at, column, wrapped)));
        }
    }
    let column = finder.column(start, far)?;
    Ok(column.map(|column| in_view(start, column, true)))
}

struct Finder<'f> {
    table: &'f Table,
    view: &'f View,
    pattern: &'f Pattern,
    backward: bool,
    control: Work<'f>,
    seeker: Seeker<'f>,
}

impl Finder<'_> {
    /// The first match (the last, going back) in some columns of the row at a place.
    fn column(&mut self, at: u64, columns: std::ops::Range<usize>) -> Result<Option<usize>, BrowseError> {
        let Some(row) = self.view.row(at) else {
            return Ok(None);
        };
        let Some(found) = self.seeker.seek(row)? else {
            return Ok(None);
        };
        let (text, dialect) = (self.seeker.text(found), self.table.0.dialect);
        Ok(if self.backward {
            self.pattern.last_column_of(text, dialect, columns.start, columns.end)
        } else {
            self.pattern.column_of(text, dialect, columns.start, columns.end)
        })
    }

    /// A match in a run of places of a view that keeps the source's order.
    fn among_ascending(
        &mut self,
        places: std::ops::Range<u64>,
        matches: Option<&Matches>,
    ) -> Result<Option<(u64, usize)>, BrowseError> {
        if places.is_empty() {
            return Ok(None);
        }
        let (Some(first), Some(last)) = (self.view.row(places.start), self.view.row(places.end - 1)) else {
            return Ok(None);
        };
        let among = self.view.set(self.table);
        let place = |row: u64| among.as_ref().map_or(row, |bits| bits.rank(row));
        if let Some(Matches(bits)) = matches {
            let row = if self.backward {
                bits.previous(last + 1).filter(|&row| row >= first)
            } else {
                bits.next(first).filter(|&row| row <= last)
            };
            let Some(row) = row else {
                return Ok(None);
            };
            let at = place(row);
            let columns = 0..self.table.0.columns.len();
            return Ok(self.column(at, columns)?.map(|column| (at, column)));
        }
        let rows = first..last + 1;
        let found = first_match(
            self.table,
            among.as_ref(),
            self.pattern,
            rows,
            self.backward,
            self.control,
        )?;
        Ok(found.map(|Place { row, column }| (place(row), column)))
    }

    /// A match in a run of places of an ordered view.
    fn among_ordered(
        &mut self,
        rows: &[u32],
        places: std::ops::Range<u64>,
        matches: Option<&Matches>,
    ) -> Result<Option<(u64, usize)>, BrowseError> {
        let found;
        let Matches(bits) = if let Some(matches) = matches {
            matches
        } else {
            found = Matches::all(self.table, self.view, self.pattern, self.control)?;
            &found
        };
        let run = &rows[places.start as usize..places.end as usize];
        let has = |row: &u32| bits.contains(u64::from(*row));
        let offset = if self.backward {
            run.iter().rposition(has)
        } else {
            run.iter().position(has)
        };
        let Some(offset) = offset else {
            return Ok(None);
        };
        let at = places.start + offset as u64;
        let columns = 0..self.table.0.columns.len();
        Ok(self.column(at, columns)?.map(|column| (at, column)))
    }
}
