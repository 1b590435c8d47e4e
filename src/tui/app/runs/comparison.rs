//! Owns two runs side by side, as lines: whether they really differ, their metrics, what is different about them.

use super::details::in_words;
use super::rows;
use crate::worker::{ComparedRuns, MetricDifference};

/// A line of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A heading.
    Heading(String),
    /// Words.
    Note {
        /// The words.
        text: String,
        /// Whether they are a warning.
        warning: bool,
    },
    /// A metric's difference with its interval.
    Paired {
        /// Its name.
        name: String,
        /// Second less first.
        difference: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
        /// Whether it is real, and which one is better then.
        verdict: &'static str,
    },
    /// A metric, or a fact, of both.
    Both {
        /// Its name.
        name: String,
        /// Of the first.
        a: String,
        /// Of the second.
        b: String,
        /// Second less first, where both are numbers.
        difference: String,
    },
}

/// Metrics of which less is better.
const LESS_IS_BETTER: [&str; 2] = ["brier", "log_loss"];

/// Whether the interval leaves no room for chance, and which run is better then.
pub fn verdict(metric: &MetricDifference) -> &'static str {
    if !(metric.low > 0.0 || metric.high < 0.0) {
        return "could be chance";
    }
    let less = LESS_IS_BETTER.contains(&metric.name.as_str());
    if (metric.low > 0.0) == less {
        "real: a is better"
    } else {
        "real: b is better"
    }
}

/// The lines, in order: the answer first, then what it rests on.
pub fn lines(compared: &ComparedRuns) -> Vec<Line> {
    let mut lines = Vec::new();
    for (letter, run) in [("a", &compared.comparison.a), ("b", &compared.comparison.b)] {
        let model = run.model.as_deref().unwrap_or("no model");
        let started = rows::minute(&run.started_at.to_string());
        lines.push(note(format!("{letter}  {}  {model}, started {started}", run.run_id)));
    }
    lines.push(Line::Heading("is the difference real?".to_owned()));
    match &compared.paired {
        Ok(paired) => {
            let rows = crate::text::grouped(paired.rows as u64);
            lines.push(note(format!(
                "b less a on {rows} test rows that neither was trained on; 90 % interval of a paired bootstrap"
            )));
            lines.extend(paired.metrics.iter().map(|metric| Line::Paired {
                name: metric.name.clone(),
                difference: metric.difference,
                low: metric.low,
                high: metric.high,
                verdict: verdict(metric),
            }));
        }
        Err(reason) => lines.push(Line::Note {
            text: format!("cannot be told: {reason}"),
            warning: true,
        }),
    }
    lines.push(Line::Heading("metrics".to_owned()));
    if !compared.comparison.same_test_rows {
        lines.push(Line::Note {
            text: "not measured on the same test rows: these numbers are no fair comparison".to_owned(),
            warning: true,
        });
    }
    lines.extend(compared.comparison.metrics.iter().map(|row| {
        Line::Both {
            name: row.name.clone(),
            a: number(row.a),
            b: number(row.b),
            difference: row
                .difference
                .filter(|d| d.is_finite())
                .map_or_else(String::new, signed),
        }
    }));
    for (title, differences) in [
        ("parameters", &compared.comparison.params),
        ("data, split and program", &compared.comparison.data),
    ] {
        lines.push(Line::Heading(title.to_owned()));
        if differences.is_empty() {
            lines.push(note("the same in both".to_owned()));
        }
        lines.extend(differences.iter().map(|row| Line::Both {
            name: row.name.clone(),
            a: in_words(&row.a),
            b: in_words(&row.b),
            difference: String::new(),
        }));
    }
    lines
}

fn note(text: String) -> Line {
    Line::Note { text, warning: false }
}

fn number(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e15 => format!("{value}"),
        Some(value) if value.is_finite() => format!("{value:.4}"),
        _ => "-".to_owned(),
    }
}

fn signed(difference: f64) -> String {
    if difference.fract() == 0.0 && difference.abs() < 1e15 {
        format!("{difference:+}")
    } else {
        format!("{difference:+.4}")
    }
}

/// The widest reach of an interval from zero, by which all of them are drawn.
pub fn reach(lines: &[Line]) -> f64 {
    let ends = lines.iter().filter_map(|line| match line {
        Line::Paired { low, high, .. } => Some(low.abs().max(high.abs())),
        _ => None,
    });
    ends.filter(|end| end.is_finite()).fold(0.0, f64::max)
}

impl Line {
    /// As text, tabs between its parts.
    pub fn text(&self) -> String {
        match self {
            Self::Heading(text) | Self::Note { text, .. } => text.clone(),
            Self::Paired {
                name,
                difference,
                low,
                high,
                verdict,
            } => format!("{name}\t{difference:+.4}\t{low:+.4}\t{high:+.4}\t{verdict}"),
            Self::Both { name, a, b, difference } => format!("{name}\t{a}\t{b}\t{difference}"),
        }
    }
}
