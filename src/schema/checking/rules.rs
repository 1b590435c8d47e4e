//! Owns the check of cross-column rules: each parses, names known columns and is true or false.

use std::collections::HashSet;

use polars::prelude::{DataFrame, DataType, Expr, Field, IntoLazy, TimeUnit};
use polars::sql::sql_expr;

use super::super::model::{ColumnType, Rule, Schema};
use super::super::reading::shown;
use super::Problems;

/// Longer expressions are refused: parsers recurse.
const MAX_EXPRESSION_BYTES: usize = 2_000;

/// So are those with more words and operators: the engine recurses once for each term of a chain.
const MAX_TERMS: usize = 200;

pub(super) fn check(schema: &Schema, found: &mut Problems) {
    let mut ids = HashSet::new();
    for (index, rule) in schema.rules.iter().enumerate() {
        let place = format!("rules[{index}] ({})", shown(&rule.id, 60));
        if rule.id.trim().is_empty() {
            found.block(&place, "a rule without an id", "give it a short name; reports use it");
        } else if !ids.insert(rule.id.as_str()) {
            found.block(&place, "two rules have this id", "rename one; reports use it");
        }
        check_expression(schema, rule, &format!("{place}.expression"), found);
    }
}

fn check_expression(schema: &Schema, rule: &Rule, place: &str, found: &mut Problems) {
    if rule.expression.len() > MAX_EXPRESSION_BYTES || terms(&rule.expression) > MAX_TERMS {
        found.block(
            place,
            format!("longer than {MAX_EXPRESSION_BYTES} bytes or {MAX_TERMS} words and operators"),
            "split it into several rules",
        );
        return;
    }
    let expression = match sql_expr(&rule.expression) {
        Ok(expression) => expression,
        Err(error) => {
            found.block(
                place,
                one_line(&error.to_string()),
                "correct it; names with special characters stand in double quotes",
            );
            return;
        }
    };
    let before = found.0.len();
    for name in column_names(&expression) {
        if schema.is_label(&name) {
            found.block(
                place,
                format!("`{}` is the label, which rules do not see", shown(&name, 60)),
                "drop it from the rule",
            );
        } else if schema.column(&name).is_none() {
            let hint = schema
                .nearest(&name)
                .map_or(String::new(), |near| format!(" (did you mean `{}`?)", shown(near, 60)));
            found.block(
                place,
                format!("unknown column `{}`{hint}", shown(&name, 60)),
                "use a column's name, or put text in single quotes",
            );
        }
    }
    if found.0.len() == before {
        check_type(schema, expression, place, found);
    }
}

/// No fewer than the links of the longest chain in the expression.
fn terms(expression: &str) -> usize {
    let operators = expression.bytes().filter(|b| b"+-*/%|&^=<>!:[~".contains(b)).count();
    operators + expression.split_whitespace().count()
}

/// The columns an expression reads, each once, in order of their names.
fn column_names(expression: &Expr) -> Vec<String> {
    let mut names: Vec<String> = expression
        .into_iter()
        .filter_map(|part| match part {
            Expr::Column(name) => Some(name.to_string()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Resolves the expression against the columns' types, without any row.
fn check_type(schema: &Schema, expression: Expr, place: &str, found: &mut Problems) {
    let fields = schema
        .columns
        .iter()
        .filter(|c| !schema.is_label(&c.name))
        .map(|c| Field::new(c.name.as_str().into(), polars_type(c.kind)));
    let mut frame = DataFrame::empty_with_schema(&fields.collect())
        .lazy()
        .select([expression]);
    match frame.collect_schema() {
        Ok(result) => match result.iter_values().next() {
            Some(DataType::Boolean) => {}
            other => found.block(
                place,
                format!(
                    "gives {}, not true or false",
                    other.map_or("nothing".to_owned(), ToString::to_string)
                ),
                "write a condition that is true for a sound row",
            ),
        },
        Err(error) => found.block(place, one_line(&error.to_string()), "correct the expression"),
    }
}

fn polars_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Int | ColumnType::Port => DataType::Int64,
        ColumnType::Float => DataType::Float64,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => DataType::String,
    }
}

fn one_line(message: &str) -> String {
    shown(message.lines().next().unwrap_or_default(), 300)
}
