//! Owns the dialog that scores a file: its fields, what is wrong with them, and the plan they make.

use std::path::PathBuf;

use crate::tui::app::address::{is_address, not_a_source};
use crate::tui::app::layer::{Field, FieldValue, Form, PathLine};
use crate::tui::app::line_editor::LineEditor;
use crate::worker::{PredictPlan, RunsList};

const BY_MODEL: &str = "by the model's threshold";
const BY_PROBABILITY: &str = "from a probability on";
const BY_BUDGET: &str = "at most so many rows";

/// What the dialog is made from.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// What it begins with.
    pub(super) plan: PredictPlan,
    /// Why that did not go before.
    pub(super) problem: Option<String>,
    /// The data that is meant where none is named.
    pub(super) default_data: String,
    /// Models: how each is named, and how it is shown.
    pub(super) models: Vec<(String, String)>,
}

impl Offer {
    /// The champion and every finished run.
    pub(super) fn models(list: &RunsList) -> Vec<(String, String)> {
        let finished = list.runs.iter().filter(|run| run.status == "finished");
        let shown = |run: &crate::worker::RunLine| match &run.model {
            Some(model) => format!("{} {model}", run.run_id),
            None => run.run_id.clone(),
        };
        let champion = list
            .champion
            .as_ref()
            .map(|run| ("champion".to_owned(), format!("champion ({run})")));
        champion
            .into_iter()
            .chain(finished.map(|run| (run.run_id.clone(), shown(run))))
            .collect()
    }
}

