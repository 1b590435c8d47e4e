//! Owns drawing the runs that a team shares, and below them what the one under the cursor is; or how to come to them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::runs::team::{ABOUT, Shelf};
use crate::tui::app::runs::{RunsPanel, rows};
use crate::tui::app::size_text;
use crate::tui::keymap::{Action, Context};
use crate::tui::view::lines::{Lines, below, right_of, top};
use crate::tui::view::numbers::{decimal, grouped};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Role, bars, popup};
use crate::worker::TeamRunLine;

/// Columns of the part of the table that is always there.
const ALWAYS: u16 = 80;

/// Draws them.
pub fn draw(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let shelf = &panel.team;
    draw_heading(frame, shelf, top(area, 1), buffer);
    let body = below(area, 1);
    if shelf.is_empty() {
        draw_empty(frame, shelf, body, buffer);
    } else {
        let list = area.height.saturating_sub(1 + ABOUT as u16);
        draw_table(frame, panel, top(body, list), buffer);
        draw_about(frame, panel, below(body, list), buffer);
    }
}

fn draw_heading(frame: &Frame<'_>, shelf: &Shelf, line: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let text = match &shelf.list {
        Some(list) => format!(
            "the team's runs on {}: {}",
            list.server,
            grouped(list.runs.len() as u64)
        ),
        None => "the team's runs".to_owned(),
    };
    let used = look.put(buffer, line, &text, look.style(Role::Heading)) + 2;
    let champion = match (&shelf.list, shelf.champion()) {
        (_, Some(run)) => format!("{} champion {run}", look.glyphs().champion),
        (Some(_), None) => "no champion".to_owned(),
        (None, None) => String::new(),
    };
    look.put_right(buffer, right_of(line, used), &champion, look.style(Role::Accent));
}

/// A column that is there where there is room.
#[derive(Clone, Copy, PartialEq, Eq)]
enum More {
    Names,
    When,
}

fn columns(width: u16) -> (Vec<Column<'static>>, Vec<More>) {
    let mut room = width.saturating_sub(ALWAYS);
    let mut wider = |most: u16| {
        let more = room.min(most);
        room -= more;
        more
    };
    // When comes first: who shared what is in the order of time.
    let when = wider(18);
    let names = if when == 18 { wider(20) } else { 0 };
    let (model, by) = (wider(8), wider(8));
    let mut columns = vec![
        Column::left("", 1),
        Column::left("run", 21),
        Column::left("model", 11 + model),
        Column::right("F1", 6),
        Column::right("PR-AUC", 6),
        Column::left("by", 7 + by),
        Column::right("size", 6),
        Column::left("here", 4),
    ];
    let mut more = Vec::new();
    if when == 18 {
        columns.push(Column::left("when", 16));
        more.push(More::When);
    }
    if names >= 8 {
        columns.push(Column::left("names", names - 2));
        more.push(More::Names);
    }
    (columns, more)
}

fn draw_table(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let shelf = &panel.team;
    let height = usize::from(area.height.saturating_sub(1));
    let first = shelf.cursor.first_in(shelf.len(), height);
    let (columns, more) = columns(area.width);
    let shown = shelf
        .list
        .iter()
        .flat_map(|list| list.runs.iter().skip(first).take(height));
    let rows: Vec<TableRow<'_>> = shown.map(|run| row(frame, panel, run, &more)).collect();
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: shelf.cursor.at.checked_sub(first),
        cursor_column: Some(1),
        ..Table::default()
    };
    table.draw(frame.look, area, buffer);
    bars::scroll_bar(frame.look, buffer, below(area, 1), first, height, shelf.len());
}

