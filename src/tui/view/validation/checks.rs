//! Owns drawing the list of checks and what the one under the cursor found.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::validation::checks::{CheckItem, failing_lines, title};
use crate::tui::app::validation::{ValidationPanel, consequence, details_height, ending, is_wide};
use crate::tui::keymap::Action;
use crate::tui::view::lines::{Lines, below, right_of, top};
use crate::tui::view::numbers::grouped;
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Look, Role, bars, popup};
use crate::worker::{CheckOutcome, CheckStatus, Severity, ValidationOutcome};

/// Columns of severity and rows.
const SEVERITY: u16 = 5;
const ROWS: u16 = 11;

/// Draws the list, and the details below it or beside it.
pub fn draw(frame: &Frame<'_>, panel: &ValidationPanel, outcome: &ValidationOutcome, area: Rect, buffer: &mut Buffer) {
    let (list, details) = if is_wide(frame.app.shared.size.0) {
        let list = area.width * 3 / 5;
        (Rect { width: list, ..area }, right_of(area, list + 1))
    } else {
        // Of the panel with its two lines of heading.
        let details = details_height(usize::from(area.height) + 2) as u16;
        let list = area.height.saturating_sub(details);
        (top(area, list), below(area, list))
    };
    draw_list(frame, panel, outcome, list, buffer);
    draw_details(frame, panel, outcome, details, buffer);
}

fn draw_list(frame: &Frame<'_>, panel: &ValidationPanel, outcome: &ValidationOutcome, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let height = usize::from(area.height.saturating_sub(1));
    let cursor = panel.cursor();
    let first = cursor.first_in(panel.items.len(), height);
    let edge = below(area, 1);
    let area = bars::beside_bar(area, height, panel.items.len());
    let name = (area.width / 3).clamp(16, 34);
    let columns = [
        Column::left("", 1),
        Column::left("costs", SEVERITY),
        Column::left("check", name),
        Column::right("rows", ROWS),
    ];
    let shown = panel.items.iter().skip(first).take(height);
    let rows: Vec<TableRow<'_>> = shown.clone().map(|item| row(look, outcome, *item)).collect();
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: cursor.at.checked_sub(first),
        cursor_column: Some(2),
        ..Table::default()
    };
    table.draw(look, area, buffer);
    // What was found is in the report made visible already, so that it is no text for a cell of the table.
    let found = right_of(area, 1 + 1 + 2 + SEVERITY + 2 + name + 2 + ROWS + 2);
    look.put(buffer, top(found, 1), "found", look.style(Role::Heading));
    for (line, item) in below(found, 1).rows().zip(shown) {
        if let Some(check) = check_of(outcome, *item) {
            let text = look.safe_typed(&check.message);
            look.put_safe(buffer, line, &text, look.style(Role::Plain));
        }
    }
    bars::scroll_bar(look, buffer, edge, first, height, panel.items.len());
}

fn check_of(outcome: &ValidationOutcome, item: CheckItem) -> Option<&CheckOutcome> {
    match item {
        CheckItem::Check(at) => outcome.report.checks.get(at),
        CheckItem::Fold { .. } => None,
    }
}

fn row(look: Look, outcome: &ValidationOutcome, item: CheckItem) -> TableRow<'static> {
    if let CheckItem::Fold { status, count, open } = item {
        let sign = if open {
            look.glyphs().more_vertical[1]
        } else {
            look.glyphs().arrow
        };
        let name = format!("{count} {}", ending(status));
        return TableRow::of([
            TableCell::of(sign, Role::Accent),
            TableCell::default(),
            TableCell::of(name, Role::Plain),
        ]);
    }
    let Some(check) = check_of(outcome, item) else {
        return TableRow::default();
    };
    let (sign, role) = match (check.status, check.severity) {
        (CheckStatus::Passed, _) => (look.glyphs().yes, Role::Good),
        (CheckStatus::Skipped, _) => (look.glyphs().waiting, Role::Faint),
        (CheckStatus::Failed, Severity::Block) => (look.glyphs().no, Role::Bad),
        (CheckStatus::Failed, Severity::Warn) => (look.glyphs().warning, Role::Warning),
        (CheckStatus::Failed, Severity::Info) => (look.glyphs().bullet, Role::Faint),
    };
    let rows: Cow<'static, str> = if check.failing_rows == 0 {
        "".into()
    } else {
        grouped(check.failing_rows).into()
    };
    TableRow::of([
        TableCell::of(sign, role),
        TableCell::of(word(check.severity), role),
        TableCell::of(title(check), Role::Plain),
        TableCell::of(rows, Role::Plain),
    ])
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Block => "block",
        Severity::Warn => "warn",
        Severity::Info => "info",
    }
}

fn draw_details(
    frame: &Frame<'_>,
    panel: &ValidationPanel,
    outcome: &ValidationOutcome,
    area: Rect,
    buffer: &mut Buffer,
) {
    let look = frame.look;
    let Some(at) = panel.current_check() else {
        popup::rule(look, buffer, top(area, 1), "");
        let key = frame.key_here(Action::Open);
        let text = format!("{key} shows them or folds them up");
        look.put(buffer, top(below(area, 1), 1), &text, look.style(Role::Faint));
        return;
    };
    let Some(check) = outcome.report.checks.get(at) else {
        return;
    };
    popup::rule(look, buffer, top(area, 1), &title(check));
    let mut lines = Lines::new(area.width);
    lines.add(look, &head(check), Role::Faint);
    lines.add_visible(look, &check.message, Role::Plain);
    for example in &check.examples {
        let line = format!("line {}", example.line);
        let value = if example.value.is_empty() {
            "(empty)"
        } else {
            &example.value
        };
        lines.add_labelled(look, (&line, 12), value, Role::Plain);
    }
    let known = failing_lines(outcome, at).len() as u64;
    if known > 0 {
        let key = frame.key_here(Action::Open);
        let which = if known < check.failing_rows {
            format!("the first {} failing rows", grouped(known))
        } else if known == 1 {
            "the failing row".to_owned()
        } else {
            format!("all {} failing rows", grouped(known))
        };
        lines.add(look, &format!("{key} shows {which} in Data"), Role::Accent);
    }
    lines.draw(look, below(area, 1), "", buffer);
}

fn head(check: &CheckOutcome) -> String {
    let severity = word(check.severity);
    match check.status {
        CheckStatus::Failed => {
            let rows = match check.failing_rows {
                0 => String::new(),
                1 => ", 1 row fails".to_owned(),
                rows => format!(", {} rows fail", grouped(rows)),
            };
            format!("{severity}: {}{rows}", consequence(check))
        }
        status => format!("{}; {severity}: {} if it fails", ending(status), consequence(check)),
    }
}
