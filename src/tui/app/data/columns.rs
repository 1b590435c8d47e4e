//! Owns the columns of the open table: which are in sight, how wide, behind which frozen ones, and the one the cursor is on.

use crate::browse::{ColumnInfo, ColumnKind, TableRow};
use crate::text::{shortened, text_width, visible_text};
use crate::worker::{SchemaColumn, SchemaFacts};

/// Columns of the screen between two columns of the table.
pub const GAP: u16 = 2;
/// What auto widths stay within; a person may go further.
const LEAST: u16 = 3;
const WIDEST_CELL: u16 = 32;
const WIDEST_TITLE: u16 = 18;
const WIDEST_NUMBER: u16 = 20;
const WIDEST: u16 = 200;
/// Cells that are looked at for widths, so that a table of thousands of columns opens as fast as a narrow one.
const CELLS_MEASURED: usize = 20_000;

/// A column as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownColumn {
    /// As the source has it.
    pub info: ColumnInfo,
    /// Under the header: the schema's type, or the guessed one with a question mark.
    pub about: String,
    /// Width on the screen.
    pub width: u16,
    /// Whether a person chose the width.
    pub chosen: bool,
    /// Whether it is left out.
    pub hidden: bool,
}

impl ShownColumn {
    /// Numbers stand at the right.
    pub fn right(&self) -> bool {
        self.info.kind != ColumnKind::Text
    }
}

/// A column in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InSight {
    /// Its place in the source.
    pub column: usize,
    /// Its left edge, from the table's.
    pub x: u16,
    /// Its width, cut at the table's right edge.
    pub width: u16,
}

/// The columns of the open table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    all: Vec<ShownColumn>,
    cursor: usize,
    /// The first in sight behind the frozen ones.
    first: usize,
    /// So many of the source's columns do not scroll.
    frozen: usize,
    /// The width there is.
    room: u16,
}

impl Columns {
    /// Of a table that has just been opened.
    pub fn new(infos: &[ColumnInfo], rows: &[TableRow], room: u16) -> Self {
        let sample = (CELLS_MEASURED / infos.len().max(1)).max(8);
        let all = infos.iter().enumerate().map(|(at, info)| {
            let cells = rows.iter().take(sample).filter_map(|row| row.cells.get(at));
            let widest = cells.map(|cell| wide(cell, WIDEST_CELL)).max().unwrap_or(0);
            // One more than the title for the mark of the order.
            let title = wide(&info.name, WIDEST_TITLE - 1) + 1;
            ShownColumn {
                info: info.clone(),
                about: guessed(info.kind).to_owned(),
                width: widest.max(title).max(guessed(info.kind).len() as u16),
                chosen: false,
                hidden: false,
            }
        });
        let mut columns = Self {
            all: all.collect(),
            room,
            ..Self::default()
        };
        columns.settle();
        columns
    }

    /// All of them, in the source's order.
    pub fn all(&self) -> &[ShownColumn] {
        &self.all
    }

    /// The column the cursor is on; there is none in a table without columns.
    pub fn current(&self) -> Option<(usize, &ShownColumn)> {
        Some((self.cursor, self.all.get(self.cursor)?))
    }

    /// The place of the cursor's column.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// How many of the source's columns do not scroll.
    pub fn frozen(&self) -> usize {
        self.frozen
    }

