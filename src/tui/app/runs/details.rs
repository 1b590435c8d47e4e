//! Owns everything about one run as lines to read.

use serde_json::Value;

use super::rows;
use crate::text::grouped;
use crate::tui::app::globals::size_text;
use crate::tui::app::layer::{ReaderLine, Tone};
use crate::worker::{Manifest, RunFacts, RunsList};

/// Metrics in the order people ask for them; what else a run has is in its files.
const METRICS: [(&str, &str); 9] = [
    ("f1", "F1"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("pr_auc", "PR-AUC"),
    ("roc_auc", "ROC-AUC"),
    ("accuracy", "accuracy"),
    ("mcc", "MCC"),
    ("brier", "Brier"),
    ("log_loss", "log loss"),
];

/// Everything about a run.
pub fn lines(facts: &RunFacts, list: &RunsList) -> Vec<ReaderLine> {
    let mut lines = Vec::new();
    match &facts.manifest {
        Ok(manifest) => {
            begin(&mut lines, manifest);
            lineage(&mut lines, facts, list);
            metrics(&mut lines, manifest);
            model(&mut lines, manifest, facts);
            data(&mut lines, manifest);
            stages(&mut lines, manifest);
            files(&mut lines, manifest);
        }
        Err(reason) => lines.push(ReaderLine::labelled("damaged", reason.clone()).in_tone(Tone::Bad)),
    }
    lines.push(ReaderLine::heading("directory"));
    lines.push(ReaderLine::plain(facts.directory.clone()));
    lines
}

fn begin(lines: &mut Vec<ReaderLine>, manifest: &Manifest) {
    let status = format!("{:?}", manifest.status).to_lowercase();
    lines.push(ReaderLine::labelled("status", status));
    if let Some(failure) = &manifest.failure {
        lines.push(ReaderLine::labelled("because", failure.clone()).in_tone(Tone::Bad));
    }
    lines.push(ReaderLine::labelled(
        "started",
        rows::minute(&manifest.started_at.to_string()),
    ));
    if let Some(seconds) = manifest.seconds {
        lines.push(ReaderLine::labelled("took", format!("{seconds:.1} s")));
    }
    let git = manifest
        .git
        .as_deref()
        .map(|git| format!(", {git}"))
        .unwrap_or_default();
    lines.push(ReaderLine::labelled(
        "program",
        format!("nsec-tui {}{git}", manifest.version),
    ));
    if let Some(note) = &manifest.note {
        lines.push(ReaderLine::labelled("note", note.clone()));
    }
}

fn lineage(lines: &mut Vec<ReaderLine>, facts: &RunFacts, list: &RunsList) {
    if let Some(run) = list.runs.iter().find(|run| run.run_id == facts.run_id) {
        let ancestors = rows::ancestors(list, run);
        if !ancestors.is_empty() {
            lines.push(ReaderLine::labelled("grew from", ancestors.join(" <- ")));
        }
        if !run.aliases.is_empty() {
            lines.push(ReaderLine::labelled("names", run.aliases.join(", ")));
        }
    }
    let children = rows::children(list, &facts.run_id);
    if !children.is_empty() {
        lines.push(ReaderLine::labelled("grown from it", children.join(", ")));
    }
    if list.previous.contains(&facts.run_id) {
        lines.push(ReaderLine::labelled("was", "champion"));
    }
}

fn metrics(lines: &mut Vec<ReaderLine>, manifest: &Manifest) {
    let side = |side: &str, name: &str| manifest.metrics.get(side)?.get(name)?.as_f64();
    let number = |value: Option<f64>| value.map_or_else(|| format!("{:>8}", "-"), |value| format!("{value:>8.4}"));
    let known = METRICS
        .iter()
        .filter(|(name, _)| side("train", name).is_some() || side("test", name).is_some());
    let known: Vec<_> = known.collect();
    if known.is_empty() {
        return;
    }
    lines.push(ReaderLine::heading("metrics"));
    let head = format!("{:>8}  {:>8}", "test", "train");
    lines.push(ReaderLine::plain(head).in_tone(Tone::Faint));
    for (name, label) in known {
        let text = format!("{}  {}", number(side("test", name)), number(side("train", name)));
        lines.push(ReaderLine::labelled(*label, text));
    }
    if let Some(cells) = manifest.metrics.get("test").and_then(|test| test.get("confusion")) {
        let cell = |name: &str| cells.get(name).and_then(Value::as_u64).map_or("-".to_owned(), grouped);
        let text = format!(
            "{} caught, {} missed, {} false alarms, {} let through rightly",
            cell("tp"),
            cell("fn"),
            cell("fp"),
            cell("tn")
        );
        lines.push(ReaderLine::labelled("test rows", text));
    }
}

fn model(lines: &mut Vec<ReaderLine>, manifest: &Manifest, facts: &RunFacts) {
    let Some(model) = &manifest.model else { return };
    lines.push(ReaderLine::heading("model"));
    lines.push(ReaderLine::labelled("family", model.clone()));
    if let Some(threshold) = manifest.threshold {
        let rule = facts.scores.as_ref().ok().map(|scores| &scores.metrics.threshold.rule);
        let rule = rule.map(|rule| format!(" by {rule}")).unwrap_or_default();
        lines.push(ReaderLine::labelled("threshold", format!("{threshold:.4}{rule}")));
    }
    if let Value::Object(params) = &manifest.params {
        for (name, value) in params {
            lines.push(ReaderLine::labelled(name.clone(), in_words(value)));
        }
    }
    if let Err(reason) = &facts.scores {
        lines.push(ReaderLine::labelled("scores", reason.clone()).in_tone(Tone::Warning));
    }
}

fn data(lines: &mut Vec<ReaderLine>, manifest: &Manifest) {
    if let Some(data) = &manifest.data {
        lines.push(ReaderLine::heading("data"));
        lines.push(ReaderLine::labelled("source", data.name.clone()));
        let rows = format!("{}, {} rejected", grouped(data.rows), grouped(data.rejected_rows));
        lines.push(ReaderLine::labelled("rows", rows));
        lines.push(ReaderLine::labelled("cells' SHA-256", data.sha256.clone()));
    }
    if let Some(schema) = &manifest.schema {
        lines.push(ReaderLine::labelled("schema", schema.name.clone()));
    }
    if let Some(split) = &manifest.split {
        lines.push(ReaderLine::heading("split"));
        lines.push(ReaderLine::labelled(
            "by",
            format!("{}, seed {}", split.strategy, split.seed),
        ));
        let rows = format!(
            "{} to train on, {} to test on",
            grouped(split.train_rows),
            grouped(split.test_rows)
        );
        lines.push(ReaderLine::labelled("rows", rows));
        let seen = format!(
            "{:.1} % of test rows are also training rows",
            split.seen_in_train * 100.0
        );
        lines.push(ReaderLine::labelled("seen in train", seen));
    }
}

fn stages(lines: &mut Vec<ReaderLine>, manifest: &Manifest) {
    if manifest.timings.is_empty() {
        return;
    }
    lines.push(ReaderLine::heading("stages"));
    for timing in &manifest.timings {
        let seconds = format!("{:>8.2} s", timing.seconds);
        lines.push(ReaderLine::labelled(timing.stage.to_string(), seconds));
    }
}

fn files(lines: &mut Vec<ReaderLine>, manifest: &Manifest) {
    if manifest.files.is_empty() {
        return;
    }
    lines.push(ReaderLine::heading("files"));
    for file in &manifest.files {
        lines.push(ReaderLine::labelled(size_text(file.bytes), file.path.clone()));
    }
}

/// A JSON value without the quotes of a text.
pub fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
