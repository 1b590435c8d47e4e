//! Owns drawing curves over all thresholds: ROC, precision and recall, calibration, gain; of the test rows, with the
//! training rows beside them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::pipeline::training::{MetricsFile, SideRecord};
use crate::tui::app::training::{TrainingPanel, View};
use crate::tui::view::plot::{Axis, Line, Mark, Pen, Plot, Span};
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, numbers};

/// A view's curve of one side, with its axes and what it is held against.
struct Drawn {
    x: &'static str,
    y: &'static str,
    test: Vec<Span>,
    train: Vec<Span>,
    /// What a useless, or a perfectly calibrated, model would draw.
    against: Vec<Span>,
    /// Where the model's threshold is.
    threshold: Option<(f64, f64)>,
    /// The number that sums the curve up, of the test rows.
    sum: String,
    /// What the cursor is on, in words.
    read: Option<String>,
}

impl Drawn {
    /// Of a view; `None` for views that are no curves over thresholds.
    fn of(view: View, file: &MetricsFile, cursor: Option<usize>) -> Option<Self> {
        match view {
            View::Roc => Some(roc(file, cursor)),
            View::PrecisionRecall => Some(precision_recall(file, cursor)),
            View::Calibration => Some(calibration(file, cursor)),
            View::Gain => Some(gain(file, cursor)),
            View::Curve | View::Confusion | View::Importances => None,
        }
    }
}

/// What the value cursor is on, in words.
pub fn read(panel: &TrainingPanel, file: &MetricsFile) -> Option<String> {
    Drawn::of(panel.view(), file, Some(panel.cursor()?))?.read
}

/// Draws a curve.
pub fn draw(frame: &Frame<'_>, view: View, file: &MetricsFile, area: Rect, buffer: &mut Buffer) {
    let (panel, look) = (&frame.app.training, frame.look);
    let cursor = panel.cursor();
    let Some(drawn) = Drawn::of(view, file, cursor) else {
        return;
    };
    let lines = [
        Line {
            pen: Pen::Fine,
            role: Role::Axis,
            spans: &drawn.against,
            ..Line::default()
        },
        Line {
            name: "train".to_owned(),
            role: Role::Series(0),
            spans: &drawn.train,
            ..Line::default()
        },
        Line {
            name: format!("test{}", drawn.sum),
            pen: Pen::Double,
            role: Role::Series(1),
            spans: &drawn.test,
        },
    ];
    let at = cursor.and_then(|at| drawn.test.get(at));
    let mut marks = Vec::new();
    let mut notes = Vec::new();
    if let Some((x, y)) = drawn.threshold {
        let glyph = look.glyphs().point;
        marks.push(Mark {
            x,
            y,
            glyph,
            role: Role::Accent,
        });
        notes.push((format!("{glyph} threshold"), Role::Accent));
    }
    if view == View::Calibration {
        let points = drawn.test.iter().map(|span| Mark {
            x: span.x,
            y: span.last,
            glyph: "o",
            role: Role::Series(1),
        });
        marks.extend(points);
    }
    if let Some(span) = at {
        marks.push(Mark {
            x: span.x,
            y: span.last,
            glyph: "o",
            role: Role::CursorMark,
        });
    }
    let plot = Plot {
        x: Axis::share(drawn.x),
        y: Axis::share(drawn.y),
        lines: &lines,
        marks: &marks,
        cursor: at.map(|span| span.x),
        notes: &notes,
        ..Plot::default()
    };
    plot.draw(look, area, buffer);
}

fn diagonal() -> Vec<Span> {
    vec![Span::point(0.0, 0.0), Span::point(1.0, 1.0)]
}

fn summed(name: &str, value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| {
        format!(" {name} {}", numbers::decimal(Some(value), 4))
    })
}

fn score(threshold: Option<f64>) -> String {
    threshold.map_or_else(|| "above every score".to_owned(), |score| format!("score {score:.4}"))
}

