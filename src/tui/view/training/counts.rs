//! Owns drawing the confusion matrix with the metrics beside it, and the features by weight.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{below, beside};
use crate::tui::view::bars::{LabelledBar, labelled_bars, scroll_bar};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, numbers};
use crate::worker::{Confusion, Metrics, MetricsFile};

/// A metric's value.
type Value = fn(&Metrics) -> Option<f64>;

/// Columns of the matrix.
const MATRIX: u16 = 46;

/// Draws counts at the model's threshold on the test rows, and both sides' metrics.
pub fn draw_confusion(frame: &Frame<'_>, file: &MetricsFile, area: Rect, buffer: &mut Buffer) {
    let test = &file.test.metrics;
    let matrix = Rect {
        width: area.width.min(MATRIX),
        height: area.height.min(4),
        ..area
    };
    draw_matrix(frame, &test.confusion, matrix, buffer);
    let threshold = format!(
        "threshold {:.4} by {}, on {} test rows",
        file.threshold.out_of_fold.threshold,
        file.threshold.rule,
        numbers::grouped(test.rows)
    );
    let side_by_side = area.width >= MATRIX + 34;
    let note = Rect {
        width: if side_by_side { MATRIX } else { area.width },
        ..below(area, 4)
    };
    frame.look.put(buffer, note, &threshold, frame.look.style(Role::Faint));
    let metrics = if side_by_side {
        beside(area, MATRIX + 2)
    } else {
        below(area, 6)
    };
    draw_metrics(frame, file, metrics, buffer);
}

fn draw_matrix(frame: &Frame<'_>, counts: &Confusion, area: Rect, buffer: &mut Buffer) {
    let columns = [
        Column::left("test rows", 10),
        Column::right("flagged", 14),
        Column::right("not flagged", 14),
    ];
    let cell = |count: u64, of: u64, role: Role| {
        let text = format!("{} {}", numbers::grouped(count), numbers::percent(count, of));
        TableCell::of(text, role)
    };
    let (malicious, benign) = (counts.tp + counts.fn_, counts.fp + counts.tn);
    let rows = [
        TableRow::of([
            TableCell::from("malicious"),
            cell(counts.tp, malicious, Role::Good),
            cell(counts.fn_, malicious, Role::Bad),
        ]),
        TableRow::of([
            TableCell::from("benign"),
            cell(counts.fp, benign, Role::Bad),
            cell(counts.tn, benign, Role::Good),
        ]),
    ];
    let table = Table {
        columns: &columns,
        rows: &rows,
        ..Table::default()
    };
    table.draw(frame.look, area, buffer);
}

fn draw_metrics(frame: &Frame<'_>, file: &MetricsFile, area: Rect, buffer: &mut Buffer) {
    let columns = [
        Column::left("metric", 12),
        Column::right("test", 7),
        Column::right("train", 7),
    ];
    let metrics: [(&'static str, Value); 10] = [
        ("F1", |m| Some(m.f1)),
        ("precision", |m| Some(m.precision)),
        ("recall", |m| Some(m.recall)),
        ("PR-AUC", |m| m.pr_auc),
        ("ROC-AUC", |m| m.roc_auc),
        ("accuracy", |m| Some(m.accuracy)),
        ("MCC", |m| Some(m.mcc)),
        ("Brier", |m| Some(m.brier)),
        ("log loss", |m| Some(m.log_loss)),
        ("calibration", |m| Some(m.ece)),
    ];
    let rows = metrics.map(|(name, value)| {
        TableRow::of([
            TableCell::from(name),
            TableCell::from(numbers::decimal(value(&file.test.metrics), 4)),
            TableCell::of(numbers::decimal(value(&file.train.metrics), 4), Role::Faint),
        ])
    });
    let table = Table {
        columns: &columns,
        rows: &rows,
        ..Table::default()
    };
    table.draw(frame.look, area, buffer);
}

/// Draws the features, the heaviest first.
pub fn draw_importances(frame: &Frame<'_>, file: &MetricsFile, area: Rect, buffer: &mut Buffer) {
    let look = frame.look;
    if file.importances.is_empty() {
        let words = "this family of models weighs no features";
        look.put(buffer, area, words, look.style(Role::Faint));
        return;
    }
    let all: f64 = file
        .importances
        .iter()
        .map(|(_, weight)| weight.abs())
        .filter(|w| w.is_finite())
        .sum();
    let first = frame
        .app
        .training
        .scroll()
        .min(file.importances.len().saturating_sub(1));
    let shown = file.importances.iter().skip(first).take(usize::from(area.height));
    let texts: Vec<(&str, f64, String)> = shown
        .map(|(name, weight)| {
            let share = if all > 0.0 { weight.abs() / all * 100.0 } else { 0.0 };
            (name.as_str(), weight.abs(), format!("{share:.1} %"))
        })
        .collect();
    let bars: Vec<LabelledBar<'_>> = texts
        .iter()
        .map(|(label, value, text)| LabelledBar {
            label,
            value: *value,
            text,
            role: Role::Series(0),
        })
        .collect();
    let inner = Rect {
        width: area.width.saturating_sub(2),
        ..area
    };
    labelled_bars(look, buffer, inner, &bars);
    scroll_bar(look, buffer, area, first, bars.len(), file.importances.len());
}
