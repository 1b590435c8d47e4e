//! Owns drawing the schema: its columns, then its rules.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::validation::ValidationPanel;
use crate::tui::view::lines::{Lines, below, right_of, top};
use crate::tui::view::table::{Column, Table, TableCell, TableRow, fit_widths};
use crate::tui::view::{Frame, Role, bars};
use crate::worker::{SchemaColumn, SchemaFacts};

/// Draws the schema in force, or why there is none.
pub fn draw(frame: &Frame<'_>, panel: &ValidationPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let Some(survey) = &frame.app.shared.survey else {
        look.put(buffer, area, "looking at the workspace", look.style(Role::Faint));
        return;
    };
    let schema = &survey.schema;
    if let Some(problem) = &schema.problem {
        let mut lines = Lines::new(area.width);
        lines.gap();
        lines.add(look, "The schema cannot be used:", Role::Heading);
        lines.add(look, problem, Role::Bad);
        lines.draw(look, area, "", buffer);
        return;
    }
    draw_origin(frame, panel.outcome.is_some(), schema, area, buffer);
    draw_columns(frame, panel, schema, area, buffer);
}

/// Its name and where it comes from, at the right of the line of views, where nothing else stands there.
fn draw_origin(frame: &Frame<'_>, taken: bool, schema: &SchemaFacts, area: Rect, buffer: &mut Buffer) {
    let line = Rect {
        y: area.y.saturating_sub(1),
        height: 1,
        ..area
    };
    if !taken {
        let text = format!("{}, {}", schema.name, schema.origin);
        frame
            .look
            .put_right(buffer, right_of(line, 26), &text, frame.look.style(Role::Faint));
    }
}

fn draw_columns(frame: &Frame<'_>, panel: &ValidationPanel, schema: &SchemaFacts, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let height = usize::from(area.height.saturating_sub(1));
    let cursor = panel.cursor();
    let all = schema.columns.len() + schema.rules.len();
    let first = cursor.first_in(all, height);
    let longest = |text: fn(&SchemaColumn) -> usize| schema.columns.iter().map(text).max().unwrap_or(0).min(200) as u16;
    let wanted = [
        (12, longest(|column| column.name.chars().count()).max(12)),
        (9, 9),
        (9, 9),
        (4, 4),
        (5, 5),
        (10, longest(|column| column.limits.chars().count()).max(24)),
        (5, longest(|column| column.aliases.join(", ").chars().count()).max(7)),
    ];
    let edge = below(area, 1);
    let area = bars::beside_bar(area, height, all);
    let widths = fit_widths(&wanted, area.width);
    let titles = ["column", "type", "role", "must", "empty", "limits", "aliases"];
    let columns: Vec<Column<'_>> = titles
        .iter()
        .zip(&widths)
        .map(|(title, width)| Column::left(*title, *width))
        .collect();
    let rows: Vec<TableRow<'_>> = (first..all).take(height).map(|at| row(schema, at)).collect();
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: cursor.at.checked_sub(first),
        ..Table::default()
    };
    table.draw(look, top(area, area.height), buffer);
    bars::scroll_bar(look, buffer, edge, first, height, all);
}

fn row(schema: &SchemaFacts, at: usize) -> TableRow<'_> {
    if let Some(column) = schema.columns.get(at) {
        let yes = |yes: bool| if yes { "yes" } else { "-" };
        let role = if column.role == "label" {
            Role::Accent
        } else {
            Role::Faint
        };
        return TableRow::of([
            TableCell::from(column.name.as_str()),
            TableCell::from(column.kind.as_str()),
            TableCell::of(column.role.as_str(), role),
            TableCell::of(yes(column.required), Role::Faint),
            TableCell::of(yes(column.nullable), Role::Faint),
            TableCell::from(column.limits.as_str()),
            TableCell::of(column.aliases.join(", "), Role::Faint),
        ]);
    }
    let Some((id, severity, expression)) = schema.rules.get(at - schema.columns.len()) else {
        return TableRow::default();
    };
    TableRow::of([
        TableCell::from(format!("rule {id}")),
        TableCell::from(severity.as_str()),
        TableCell::of("rule", Role::Faint),
        TableCell::default(),
        TableCell::default(),
        TableCell::from(expression.as_str()),
    ])
}
