//! Owns `verdicts`: the store a command works with, `stats`, and what `import` says of what it took in.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::args::VerdictsCommand;
use super::context::Context;
use super::error::CliError;
use super::verdicts_import::{Imported, read_import};
use super::verdicts_labels;
use super::{print, verdicts_export, verdicts_set, verdicts_sync};
use crate::artifacts::RegistryStore;
use crate::store::{BadLine, Kept, LocalStore, Standing, StoreOptions, VerdictStore};
use crate::text::{grouped, visible_text};
use crate::triage::statistics::{Conflict, PrecisionLine, VerdictCounts};
use crate::triage::{Cases, Merged, Statistics, Verdict, merge};

/// Lines that a person is told of each kind of trouble; `--json` has them all.
const TOLD: usize = 10;

/// Runs a command on verdicts.
pub(super) fn run(command: &VerdictsCommand, context: &Context) -> Result<(), CliError> {
    match command {
        VerdictsCommand::Export(args) => verdicts_export::run(args, context),
        VerdictsCommand::Import {
            from_audit: true, json, ..
        } => from_audit(context, *json),
        VerdictsCommand::Import { files, json, .. } => import(context, files, *json),
        VerdictsCommand::Stats { json } => stats(context, *json),
        VerdictsCommand::Sync { server } => verdicts_sync::run(server, context),
        VerdictsCommand::Set(command) => verdicts_set::run(command, context),
        VerdictsCommand::Labels(command) => verdicts_labels::run(command, context),
    }
}

/// The workspace's store. What a person should know of it is said on standard error.
pub(super) fn open_store(context: &Context) -> Result<LocalStore, CliError> {
    let options = StoreOptions {
        shared: context.settings.workspace.shared,
        ..StoreOptions::default()
    };
    let mut store = LocalStore::open(&context.workspace, options)?;
    tell_of(&mut store, context);
    Ok(store)
}

fn tell_of(store: &mut LocalStore, context: &Context) {
    for notice in store.notices() {
        context.progress.line(&visible_text(&notice));
    }
    match store.standing() {
        Standing::Ready => {}
        Standing::Journal(why) => {
            let line =
                format!("the store cannot be used for now ({why}); the journal logs/audit.ndjson stands in for it");
            context.progress.line(&visible_text(&line));
        }
        Standing::ReadOnly(why) => {
            let line = format!("the store can only be read: {why}");
            context.progress.line(&visible_text(&line));
        }
    }
}

/// Everything that was ever decided.
pub(super) fn all_cases(store: &mut LocalStore) -> Result<Cases, CliError> {
    Ok(store.events_since(0)?.0.into_iter().collect())
}

fn stats(context: &Context, json: bool) -> Result<(), CliError> {
    let mut store = open_store(context)?;
    let statistics = Statistics::of(&all_cases(&mut store)?);
    if json {
        return print::json(&statistics);
    }
    print::out(&stats_text(&statistics))
}

fn stats_text(statistics: &Statistics) -> String {
    let mut text = format!(
        "{} of {} cases judged, {} events\n",
        grouped(statistics.judged),
        grouped(statistics.cases),
        grouped(statistics.events)
    );
    if statistics.cases == 0 {
        text.push_str("nothing was decided yet; the console's Review panel is where it is done\n");
        return text;
    }
    let _ = writeln!(text, "\n{:28}{}", "", verdict_heads());
    let _ = writeln!(text, "{:28}{}", "all", verdict_cells(&statistics.verdicts));
    for lane in &statistics.lanes {
        let name = json!(lane.lane).as_str().unwrap_or_default().replace('_', " ");
        let _ = writeln!(text, "{:28}{}", name, verdict_cells(&lane.verdicts));
    }
    for analyst in &statistics.analysts {
        let name = crate::text::fit(&visible_text(&analyst.analyst), 27);
        let _ = writeln!(text, "by {name:25}{}", verdict_cells(&analyst.verdicts));
    }
    if !statistics.agreement.is_empty() {
        let _ = writeln!(text, "\n{:40}{:>7}{:>9}{:>8}", "agreement", "cases", "same", "kappa");
    }
    for pair in &statistics.agreement {
        let names = format!("{} and {}", pair.analysts[0], pair.analysts[1]);
        let name = crate::text::fit(&visible_text(&names), 39);
        let kappa = pair.kappa.map_or_else(|| "-".to_owned(), |k| format!("{k:.3}"));
        let _ = writeln!(text, "{name:40}{:>7}{:>7.1} %{kappa:>8}", pair.cases, pair.raw * 100.0);
    }
    push_precision(&mut text, "precision by run", &statistics.precision.by_run);
    push_precision(&mut text, "precision by week", &statistics.precision.by_week);
    let audit = &statistics.random_audit;
    if audit.judged > 0 {
        let _ = writeln!(
            text,
            "\nrandom audit: {} judged, {} malicious; of {} that were not flagged {} malicious",
            audit.judged, audit.malicious, audit.unflagged, audit.missed
        );
        push_precision(&mut text, "its precision by run", &audit.precision.by_run);
        push_precision(&mut text, "its precision by week", &audit.precision.by_week);
    }
    push_conflicts(&mut text, &statistics.conflicts);
    text
}

