//! Owns the checks of a source's header: missing, absent, extra and renamed columns, and their order.

use crate::schema::Severity;
use crate::text::{shortened, visible_text};
use crate::validation::report::{CheckOutcome, Scope};

use super::{Purpose, Setup};

const MISSING: &str = "missing_column";

/// Most names compared to find the one nearest to the label's.
const COMPARED: usize = 1_000;
/// Most extra columns named one by one.
const NAMED: usize = 50;

/// All outcomes about the header.
pub(super) fn columns(setup: &Setup<'_>) -> Vec<CheckOutcome> {
    let mut found = missing(setup);
    found.extend(extra(setup));
    found.extend(renamed(setup));
    found.extend(absent(setup));
    found.extend(order(setup));
    found
}

/// A name for a message: visible, shortened.
fn quoted(name: &str) -> String {
    format!("`{}`", visible_text(&shortened(name.as_bytes(), 80)))
}

fn missing(setup: &Setup<'_>) -> Vec<CheckOutcome> {
    let layout = setup.layout;
    let columns = layout
        .missing
        .iter()
        .filter(|missing| !setup.schema.is_label(&missing.name))
        .map(|missing| {
            let hint = match &missing.suggestion {
                Some(near) => format!(
                    "the nearest name in the file is {}: rename it, or make it an alias in the schema",
                    quoted(near)
                ),
                None => "add it to the file, or set `required: false` in the schema".to_owned(),
            };
            let message = format!("required column {} is missing; {hint}", quoted(&missing.name));
            CheckOutcome::failed(MISSING, Severity::Block, message).about(missing.name.as_str())
        });
    let mut found: Vec<CheckOutcome> = columns.collect();
    found.extend(missing_label(setup));
    if found.is_empty() {
        let message = format!(
            "{} columns of the schema are there",
            layout.sources.iter().flatten().count()
        );
        found.push(CheckOutcome::passed(MISSING, Severity::Block, Scope::File, message));
    }
    found
}

fn missing_label(setup: &Setup<'_>) -> Option<CheckOutcome> {
    let severity = match setup.purpose {
        Purpose::Train => Severity::Block,
        Purpose::Validate => Severity::Warn,
        Purpose::Score => return None,
    };
    let Some(label) = &setup.schema.label else {
        let message = "the schema names no label, so there is nothing to learn; add `label:` to the schema";
        return (setup.purpose == Purpose::Train).then(|| CheckOutcome::failed(MISSING, Severity::Block, message));
    };
    if setup.layout.label.is_some() {
        return None;
    }
    let likeness =
        |other: &String| strsim::normalized_damerau_levenshtein(&label.column, &shortened(other.as_bytes(), 100));
    let near = (setup.layout.extra.iter().take(COMPARED))
        .map(|other| (likeness(other), other))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    let hint = near.map_or_else(String::new, |(_, name)| {
        format!("; the nearest name in the file is {}", quoted(name))
    });
    let use_of_it = match setup.purpose {
        Purpose::Train => "nothing can be learned from it",
        _ => "the file can be scored, but nothing can be learned from it",
    };
    let message = format!("label column {} is missing{hint}; {use_of_it}", quoted(&label.column));
    Some(CheckOutcome::failed(MISSING, severity, message).about(label.column.as_str()))
}

fn extra(setup: &Setup<'_>) -> Vec<CheckOutcome> {
    let extra = &setup.layout.extra;
    let mut found: Vec<CheckOutcome> = extra
        .iter()
        .take(NAMED)
        .map(|name| {
            let message = format!(
                "column {} is not in the schema; it is carried along, not read",
                quoted(name)
            );
            CheckOutcome::failed("extra_column", Severity::Warn, message).about(name.as_str())
        })
        .collect();
    if extra.len() > NAMED {
        let message = format!("{} further columns are not in the schema", extra.len() - NAMED);
        found.push(CheckOutcome::failed("extra_column", Severity::Warn, message));
    }
    if found.is_empty() {
        found.push(CheckOutcome::passed(
            "extra_column",
            Severity::Warn,
            Scope::File,
            "no unknown columns",
        ));
    }
    found
}

fn renamed(setup: &Setup<'_>) -> Vec<CheckOutcome> {
    let outcome = |(canonical, name): &(String, String)| {
        let message = format!("column {} is read as {}", quoted(name), quoted(canonical));
        CheckOutcome::failed("renamed_column", Severity::Info, message).about(canonical.as_str())
    };
    let found: Vec<CheckOutcome> = setup.layout.renamed.iter().map(outcome).collect();
    if found.is_empty() {
        return vec![CheckOutcome::passed(
            "renamed_column",
            Severity::Info,
            Scope::File,
            "no aliases in use",
        )];
    }
    found
}

fn absent(setup: &Setup<'_>) -> Option<CheckOutcome> {
    let label = |name: &&String| setup.purpose != Purpose::Score || !setup.schema.is_label(name);
    let absent: Vec<&String> = setup.layout.absent.iter().filter(label).collect();
    if absent.is_empty() {
        return None;
    }
    let mut names: Vec<String> = absent.iter().take(10).map(|name| quoted(name)).collect();
    if absent.len() > names.len() {
        names.push(format!("and {} more", absent.len() - names.len()));
    }
    let message = format!(
        "{} optional columns are not in the file: {}",
        absent.len(),
        names.join(", ")
    );
    Some(CheckOutcome::failed("absent_column", Severity::Info, message))
}

fn order(setup: &Setup<'_>) -> Option<CheckOutcome> {
    let message = "the columns stand in another order than in the schema; they are read by name";
    setup
        .layout
        .reordered
        .then(|| CheckOutcome::failed("column_order", Severity::Info, message))
}
