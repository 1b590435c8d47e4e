//! Owns drawing drift: a bar for each measure, long as its effect is large, with the point from which it counts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::validation::drift::{kind, meaning, short, verdict, weight};
use crate::tui::app::validation::{ABOUT_DRIFT, ValidationPanel, is_wide};
use crate::tui::view::lines::{Lines, below, top};
use crate::tui::view::numbers::{decimal, grouped};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::{Frame, Look, Role, bars, popup};
use crate::worker::{ColumnDrift, ValidationOutcome};

/// The longest bar, in thresholds, at most: one column that is far off would leave nothing of the others.
const LONGEST: f64 = 3.0;

/// Columns of a measure's name.
const MEASURE: u16 = 9;

/// Draws the bars, and below them what was compared.
pub fn draw(frame: &Frame<'_>, panel: &ValidationPanel, outcome: &ValidationOutcome, area: Rect, buffer: &mut Buffer) {
    if outcome.report.drift.is_empty() {
        return draw_none(frame, panel, outcome, area, buffer);
    }
    let list = top(area, area.height.saturating_sub(ABOUT_DRIFT as u16));
    draw_bars(frame, panel, &outcome.report.drift, list, buffer);
    draw_about(frame, panel, outcome, below(area, list.height), buffer);
}

fn draw_bars(frame: &Frame<'_>, panel: &ValidationPanel, drift: &[ColumnDrift], area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let height = usize::from(area.height.saturating_sub(1));
    let cursor = panel.cursor();
    let first = cursor.first_in(panel.drift.len(), height);
    let edge = below(area, 1);
    let area = bars::beside_bar(area, height, panel.drift.len());
    let wide = is_wide(frame.app.shared.size.0);
    let name = (area.width / 3).min(if wide { 30 } else { 20 });
    // Beside the bar there are on a narrow screen only name, measure, effect and verdict; the bar has the threshold.
    let beside = 1 + name + 2 + MEASURE + 2 + 2 + 8 + 2 + 12 + if wide { 10 + 26 } else { 0 };
    let bar = area.width.saturating_sub(beside).max(4);
    let mut columns = vec![
        Column::left("column", name),
        Column::left("measure", MEASURE),
        Column::left("effect, threshold", bar),
        Column::right("effect", 8),
    ];
    if wide {
        columns.push(Column::right("from", 8));
    }
    columns.push(Column::left("drifted", 12));
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
    let rows: Vec<TableRow<'_>> = shown.iter().map(|drift| row(drift, wide)).collect();
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
            x: line.x + 1 + name + 2 + MEASURE + 2,
            width: bar,
            ..line
        };
        draw_bar(look, drift, longest, track.intersection(line), buffer);
    }
    bars::scroll_bar(look, buffer, edge, first, height, panel.drift.len());
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

fn row(drift: &ColumnDrift, wide: bool) -> TableRow<'_> {
    let role = match drift.drifted {
        Some(true) => Role::Warning,
        Some(false) => Role::Plain,
        None => Role::Faint,
    };
    let mut cells = vec![
        TableCell::from(drift.column.as_str()),
        TableCell::of(short(drift.metric), Role::Faint),
        TableCell::default(),
        TableCell::of(decimal(Some(drift.value), 4), role),
    ];
    if wide {
        cells.push(TableCell::of(decimal(Some(drift.threshold), 4), Role::Faint));
    }
    cells.push(TableCell::of(verdict(drift), role));
    if wide {
        cells.push(TableCell::of(grouped(drift.reference_rows), Role::Faint));
        cells.push(TableCell::of(grouped(drift.batch_rows), Role::Faint));
    }
    TableRow::of(cells)
}

/// Below the bars: what the rows were compared with, and what the measure under the cursor says.
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
        "against training rows of {baseline} ({}), batch of {}",
        grouped(drift.reference_rows),
        grouped(drift.batch_rows)
    );
    popup::rule(look, buffer, top(area, 1), &title);
    let mut lines = Lines::new(area.width);
    let text = format!(
        "{}; it counts from {:.4} on. {}",
        kind(drift),
        drift.threshold,
        meaning(drift.metric)
    );
    lines.add(look, &text, Role::Faint);
    lines.draw(look, below(area, 1), "", buffer);
}

/// Why there is nothing to see.
fn draw_none(frame: &Frame<'_>, panel: &ValidationPanel, outcome: &ValidationOutcome, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    let mut lines = Lines::new(area.width);
    lines.gap();
    if let Some(run) = &outcome.baseline {
        let text = format!("Nothing could be compared with the training rows of {run}.");
        lines.add(look, &text, Role::Heading);
    } else {
        let text = "Drift is not measured: there are no rows to measure it against.";
        lines.add(look, text, Role::Heading);
        let text = "It is measured against the training rows of the champion. Train a model and promote it, then check the data again.";
        lines.add(look, text, Role::Plain);
    }
    for remark in &panel.remarks {
        lines.add(look, remark, Role::Warning);
    }
    lines.draw(look, area, "", buffer);
}
