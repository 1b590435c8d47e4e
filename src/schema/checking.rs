//! Owns the check of a schema in itself: contradictions and mistakes, before any data is looked at.

mod label;
mod rules;

use std::collections::{HashMap, HashSet};
use std::fmt;

use regex::{Regex, RegexBuilder};

use super::model::{Column, ColumnType, Role, Schema, Severity};
use super::reading::shown;

/// Compiled patterns larger than this are refused: they could take all memory.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Something wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// `block` where the schema cannot be used as it is.
    pub severity: Severity,
    /// Where: `columns[3] (port).min`.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub advice: String,
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}; {}",
            self.severity.word(),
            self.place,
            self.message,
            self.advice
        )
    }
}

impl Schema {
    /// Everything wrong with the schema in itself, in file order; nothing where it is sound. Rule expressions are parsed and
    /// checked against the columns' types, not run.
    pub fn check(&self) -> Vec<SchemaProblem> {
        let mut found = Problems::default();
        if self.name.trim().is_empty() {
            found.block("name", "empty", "name the schema; the name is part of every row_id");
        }
        label::check(self, &mut found);
        for (index, column) in self.columns.iter().enumerate() {
            check_column(self, index, column, &mut found);
        }
        check_names(self, &mut found);
        if self.features().next().is_none() {
            found.block(
                "columns",
                "no feature is left to learn from",
                "give at least one column that is neither the label nor text the role `feature`",
            );
        }
        check_roles(self, &mut found);
        rules::check(self, &mut found);
        check_drift(self, &mut found);
        found.0
    }
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(Vec<SchemaProblem>);

impl Problems {
    fn add(
        &mut self,
        severity: Severity,
        place: impl Into<String>,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.0.push(SchemaProblem {
            severity,
            place: place.into(),
            message: message.into(),
            advice: advice.into(),
        });
    }

    fn block(&mut self, place: impl Into<String>, message: impl Into<String>, advice: impl Into<String>) {
        self.add(Severity::Block, place, message, advice);
    }

    fn warn(&mut self, place: impl Into<String>, message: impl Into<String>, advice: impl Into<String>) {
        self.add(Severity::Warn, place, message, advice);
    }
}

/// `columns[3] (port)`.
fn place(index: usize, column: &Column) -> String {
    format!("columns[{index}] ({})", shown(&column.name, 60))
}

fn check_column(schema: &Schema, index: usize, column: &Column, found: &mut Problems) {
    let place = place(index, column);
    if column.name.trim().is_empty() && column.role == Role::Feature {
        found.block(
            &place,
            "a feature without a name",
            "name it, or give it the role `id` or `ignore`",
        );
    }
    check_range(&place, column, found);
    check_allowed(&place, column, found);
    if let Some(pattern) = &column.pattern {
        if let Err(reason) = whole_cell_pattern(pattern) {
            found.block(
                format!("{place}.pattern"),
                reason,
                "correct it; the whole cell must match",
            );
        } else if column.kind != ColumnType::Category && column.kind != ColumnType::Text {
            found.warn(
                format!("{place}.pattern"),
                format!(
                    "a pattern on a column of type {} is matched against its canonical text",
                    column.kind.word()
                ),
                "prefer `min`, `max` or `allowed`",
            );
        }
    }
    if column.unique && column.role == Role::Feature && !schema.is_label(&column.name) {
        found.warn(
            format!("{place}.unique"),
            "a feature whose values stand only once names rows, and a model can only learn it by heart",
            "give it the role `id`, or drop `unique`",
        );
    }
    if column.role == Role::Timestamp
        && !matches!(column.kind, ColumnType::Timestamp | ColumnType::Int | ColumnType::Float)
    {
        found.block(
            format!("{place}.role"),
            format!("the role `timestamp` on a column of type {}", column.kind.word()),
            "make its type `timestamp`, or change its role",
        );
    }
}

fn check_range(place: &str, column: &Column, found: &mut Problems) {
    if column.min.is_none() && column.max.is_none() {
        return;
    }
    if !column.kind.is_numeric() {
        found.block(
            format!("{place}.min"),
            format!("min and max on a column of type {}", column.kind.word()),
            "drop them, or make its type int or float",
        );
    }
    for (key, bound) in [("min", column.min), ("max", column.max)] {
        if bound.is_some_and(f64::is_nan) {
            found.block(format!("{place}.{key}"), "not a number", "give a number, or drop it");
        }
    }
    if let (Some(min), Some(max)) = (column.min, column.max)
        && min > max
    {
        found.block(
            format!("{place}.min"),
            format!("min {min} is larger than max {max}, so no value is allowed"),
            "swap them",
        );
    }
    if column.kind == ColumnType::Port
        && (column.min.is_some_and(|m| m > 65535.0) || column.max.is_some_and(|m| m < 0.0))
    {
        found.block(
            format!("{place}.min"),
            "no port lies in this range",
            "ports are 0 to 65535",
        );
    }
}

fn check_allowed(place: &str, column: &Column, found: &mut Problems) {
    let Some(allowed) = &column.allowed else { return };
    let place = format!("{place}.allowed");
    if allowed.is_empty() {
        found.block(
            &place,
            "an empty list allows no value",
            "list the values, or drop `allowed`",
        );
    }
    let nulls = super::null_tokens::NullTokens::default();
    let mut seen: HashSet<&str> = HashSet::new();
    for value in allowed {
        let text = shown(value, 60);
        if !is_of_type(value, column.kind) {
            found.block(
                &place,
                format!("`{text}` is not of type {}", column.kind.word()),
                "correct the value or the column's type",
            );
        } else if value
            .parse()
            .is_ok_and(|v: f64| column.min.is_some_and(|m| v < m) || column.max.is_some_and(|m| v > m))
            && column.kind.is_numeric()
        {
            found.warn(
                &place,
                format!("`{text}` lies outside min and max"),
                "drop it, or widen the range",
            );
        } else if nulls.is_null(value.as_bytes()) {
            found.warn(
                &place,
                format!("`{text}` is read as an empty cell, never as a value"),
                "drop it and set `nullable: true` where empty cells are fine",
            );
        }
        if !seen.insert(value) {
            found.add(Severity::Info, &place, format!("`{text}` stands twice"), "drop one");
        }
    }
}

/// Whether a value's text reads as a column type.
fn is_of_type(value: &str, kind: ColumnType) -> bool {
    let value = value.trim();
    match kind {
        ColumnType::Int => value.parse::<i64>().is_ok(),
        ColumnType::Float => value.parse::<f64>().is_ok_and(f64::is_finite),
        ColumnType::Port => value.parse::<u16>().is_ok(),
        ColumnType::Bool => ["true", "false", "t", "f", "yes", "no", "1", "0"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word)),
        ColumnType::Ip => value.parse::<std::net::IpAddr>().is_ok(),
        ColumnType::Category | ColumnType::Text | ColumnType::Timestamp => true,
    }
}

