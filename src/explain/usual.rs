//! Owns what is usual in a column: how often training rows had a value, or where most of its numbers lie, in a few words.

use std::collections::HashMap;

use crate::schema::Column;

use super::gower::Measure;
use super::value::Value;

/// Numbers with at most this many distinct values are told like names.
const FEW_NUMBERS: usize = 16;

/// Characters of a value that are told.
const MOST_VALUE_CHARS: usize = 24;

/// What training rows had in one column.
#[derive(Clone, Debug, PartialEq)]
pub struct UsualColumn {
    rows: usize,
    missing: usize,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// Each distinct value with its rows, and the commonest, of equals the lesser.
    Counted {
        counts: HashMap<String, usize>,
        commonest: Option<(String, usize)>,
    },
    /// Numbers and times at the ends, and at 5, 50 and 95 % of the rows that have one.
    Numbers {
        ends: (Value, Value),
        within: (Value, Value),
        median: Value,
    },
}

impl UsualColumn {
    /// Of a column's training cells.
    pub fn of(column: &Column, cells: &[Option<Value>]) -> Self {
        let mut values: Vec<&Value> = cells.iter().flatten().collect();
        let missing = cells.len() - values.len();
        values.sort_unstable();
        let mut counts: Vec<(&Value, usize)> = Vec::new();
        for value in &values {
            match counts.last_mut() {
                Some((last, count)) if last == value => *count += 1,
                _ => counts.push((value, 1)),
            }
        }
        let on_a_scale = matches!(Measure::of(column.kind, &[]), Measure::Range(_));
        let values = match (values.first(), values.last()) {
            (Some(first), Some(last)) if on_a_scale && counts.len() > FEW_NUMBERS => {
                let at = |percent: usize| values[((values.len() - 1) * percent + 50) / 100].clone();
                Values::Numbers {
                    ends: ((*first).clone(), (*last).clone()),
                    within: (at(5), at(95)),
                    median: at(50),
                }
            }
            _ => counted(&counts),
        };
        Self {
            rows: cells.len(),
            missing,
            values,
        }
    }

    /// Whether no training row had the value; of a column of many numbers, whether it is beyond all they had. A missing
    /// cell is unseen if no row lacked one.
    pub fn is_unseen(&self, value: Option<&Value>) -> bool {
        match (value, &self.values) {
            (None, _) => self.missing == 0,
            (Some(value), Values::Counted { counts, .. }) => !counts.contains_key(&value.to_string()),
            (
                Some(value),
                Values::Numbers {
                    ends: (least, most), ..
                },
            ) => value < least || value > most,
        }
    }

    /// In a few words: `-1: 14 %, most often 1: 71 %` or `median 0.3, 90 % within 0 to 12`. Values stand as they are, not
    /// made safe to draw.
    pub fn text(&self, value: Option<&Value>) -> String {
        match &self.values {
            Values::Numbers {
                within: (low, high),
                median,
                ..
            } => {
                let [low, high, median] = [low, high, median].map(number);
                format!("median {median}, 90 % within {low} to {high}")
            }
            Values::Counted { counts, commonest } => {
                let Some((most, most_rows)) = commonest else {
                    return "never a value".to_owned();
                };
                let most_often = format!("most often {}: {}", cut(most), self.share(*most_rows));
                match value {
                    None if self.missing == 0 => format!("never missing, {most_often}"),
                    None => format!("missing: {}, {most_often}", self.share(self.missing)),
                    Some(value) => {
                        let text = value.to_string();
                        let rows = counts.get(&text).copied().unwrap_or_default();
                        if text == *most {
                            most_often
                        } else if rows == 0 {
                            format!("{}: never, {most_often}", cut(&text))
                        } else {
                            format!("{}: {}, {most_often}", cut(&text), self.share(rows))
                        }
                    }
                }
            }
        }
    }

    fn share(&self, rows: usize) -> String {
        let percent = 100.0 * rows as f64 / self.rows.max(1) as f64;
        if percent < 0.5 {
            "under 1 %".to_owned()
        } else if rows < self.rows && percent >= 99.5 {
            "over 99 %".to_owned()
        } else {
            format!("{percent:.0} %")
        }
    }
}

fn counted(counts: &[(&Value, usize)]) -> Values {
    let mut commonest: Option<(&Value, usize)> = None;
    for (value, count) in counts {
        if commonest.is_none_or(|(_, most)| *count > most) {
            commonest = Some((value, *count));
        }
    }
    Values::Counted {
        counts: counts
            .iter()
            .map(|(value, count)| (value.to_string(), *count))
            .collect(),
        commonest: commonest.map(|(value, count)| (value.to_string(), count)),
    }
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_VALUE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number with four digits that count; times and whole numbers in full.
fn number(value: &Value) -> String {
    match value {
        Value::Float(number) if *number != 0.0 && number.abs() < 1e15 => {
            let digits = 3 - (number.abs().log10().floor() as i32);
            let places = digits.clamp(0, 12) as usize;
            let text = format!("{number:.places$}");
            match text.split_once('.') {
                Some((whole, part)) => match part.trim_end_matches('0') {
                    "" => whole.to_owned(),
                    part => format!("{whole}.{part}"),
                },
                None => text,
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
