//! Owns `runs`: listing, showing, comparing, promoting, rolling back and pruning training runs.

mod remote;

use std::fmt::Write;

use serde_json::json;

use super::args::RunsCommand;
use super::context::Context;
use super::error::CliError;
use super::print;
use crate::artifacts::{
    CHAMPION, Manifest, Promotion, Registry, RegistryStore, current_user, prune_runs, runs_overview,
};
use crate::pipeline::comparison::{PairedDifference, TwoRuns};
use crate::pipeline::judged_flips::{FlipsError, JudgedFlips, RunPair};
use crate::text::{visible_text, wrap};
use crate::worker::judged_cases;

/// Runs a command on runs.
pub(super) fn run(command: &RunsCommand, context: &Context) -> Result<(), CliError> {
    match command {
        RunsCommand::List { remote: true, server } => remote::list(server, context),
        RunsCommand::List { server, .. } => list(context, server.json),
        RunsCommand::Show { run, json } => show(context, run, *json),
        RunsCommand::Compare { a, b, json } => compare(context, a, b, *json),
        RunsCommand::Promote {
            run,
            alias,
            reason,
            remote: shared,
            server,
        } => {
            if *shared {
                remote::promote(run, alias, reason, server, context)
            } else {
                promote(context, run, alias, reason, server.json)
            }
        }
        RunsCommand::Push { run, server } => remote::push(run, server, context),
        RunsCommand::Pull { run, server } => remote::pull(run, server, context),
        RunsCommand::Rollback { reason, json } => {
            let registry = RegistryStore::new(&context.workspace).rollback(&current_user(), reason)?;
            registry_changed(&registry, *json)
        }
        RunsCommand::Prune { keep, json } => {
            let pruned = prune_runs(&RegistryStore::new(&context.workspace), *keep, &current_user())?;
            if *json {
                return print::json(&pruned);
            }
            let kept = if pruned.spared.is_empty() {
                String::new()
            } else {
                format!("; {} older ones stay: champions, named or running", pruned.spared.len())
            };
            print::out(&format!(
                "{} runs removed, {:.1} MB freed{kept}\n",
                pruned.removed.len(),
                pruned.bytes as f64 / 1e6
            ))
        }
    }
}

fn list(context: &Context, json: bool) -> Result<(), CliError> {
    let (registry, runs) = runs_overview(&context.workspace)?;
    if json {
        return print::json(&json!({ "champion": registry.champion, "runs": runs }));
    }
    if runs.is_empty() {
        let here = context.workspace.root().display().to_string();
        return print::out(&format!(
            "no runs yet in workspace {}; `nsec-tui train` makes one\n",
            visible_text(&here)
        ));
    }
    let mut text = format!(
        "{:21} {:15} {:23} {:>6} {:>6}  {}\n",
        "run", "status", "model", "F1", "PR-AUC", "data"
    );
    for run in &runs {
        let number = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
        let _ = writeln!(
            text,
            "{:21} {:15} {:23} {:>6} {:>6}  {}{}",
            visible_text(&run.run_id),
            run.status,
            run.model.as_deref().map_or("-".into(), visible_text),
            number(run.test_f1),
            number(run.test_pr_auc),
            run.data.as_deref().map(visible_text).unwrap_or_default(),
            if run.names.is_empty() {
                String::new()
            } else {
                format!("  <- {}", visible_text(&run.names.join(", ")))
            }
        );
    }
    print::out(&text)
}

fn show(context: &Context, name: &str, json: bool) -> Result<(), CliError> {
    let (directory, manifest) = RegistryStore::new(&context.workspace).find(name)?;
    if json {
        return print::json(&manifest);
    }
    let status = format!("{:?}", manifest.status).to_lowercase();
    let mut text = format!("run        {}\nstatus     {status}\n", manifest.run_id);
    if let Some(failure) = &manifest.failure {
        let _ = writeln!(text, "failure    {}", visible_text(failure));
    }
    let _ = writeln!(text, "started    {}", manifest.started_at);
    if let Some(data) = &manifest.data {
        let _ = writeln!(
            text,
            "data       {}: {} rows, {} rejected",
            visible_text(&data.name),
            data.rows,
            data.rejected_rows
        );
        let _ = writeln!(text, "           sha256 of its cells {}", data.sha256);
    }
    if let Some(split) = &manifest.split {
        let _ = writeln!(
            text,
            "split      {}, seed {}: {} training rows, {} test rows, {:.1} % seen in training",
            visible_text(&split.strategy),
            split.seed,
            split.train_rows,
            split.test_rows,
            split.seen_in_train * 100.0
        );
    }
    push_model(&mut text, &manifest);
    let stages = manifest
        .timings
        .iter()
        .map(|t| format!("{} {:.2} s", t.stage, t.seconds));
    let stages = stages.collect::<Vec<_>>().join(", ");
    if !stages.is_empty() {
        wrap(&mut text, "stages     ", &stages, 11, 80);
    }
    let _ = writeln!(text, "directory  {}", visible_text(&directory.display().to_string()));
    print::out(&text)
}

