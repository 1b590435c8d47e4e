//! Owns drawing a table: columns of fixed widths, a header, a cursor, sideways scrolling behind frozen columns.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::theme::{Look, Role};

/// Columns between two columns.
const GAP: u16 = 2;

/// A column of a table.
#[derive(Clone, Debug, Default)]
pub struct Column<'a> {
    /// Its header.
    pub title: Cow<'a, str>,
    /// Under the header, where any column has something there: a type, a unit.
    pub about: Cow<'a, str>,
    /// How wide it is.
    pub width: u16,
    /// Numbers stand at the right.
    pub right: bool,
    /// A sign behind the title: sorted upwards, say.
    pub mark: &'a str,
}

impl<'a> Column<'a> {
    /// With its text at the left.
    pub fn left(title: impl Into<Cow<'a, str>>, width: u16) -> Self {
        Self {
            title: title.into(),
            width,
            ..Self::default()
        }
    }

    /// With its text at the right.
    pub fn right(title: impl Into<Cow<'a, str>>, width: u16) -> Self {
        Self {
            right: true,
            ..Self::left(title, width)
        }
    }
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub struct TableCell<'a> {
    /// Its text, not yet made safe.
    pub text: Cow<'a, str>,
    /// What it means.
    pub role: Role,
}

impl<'a> TableCell<'a> {
    /// A cell of some meaning.
    pub fn of(text: impl Into<Cow<'a, str>>, role: Role) -> Self {
        Self {
            text: text.into(),
            role,
        }
    }
}

impl<'a> From<&'a str> for TableCell<'a> {
    fn from(text: &'a str) -> Self {
        Self::of(text, Role::Plain)
    }
}

impl From<String> for TableCell<'_> {
    fn from(text: String) -> Self {
        Self::of(text, Role::Plain)
    }
}

/// A row in sight.
#[derive(Clone, Debug, Default)]
pub struct TableRow<'a> {
    /// A cell for each column.
    pub cells: Vec<TableCell<'a>>,
    /// A sign at the left edge, where the cursor's is not: marked.
    pub mark: &'a str,
    /// Drawn across the whole width in place of cells: a heading between rows.
    pub heading: Option<Cow<'a, str>>,
}

impl<'a> TableRow<'a> {
    /// A row of cells.
    pub fn of<C: Into<TableCell<'a>>>(cells: impl IntoIterator<Item = C>) -> Self {
        Self {
            cells: cells.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// A heading between rows.
    pub fn heading(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            heading: Some(text.into()),
            ..Self::default()
        }
    }
}

/// A table, with the rows that are in sight.
#[derive(Clone, Debug, Default)]
pub struct Table<'a> {
    /// The columns, all of them.
    pub columns: &'a [Column<'a>],
    /// The rows in sight, the first one on top.
    pub rows: &'a [TableRow<'a>],
    /// The row of those in sight that the cursor is on.
    pub cursor: Option<usize>,
    /// The column that the cursor is on; the cell is drawn as the cursor's. Without one the first cell is.
    pub cursor_column: Option<usize>,
    /// Columns at the left that do not scroll.
    pub frozen: usize,
    /// The first column in sight behind the frozen ones.
    pub first_column: usize,
    /// Without a header.
    pub headless: bool,
}

