//! Owns the description of a fitted preprocessor for people: one line a column.

use super::cells::{Flag, KeyView, NumberView};
use super::encode::{CategoryStep, Encoding, Meaning};
use super::numeric::Shape;
use super::scale::Scale;
use super::step::{DropReason, Fitted, FittedColumn, NumberStep, Step};

/// One line a column: `service: one-hot, 24 categories + other; 1 of 25 features dropped (constant)`.
pub(super) fn describe(fitted: &Fitted) -> Vec<String> {
    let mut start = 0;
    let mut lines = Vec::with_capacity(fitted.columns.len());
    for (index, column) in fitted.columns.iter().enumerate() {
        let end = start + column.steps.iter().map(Step::width).sum::<usize>();
        let by_neighbours = fitted
            .neighbours
            .as_ref()
            .filter(|n| n.columns.contains(&(index as u32)))
            .map(|n| n.k);
        let mut line = format!("{}: {}", column.name, made_of(column, by_neighbours));
        let reasons: Vec<DropReason> = fitted
            .dropped
            .iter()
            .filter(|d| (start..end).contains(&(d.feature as usize)))
            .map(|d| d.reason)
            .collect();
        if !reasons.is_empty() {
            line.push_str(&dropped(&reasons, end - start));
        }
        lines.push(line);
        start = end;
    }
    lines
}

fn made_of(column: &FittedColumn, by_neighbours: Option<u32>) -> String {
    if let Some(note) = &column.note {
        return format!("not used ({note})");
    }
    let parts: Vec<String> = column
        .steps
        .iter()
        .map(|step| match step {
            Step::Number(number) => describe_number(number, by_neighbours),
            Step::Category(category) => describe_category(category),
            Step::Flags(flags) if flags[..] == [Flag::Missing] => "a feature for missing".to_owned(),
            Step::Flags(flags) => {
                let words: Vec<&str> = flags.iter().map(|f| f.word()).collect();
                format!("flags {}", words.join(", "))
            }
        })
        .collect();
    parts.join("; ")
}

fn describe_number(step: &NumberStep, by_neighbours: Option<u32>) -> String {
    let mut parts = vec![match step.view {
        NumberView::Value => "numeric".to_owned(),
        NumberView::HourSine => "hour (sine)".to_owned(),
        NumberView::HourCosine => "hour (cosine)".to_owned(),
    }];
    match (by_neighbours, step.fill) {
        (Some(k), _) => parts.push(format!("missing -> mean of {k} nearest rows")),
        (None, Some(fill)) => parts.push(format!("missing -> {fill}")),
        (None, None) => {}
    }
    match step.shape {
        Shape::Identity => {}
        Shape::Log1p => parts.push("signed log1p".to_owned()),
        Shape::SquareRoot => parts.push("signed square root".to_owned()),
    }
    match step.scale {
        Scale::None => {}
        Scale::Linear { center, divisor } => parts.push(format!("(x - {center:.6}) / {divisor:.6}")),
        Scale::Range { low, high } => parts.push(format!("{low}..{high} to 0..1, clipped")),
        Scale::Zero => parts.push("constant".to_owned()),
    }
    parts.join(", ")
}

fn describe_category(step: &CategoryStep) -> String {
    let what = match step.view {
        KeyView::Value | KeyView::Truth => "",
        KeyView::WideNetwork => "/8 networks ",
        KeyView::NarrowNetwork => "/16 networks ",
        KeyView::PortBand => "bands ",
        KeyView::PortService => "services ",
        KeyView::Weekday => "weekdays ",
    };
    let how = match &step.encoding {
        Encoding::OneHot => "one-hot",
        Encoding::Native => "category codes",
        Encoding::Numbers { meaning, .. } => match meaning {
            Meaning::FrequencyRank => "rank by frequency",
            Meaning::MaliciousShare => "share of malicious rows",
        },
    };
    let categories = match step.codes() - 1 {
        1 => "1 category".to_owned(),
        n => format!("{n} categories"),
    };
    let missing = match step.missing_code {
        Some(code) => format!(", missing -> {}", step.label(code)),
        None => String::new(),
    };
    format!("{what}{how}, {categories} + other{missing}")
}

fn dropped(reasons: &[DropReason], of: usize) -> String {
    let mut words: Vec<&str> = Vec::new();
    for (reason, word) in [
        (DropReason::Constant, "constant"),
        (DropReason::Correlated, "correlated with an earlier one"),
        (DropReason::Ranked, "not among the best"),
    ] {
        if reasons.contains(&reason) {
            words.push(word);
        }
    }
    format!("; {} of {of} features dropped ({})", reasons.len(), words.join(", "))
}