fn row<'a>(frame: &Frame<'_>, panel: &RunsPanel, run: &'a TeamRunLine, more: &[More]) -> TableRow<'a> {
    let shelf = &panel.team;
    let sign = if shelf.champion() == Some(run.run_id.as_str()) {
        TableCell::of(frame.look.glyphs().champion, Role::Accent)
    } else {
        TableCell::default()
    };
    let here = if panel.is_champion(&run.run_id) {
        TableCell::of(format!("yes{}", frame.look.glyphs().champion), Role::Good)
    } else if run.here {
        TableCell::of("yes", Role::Good)
    } else {
        TableCell::of("-", Role::Faint)
    };
    let mut cells = vec![
        sign,
        TableCell::from(run.run_id.as_str()),
        TableCell::from(run.model.as_deref().unwrap_or("-")),
        TableCell::from(decimal(run.test_f1, 4)),
        TableCell::from(decimal(run.test_pr_auc, 4)),
        TableCell::from(run.by.as_str()),
        TableCell::of(size_text(run.bytes), Role::Faint),
        here,
    ];
    cells.extend(more.iter().map(|kind| match kind {
        More::When => TableCell::of(rows::minute(&run.at), Role::Faint),
        More::Names => TableCell::from(run.names.join(", ")),
    }));
    TableRow {
        cells,
        ..TableRow::default()
    }
}

/// Three lines below the list: what went wrong, else what the table has no room for.
fn draw_about(frame: &Frame<'_>, panel: &RunsPanel, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let shelf = &panel.team;
    let Some(run) = shelf.current() else { return };
    popup::rule(look, buffer, top(area, 1), &run.run_id);
    let mut lines = Lines::new(area.width);
    if let Some(failure) = &shelf.failure {
        lines.add_failure(look, failure);
    } else {
        let model = run.model.as_deref().unwrap_or("no model");
        let shared = format!("{model}, shared by {}, {}", run.by, rows::minute(&run.at));
        lines.add(look, &shared, Role::Plain);
        let names = if run.names.is_empty() {
            "no names".to_owned()
        } else {
            format!("names: {}", run.names.join(", "))
        };
        let here = if run.here {
            "on this host, too"
        } else {
            "not on this host"
        };
        let champion = match panel.champion() {
            Some(champion) if champion == run.run_id => "; champion here".to_owned(),
            Some(champion) => format!("; champion here is {champion}"),
            None => String::new(),
        };
        let text = format!("{names}; {}, {here}{champion}", size_text(run.bytes));
        lines.add(look, &text, Role::Faint);
    }
    lines.draw(look, below(area, 1), "", buffer);
}

fn draw_empty(frame: &Frame<'_>, shelf: &Shelf, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let [back, again] = [Action::TeamRuns, Action::Refresh].map(|action| frame.key_here(action));
    let own = (back.as_str(), "back to the runs of this host");
    if !frame.app.shared.team.is_joined() {
        let join = frame.key(Action::Team);
        let keys = [
            (join.as_str(), "join the team's server, or see why it is not joined"),
            own,
        ];
        let why = "No team's server is joined.";
        popup::empty_state(look, buffer, area, why, &keys);
    } else if let Some(failure) = &shelf.failure {
        let mut lines = Lines::new(area.width);
        lines.gap();
        lines.add_failure(look, failure);
        lines.gap();
        let text = format!("{again} asks once more; {back} goes back to the runs of this host");
        lines.add(look, &text, Role::Faint);
        lines.draw(look, area, "", buffer);
    } else if shelf.list.is_some() {
        let share = frame
            .app
            .keymap
            .key_for(&[Context::Runs], Action::Share)
            .unwrap_or_default();
        let text = format!("{back} {share}");
        let keys = [
            (text.as_str(), "share a run of this host"),
            (again.as_str(), "ask once more"),
        ];
        popup::empty_state(look, buffer, area, "The team shares no run yet.", &keys);
    } else {
        let text = if shelf.is_reading() {
            "asking the server"
        } else {
            "not asked yet"
        };
        look.put(buffer, top(below(area, 1), 1), text, look.style(Role::Faint));
    }
}