/// A pattern compiled so that it must match the whole cell.
///
/// # Errors
/// One line: why it is no pattern, or that it would grow too large.
pub fn whole_cell_pattern(pattern: &str) -> Result<Regex, String> {
    let compile = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(MAX_PATTERN_BYTES)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "the pattern grows too large; use smaller repetitions".to_owned(),
                other => {
                    let text = other.to_string();
                    let last = text.lines().next_back().unwrap_or_default().trim();
                    format!(
                        "not a regular expression: {}",
                        shown(last.trim_start_matches("error: "), 200)
                    )
                }
            })
    };
    // First by itself, so that `a)(b` cannot pass by closing the group that anchors it.
    compile(pattern)?;
    compile(&format!(r"\A(?:{pattern})\z"))
}

fn check_names(schema: &Schema, found: &mut Problems) {
    let mut owners: HashMap<&str, (usize, bool)> = HashMap::new();
    for (index, column) in schema.columns.iter().enumerate() {
        if let Some((first, _)) = owners.insert(&column.name, (index, true)) {
            found.block(
                place(index, column),
                format!("the name also stands at columns[{first}]"),
                "rename or drop one",
            );
        }
    }
    for (index, column) in schema.columns.iter().enumerate() {
        for alias in &column.aliases {
            let place = format!("{}.aliases", place(index, column));
            match owners.get(alias.as_str()).copied() {
                Some((owner, _)) if owner == index => {
                    found.add(
                        Severity::Info,
                        place,
                        format!("`{}` stands twice", shown(alias, 60)),
                        "drop one",
                    );
                }
                Some((owner, is_name)) => found.block(
                    place,
                    format!(
                        "`{}` is also {} columns[{owner}], so a file's column would have two owners",
                        shown(alias, 60),
                        if is_name { "the name of" } else { "an alias of" }
                    ),
                    "drop it from one of them",
                ),
                None => {
                    owners.insert(alias, (index, false));
                }
            }
        }
    }
}

fn check_roles(schema: &Schema, found: &mut Problems) {
    let mut times = schema
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| c.role == Role::Timestamp);
    let first = times.next();
    if let (Some((_, first)), Some((index, second))) = (first, times.next()) {
        found.warn(
            format!("{}.role", place(index, second)),
            format!(
                "a second column with the role `timestamp`; `{}` orders a time split",
                shown(&first.name, 60)
            ),
            "give all but one the role `ignore`",
        );
    }
}

fn check_drift(schema: &Schema, found: &mut Problems) {
    let drift = &schema.drift;
    for (key, value, upper) in [
        ("jensen_shannon", drift.jensen_shannon, 1.0),
        ("psi", drift.psi, f64::MAX),
        ("wasserstein", drift.wasserstein, f64::MAX),
        ("ks", drift.ks, 1.0),
    ] {
        if !(value > 0.0 && value <= upper) {
            let range = if upper == 1.0 {
                "above 0, at most 1"
            } else {
                "above 0 and finite"
            };
            found.block(
                format!("drift.{key}"),
                format!("{value} is out of range"),
                format!("give a number {range}"),
            );
        }
    }
    if drift.min_rows == 0 {
        found.warn(
            "drift.min_rows",
            "0 rows would give a verdict",
            "give at least 1; the default is 200",
        );
    }
}

#[cfg(test)]
mod tests;
