//! Owns `verdicts export`: judged cases of the store, or the rows of a scored file with what was decided about them.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::error::CliError;
use super::print;
use super::verdicts::{all_cases, open_store};
use crate::artifacts::Timestamp;
use crate::browse::Work;
use crate::export::{ExportHeader, ExportRow, Format, Summary, write, write_file};
use crate::review::{OpenedStore, Review, Scope};
use crate::schema::Schema;
use crate::store::VerdictStore;
use crate::text::{grouped, visible_text};
use crate::triage::{CaseId, CaseState, Cases, Cells, RiskLevel, RiskSettings};

/// `verdicts export`.
#[derive(Debug, Args)]
pub struct VerdictsExportArgs {
    /// Where to; what is there is replaced. - is standard output, if that is no terminal [default: the workspace's
    /// prediction_output/verdicts.csv, or the format's ending]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// csv, ndjson (Elastic Common Schema), stix (2.1 bundle), parquet or md (hand-over of the shift) [default: what the
    /// file's ending says, else csv]
    #[arg(long, value_name = "F", value_parser = str::parse::<Format>)]
    pub format: Option<Format>,
    /// Write the rows of this scored file [default: the cases in the store, with the cells they had when judged]
    #[arg(long, value_name = "FILE")]
    pub scored: Option<PathBuf>,
    /// With --scored: only rows whose case has a verdict
    #[arg(long, requires = "scored")]
    pub judged: bool,
    /// Without --scored: only cases of the schema of this name [default: the only one, else the workspace's]
    #[arg(long, value_name = "NAME", conflicts_with = "scored")]
    pub schema: Option<String>,
    /// Print one JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Exports and says how much.
pub(super) fn run(args: &VerdictsExportArgs, context: &Context) -> Result<(), CliError> {
    let of_ending = || args.file.as_deref().and_then(Format::of_path);
    let format = args.format.or_else(of_ending).unwrap_or(Format::Csv);
    let target = target(args, format, context)?;
    let summary = match &args.scored {
        Some(_) => scored(args, format, target.as_deref(), context)?,
        None => stored(args, format, target.as_deref(), context)?,
    };
    if args.json {
        return print::json(&json!({
            "file": target, "format": format.name(), "rows": summary.rows, "judged": summary.judged,
            "suppressed": summary.suppressed, "without_indicator": summary.without_indicator,
            "objects": summary.objects, "unreadable_cells": summary.unreadable_cells, "bytes": summary.bytes,
        }));
    }
    let name = target.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    let mut line = format!(
        "{}: {} rows, {} of them with a verdict",
        visible_text(&name),
        grouped(summary.rows),
        grouped(summary.judged)
    );
    if summary.without_indicator > 0 {
        line += &format!(
            "; {} of them are not in it, for they have no URL, domain or address",
            grouped(summary.without_indicator)
        );
    }
    if summary.unreadable_cells > 0 {
        line += &format!(
            "; {} cells could not be read as their type",
            grouped(summary.unreadable_cells)
        );
    }
    context.progress.line(&line);
    Ok(())
}

/// The file to write; `None` is standard output.
fn target(args: &VerdictsExportArgs, format: Format, context: &Context) -> Result<Option<PathBuf>, CliError> {
    let Some(named) = &args.file else {
        let name = format!("verdicts.{}", format.extension());
        return Ok(Some(context.workspace.output_dir().join(name)));
    };
    if named != Path::new("-") {
        return Ok(Some(named.clone()));
    }
    if args.json {
        let message = "standard output cannot take both the export and --json; name a file";
        return Err(CliError::Usage(message.to_owned()));
    }
    if io::stdout().is_terminal() {
        let message = "cells can hold characters that a terminal acts on; name a file, or pipe it on";
        return Err(CliError::Usage(message.to_owned()));
    }
    Ok(None)
}

fn scored(
    args: &VerdictsExportArgs,
    format: Format,
    target: Option<&Path>,
    context: &Context,
) -> Result<Summary, CliError> {
    let control = Work {
        cancel: &context.cancel,
        progress: &|_, _, _| {},
    };
    // Said here, for a review only shows it.
    let store = open_store(context)?;
    let opened = OpenedStore::new(Box::new(store));
    let review = Review::open(&context.surroundings, args.scored.as_deref(), opened, control)?;
    let scope = if args.judged { Scope::Judged } else { Scope::All };
    match target {
        Some(path) => Ok(review.export(format, scope, path, true, control)?),
        None => to_stdout(|out| Ok(review.export_to(format, scope, out, control)?)),
    }
}

fn stored(
    args: &VerdictsExportArgs,
    format: Format,
    target: Option<&Path>,
    context: &Context,
) -> Result<Summary, CliError> {
    let mut store = open_store(context)?;
    let cases = all_cases(&mut store)?;
    let schema = schema_of(args.schema.as_deref(), context, &cases)?;
    let cells: HashMap<CaseId, Cells> = store.cells(&schema)?.into_iter().collect();
    let judged = judged_cases(&cases, &schema);
    let columns = columns_of(&judged, &cells);
    let now = Timestamp::now();
    let known = context
        .surroundings
        .schema(None)
        .ok()
        .filter(|found| found.schema.name == schema);
    let mut header = match &known {
        Some(found) => ExportHeader::new(columns, &found.schema, now),
        None => ExportHeader::without_schema(columns, &schema, now),
    };
    header.nulls = context.settings.reading.null_tokens();
    header.analyst = context.settings.triage.analyst();
    "cases with a verdict".clone_into(&mut header.scope);
    let mut rows = judged.iter().map(|(case, state)| {
        let told = cells.get(*case).map(Vec::as_slice).unwrap_or_default();
        let mut row = row_of(
            case,
            state,
            &header,
            told,
            &context.settings.risk,
            known.as_ref().map(|f| &*f.schema),
        );
        row.events = cases.history(case).to_vec();
        Ok(row)
    });
    match target {
        Some(path) => Ok(write_file(format, path, true, &header, &mut rows)?),
        None => to_stdout(|out| Ok(write(format, &header, &mut rows, out)?)),
    }
}

fn to_stdout(export: impl FnOnce(&mut Piped) -> Result<Summary, CliError>) -> Result<Summary, CliError> {
    let mut out = Piped {
        out: BufWriter::with_capacity(1 << 16, io::stdout()),
        closed: false,
    };
    let summary = export(&mut out)?;
    out.flush().map_err(|cause| CliError::Failed {
        message: format!("standard output: {cause}"),
        cause: Some(Box::new(cause)),
    })?;
    Ok(summary)
}

/// Standard output, of which nobody may read the end: that is no error.
struct Piped {
    out: BufWriter<Stdout>,
    closed: bool,
}

impl Piped {
    fn unless_closed<T>(
        &mut self,
        done: T,
        act: impl FnOnce(&mut BufWriter<Stdout>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.closed {
            return Ok(done);
        }
        match act(&mut self.out) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(done)
            }
            other => other,
        }
    }
}