    /// The places of those that are not hidden.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        let shown = |(_, column): &(usize, &ShownColumn)| !column.hidden;
        self.all.iter().enumerate().filter(shown).map(|(at, _)| at)
    }

    /// Where a column of this name is.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|column| column.info.name == name)
    }

    /// Takes the types that the schema has for columns of these names.
    pub fn describe(&mut self, schema: &SchemaFacts) {
        for column in &mut self.all {
            column.about = match described(schema, &column.info.name) {
                Some(known) if known.role == "feature" => known.kind.clone(),
                Some(known) => format!("{} {}", known.kind, known.role),
                None => guessed(column.info.kind).to_owned(),
            };
        }
    }

    /// Takes another width of the table.
    pub fn resize(&mut self, room: u16) {
        if self.room != room {
            self.room = room;
            self.settle();
        }
    }

    /// Puts the cursor on a column, and shows the column if it is hidden.
    pub fn go_to(&mut self, column: usize) {
        self.cursor = column.min(self.all.len().saturating_sub(1));
        if let Some(column) = self.all.get_mut(self.cursor) {
            column.hidden = false;
        }
        self.settle();
    }

    /// A column to the right or left.
    pub fn step(&mut self, right: bool) {
        let next = if right {
            self.visible().find(|at| *at > self.cursor)
        } else {
            self.visible().rev().find(|at| *at < self.cursor)
        };
        if let Some(next) = next {
            self.cursor = next;
            self.settle();
        }
    }

    /// The first or the last column.
    pub fn end(&mut self, last: bool) {
        let end = if last {
            self.visible().next_back()
        } else {
            self.visible().next()
        };
        if let Some(end) = end {
            self.cursor = end;
            // At the first column everything is as at the beginning, also where it is frozen and scrolls nothing itself.
            self.first = if last { self.first } else { 0 };
            self.settle();
        }
    }

    /// Leaves the cursor's column out; whether it could be: one must stay.
    pub fn hide(&mut self) -> bool {
        if self.visible().nth(1).is_none() {
            return false;
        }
        self.set_hidden(self.cursor);
        true
    }

    /// Leaves a column out, unless it is the last one to be seen.
    pub fn set_hidden(&mut self, column: usize) {
        if self.visible().any(|at| at != column)
            && let Some(column) = self.all.get_mut(column)
        {
            column.hidden = true;
        }
        self.settle();
    }

    /// Shows all again; how many were hidden.
    pub fn show_all(&mut self) -> usize {
        let hidden = self.all.iter_mut().filter(|column| column.hidden);
        let shown = hidden.map(|column| column.hidden = false).count();
        self.settle();
        shown
    }

    /// Freezes the columns up to the cursor's, or none if just these are frozen; whether some are.
    pub fn toggle_frozen(&mut self) -> bool {
        let wanted = self.cursor + 1;
        self.set_frozen(if self.frozen == wanted { 0 } else { wanted });
        self.frozen > 0
    }

    /// Freezes so many of the source's columns.
    pub fn set_frozen(&mut self, frozen: usize) {
        self.frozen = frozen.min(self.all.len());
        self.settle();
    }

    /// Makes the cursor's column wider or narrower.
    pub fn widen(&mut self, by: i16) {
        if let Some(column) = self.all.get(self.cursor) {
            let width = column.width.saturating_add_signed(by);
            self.set_width(self.cursor, width);
        }
    }

    /// Gives a column a width.
    pub fn set_width(&mut self, column: usize, width: u16) {
        if let Some(column) = self.all.get_mut(column) {
            column.width = width.clamp(LEAST, WIDEST);
            column.chosen = true;
        }
        self.settle();
    }

    /// Makes room for numbers that are wider than those of the first rows: a number that is cut is no number.
    pub fn make_room(&mut self, rows: &[TableRow]) {
        for at in 0..self.all.len().min(CELLS_MEASURED / rows.len().max(1)) {
            let column = &mut self.all[at];
            if column.chosen || column.info.kind == ColumnKind::Text {
                continue;
            }
            let cells = rows.iter().filter_map(|row| row.cells.get(at));
            let widest = cells.map(|cell| wide(cell, WIDEST_NUMBER)).max().unwrap_or(0);
            column.width = column.width.max(widest);
        }
        self.settle();
    }

    /// The columns in sight, from left to right. The table's first column of the screen is for the cursor's sign.
    pub fn in_sight(&self) -> Vec<InSight> {
        let (mut sight, mut x) = self.frozen_in_sight();
        let behind = sight.last().map_or(0, |last| last.column + 1).max(self.first);
        for (column, shown) in self.all.iter().enumerate().skip(behind) {
            if x >= self.room {
                break;
            }
            if !shown.hidden {
                let width = shown.width.min(self.room - x);
                sight.push(InSight { column, x, width });
                x += width + GAP;
            }
        }
        sight
    }

    /// The frozen columns, as long as they leave a third of the width to the others; and where these begin.
    fn frozen_in_sight(&self) -> (Vec<InSight>, u16) {
        let mut sight = Vec::new();
        let mut x = 1;
        for (column, shown) in self.all.iter().enumerate().take(self.frozen) {
            if shown.hidden {
                continue;
            }
            let end = x + shown.width + GAP;
            if u32::from(end) * 3 > u32::from(self.room) * 2 {
                break;
            }
            sight.push(InSight {
                column,
                x,
                width: shown.width,
            });
            x = end;
        }
        (sight, x)
    }

    /// Keeps the cursor on a column that is shown, and that column in sight, scrolled no further than needed.
    fn settle(&mut self) {
        self.cursor = self.cursor.min(self.all.len().saturating_sub(1));
        if self.all.get(self.cursor).is_some_and(|column| column.hidden) {
            let next = self.visible().find(|at| *at > self.cursor);
            let next = next.or_else(|| self.visible().next_back());
            self.cursor = next.unwrap_or(self.cursor);
        }
        let (frozen, begin) = self.frozen_in_sight();
        let behind = frozen.last().map_or(0, |last| last.column + 1);
        self.first = self.first.max(behind);
        if self.cursor < behind {
            return;
        }
        // The furthest left that scrolling may begin for the cursor's column to be whole.
        let mut least = self.cursor;
        let mut used = begin + self.all.get(self.cursor).map_or(0, |column| column.width);
        for at in (behind..self.cursor).rev() {
            let column = &self.all[at];
            if !column.hidden {
                used = used.saturating_add(column.width + GAP);
                if used > self.room {
                    break;
                }
            }
            least = at;
        }
        self.first = self.first.clamp(least, self.cursor);
    }
}

/// What the schema says about a column of this name.
pub fn described<'s>(schema: &'s SchemaFacts, name: &str) -> Option<&'s SchemaColumn> {
    let known = |column: &&SchemaColumn| column.name == name || column.aliases.iter().any(|alias| alias == name);
    schema.columns.iter().find(known)
}

fn guessed(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "int?",
        ColumnKind::Number => "float?",
        ColumnKind::Text => "text?",
    }
}

/// Columns of the screen that a text takes, at most so many.
fn wide(text: &str, most: u16) -> u16 {
    let begin = shortened(text.as_bytes(), usize::from(most));
    text_width(&visible_text(&begin)).min(usize::from(most)) as u16
}
