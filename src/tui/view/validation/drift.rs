//! Owns drawing drift: a bar for each measure, long as its effect is large, with the point from which it counts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::validation::drift::{kind, meaning, short, verdict, weight};
use crate::tui::app::validation::{ValidationPanel, is_wide};
use crate::tui::view::lines::{Lines, below, top};
use crate::tui::view::numbers::{decimal, grouped};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Look, Role, bars, popup};
use crate::worker::{ColumnDrift, ValidationOutcome};

/// The longest bar, in thresholds, at most: one column that is far off would leave nothing of the others.
const LONGEST: f64 = 4.0;

/// Draws the bars, and below them what was compared.
pub fn draw(frame: &Frame<'_>, panel: &ValidationPanel, outcome: &ValidationOutcome, area: Rect, buffer: &mut Buffer) {
    if outcome.report.drift.is_empty() {
        return draw_none(frame, panel, outcome, area, buffer);
    }
    let list = top(area, area.height.saturating_sub(2));
    draw_bars(frame, panel, &outcome.report.drift, list, buffer);
    draw_about(frame, panel, outcome, below(area, list.height), buffer);
}

fn draw_bars(frame: &Frame<'_>, panel: &ValidationPanel, drift: &[ColumnDrift], area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let height = usize::from(area.height.saturating_sub(1));
    let cursor = panel.cursor();
    let first = cursor.first_in(panel.drift.len(), height);
    let wide = is_wide(frame.app.shared.size.0);
    let counts: u16 = if wide { 26 } else { 0 };
    let name = (area.width / 3).min(30);
    // The columns beside the bar, with the space between them.
    let bar = area
        .width
        .saturating_sub(1 + name + 2 + 9 + 2 + 2 + 8 + 2 + 8 + 2 + 12 + counts)
        .max(4);
    let mut columns = vec![
        Column::left("column", name),
        Column::left("measure", 9),
        Column::left("effect against threshold", bar),
        Column::right("effect", 8),
        Column::right("from", 8),
        Column::left("drifted", 12),
    ];
    if wide {
        columns.extend([Column::right("reference", 11), Column::right("batch", 11)]);
    }
    let shown: Vec<&ColumnDrift> = panel
        .drift
        .iter()
        .skip(first)
        .take(height)
        .filter_map(|at| drift.get(*at))
        .collect();
    let rows: Vec<TableRow<'_>> = shown.iter().map(|drift| row(drift)).collect();
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: cursor.at.checked_sub(first),
        ..Table::default()
    };
    table.draw(look, area, buffer);
    let longest = drift.iter().map(weight).fold(1.25, f64::max).min(LONGEST);
    for (line, drift) in below(area, 1).rows().zip(shown) {
        let track = Rect {
            x: line.x + 1 + name + 2 + 9 + 2,
            width: bar,
            ..line
        };
        draw_bar(look, drift, longest, track.intersection(line), buffer);
    }
    bars::scroll_bar(look, buffer, below(area, 1), first, height, panel.drift.len());
}

fn draw_bar(look: Look, drift: &ColumnDrift, longest: f64, track: Rect, buffer: &mut Buffer) {
    if track.is_empty() {
        return;
    }
    let role = match drift.drifted {
        Some(true) => Role::Warning,
        Some(false) => Role::Good,
        None => Role::Faint,
    };
    bars::bar(look, buffer, track, weight(drift) / longest, role);
    if weight(drift) > longest {
        look.put_glyph(buffer, track.right() - 1, track.y, look.glyphs().more[1], Role::Warning);
    }
    let mark = track.x + ((f64::from(track.width) / longest).round() as u16).min(track.width - 1);
    look.put_glyph(buffer, mark, track.y, look.glyphs().dashed_vertical, Role::Axis);
}

fn row(drift: &ColumnDrift) -> TableRow<'_> {
    let role = match drift.drifted {
        Some(true) => Role::Warning,
        Some(false) => Role::Plain,
        None => Role::Faint,
    };
    TableRow::of([
        TableCell::from(drift.column.as_str()),
        TableCell::of(short(drift.metric), Role::Faint),
        TableCell::default(),
        TableCell::of(decimal(Some(drift.value), 4), role),
        TableCell::of(decimal(Some(drift.threshold), 4), Role::Faint),
        TableCell::of(verdict(drift), role),
        TableCell::of(grouped(drift.reference_rows), Role::Faint),
        TableCell::of(grouped(drift.batch_rows), Role::Faint),
    ])
}

/// Two lines: what the rows were compared with, and what the measure under the cursor says.
fn draw_about(
    frame: &Frame<'_>,
    panel: &ValidationPanel,
    outcome: &ValidationOutcome,
    area: Rect,
    buffer: &mut Buffer,
) {
    let look = frame.look;
    let baseline = outcome.baseline.as_deref().unwrap_or("the baseline");
    let current = panel
        .drift
        .get(panel.cursor().at)
        .and_then(|at| outcome.report.drift.get(*at));
    let Some(drift) = current else { return };
    let title = format!(
        "against the training rows of {baseline}: {} rows, batch {} rows, {}",
        grouped(drift.reference_rows),
        grouped(drift.batch_rows),
        kind(drift)
    );
    popup::rule(look, buffer, top(area, 1), &title);
    look.put(
        buffer,
        top(below(area, 1), 1),
        meaning(drift.metric),
        look.style(Role::Faint),
    );
}

/// Why there is nothing to see.
fn draw_none(frame: &Frame<'_>, panel: &ValidationPanel, outcome: &ValidationOutcome, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let mut lines = Lines::new(area.width);
    lines.gap();
    match &outcome.baseline {
        Some(run) => {
            let text = format!("Nothing could be compared with the training rows of {run}.");
            lines.add(look, &text, Role::Heading);
        }
        None => {
            lines.add(
                look,
                "Drift is not measured: there are no rows to measure it against.",
                Role::Heading,
            );
            let text = "It is measured against the training rows of the champion. Train a model and promote it, then check the data again.";
            lines.add(look, text, Role::Plain);
        }
    }
    for remark in &panel.remarks {
        lines.add(look, remark, Role::Warning);
    }
    lines.draw(look, area, "", buffer);
}