/// The dialog.
pub(super) fn form(offer: &Offer) -> Form {
    let plan = &offer.plan;
    let file = match &plan.path {
        Some(path) => path.display().to_string(),
        None => String::new(),
    };
    let model = FieldValue::Choice {
        options: offer.models.iter().map(|(_, shown)| shown.clone()).collect(),
        at: offer
            .models
            .iter()
            .position(|(name, _)| *name == plan.model)
            .unwrap_or(0),
    };
    let (by, value) = match (plan.threshold, plan.alerts) {
        (_, Some(alerts)) => (2, alerts.to_string()),
        (Some(threshold), None) => (1, threshold.to_string()),
        (None, None) => (0, String::new()),
    };
    let by = FieldValue::Choice {
        options: [BY_MODEL, BY_PROBABILITY, BY_BUDGET].map(str::to_owned).to_vec(),
        at: by,
    };
    let output = plan.output.as_ref().map(|path| path.display().to_string());
    let path = |text: String| FieldValue::Path(PathLine::new(text));
    let fields = vec![
        field(
            "file",
            "file",
            "file or mongodb://HOST/DB.COLLECTION; empty: own data",
            path(file),
        ),
        field("model", "model", "the champion, or any finished run", model),
        field("by", "flag", "which rows are flagged", by),
        field(
            "value",
            "value",
            "the probability, 0 to 1, or how many rows",
            FieldValue::Text(LineEditor::new(value)),
        ),
        field(
            "output",
            "output",
            "empty is prediction_output/output.csv",
            path(output.unwrap_or_default()),
        ),
    ];
    let before = "An output that is there already is kept under another name; rejected rows go to a file beside it.";
    let problem = offer.problem.iter().map(|problem| format!("Not scored: {problem}"));
    Form {
        title: "score a file".to_owned(),
        notes: problem.chain([before.to_owned()]).collect(),
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

/// What is wrong with the fields.
fn check(fields: &[Field]) -> Vec<(&'static str, String)> {
    let line = |name: &str| {
        let field = fields.iter().find(|field| field.name == name);
        field.map_or("", |field| field.value.text()).trim()
    };
    let mut wrong = Vec::new();
    if let Some(problem) = not_a_source(line("file")) {
        wrong.push(("file", problem));
    }
    match line("by") {
        BY_PROBABILITY if !line("value").parse().is_ok_and(|p: f64| (0.0..=1.0).contains(&p)) => {
            wrong.push(("value", "a probability from 0 to 1, such as 0.35".to_owned()));
        }
        BY_BUDGET if !line("value").parse().is_ok_and(|n: u64| n > 0) => {
            wrong.push(("value", "a whole number of rows from 1 on".to_owned()));
        }
        _ => {}
    }
    let output = line("output");
    if is_address(output) {
        let text = "the console writes files; a collection: nsec-tui predict FILE --output mongodb://...";
        wrong.push(("output", text.to_owned()));
    } else if let Some(problem) = not_a_file(output) {
        wrong.push(("output", problem));
    } else if !output.is_empty() && output == line("file") {
        wrong.push(("output", "that is the file to score; name another one".to_owned()));
    }
    wrong
}

/// Why a text names no file, where it is not empty.
pub(super) fn not_a_file(text: &str) -> Option<String> {
    if text == "-" {
        Some("the console has no standard output; name a file".to_owned())
    } else if text.contains("://") {
        Some("only files are written; name a file".to_owned())
    } else if text.ends_with('/') {
        Some("that is a directory; name a file in it".to_owned())
    } else {
        None
    }
}

/// The plan that checked fields make. A path that is not changed stays as it was, also where it cannot be written as text.
pub(super) fn plan(values: &[(&'static str, FieldValue)], offer: &Offer) -> PredictPlan {
    let value = |name: &str| values.iter().find(|(field, _)| *field == name).map(|(_, value)| value);
    let line = |name: &str| value(name).map_or("", FieldValue::text).trim();
    let before = &offer.plan;
    let path = |text: &str, before: &Option<PathBuf>| match before {
        _ if text.is_empty() => None,
        Some(path) if path.display().to_string() == text => Some(path.clone()),
        _ => Some(PathBuf::from(text)),
    };
    let model = match value("model") {
        Some(FieldValue::Choice { at, .. }) => offer.models.get(*at).map(|(name, _)| name.clone()),
        _ => None,
    };
    let (threshold, alerts) = match line("by") {
        BY_PROBABILITY => (line("value").parse().ok(), None),
        BY_BUDGET => (None, line("value").parse().ok()),
        _ => (None, None),
    };
    let file = line("file");
    PredictPlan {
        path: if before.path.is_none() && file == offer.default_data {
            None
        } else {
            path(file, &before.path)
        },
        model: model.unwrap_or_else(|| "champion".to_owned()),
        threshold,
        alerts,
        output: path(line("output"), &before.output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer() -> Offer {
        Offer {
            plan: PredictPlan {
                path: Some(PathBuf::from("/srv/new.csv")),
                model: String::new(),
                threshold: None,
                alerts: None,
                output: None,
            },
            problem: None,
            default_data: "Network_Data/phisingData.csv".to_owned(),
            models: vec![
                ("champion".to_owned(), "champion (b)".to_owned()),
                ("b".to_owned(), "b forest".to_owned()),
            ],
        }
    }

    fn set(form: &mut Form, name: &str, text: &str) {
        let field = form.fields.iter_mut().find(|field| field.name == name).unwrap();
        match &mut field.value {
            FieldValue::Text(line) => line.set(text),
            FieldValue::Path(path) => path.line.set(text),
            FieldValue::Choice { options, at } => *at = options.iter().position(|o| o == text).unwrap(),
            FieldValue::Several { .. } | FieldValue::Secret(_) => panic!(),
        }
    }

    fn made(form: &Form, offer: &Offer) -> PredictPlan {
        let values: Vec<_> = form.fields.iter().map(|f| (f.name, f.value.clone())).collect();
        plan(&values, offer)
    }

    #[test]
    fn untouched_it_scores_the_open_file_with_the_champion() {
        let offer = offer();
        let form = form(&offer);
        assert!(check(&form.fields).is_empty());
        let expected = PredictPlan {
            model: "champion".to_owned(),
            ..offer.plan.clone()
        };
        assert_eq!(made(&form, &offer), expected);
    }

    #[test]
    fn every_field_comes_through() {
        let offer = offer();
        let mut form = form(&offer);
        set(&mut form, "model", "b forest");
        set(&mut form, "by", BY_PROBABILITY);
        set(&mut form, "value", " 0.25 ");
        set(&mut form, "file", "");
        set(&mut form, "output", "out/x.csv");
        assert!(check(&form.fields).is_empty());
        let plan = made(&form, &offer);
        assert_eq!((plan.path.clone(), plan.model.as_str()), (None, "b"));
        assert_eq!((plan.threshold, plan.alerts), (Some(0.25), None));
        assert_eq!(plan.output, Some(PathBuf::from("out/x.csv")));
        set(&mut form, "by", BY_BUDGET);
        set(&mut form, "value", "50");
        assert_eq!(made(&form, &offer).alerts, Some(50));
        // A value that is not asked for is none.
        set(&mut form, "by", BY_MODEL);
        set(&mut form, "value", "nonsense");
        assert!(check(&form.fields).is_empty());
        assert_eq!(
            (made(&form, &offer).threshold, made(&form, &offer).alerts),
            (None, None)
        );
    }

    #[test]
    fn wrong_values_are_refused_where_they_stand() {
        let wrong = |changes: &[(&str, &str)]| {
            let mut form = form(&offer());
            for (name, text) in changes {
                set(&mut form, name, text);
            }
            check(&form.fields)
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        for value in ["", "1.5", "-0.1", "x", "NaN"] {
            assert_eq!(wrong(&[("by", BY_PROBABILITY), ("value", value)]), ["value"], "{value}");
        }
        for value in ["", "0", "-3", "2.5"] {
            assert_eq!(wrong(&[("by", BY_BUDGET), ("value", value)]), ["value"], "{value}");
        }
        assert!(wrong(&[("file", "mongodb://ann@h/d.c")]).is_empty());
        assert_eq!(wrong(&[("file", "mongodb://ann:pw@h/d.c")]), ["file"]);
        assert_eq!(wrong(&[("file", "http://h/d.csv")]), ["file"]);
        assert_eq!(wrong(&[("output", "mongodb://h/d.c")]), ["output"]);
        assert_eq!(wrong(&[("file", "-"), ("output", "-")]), ["file", "output"]);
        assert_eq!(wrong(&[("output", "/srv/new.csv")]), ["output"]);
        assert_eq!(wrong(&[("output", "/srv/")]), ["output"]);
    }

    #[test]
    fn a_name_that_is_no_text_is_kept() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let mut offer = offer();
        let path = PathBuf::from(OsStr::from_bytes(b"/srv/a\xff.csv"));
        offer.plan.path = Some(path.clone());
        assert_eq!(made(&form(&offer), &offer).path, Some(path));
    }
}
