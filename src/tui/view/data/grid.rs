//! Owns drawing the rows and columns in sight.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::data::{DataPanel, ShownColumn, Sight};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Look, Role};

/// Draws names, types and rows.
pub fn draw(frame: &Frame<'_>, panel: &DataPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let all = panel.columns().all();
    if all.is_empty() {
        return say(look, "this table has no columns", area, buffer);
    }
    // Only what is in sight goes into the table: of thousands of columns the others cost nothing.
    let in_sight: Vec<usize> = panel.columns().in_sight().iter().map(|sight| sight.column).collect();
    let columns: Vec<Column<'_>> = in_sight.iter().map(|at| column(look, panel, *at, &all[*at])).collect();
    let sight = panel.window().sight();
    let rows: Vec<TableRow<'_>> = rows(look, panel, &sight, &in_sight);
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: sight.cursor,
        // Without a cursor's column in sight no cell is marked.
        cursor_column: in_sight
            .iter()
            .position(|at| *at == panel.columns().cursor())
            .or(Some(usize::MAX)),
        ..Table::default()
    };
    table.draw(look, area, buffer);
    let header = table.header_height();
    mark_names(panel, &in_sight, look, area, buffer);
    if let Some(cursor) = sight.cursor {
        // Its sign has no colour: a step down the rows shall cost few bytes.
        let y = area.y + header + cursor as u16;
        if y < area.bottom()
            && let Some(cell) = buffer.cell_mut((area.x, y))
        {
            cell.reset();
            cell.set_symbol(look.glyphs().cursor);
        }
    }
    if sight.rows.is_empty() && panel.window().count().complete {
        let words = if panel.arrangement().is_plain() {
            "no rows"
        } else {
            "no row fits the filter"
        };
        let below = Rect {
            y: (area.y + header + 1).min(area.bottom()),
            height: area.height.saturating_sub(header + 1),
            ..area
        };
        say(look, words, below, buffer);
    }
}

fn say(look: Look, words: &str, area: Rect, buffer: &mut Buffer) {
    let line = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        height: area.height.min(1),
        ..area
    };
    look.put(buffer, line, words, look.style(Role::Faint));
}

fn column<'a>(look: Look, panel: &DataPanel, at: usize, shown: &'a ShownColumn) -> Column<'a> {
    let key = panel.arrangement().sort.iter().find(|key| key.column == at);
    let sorted = key.filter(|_| panel.arrangement().pointed.is_none());
    Column {
        title: shown.info.name.as_str().into(),
        about: shown.about.as_str().into(),
        width: shown.width,
        right: shown.right(),
        mark: sorted.map_or("", |key| look.glyphs().sorted[usize::from(key.descending)]),
    }
}

fn rows<'w>(look: Look, panel: &'w DataPanel, sight: &Sight<'w>, in_sight: &[usize]) -> Vec<TableRow<'w>> {
    let marked = panel.arrangement().pointed.as_ref();
    let marked = marked.and_then(|pointed| panel.columns().named(pointed.column.as_deref()?));
    let cell = |row: &'w crate::browse::TableRow, at: usize| {
        let text = row.cells.get(at).map_or("", String::as_str);
        let role = if panel.find().is_some_and(|find| find.fits(text)) {
            Role::Match
        } else if marked == Some(at) {
            Role::Bad
        } else {
            Role::Plain
        };
        TableCell::of(text, role)
    };
    let drawn = sight.rows.iter().map(|row| match row {
        None => TableRow::default(),
        Some(row) => TableRow {
            cells: in_sight.iter().map(|at| cell(row, *at)).collect(),
            mark: if row.trouble.is_some() {
                look.glyphs().warning
            } else {
                ""
            },
            heading: None,
        },
    });
    drawn.collect()
}

/// The cursor's column by its name, and the edge of the frozen ones, so that one sees them with no row in sight too.
fn mark_names(panel: &DataPanel, in_sight: &[usize], look: Look, area: Rect, buffer: &mut Buffer) {
    let places = panel.columns().in_sight();
    let frozen = panel.columns().frozen();
    for (place, column) in places.iter().zip(in_sight) {
        let name = Rect::new(area.x + place.x, area.y, place.width, 1).intersection(area);
        if *column == panel.columns().cursor() {
            buffer.set_style(name, look.style(Role::Accent));
        }
        let scrolls = *column + 1 == frozen;
        if scrolls && place.x + place.width < area.width {
            for y in area.y..area.bottom() {
                let x = area.x + place.x + place.width;
                look.put_glyph(buffer, x, y, look.glyphs().vertical, Role::Border);
            }
        }
    }
}
