//! Owns the way from what a person names to a scored file: which run's model, where the output and the rejects go. The
//! command line, the console and the watched directory all go it.

use std::path::{Path, PathBuf};

use crate::artifacts::{Manifest, RegistryStore, RunFile};
use crate::cancel::CancelToken;
use crate::data::{ReadSettings, Source};
use crate::pipeline::event::{Event, EventSink, Level, RunStatus};
use crate::pipeline::trained_model::TrainedModel;
use crate::pipeline::training::read_reference;
use crate::triage::RiskSettings;
use crate::validation::ValidationSettings;
use crate::validation::drift::Reference;
use crate::workspace::Workspace;

use super::error::PredictionError;
use super::known_verdicts::KnownVerdicts;
use super::run::{PredictRequest, predict};
use super::settings::{EXPLAIN_LIMIT, PredictionSettings};
use super::summary::PredictSummary;

/// A finished run as it lies on disk, with its model.
pub struct FinishedRun {
    /// Its directory.
    pub directory: PathBuf,
    /// What is written down of it.
    pub manifest: Manifest,
    /// Its model.
    pub model: TrainedModel,
}

impl FinishedRun {
    /// Loads the run that is named by alias, id, beginning of an id, or directory.
    ///
    /// # Errors
    /// There is no such run, it has no model, or its model cannot be used.
    pub fn load(workspace: &Workspace, name: &str) -> Result<Self, PredictionError> {
        let (directory, manifest) = RegistryStore::new(workspace).find(name)?;
        if manifest.status != RunStatus::Finished {
            let state = match manifest.status {
                RunStatus::Running => "still running",
                RunStatus::Cancelled => "cancelled",
                RunStatus::Failed | RunStatus::Finished => "failed",
            };
            return Err(PredictionError::NoModel {
                run: manifest.run_id.to_string(),
                state,
            });
        }
        let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
        Ok(Self {
            directory,
            manifest,
            model,
        })
    }
}

/// A finished run's model, ready to score.
pub struct ScoringModel {
    run_id: String,
    model: TrainedModel,
    reference: Option<Reference>,
}

impl ScoringModel {
    /// Loads the model of a run that is named by alias, id, beginning of an id, or directory. That its training rows cannot be
    /// had for drift is said and keeps no row from being scored.
    ///
    /// # Errors
    /// There is no such run, it has no model, or its model cannot be used.
    pub fn load(workspace: &Workspace, name: &str, events: &dyn EventSink) -> Result<Self, PredictionError> {
        let FinishedRun {
            directory,
            manifest,
            model,
        } = FinishedRun::load(workspace, name)?;
        let reference = match read_reference(&directory) {
            Ok(reference) => Some(reference),
            Err(error) => {
                events.send(Event::Message {
                    level: Level::Warning,
                    text: format!("drift is not measured: {error}"),
                });
                None
            }
        };
        Ok(Self {
            run_id: manifest.run_id.to_string(),
            model,
            reference,
        })
    }

    /// The schema it was trained under, which is part of the names of cases.
    pub fn schema_name(&self) -> &str {
        &self.model.schema.name
    }

    /// The run it is of.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }
}

/// What is to be scored, and how; what is `None` is as the settings or the model have it.
pub struct ScoreOrder<'a> {
    /// The workspace, for outputs that nobody names.
    pub workspace: &'a Workspace,
    /// The inputs, in order.
    pub inputs: &'a [Source],
    /// The scored file; `None` for `prediction_output/output.csv`.
    pub output: Option<&'a Path>,
    /// Whether a file in the output's place is kept under another name.
    pub keep_old: bool,
    /// Flag from this probability on.
    pub threshold: Option<f64>,
    /// Flag at most so many rows.
    pub alerts: Option<u64>,
    /// Give reasons for so many rows.
    pub explain: Option<usize>,
    /// Leave text as it is that a spreadsheet would run.
    pub raw: bool,
    /// What was decided about cases before.
    pub known: &'a KnownVerdicts,
    /// How inputs are read.
    pub reading: &'a ReadSettings,
    /// How rows are checked.
    pub validation: &'a ValidationSettings,
    /// Bands and actions.
    pub risk: &'a RiskSettings,
    /// Everything else.
    pub settings: &'a PredictionSettings,
}

/// Scores what is ordered.
///
/// # Errors
/// [`PredictionError`].
pub fn score(
    order: &ScoreOrder<'_>,
    with: &ScoringModel,
    events: &dyn EventSink,
    cancel: &CancelToken,
) -> Result<PredictSummary, PredictionError> {
    if order.output.is_some_and(|output| output.as_os_str() == "-") {
        let text = "--output - : the scored file and its rejects are two files; name the first one";
        return Err(PredictionError::Usage(text.to_owned()));
    }
    let explain = order.explain.unwrap_or(order.settings.explain);
    if explain > EXPLAIN_LIMIT {
        let text = format!("--explain {explain} is above {EXPLAIN_LIMIT}");
        return Err(PredictionError::Usage(text));
    }
    let (output, rejects) = match order.output {
        Some(output) => (output.to_owned(), rejects_beside(output)),
        None => (order.workspace.default_output(), order.workspace.rejects_file()),
    };
    let request = PredictRequest {
        inputs: order.inputs,
        model: &with.model,
        run_id: &with.run_id,
        reference: with.reference.as_ref(),
        output: &output,
        rejects: &rejects,
        keep_old: order.keep_old,
        threshold: order.threshold,
        alerts: order.alerts,
        explain,
        guard: order.settings.guard_formulas && !order.raw,
        known: order.known,
        reading: order.reading,
        validation: order.validation,
        risk: order.risk,
        settings: order.settings,
    };
    predict(&request, events, cancel)
}

/// Where the rejects of an output go: `flows.csv` -> `flows.rejects.csv`, so that two outputs in one directory do not share
/// theirs.
pub fn rejects_beside(output: &Path) -> PathBuf {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "output" {
        output.with_file_name("rejects.csv")
    } else {
        output.with_file_name(format!("{stem}.rejects.csv"))
    }
}
