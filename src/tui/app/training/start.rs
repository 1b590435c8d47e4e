//! Owns the dialog that starts a run: its fields from a plan, what is wrong with them, and the plan they make.

use std::path::PathBuf;

use crate::tui::app::address::not_a_source;
use crate::tui::app::layer::{Field, FieldValue, Form};
use crate::tui::app::line_editor::LineEditor;
use crate::worker::{ThresholdRule, TrainPlan};

const SEARCHES: [&str; 3] = ["none", "grid", "random"];
const NO_YES: [&str; 2] = ["no", "yes"];
const SPLITS: [&str; 3] = ["grouped", "stratified", "time"];

/// What the dialog is made from.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    /// What it begins with.
    pub plan: &'a TrainPlan,
    /// The data that is meant where none is named.
    pub default_data: &'a str,
    /// All families.
    pub models: &'a [String],
}

/// The dialog.
pub fn form(offer: &Offer<'_>) -> Form {
    let plan = offer.plan;
    let taken = |name: &String| plan.models.is_empty() || plan.models.contains(name);
    let models = FieldValue::Several {
        options: offer.models.iter().map(|name| (name.clone(), taken(name))).collect(),
        at: 0,
    };
    let data = plan
        .path
        .as_ref()
        .map_or_else(|| offer.default_data.to_owned(), |path| path.display().to_string());
    let minutes = plan.minutes.map(|minutes| minutes.to_string());
    let mut fields = vec![
        field(
            "data",
            "data",
            "a file or mongodb://HOST/DB.COLLECTION; empty is the workspace's own",
            text(data),
        ),
        field("models", "models", "left and right walk, space takes or leaves", models),
        field(
            "search",
            "search",
            "none tries the defaults only",
            choice(&SEARCHES, &plan.search),
        ),
        field(
            "trials",
            "trials",
            "per model with random search, 1 to 10000",
            text(plan.trials.to_string()),
        ),
        field(
            "split",
            "split",
            "grouped keeps identical rows on one side; time tests on the latest",
            choice(&SPLITS, &plan.split),
        ),
    ];
    fields.extend([
        field(
            "test_fraction",
            "test share",
            "rows set aside for the test, 0.05 to 0.5",
            text(plan.test_fraction.to_string()),
        ),
        field(
            "seed",
            "seed",
            "same seed, same data: same model",
            text(plan.seed.to_string()),
        ),
        field(
            "threshold_by",
            "threshold by",
            "f1, alerts:100, cost:1,10 or fpr:0.01",
            text(plan.threshold_by.clone()),
        ),
        field(
            "minutes",
            "time budget",
            "minutes after which no new trial begins; empty is no limit",
            text(minutes.unwrap_or_default()),
        ),
        field(
            "verdicts",
            "verdicts",
            "yes learns from what people judged, too",
            choice(&NO_YES, NO_YES[usize::from(plan.verdicts)]),
        ),
    ]);
    Form {
        title: "train".to_owned(),
        notes: Vec::new(),
        fields,
        cursor: 0,
        check: Some(check),
    }
}

fn field(name: &'static str, label: &'static str, help: &'static str, value: FieldValue) -> Field {
    Field {
        name,
        label,
        help,
        value,
        error: None,
    }
}

fn text(text: impl Into<String>) -> FieldValue {
    FieldValue::Text(LineEditor::new(text))
}

fn choice(options: &[&str], now: &str) -> FieldValue {
    FieldValue::Choice {
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        at: options.iter().position(|option| *option == now).unwrap_or(0),
    }
}

/// What is wrong with the fields.
fn check(fields: &[Field]) -> Vec<(&'static str, String)> {
    let value = |name: &str| fields.iter().find(|field| field.name == name).map(|field| &field.value);
    let line = |name: &str| value(name).map_or("", FieldValue::text).trim();
    let mut wrong = Vec::new();
    if let Some(problem) = not_a_source(line("data")) {
        wrong.push(("data", problem));
    }
    if value("models").is_some_and(|models| models.taken().is_empty()) {
        wrong.push(("models", "take at least one".to_owned()));
    }
    if line("search") == "random" && !line("trials").parse().is_ok_and(|n: usize| (1..=10_000).contains(&n)) {
        wrong.push(("trials", "a whole number from 1 to 10000".to_owned()));
    }
    if !line("test_fraction")
        .parse()
        .is_ok_and(|share: f64| (0.05..=0.5).contains(&share))
    {
        wrong.push(("test_fraction", "a number from 0.05 to 0.5".to_owned()));
    }
    if line("seed").parse::<u64>().is_err() {
        wrong.push(("seed", "a whole number from 0 on".to_owned()));
    }
    if line("threshold_by").parse::<ThresholdRule>().is_err() {
        wrong.push(("threshold_by", "f1, alerts:N, cost:FP,FN or fpr:X".to_owned()));
    }
    let minutes = line("minutes");
    if !minutes.is_empty() && !minutes.parse().is_ok_and(|n: u32| n > 0) {
        wrong.push(("minutes", "whole minutes from 1 on, or nothing".to_owned()));
    }
    wrong
}

/// The plan that checked fields make. What is not a field, or not needed, stays as it was.
pub fn plan(values: &[(&'static str, FieldValue)], offer: &Offer<'_>) -> TrainPlan {
    let before = offer.plan;
    let value = |name: &str| values.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
    let line = |name: &str| value(name).map_or("", FieldValue::text).trim();
    let models = value("models").map(FieldValue::taken).unwrap_or_default();
    let all = models.len() == offer.models.len();
    let path = match line("data") {
        "" => None,
        data if data == offer.default_data => None,
        // What is not changed stays as it was, also where it cannot be written as text.
        data if before
            .path
            .as_ref()
            .is_some_and(|path| path.display().to_string() == data) =>
        {
            before.path.clone()
        }
        data => Some(PathBuf::from(data)),
    };
    let word = |name: &str, before: &str| match line(name) {
        "" => before.to_owned(),
        word => word.to_owned(),
    };
    TrainPlan {
        path,
        models: if all {
            Vec::new()
        } else {
            models.into_iter().map(str::to_owned).collect()
        },
        search: word("search", &before.search),
        trials: line("trials").parse().unwrap_or(before.trials),
        split: word("split", &before.split),
        test_fraction: line("test_fraction").parse().unwrap_or(before.test_fraction),
        seed: line("seed").parse().unwrap_or(before.seed),
        threshold_by: word("threshold_by", &before.threshold_by),
        minutes: line("minutes").parse().ok(),
        verdicts: match line("verdicts") {
            "" => before.verdicts,
            word => word == NO_YES[1],
        },
    }
}
