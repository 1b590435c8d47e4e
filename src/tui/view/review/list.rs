//! Owns drawing the list of cases.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sign;
use crate::text::grouped;
use crate::tui::app::review::{ListColumn, ReviewPanel, words};
use crate::tui::view::lines::below;
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Role, bars};
use crate::worker::{ReviewRow, RiskLevel};

/// Columns that are always there: mark, risk, probability, verdict, flags, rows, reason.
const FIXED: usize = 7;
/// Columns of the screen that they take without the reason, the cursor's sign and gaps included.
const FIXED_WIDTH: u16 = 41;
/// What the reason gets at least.
const REASON: u16 = 24;
/// What a cell gets.
const CELL: u16 = 12;

/// Draws it.
pub fn draw(frame: &Frame<'_>, panel: &ReviewPanel, area: Rect, buffer: &mut Buffer) {
    let all = usize::try_from(panel.window().cases()).unwrap_or(usize::MAX);
    let height = usize::from(area.height.saturating_sub(1));
    let edge = below(area, 1);
    let area = bars::beside_bar(area, height, all);
    let names = names(panel);
    let columns = columns(&names, area.width);
    let sight = panel.window().sight();
    let rows: Vec<TableRow<'_>> = sight
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| row.map_or_else(TableRow::default, |row| line(frame, panel, row, sight.top + at as u64)))
        .collect();
    let cursor = table_column(panel);
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: sight.cursor,
        cursor_column: Some(cursor),
        frozen: FIXED,
        first_column: first_cell(&columns, cursor, area.width),
        ..Table::default()
    };
    table.draw(frame.look, area, buffer);
    bars::scroll_bar(frame.look, buffer, edge, sight.top as usize, height, all);
}

fn names(panel: &ReviewPanel) -> Vec<String> {
    let Some(file) = panel.file().opened() else {
        return Vec::new();
    };
    let cells = panel.cell_columns().into_iter();
    cells
        .filter_map(|at| file.columns.get(at))
        .map(|column| column.name.clone())
        .collect()
}

fn columns(names: &[String], width: u16) -> Vec<Column<'_>> {
    let cells = names.len() as u16 * (CELL + 2);
    let reason = width.saturating_sub(FIXED_WIDTH + cells).max(REASON);
    let fixed = [
        Column::left("", 1),
        Column::left("risk", 8),
        Column::left("P", 4),
        Column::left("verdict", 7),
        Column::left("", 3),
        Column::right("rows", 5),
        Column::left("reason", reason),
    ];
    let cells = names.iter().map(|name| Column::left(name.as_str(), CELL));
    fixed.into_iter().chain(cells).collect()
}

/// The place in the table of the column that the cursor is on.
fn table_column(panel: &ReviewPanel) -> usize {
    match panel.column().1 {
        ListColumn::Risk => 1,
        ListColumn::Probability => 2,
        ListColumn::Verdict => 3,
        ListColumn::Reason => 6,
        ListColumn::Cell(at) => FIXED + at,
    }
}

/// The first cell in sight, so that the cursor's is.
fn first_cell(columns: &[Column<'_>], cursor: usize, width: u16) -> usize {
    let fixed: u16 = columns.iter().take(FIXED).map(|column| column.width + 2).sum::<u16>() + 1;
    let room = usize::from(width.saturating_sub(fixed) / (CELL + 2)).max(1);
    (cursor + 1).saturating_sub(room).max(FIXED)
}

fn line<'a>(frame: &Frame<'_>, panel: &'a ReviewPanel, row: &'a ReviewRow, at: u64) -> TableRow<'a> {
    let glyphs = frame.look.glyphs();
    let seen = panel.seen(row);
    let looked_at = is_looked_at(frame, panel, row);
    let marked = panel.marks().has(row.row, at);
    let mark = if marked {
        TableCell::of(glyphs.marked, Role::Selected)
    } else if looked_at {
        TableCell::of(glyphs.looked_at, Role::Warning)
    } else {
        TableCell::default()
    };
    let verdict = match seen.verdict {
        Some(verdict) if seen.pending => TableCell::of(format!("{} {}", verdict.letter(), glyphs.running), Role::Faint),
        Some(_) if !row.state.conflicts.is_empty() => TableCell::of(words::contradiction(&row.state), Role::Bad),
        Some(verdict) => {
            let (glyph, role) = sign(frame.look, verdict);
            TableCell::of(format!("{} {glyph}", verdict.letter()), role)
        }
        None => TableCell::default(),
    };
    let colleague = (looked_at && marked).then_some(glyphs.looked_at);
    let mut cells = vec![
        mark,
        TableCell::of(row.risk.name(), risk_role(row.risk)),
        TableCell::from(words::probability(row.probability)),
        verdict,
        flags(row, colleague, !seen.note.is_empty(), !seen.tags.is_empty()),
        TableCell::of(copies(row.copies), Role::Faint),
        TableCell::from(row.reason.as_str()),
    ];
    cells.extend(row.cells.iter().map(|cell| TableCell::from(cell.as_str())));
    TableRow {
        cells,
        ..TableRow::default()
    }
}

fn copies(copies: u64) -> Cow<'static, str> {
    match copies {
        0 | 1 => "".into(),
        many if many < 1_000 => format!("x{many}").into(),
        many => format!("x{}k", grouped(many / 1_000)).into(),
    }
}

/// Whether a colleague looks at the case now.
fn is_looked_at(frame: &Frame<'_>, panel: &ReviewPanel, row: &ReviewRow) -> bool {
    let Some(file) = panel.file().opened() else {
        return false;
    };
    let team = &frame.app.shared.team;
    team.looking_at(&file.schema, row.row).next().is_some()
}

/// `C` contradicted, the sign of a colleague who looks at it where the mark stands in its place, `S` suppressed, `n` has a
/// note, `#` has tags: the gravest first, three of them at most.
fn flags(row: &ReviewRow, looked_at: Option<&str>, note: bool, tags: bool) -> TableCell<'static> {
    let conflict = !row.state.conflicts.is_empty();
    let all = [
        conflict.then_some("C"),
        looked_at,
        row.suppressed.is_some().then_some("S"),
        note.then_some("n"),
        tags.then_some("#"),
    ];
    let text: String = all.into_iter().flatten().take(3).collect();
    TableCell::of(text, if conflict { Role::Bad } else { Role::Faint })
}

pub(super) fn risk_role(risk: RiskLevel) -> Role {
    match risk {
        RiskLevel::Critical | RiskLevel::High => Role::Malicious,
        RiskLevel::Medium => Role::Plain,
        RiskLevel::Low => Role::Benign,
    }
}
