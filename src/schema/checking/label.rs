//! Owns the check of the label: its domain, and its fit with the columns.

use super::super::model::{Column, ColumnType, Label, Malicious, Role, Schema, same_value};
use super::super::nearest::folded;
use super::super::reading::shown;
use super::{Problems, is_of_type, place};
use crate::schema::Severity;

pub(super) fn check(schema: &Schema, found: &mut Problems) {
    let Some(label) = &schema.label else {
        found.add(
            Severity::Info,
            "label",
            "no label, so data of this schema can only be scored",
            "add `label` with `column`, `malicious` and `benign` to train",
        );
        return;
    };
    check_domain(label, found);
    match schema.columns.iter().position(|c| c.name == label.column) {
        Some(index) => check_column(index, &schema.columns[index], label, found),
        None => check_absent(schema, label, found),
    }
}

fn check_domain(label: &Label, found: &mut Problems) {
    if label.column.trim().is_empty() {
        found.block("label.column", "empty", "name the label's column");
    }
    if label.benign.is_empty() {
        found.block(
            "label.benign",
            "no value means benign",
            "list the values that mean benign",
        );
    }
    let malicious = match &label.malicious {
        Malicious::Values(values) => values.as_slice(),
        Malicious::NotBenign => &[],
    };
    if label.malicious == Malicious::Values(Vec::new()) {
        found.block(
            "label.malicious",
            "no value means malicious",
            "list the values, or write `not_benign` for every value that is not benign",
        );
    }
    for value in malicious {
        if label.benign.iter().any(|benign| same_value(benign, value)) {
            found.block(
                "label.malicious",
                format!("`{}` stands under benign too", shown(value, 60)),
                "leave it on one side",
            );
        }
    }
    if malicious
        .iter()
        .chain(&label.benign)
        .any(|value| value.trim().is_empty())
    {
        found.block("label", "an empty value", "an empty cell is no label; drop the value");
    }
}

fn check_column(index: usize, column: &Column, label: &Label, found: &mut Problems) {
    let place = place(index, column);
    if column.role != Role::Feature {
        found.warn(
            format!("{place}.role"),
            format!("the label's column has the role `{}`", column.role.word()),
            "drop the role; the label is never a feature",
        );
    }
    if column.unique {
        found.block(
            format!("{place}.unique"),
            "a label whose values may stand only once can label no data",
            "drop `unique`",
        );
    }
    if matches!(column.kind, ColumnType::Ip | ColumnType::Port | ColumnType::Timestamp) {
        found.block(
            format!("{place}.type"),
            format!("a label of type {}", column.kind.word()),
            "make it int, bool or category, or name another column in `label`",
        );
        return;
    }
    let malicious = match &label.malicious {
        Malicious::Values(values) => values.as_slice(),
        Malicious::NotBenign => &[],
    };
    for value in malicious.iter().chain(&label.benign) {
        if !is_of_type(value, column.kind) {
            found.block(
                "label",
                format!(
                    "`{}` is not of the column's type {}",
                    shown(value, 60),
                    column.kind.word()
                ),
                "correct the value or the column's type",
            );
        } else if column
            .allowed
            .as_ref()
            .is_some_and(|a| !a.iter().any(|allowed| same_value(allowed, value)))
        {
            found.warn(
                format!("{place}.allowed"),
                format!("the label value `{}` is not among them", shown(value, 60)),
                "add it, or drop `allowed`: the label's own lists are its domain",
            );
        }
    }
}

fn check_absent(schema: &Schema, label: &Label, found: &mut Problems) {
    if let Some(owner) = schema.columns.iter().find(|c| c.aliases.contains(&label.column)) {
        found.block(
            "label.column",
            format!(
                "`{}` is an alias of `{}`",
                shown(&label.column, 60),
                shown(&owner.name, 60)
            ),
            "use the column's name",
        );
        return;
    }
    // A label misspelt here would leave the true one among the features, where it gives everything away.
    let wanted = folded(&label.column);
    if let Some(near) = schema
        .columns
        .iter()
        .find(|c| !wanted.is_empty() && folded(&c.name) == wanted)
    {
        found.block(
            "label.column",
            format!(
                "`{}` is not a column, `{}` is",
                shown(&label.column, 60),
                shown(&near.name, 60)
            ),
            "spell it as the column is spelt, or the label would be among the features",
        );
        return;
    }
    let hint = schema.nearest(&label.column).map_or(String::new(), |near| {
        format!("; the nearest column is `{}`", shown(near, 60))
    });
    found.warn(
        "label.column",
        format!("`{}` is not among the columns{hint}", shown(&label.column, 60)),
        "add the column, so that its type is checked",
    );
}