impl Table<'_> {
    /// Lines that the header takes.
    pub fn header_height(&self) -> u16 {
        match (
            self.headless,
            self.columns.iter().any(|column| !column.about.is_empty()),
        ) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        }
    }

    /// Draws it.
    pub fn draw(&self, look: Look, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let places = self.places(area.width);
        let header = self.header_height().min(area.height);
        if header > 0 {
            self.draw_header(look, area, header, &places, buffer);
        }
        let lines = area.rows().skip(usize::from(header));
        for (at, (line, row)) in lines.zip(self.rows).enumerate() {
            self.draw_row(look, line, (at, row), &places, buffer);
        }
    }

    /// The columns in sight: which, where, how wide. The first cell of a line is for the cursor's sign.
    fn places(&self, width: u16) -> Vec<(usize, u16, u16)> {
        let frozen = 0..self.frozen.min(self.columns.len());
        let rest = self.first_column.max(frozen.end)..self.columns.len();
        let mut x = 1;
        let mut places = Vec::new();
        for at in frozen.chain(rest) {
            if x >= width {
                break;
            }
            let wide = self.columns[at].width.min(width - x);
            places.push((at, x, wide));
            x += wide + GAP;
        }
        places
    }

    fn draw_header(&self, look: Look, area: Rect, header: u16, places: &[(usize, u16, u16)], buffer: &mut Buffer) {
        for (at, x, width) in places {
            let column = &self.columns[*at];
            let cell = Rect::new(area.x + x, area.y, *width, 1);
            let style = look.style(Role::Heading);
            let mark = (column.mark.len().min(1) as u16).min(*width);
            let title = Rect {
                width: width - mark,
                ..cell
            };
            let used = put_aligned(look, buffer, title, (&column.title, column.right), style);
            if mark > 0 {
                let x = if column.right { cell.right() - 1 } else { cell.x + used };
                look.put_glyph(buffer, x, cell.y, column.mark, Role::Accent);
            }
            if header > 1 {
                let about = Rect { y: cell.y + 1, ..cell };
                put_aligned(
                    look,
                    buffer,
                    about,
                    (&column.about, column.right),
                    look.style(Role::Faint),
                );
            }
        }
    }

    fn draw_row(
        &self,
        look: Look,
        line: Rect,
        (at, row): (usize, &TableRow<'_>),
        places: &[(usize, u16, u16)],
        buffer: &mut Buffer,
    ) {
        let here = self.cursor == Some(at);
        if here {
            look.put_glyph(buffer, line.x, line.y, look.glyphs().cursor, Role::CursorMark);
        } else if !row.mark.is_empty() {
            look.put_glyph(buffer, line.x, line.y, row.mark, Role::Selected);
        }
        if let Some(heading) = &row.heading {
            let rest = Rect {
                x: line.x + 1,
                width: line.width - 1,
                ..line
            };
            look.put(buffer, rest, heading, look.style(Role::Heading));
            return;
        }
        for (column, x, width) in places {
            let Some(cell) = row.cells.get(*column) else { continue };
            let area = Rect::new(line.x + x, line.y, *width, 1);
            let mut style = look.style(cell.role);
            if here && self.cursor_column.unwrap_or(0) == *column {
                // The whole cell, so that an empty one is seen too.
                style = style.patch(look.style(Role::Cursor));
                buffer.set_style(area, style);
            }
            put_aligned(look, buffer, area, (&cell.text, self.columns[*column].right), style);
        }
    }
}

fn put_aligned(
    look: Look,
    buffer: &mut Buffer,
    area: Rect,
    (text, right): (&str, bool),
    style: ratatui::style::Style,
) -> u16 {
    if right {
        look.put_right(buffer, area, text, style)
    } else {
        look.put(buffer, area, text, style)
    }
}

/// Widths for columns that would like `wanted` and can do with `least`: all get what they want where there is room, the
/// widest give way first where there is not.
pub fn fit_widths(columns: &[(u16, u16)], available: u16) -> Vec<u16> {
    let gaps = (columns.len().saturating_sub(1) as u16).saturating_mul(GAP) + 1;
    let room = u32::from(available.saturating_sub(gaps));
    let mut widths: Vec<u16> = columns.iter().map(|(least, wanted)| (*wanted).max(*least)).collect();
    let sum = |widths: &[u16]| widths.iter().map(|w| u32::from(*w)).sum::<u32>();
    while sum(&widths) > room {
        let widest = widths
            .iter()
            .enumerate()
            .filter(|(at, width)| **width > columns[*at].0)
            .max_by_key(|(at, width)| (**width, usize::MAX - *at));
        let Some((at, _)) = widest else { break };
        widths[at] -= 1;
    }
    widths
}

/// The first row in sight for a cursor, scrolled no further than needed from where the list was.
pub fn scrolled(first: usize, cursor: usize, height: usize) -> usize {
    let height = height.max(1);
    if cursor < first {
        cursor
    } else if cursor >= first + height {
        cursor + 1 - height
    } else {
        first
    }
}

#[cfg(test)]
mod tests;