fn verdict_heads() -> String {
    ["true +", "benign +", "false +", "duplicate", "undetermined"]
        .map(|head| format!("{head:>13}"))
        .concat()
}

fn verdict_cells(counts: &VerdictCounts) -> String {
    counts.0.map(|count| format!("{:>13}", grouped(count))).concat()
}

fn push_precision(text: &mut String, title: &str, lines: &[PrecisionLine]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title:28}{:>10}{:>10}{:>11}", "true +", "false +", "precision");
    for line in lines {
        let name = crate::text::fit(&visible_text(&line.name), 27);
        let share = line
            .precision
            .map_or_else(|| "-".to_owned(), |p| format!("{:.1} %", p * 100.0));
        let count = |verdict| line.verdicts.of(verdict);
        let (right, wrong) = (count(Verdict::TruePositive), count(Verdict::FalsePositive));
        let _ = writeln!(text, "{name:28}{right:>10}{wrong:>10}{share:>11}");
    }
}

fn push_conflicts(text: &mut String, conflicts: &[Conflict]) {
    if conflicts.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n{} cases on which analysts contradict each other",
        conflicts.len()
    );
    for conflict in conflicts.iter().take(TOLD) {
        let said = conflict
            .verdicts
            .iter()
            .map(|s| format!("{} by {}", s.verdict.words(), s.analyst));
        let said = said.collect::<Vec<_>>().join(", ");
        let line = format!("  {} {}: {said}", conflict.case.schema, conflict.case.row);
        let _ = writeln!(text, "{}", visible_text(&line));
    }
    if conflicts.len() > TOLD {
        let _ = writeln!(text, "  and {} more; --json lists all", conflicts.len() - TOLD);
    }
}

fn from_audit(context: &Context, json: bool) -> Result<(), CliError> {
    let mut store = open_store(context)?;
    let taken = store.rebuild()?;
    // Bad lines are in the report.
    store.notices();
    let events = store.events_since(0)?.0.len();
    if json {
        return print::json(&json!({
            "journal": context.workspace.audit_file(), "added": taken.events, "rules_added": taken.rules,
            "events": events, "malformed": taken.bad, "store": standing(&store),
        }));
    }
    tell_bad(context, "logs/audit.ndjson", &taken.bad);
    print::out(&format!(
        "{} events taken over from logs/audit.ndjson, {} rules and their hits; the store has {} events now\n",
        grouped(taken.events),
        grouped(taken.rules),
        grouped(events as u64)
    ))
}

fn standing(store: &LocalStore) -> serde_json::Value {
    match store.standing() {
        Standing::Ready => json!({ "state": "ready" }),
        Standing::Journal(why) => json!({ "state": "journal", "why": why }),
        Standing::ReadOnly(why) => json!({ "state": "read_only", "why": why }),
    }
}

/// What came of a file.
#[derive(Serialize)]
struct ImportedFile {
    file: PathBuf,
    #[serde(flatten)]
    read: Imported,
    #[serde(flatten)]
    merged: Merged,
    added: usize,
}