fn push_model(text: &mut String, manifest: &Manifest) {
    let Some(model) = &manifest.model else { return };
    let described = format!("{model} {}", manifest.params);
    let _ = writeln!(text, "model      {}", visible_text(&described));
    if let Some(threshold) = manifest.threshold {
        let _ = writeln!(text, "threshold  {threshold:.4}");
    }
    for side in ["train", "test"] {
        let metric = |name: &str| manifest.metrics[side][name].as_f64().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "{side:10} F1 {:.4}  precision {:.4}  recall {:.4}  ROC-AUC {:.4}  PR-AUC {:.4}  Brier {:.4}",
            metric("f1"),
            metric("precision"),
            metric("recall"),
            metric("roc_auc"),
            metric("pr_auc"),
            metric("brier")
        );
    }
}

fn compare(context: &Context, a: &str, b: &str, json: bool) -> Result<(), CliError> {
    let TwoRuns { comparison, paired } = TwoRuns::compare(&context.workspace, a, b, &context.cancel)?;
    let (paired, why_not) = match paired {
        Ok(paired) => (Some(paired), None),
        Err(reason) => (None, Some(reason.to_string())),
    };
    context.cancel.check()?;
    if json {
        return print::json(&json!({ "comparison": comparison, "paired": paired, "paired_unavailable": why_not }));
    }
    let mut text = comparison.to_string();
    match (paired, why_not) {
        (Some(paired), _) => push_paired(&mut text, &paired),
        (None, Some(reason)) => {
            let _ = writeln!(
                text,
                "\nwhether the difference is real cannot be told: {}",
                visible_text(&reason)
            );
        }
        (None, None) => {}
    }
    print::out(&text)
}

fn push_paired(text: &mut String, paired: &PairedDifference) {
    let _ = writeln!(
        text,
        "\nb less a on {} test rows that neither was trained on (paired bootstrap, 90 %):",
        paired.rows
    );
    for metric in &paired.metrics {
        let verdict = if metric.low > 0.0 || metric.high < 0.0 {
            "real"
        } else {
            "could be chance"
        };
        let _ = writeln!(
            text,
            "{:12} {:+.4} ({:+.4} to {:+.4})  {verdict}",
            metric.name, metric.difference, metric.low, metric.high
        );
    }
}

fn promote(context: &Context, name: &str, alias: &str, reason: &str, json: bool) -> Result<(), CliError> {
    let store = RegistryStore::new(&context.workspace);
    let run = store.resolve(name)?;
    let judged = if alias == CHAMPION && store.read()?.champion.is_some_and(|champion| champion != run) {
        judged_flips(context, run.as_str())?
    } else {
        None
    };
    let wish = Promotion {
        run,
        alias: alias.to_owned(),
        by: current_user(),
        reason: reason.to_owned(),
        expected_champion: None,
    };
    let registry = store.promote(&wish)?;
    if !json {
        return registry_changed(&registry, false);
    }
    let mut answer = serde_json::to_value(&registry).map_err(CliError::failed)?;
    if let (Some(judged), Some(answer)) = (judged, answer.as_object_mut()) {
        answer.insert("judged".to_owned(), json!(judged));
    }
    print::json(&answer)
}

/// What the run would change among the cases that people judged. It is told and keeps nobody from promoting; neither does
/// that it cannot be found out.
fn judged_flips(context: &Context, run: &str) -> Result<Option<JudgedFlips>, CliError> {
    let warn = |text: &str| context.progress.line(&format!("warning: {}", visible_text(text)));
    // What is wrong with the run itself, promotion says.
    let Ok(pair) = RunPair::open(&context.workspace, run) else {
        return Ok(None);
    };
    let judged = match judged_cases(&context.workspace, context.settings.workspace.shared, pair.schema()) {
        Ok(judged) if judged.cases.is_empty() => return Ok(None),
        Ok(judged) => judged,
        Err(error) => {
            warn(&format!("what gets worse on judged rows is not known: {error}"));
            return Ok(None);
        }
    };
    match pair.flips(&judged, &context.settings.validation, &context.cancel) {
        Ok(flips) => {
            if flips.gets_worse() {
                warn(&flips.sentence());
            } else {
                context.progress.line(&visible_text(&flips.sentence()));
            }
            Ok(Some(flips))
        }
        Err(FlipsError::Cancelled(_)) => Err(CliError::Cancelled),
        Err(error) => {
            warn(&format!("what gets worse on judged rows is not known: {error}"));
            Ok(None)
        }
    }
}

fn registry_changed(registry: &Registry, json: bool) -> Result<(), CliError> {
    if json {
        return print::json(registry);
    }
    let champion = registry
        .champion
        .as_ref()
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    let mut text = format!("champion: {champion}\n");
    for (alias, run) in &registry.aliases {
        let _ = writeln!(text, "{}: {run}", visible_text(alias));
    }
    print::out(&text)
}
