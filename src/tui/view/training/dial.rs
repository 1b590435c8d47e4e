//! Owns drawing the threshold dial: what the threshold does beside what the model's own does, over a plot of both kinds
//! of mistakes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::below;
use crate::metrics::Dial;
use crate::tui::app::training::dial::{Costs, DialState, Reading};
use crate::tui::view::plot::{Axis, Line, Mark, Pen, Plot, Span};
use crate::tui::view::table::{Column, Table, TableCell, TableRow};
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, numbers, popup};

/// Draws the dial that is open.
pub fn draw(frame: &Frame<'_>, area: Rect, buffer: &mut Buffer) {
    let Some((dial, state, reading)) = frame.app.training.open_dial() else {
        return;
    };
    let costs = frame.app.training.costs();
    let rows = numbers::grouped(dial.positives + dial.negatives);
    let title = format!("threshold dial, on {rows} training rows scored by models that did not see them");
    popup::rule(
        frame.look,
        buffer,
        Rect {
            height: area.height.min(1),
            ..area
        },
        &title,
    );
    let area = below(area, 1);
    let own = Reading::at(dial, state.own, costs);
    let lines = table_rows(&reading, own.as_ref(), costs);
    let columns = [
        Column::left("", 13),
        Column::right("here", 12),
        Column::right("the model's", 12),
        Column::left("", area.width.saturating_sub(44)),
    ];
    let table = Table {
        columns: &columns,
        rows: &lines,
        ..Table::default()
    };
    let height = (lines.len() as u16 + 1).min(area.height);
    table.draw(frame.look, Rect { height, ..area }, buffer);
    draw_plot(frame, (dial, state, &reading), below(area, height), buffer);
}

fn table_rows(here: &Reading, own: Option<&Reading>, costs: Costs) -> Vec<TableRow<'static>> {
    let row = |name: &'static str, value: &dyn Fn(&Reading) -> String, note: String| {
        TableRow::of([
            TableCell::of(name, Role::Plain),
            TableCell::of(value(here), Role::Heading),
            TableCell::of(own.map(value).unwrap_or_default(), Role::Plain),
            TableCell::of(note, Role::Faint),
        ])
    };
    let thousand = |amount: f64| format!("{} in 1,000 rows", numbers::decimal(Some(here.per_thousand(amount)), 1));
    let counts = here.counts;
    let malicious = numbers::grouped(counts.tp + counts.fn_);
    vec![
        row("threshold", &|r| format!("{:.4}", r.threshold), String::new()),
        row(
            "precision",
            &|r| format!("{:.4}", r.counts.precision()),
            "of flagged rows malicious".into(),
        ),
        row(
            "recall",
            &|r| format!("{:.4}", r.counts.recall()),
            "of malicious rows flagged".into(),
        ),
        row("F1", &|r| format!("{:.4}", r.counts.f1()), String::new()),
        row(
            "flagged",
            &|r| numbers::grouped(r.counts.flagged()),
            format!("alerts: {}", thousand(counts.flagged() as f64)),
        ),
        row(
            "false alarms",
            &|r| numbers::grouped(r.counts.fp),
            thousand(counts.fp as f64),
        ),
        row(
            "missed",
            &|r| numbers::grouped(r.counts.fn_),
            format!("of {malicious} malicious"),
        ),
        row(
            "expected cost",
            &|r| money(r.cost),
            format!(
                "{} a false alarm, {} a miss",
                money(costs.false_alarm),
                money(costs.miss)
            ),
        ),
        row(
            "",
            &|r| numbers::decimal(Some(r.per_thousand(r.cost)), 1),
            "of cost in 1,000 rows".into(),
        ),
    ]
}

/// A cost without decimals it does not have.
fn money(cost: f64) -> String {
    if cost.fract() == 0.0 && cost.abs() < 1e15 {
        numbers::grouped(cost as u64)
    } else if cost.abs() < 1e6 {
        format!("{cost:.2}")
    } else {
        numbers::axis(cost)
    }
}

fn draw_plot(frame: &Frame<'_>, (dial, state, here): (&Dial, &DialState, &Reading), area: Rect, buffer: &mut Buffer) {
    let readings: Vec<Reading> = (0..dial.stops.len())
        .filter_map(|stop| Reading::at(dial, stop, Costs::default()))
        .collect();
    // With nothing flagged there is no precision to speak of.
    let precision = |r: &Reading| {
        if r.counts.flagged() == 0 {
            f64::NAN
        } else {
            r.counts.precision()
        }
    };
    let line = |value: &dyn Fn(&Reading) -> f64| -> Vec<Span> {
        readings
            .iter()
            .map(|reading| Span::point(reading.threshold, value(reading)))
            .collect()
    };
    let (precisions, recalls, f1) = (line(&precision), line(&|r| r.counts.recall()), line(&|r| r.counts.f1()));
    let series = |name: &str, pen: Pen, role: Role, spans| Line {
        name: name.to_owned(),
        pen,
        role,
        spans,
    };
    let lines = [
        series("F1", Pen::Fine, Role::Faint, &f1[..]),
        series("precision", Pen::Light, Role::Series(0), &precisions[..]),
        series("recall", Pen::Double, Role::Series(1), &recalls[..]),
    ];
    let mark = |y: f64| Mark {
        x: here.threshold,
        y,
        glyph: "o",
        role: Role::CursorMark,
    };
    let own = dial.stops.get(state.own).map(|stop| (stop.threshold, Role::Axis));
    let rules: Vec<(f64, Role)> = own.filter(|_| state.stop != state.own).into_iter().collect();
    let plot = Plot {
        x: Axis::share("threshold"),
        y: Axis::share(""),
        lines: &lines,
        marks: &[mark(precision(here)), mark(here.counts.recall())],
        rules: &rules,
        cursor: Some(here.threshold),
        ..Plot::default()
    };
    plot.draw(frame.look, area, buffer);
}