fn import(context: &Context, files: &[PathBuf], json: bool) -> Result<(), CliError> {
    let mut schemas = Schemas::new(context);
    // All are read before anything is kept: a wrong name keeps nothing.
    let read = files.iter().map(|path| {
        let read = read_import(path, &context.settings.reading, &mut |run| schemas.of_run(run))?;
        Ok((path.clone(), read))
    });
    let read = read.collect::<Result<Vec<_>, CliError>>()?;
    let mut store = open_store(context)?;
    let mut done = Vec::new();
    let mut journalled = None;
    for (file, mut read) in read {
        let merged = merge(all_cases(&mut store)?, std::mem::take(&mut read.events));
        let command = format!("nsec-tui verdicts import {}", file.display());
        let (kept, added) = store.import(&merged.events, &command)?;
        if let Kept::Journalled(why) = kept {
            journalled = Some(why);
        }
        done.push(ImportedFile {
            file,
            read,
            merged,
            added,
        });
    }
    if json {
        let sum = |count: fn(&ImportedFile) -> u64| done.iter().map(count).sum::<u64>();
        return print::json(&json!({
            "added": sum(|f| f.added as u64), "known": sum(|f| f.merged.known),
            "malformed": sum(|f| f.read.malformed.len() as u64),
            "conflicts": done.last().map_or(0, |f| f.merged.conflicts.len()),
            "files": done, "store": standing(&store),
        }));
    }
    if let Some(why) = journalled {
        let line = format!("kept in the journal for now, which the store takes over as soon as it can: {why}");
        context.progress.line(&visible_text(&line));
    }
    for file in &done {
        tell_bad(context, &file.file.display().to_string(), &file.read.malformed);
    }
    print::out(&done.iter().map(import_text).collect::<String>())
}

fn import_text(file: &ImportedFile) -> String {
    let mut text = format!(
        "{}: {} rows, {} of them without a verdict, {} that cannot be understood; {} events added, {} known already\n",
        visible_text(&file.file.display().to_string()),
        grouped(file.read.rows),
        grouped(file.read.without_verdict),
        grouped(file.read.malformed.len() as u64),
        grouped(file.added as u64),
        grouped(file.merged.known)
    );
    if !file.merged.older_notes.is_empty() {
        let count = file.merged.older_notes.len();
        let _ = writeln!(text, "  {count} notes do not show: later ones stand here");
    }
    push_conflicts(&mut text, &file.merged.conflicts);
    text
}

fn tell_bad(context: &Context, file: &str, bad: &[BadLine]) {
    for line in bad.iter().take(TOLD) {
        let text = format!("{file}: line {}: {}; left out", line.line, line.why);
        context.progress.line(&visible_text(&text));
    }
    if bad.len() > TOLD {
        let text = format!("{file}: {} more such lines; --json lists all", bad.len() - TOLD);
        context.progress.line(&visible_text(&text));
    }
}

/// Under which schema a run scored: the run's own where it is here, else the workspace's.
struct Schemas<'c> {
    context: &'c Context,
    known: HashMap<String, Option<String>>,
}

impl<'c> Schemas<'c> {
    fn new(context: &'c Context) -> Self {
        Self {
            context,
            known: HashMap::new(),
        }
    }

    fn of_run(&mut self, run: &str) -> String {
        let found = self.look_up(run);
        found.or_else(|| self.of_workspace()).unwrap_or_default()
    }

    fn look_up(&mut self, run: &str) -> Option<String> {
        if run.is_empty() || run.contains(['/', '\\']) {
            return None;
        }
        let context = self.context;
        let of_run = || {
            let (_, manifest) = RegistryStore::new(&context.workspace).find(run).ok()?;
            Some(manifest.schema?.name)
        };
        self.known.entry(run.to_owned()).or_insert_with(of_run).clone()
    }

    fn of_workspace(&mut self) -> Option<String> {
        let context = self.context;
        let of_workspace = || context.schema(None).ok().map(|schema| schema.name.clone());
        self.known.entry(String::new()).or_insert_with(of_workspace).clone()
    }
}