fn roc(file: &MetricsFile, cursor: Option<usize>) -> Drawn {
    let spans = |side: &SideRecord| side.curves.roc.iter().map(|p| Span::point(p.fpr, p.tpr)).collect();
    let counts = file.test.metrics.confusion;
    let point = cursor.and_then(|at| file.test.curves.roc.get(at));
    Drawn {
        x: "false-positive rate",
        y: "recall",
        test: spans(&file.test),
        train: spans(&file.train),
        against: diagonal(),
        threshold: Some((counts.false_positive_rate(), counts.recall())),
        sum: summed("AUC", file.test.metrics.roc_auc),
        read: point.map(|p| {
            let (fpr, tpr, score, flagged) = (p.fpr, p.tpr, score(p.threshold), p.flagged);
            format!(
                "{score}: FPR {fpr:.4} recall {tpr:.4} flagged {}",
                numbers::grouped(flagged)
            )
        }),
    }
}

fn precision_recall(file: &MetricsFile, cursor: Option<usize>) -> Drawn {
    let curve = |side: &SideRecord| {
        let points = side.curves.precision_recall.iter();
        points.map(|p| Span::point(p.recall, p.precision)).collect()
    };
    let test = &file.test.metrics;
    let point = cursor.and_then(|at| file.test.curves.precision_recall.get(at));
    let prevalence = if test.rows > 0 {
        test.positives as f64 / test.rows as f64
    } else {
        f64::NAN
    };
    Drawn {
        x: "recall",
        y: "precision",
        test: curve(&file.test),
        train: curve(&file.train),
        against: vec![Span::point(0.0, prevalence), Span::point(1.0, prevalence)],
        threshold: Some((test.confusion.recall(), test.confusion.precision())),
        sum: summed("AUC", test.pr_auc),
        read: point.map(|p| {
            let (recall, precision, score, flagged) = (p.recall, p.precision, score(p.threshold), p.flagged);
            let flagged = numbers::grouped(flagged);
            format!("{score}: precision {precision:.4} recall {recall:.4} flagged {flagged}")
        }),
    }
}

fn calibration(file: &MetricsFile, cursor: Option<usize>) -> Drawn {
    let curve = |side: &SideRecord| {
        let bins = side.curves.calibration.iter();
        bins.map(|bin| Span::point(bin.mean_score, bin.positive_share))
            .collect()
    };
    let bin = cursor.and_then(|at| file.test.curves.calibration.get(at));
    Drawn {
        x: "probability",
        y: "share malicious",
        test: curve(&file.test),
        train: curve(&file.train),
        against: diagonal(),
        threshold: None,
        sum: summed("error", Some(file.test.metrics.ece)),
        read: bin.map(|bin| {
            let rows = numbers::grouped(bin.rows);
            let (said, was) = (bin.mean_score, bin.positive_share);
            format!(
                "{:.2} to {:.2}: said {said:.4} was {was:.4}, {rows} rows",
                bin.low, bin.high
            )
        }),
    }
}

fn gain(file: &MetricsFile, cursor: Option<usize>) -> Drawn {
    let curve = |side: &SideRecord| {
        let points = side.curves.gain.iter();
        points.map(|p| Span::point(p.flagged_share, p.gain)).collect()
    };
    let counts = file.test.metrics.confusion;
    let flagged = counts.flagged() as f64 / counts.rows().max(1) as f64;
    let point = cursor.and_then(|at| file.test.curves.gain.get(at));
    Drawn {
        x: "share of rows flagged",
        y: "share of malicious found",
        test: curve(&file.test),
        train: curve(&file.train),
        against: diagonal(),
        threshold: Some((flagged, counts.recall())),
        sum: String::new(),
        read: point.map(|p| {
            let lift = numbers::decimal(p.lift, 2);
            let (flagged, found, score) = (p.flagged_share, p.gain, score(p.threshold));
            format!("{score}: flagged {flagged:.4} found {found:.4} lift {lift}")
        }),
    }
}