impl Write for Piped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_closed(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_closed((), BufWriter::flush)
    }
}

/// The schema whose cases are meant where nobody names one: the only one of which cases were judged, else the workspace's.
pub(super) fn schema_of(named: Option<&str>, context: &Context, cases: &Cases) -> Result<String, CliError> {
    let judged = cases.iter().filter(|(_, state)| state.verdict.is_some());
    let schemas: BTreeSet<&str> = judged.map(|(case, _)| case.schema.as_str()).collect();
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let of_workspace = || {
        context
            .surroundings
            .schema(None)
            .ok()
            .map(|found| found.schema.name.clone())
    };
    let mut all = schemas.iter();
    match (all.next(), all.next()) {
        (Some(only), None) => Ok((*only).to_owned()),
        (None, _) => Ok(of_workspace().unwrap_or_default()),
        _ => of_workspace()
            .filter(|name| schemas.contains(name.as_str()))
            .ok_or_else(|| {
                let names = schemas
                    .iter()
                    .map(|name| visible_text(name))
                    .collect::<Vec<_>>()
                    .join(", ");
                CliError::Usage(format!(
                    "cases of several schemas were judged; name one with --schema: {names}"
                ))
            }),
    }
}

/// The latest verdicts first.
fn judged_cases<'c>(cases: &'c Cases, schema: &str) -> Vec<(&'c CaseId, &'c CaseState)> {
    let judged = cases
        .iter()
        .filter(|(case, state)| case.schema == schema && state.verdict.is_some());
    let mut judged: Vec<_> = judged.collect();
    judged.sort_by(|a, b| {
        let at = |state: &CaseState| state.verdict.as_ref().map(|judgement| judgement.at);
        at(b.1).cmp(&at(a.1)).then_with(|| a.0.cmp(b.0))
    });
    judged
}

/// Every column that one of the cases has, in the order in which they come first.
fn columns_of(judged: &[(&CaseId, &CaseState)], cells: &HashMap<CaseId, Cells>) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut columns = Vec::new();
    for (name, _) in judged.iter().filter_map(|(case, _)| cells.get(*case)).flatten() {
        if known.insert(name.as_str()) {
            columns.push(name.clone());
        }
    }
    columns
}

fn row_of(
    case: &CaseId,
    state: &CaseState,
    header: &ExportHeader,
    cells: &[(String, String)],
    risk: &RiskSettings,
    schema: Option<&Schema>,
) -> ExportRow {
    let by_name: HashMap<&str, &str> = cells
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let is_label = |name: &str| schema.is_some_and(|schema| schema.is_label(name));
    let text = |name: &String| {
        by_name
            .get(name.as_str())
            .filter(|_| !is_label(name))
            .copied()
            .unwrap_or_default()
    };
    let score = state.verdict.as_ref().and_then(|judgement| judgement.score.as_ref());
    let probability = score.map_or(f64::NAN, |score| score.probability);
    let flagged = score.is_some_and(|score| score.flagged);
    let level = score.map_or(RiskLevel::Low, |score| score.risk);
    ExportRow {
        cells: header.columns.iter().map(|name| text(name).to_owned()).collect(),
        line: None,
        case: case.clone(),
        copies: 1,
        probability,
        confidence: if flagged { probability } else { 1.0 - probability },
        flagged,
        risk: level,
        action: risk.recommended_action(flagged, level),
        reasons: String::new(),
        run: score.map(|score| score.run.clone()).unwrap_or_default(),
        state: state.clone(),
        suppressed: None,
        events: Vec::new(),
    }
}
