//! Owns drawing the iterations of a fit: training and validation, the last and the best one marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::training::Sight;
use crate::tui::app::training::series::{Bucket, Extent, Point, Series, smoothed};
use crate::tui::view::plot::{Axis, Line, Mark, Pen, Plot, Span};
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, numbers, popup};

/// Draws the fit that is shown.
pub fn draw(frame: &Frame<'_>, rule: Rect, area: Rect, buffer: &mut Buffer) {
    let (panel, look) = (&frame.app.training, frame.look);
    let Some((key, series)) = panel.shown_series() else {
        popup::rule(look, buffer, rule, "iterations");
        let row = panel.selected().and_then(|_| panel.selected_row());
        let words = match row.map(|row| (&row.model, row.state.words())) {
            Some((model, (word, why))) if !why.is_empty() => format!("{model} {word}: {why}"),
            Some((model, _)) => format!("{model} has no iterations to show"),
            None => "models that fit in iterations draw their curve here".to_owned(),
        };
        look.put(buffer, area, &words, look.style(Role::Faint));
        return;
    };
    let live = matches!(panel.sight(), Sight::Live(_));
    let newest = if panel.is_pinned() || !live { "" } else { " (newest)" };
    let of = series.last().zip(series.of.filter(|_| live));
    let of = of
        .map(|(last, of)| format!(", {} of {of}", last.iteration))
        .unwrap_or_default();
    popup::rule(look, buffer, rule, &format!("iterations: {key}{newest}{of}"));
    let weight = panel.smoothing();
    let train = spans(series, |bucket| bucket.train, weight);
    let validation = spans(series, |bucket| bucket.validation, weight);
    let cursor = panel.cursor().and_then(|at| series.at(at as u64));
    let read = |now: Option<&Bucket>, of: fn(&Bucket) -> Option<Extent>, last: Option<f64>| match now {
        Some(bucket) => of(bucket).map_or_else(|| "-".to_owned(), extent_text),
        None => number(last),
    };
    let last = series.last();
    let mut lines = vec![Line {
        name: format!("train {}", read(cursor, |b| b.train, last.map(|p| p.train))),
        role: Role::Series(0),
        spans: &train,
        ..Line::default()
    }];
    if series.buckets().iter().any(|bucket| bucket.validation.is_some()) {
        lines.push(Line {
            name: format!(
                "valid {}",
                read(cursor, |b| b.validation, last.and_then(|p| p.validation))
            ),
            pen: Pen::Double,
            role: Role::Series(1),
            spans: &validation,
        });
    }
    let (marks, mut notes) = points(series, cursor, look.glyphs().point);
    if weight > 0.0 {
        notes.push((format!("smoothed {weight}"), Role::Faint));
    }
    let plot = Plot {
        x: Axis::free("iteration"),
        y: Axis {
            log: panel.log(),
            ..Axis::free(&series.metric)
        },
        lines: &lines,
        marks: &marks,
        cursor: cursor.map(middle),
        notes: &notes,
        ..Plot::default()
    };
    plot.draw(look, area, buffer);
}

/// The last and the best iteration, exact, as marks and in words, behind where the cursor is.
fn points<'a>(series: &Series, cursor: Option<&Bucket>, point: &'a str) -> (Vec<Mark<'a>>, Vec<(String, Role)>) {
    let (mut marks, mut notes) = (Vec::new(), Vec::new());
    if let Some(bucket) = cursor {
        let place = if bucket.from == bucket.to {
            format!("at {}", bucket.from)
        } else {
            format!("at {} to {}", bucket.from, bucket.to)
        };
        notes.push((place, Role::Accent));
    }
    let mark = |of: &Point, glyph: &'a str, role: Role| Mark {
        x: of.iteration as f64,
        y: of.judged(),
        glyph,
        role,
    };
    if let Some(last) = series.last() {
        marks.push(mark(&last, "o", Role::Plain));
    }
    if let Some(best) = series.best() {
        // Over the last one, where they are the same.
        marks.push(mark(&best, point, Role::Accent));
        let value = number(Some(best.judged()));
        notes.push((format!("{point} best {value} at {}", best.iteration), Role::Accent));
    }
    if let Some(last) = series.last() {
        notes.push((format!("o last {}", last.iteration), Role::Plain));
    }
    (marks, notes)
}

/// Where a bucket is drawn.
fn middle(bucket: &Bucket) -> f64 {
    f64::midpoint(bucket.from as f64, bucket.to as f64)
}

/// What is drawn of a series: every bucket from its smallest to its largest value, or a smooth line through the means.
fn spans(series: &Series, of: fn(&Bucket) -> Option<Extent>, weight: f64) -> Vec<Span> {
    let buckets = series.buckets().iter();
    if weight > 0.0 {
        let means = smoothed(
            buckets.clone().map(|bucket| of(bucket).map(|extent| extent.mean)),
            weight,
        );
        let points = buckets.zip(means);
        return points
            .map(|(bucket, mean)| Span::point(middle(bucket), mean.unwrap_or(f64::NAN)))
            .collect();
    }
    let span = |bucket: &Bucket| match of(bucket) {
        Some(extent) => Span {
            x: middle(bucket),
            first: extent.first,
            last: extent.last,
            low: extent.low,
            high: extent.high,
        },
        None => Span::point(middle(bucket), f64::NAN),
    };
    buckets.map(span).collect()
}

/// One value, or from where to where.
fn extent_text(extent: Extent) -> String {
    if extent.low == extent.high {
        number(Some(extent.low))
    } else {
        format!("{} to {}", number(Some(extent.low)), number(Some(extent.high)))
    }
}

/// A metric with four figures behind the point, more where it is small.
fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value != 0.0 && value.abs() < 0.001 => format!("{value:.2e}"),
        value => numbers::decimal(value, 4),
    }
}
