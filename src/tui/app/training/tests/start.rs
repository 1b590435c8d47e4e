//! Proof of the dialog: what it shows is what it makes.

use std::path::PathBuf;

use proptest::prelude::*;

use super::super::start::{Offer, form, plan};
use crate::tui::app::layer::{FieldValue, Form};
use crate::tui::app::line_editor::LineEditor;
use crate::worker::TrainPlan;

const MODELS: [&str; 3] = ["a", "b", "c"];

fn models() -> Vec<String> {
    MODELS.map(str::to_owned).to_vec()
}

fn settings() -> TrainPlan {
    TrainPlan {
        path: None,
        models: Vec::new(),
        search: "grid".to_owned(),
        trials: 10,
        split: "grouped".to_owned(),
        test_fraction: 0.2,
        seed: 42,
        threshold_by: "f1".to_owned(),
        minutes: None,
        verdicts: false,
    }
}

fn values(form: &Form) -> Vec<(&'static str, FieldValue)> {
    form.fields
        .iter()
        .map(|field| (field.name, field.value.clone()))
        .collect()
}

fn errors(form: &Form) -> Vec<&'static str> {
    let check = form.check.unwrap();
    check(&form.fields).into_iter().map(|(name, _)| name).collect()
}

fn set(form: &mut Form, name: &str, text: &str) {
    let field = form.fields.iter_mut().find(|field| field.name == name).unwrap();
    field.value = FieldValue::Text(LineEditor::new(text));
}

#[test]
fn every_value_out_of_range_is_named() {
    let (plan, models) = (settings(), models());
    let offer = Offer {
        plan: &plan,
        default_data: "data.csv",
        models: &models,
    };
    let mut form = form(&offer);
    assert!(errors(&form).is_empty());
    for (name, text) in [
        ("trials", "0"),
        ("test_fraction", "0.6"),
        ("seed", "-1"),
        ("threshold_by", "alerts"),
        ("minutes", "0"),
    ] {
        set(&mut form, name, text);
    }
    // Trials do not matter to a grid.
    assert_eq!(errors(&form), ["test_fraction", "seed", "threshold_by", "minutes"]);
    if let FieldValue::Choice { at, .. } = &mut form.fields[2].value {
        *at = 2;
    }
    if let FieldValue::Several { options, .. } = &mut form.fields[1].value {
        for (_, taken) in options {
            *taken = false;
        }
    }
    assert_eq!(errors(&form)[..2], ["models", "trials"]);
}

#[test]
fn the_default_data_is_no_path_whether_named_or_not() {
    let (settings, models) = (settings(), models());
    let offer = Offer {
        plan: &settings,
        default_data: "data.csv",
        models: &models,
    };
    let mut form = form(&offer);
    assert_eq!(form.fields[0].value.text(), "data.csv");
    assert_eq!(plan(&values(&form), &offer).path, None);
    set(&mut form, "data", "  ");
    assert_eq!(plan(&values(&form), &offer).path, None);
    set(&mut form, "data", "other.csv");
    assert_eq!(plan(&values(&form), &offer).path, Some(PathBuf::from("other.csv")));
}

proptest! {
    #[test]
    fn a_dialog_without_changes_makes_the_plan_it_was_made_from(
        path in prop::option::of("[a-z]{1,8}/[a-z é]{1,8}[.]csv"),
        taken in 1usize..7,
        search in prop::sample::select(vec!["none", "grid", "random"]),
        split in prop::sample::select(vec!["grouped", "stratified", "time"]),
        trials in 1usize..10_000,
        test_fraction in 0.05..0.5_f64,
        seed: u64,
        rule in prop::sample::select(vec!["f1", "alerts:100", "cost:1,10", "fpr:0.01"]),
        minutes in prop::option::of(1u32..),
        verdicts: bool,
    ) {
        let names = models();
        let before = TrainPlan {
            path: path.map(PathBuf::from),
            models: names.iter().enumerate().filter(|(at, _)| taken >> at & 1 == 1).map(|(_, name)| name.clone()).collect(),
            search: search.to_owned(),
            trials,
            split: split.to_owned(),
            test_fraction,
            seed,
            threshold_by: rule.to_owned(),
            minutes,
            verdicts,
        };
        let offer = Offer { plan: &before, default_data: "data.csv", models: &names };
        let form = form(&offer);
        prop_assert!(errors(&form).is_empty());
        prop_assert_eq!(plan(&values(&form), &offer), before);
    }
}
