//! Owns drawing the list of runs, and beside or below it what the run under the cursor is. Of thousands of runs only
//! those in sight are looked at.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::runs::{ABOUT, RunsPanel, is_wide, rows};
use crate::tui::keymap::Action;
use crate::tui::view::lines::{Lines, below, of_reader, right_of, top};
use crate::tui::view::numbers::{decimal, grouped, seconds};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Role, bars, popup};
use crate::worker::RunLine;

/// Columns that the details take where they stand beside the list.
const PANE: u16 = 52;

/// Columns of the part of the table that is always there.
const ALWAYS: u16 = 80;

/// Draws the list with what is said about the run under the cursor.
pub fn draw(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let (list, about) = if is_wide(frame.app.shared.size.0) {
        let list = area.width.saturating_sub(PANE + 1);
        (Rect { width: list, ..area }, right_of(area, list + 1))
    } else {
        let list = area.height.saturating_sub(ABOUT as u16);
        (top(area, list), below(area, list))
    };
    draw_table(frame, panel, list, buffer);
    if is_wide(frame.app.shared.size.0) {
        draw_pane(frame, panel, about, buffer);
    } else {
        draw_about(frame, panel, about, buffer);
    }
}

/// A column that is there where there is room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    When,
    Parent,
    Data,
}

fn columns(width: u16) -> (Vec<Column<'static>>, Vec<More>) {
    let mut columns = vec![
        Column::left("", 1),
        Column::left("run", 21),
        Column::left("status", 15),
        Column::left("model", 19),
        Column::right("F1", 6),
        Column::right("PR-AUC", 6),
    ];
    let mut more = Vec::new();
    let mut room = width.saturating_sub(ALWAYS);
    for (kind, title, wide) in [(More::When, "started", 16), (More::Parent, "from", 6)] {
        if room >= wide + 2 {
            room -= wide + 2;
            columns.push(Column::left(title, wide));
            more.push(kind);
        }
    }
    if room >= 14 {
        columns.push(Column::left("data", room - 2));
        more.push(More::Data);
    }
    (columns, more)
}

fn draw_table(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let height = usize::from(area.height.saturating_sub(1));
    let first = panel.cursor.first_in(panel.visible.len(), height);
    let edge = below(area, 1);
    let area = bars::beside_bar(area, height, panel.visible.len());
    let (columns, more) = columns(area.width);
    let shown = panel.visible.iter().skip(first).take(height);
    let rows: Vec<TableRow<'_>> = shown
        .filter_map(|at| panel.list.runs.get(*at))
        .map(|run| row(frame, panel, run, &more))
        .collect();
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: panel.cursor.at.checked_sub(first),
        cursor_column: Some(1),
        ..Table::default()
    };
    table.draw(frame.look, area, buffer);
    bars::scroll_bar(frame.look, buffer, edge, first, height, panel.visible.len());
}

fn row<'a>(frame: &Frame<'_>, panel: &'a RunsPanel, run: &'a RunLine, more: &[More]) -> TableRow<'a> {
    let glyphs = frame.look.glyphs();
    let champion = panel.is_champion(&run.run_id);
    let sign = if panel.marked.as_ref() == Some(&run.run_id) {
        TableCell::of(glyphs.marked, Role::Selected)
    } else if champion {
        TableCell::of(glyphs.champion, Role::Accent)
    } else {
        TableCell::default()
    };
    let (status, role) = match run.status.as_str() {
        _ if champion => ("champion", Role::Accent),
        "finished" => ("finished", Role::Plain),
        "running" => ("running", Role::Good),
        "cancelled" => ("cancelled", Role::Faint),
        other => (other, Role::Bad),
    };
    let model: Cow<'_, str> = run.model.as_deref().unwrap_or("-").into();
    let mut cells = vec![
        sign,
        TableCell::from(run.run_id.as_str()),
        TableCell::of(status, role),
        TableCell::of(model, Role::Plain),
        TableCell::from(decimal(run.test_f1, 4)),
        TableCell::from(decimal(run.test_pr_auc, 4)),
    ];
    cells.extend(more.iter().map(|kind| match kind {
        More::When => {
            let when = run.started_at.as_deref().map(rows::minute).unwrap_or_default();
            TableCell::of(when, Role::Faint)
        }
        More::Parent => {
            let parent = run.parent.as_deref().map(rows::suffix).unwrap_or_default();
            TableCell::of(parent, Role::Faint)
        }
        More::Data => TableCell::of(run.data.as_deref().unwrap_or_default(), Role::Faint),
    }));
    TableRow {
        cells,
        ..TableRow::default()
    }
}

/// Three lines below the list.
fn draw_about(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let Some(run) = panel.current() else { return };
    popup::rule(look, buffer, top(area, 1), &run.run_id);
    let mut lines = Lines::new(area.width);
    if let Some(failure) = &panel.failure {
        lines.add_failure(look, failure);
    } else {
        lines.add(look, &what(run), Role::Plain);
        let lineage = lineage(panel, run);
        if !lineage.is_empty() {
            lines.add(look, &lineage, Role::Faint);
        }
    }
    lines.draw(look, below(area, 1), "", buffer);
}

fn what(run: &RunLine) -> String {
    let mut parts = Vec::new();
    if let Some(data) = &run.data {
        let rows = run
            .rows
            .map(|rows| format!(", {} rows", grouped(rows)))
            .unwrap_or_default();
        parts.push(format!("{data}{rows}"));
    }
    if let Some(time) = &run.started_at {
        parts.push(format!("started {}", rows::minute(time)));
    }
    if let Some(took) = run.seconds {
        parts.push(format!("took {}", seconds(took)));
    }
    parts.join("; ")
}

fn lineage(panel: &RunsPanel, run: &RunLine) -> String {
    let mut parts = Vec::new();
    let ancestors = rows::ancestors(&panel.list, run);
    if !ancestors.is_empty() {
        parts.push(format!("grew from {}", ancestors.join(" <- ")));
    }
    let children = rows::children(&panel.list, &run.run_id);
    if !children.is_empty() {
        let names: Vec<&str> = children.iter().map(|child| rows::suffix(child)).collect();
        parts.push(format!("grown from it: {}", names.join(", ")));
    }
    if !run.aliases.is_empty() {
        parts.push(format!("names: {}", run.aliases.join(", ")));
    }
    if panel.list.previous.contains(&run.run_id) {
        parts.push("was champion".to_owned());
    }
    parts.join("; ")
}

/// Everything about the run beside the list.
fn draw_pane(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let Some(run) = panel.current() else { return };
    let inside = popup::boxed(look, buffer, area, &run.run_id);
    if let Some(failure) = &panel.failure {
        let mut lines = Lines::new(inside.width);
        lines.add_failure(look, failure);
        return lines.draw(look, inside, "", buffer);
    }
    if let Some(details) = panel.current_details() {
        let more = format!("; {} shows all", frame.key_here(Action::Open));
        return of_reader(look, inside.width, &details.lines).draw(look, inside, &more, buffer);
    }
    let mut lines = Lines::new(inside.width);
    lines.add(look, &what(run), Role::Plain);
    let lineage = lineage(panel, run);
    if !lineage.is_empty() {
        lines.add(look, &lineage, Role::Faint);
    }
    lines.draw(look, inside, "", buffer);
}
