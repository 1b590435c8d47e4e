//! Owns the jobs that run stages: validation, training, moving a threshold.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::desk::Desk;
use super::failure::{Ended, Failure};
use super::job::TrainPlan;
use super::learning::judged_cases;
use super::news::{Reply, ValidationOutcome};
use super::reporter::Reporter;
use crate::artifacts::{RegistryError, RegistryStore, current_user};
use crate::data::Source;
use crate::event::{Event, EventSink, Level};
use crate::pipeline::ingestion::IngestionError;
use crate::pipeline::training::{
    self, Limits, ThresholdMove, TrainRequest, TrainingError, TrainingSettings, read_reference,
};
use crate::pipeline::validation::{Baseline, ValidateRequest};

/// Lines of failing rows of a check that can be jumped to.
const FAILING_LINES: usize = 10_000;

/// Checks a source; drift is measured against the run named, else against the champion.
pub(super) fn validate(
    desk: &Desk,
    path: Option<&Path>,
    baseline: Option<&str>,
    rejects: Option<&Path>,
    reporter: &Reporter,
) -> Result<Reply, Ended> {
    let started = Instant::now();
    let surroundings = &desk.surroundings;
    let schema = surroundings.schema(None)?.schema;
    let source = source(desk, path);
    let (baseline, reference) = match baseline {
        Some(name) => {
            let (directory, manifest) = RegistryStore::new(&surroundings.workspace).find(name)?;
            let reference = Baseline::Reference(Arc::new(read_reference(&directory)?));
            (Some(manifest.run_id.to_string()), Some(reference))
        }
        None => champion(desk, &schema.name, reporter).unzip(),
    };
    let request = ValidateRequest {
        source: &source,
        schema: &schema,
        reading: &surroundings.settings.reading,
        settings: &surroundings.settings.validation,
        baseline: reference.as_ref(),
        rejects,
        failing_lines: FAILING_LINES,
    };
    let mut report = crate::pipeline::validation::validate(&request, reporter, reporter.cancel())?;
    let failing_lines = report
        .checks
        .iter_mut()
        .map(|check| std::mem::take(&mut check.lines))
        .collect();
    Ok(Reply::Validated(Box::new(ValidationOutcome {
        source: source.to_string(),
        path: path.map(Path::to_owned),
        baseline,
        report,
        failing_lines,
        rejects: rejects.map(Path::to_owned),
        seconds: started.elapsed().as_secs_f64(),
    })))
}

fn source(desk: &Desk, path: Option<&Path>) -> Source {
    let named = path.map(Source::named);
    desk.surroundings.source(named.as_ref())
}

/// The champion's training rows, where they are rows of this schema. That they cannot be had keeps nobody from validating.
fn champion(desk: &Desk, schema: &str, reporter: &Reporter) -> Option<(String, Baseline)> {
    let store = RegistryStore::new(&desk.surroundings.workspace);
    let champion = store.read().ok()?.champion?;
    let without = |reason: String| {
        let text = format!("drift is not measured against the champion {champion}: {reason}");
        let level = Level::Warning;
        reporter.send(Event::Message { level, text });
        None
    };
    let (directory, manifest) = match store.find(champion.as_str()) {
        Ok(found) => found,
        Err(error) => return without(error.to_string()),
    };
    match manifest.schema {
        Some(own) if own.name != schema => return without(format!("it is a model of schema {}", own.name)),
        _ => {}
    }
    match read_reference(&directory) {
        Ok(reference) => Some((champion.to_string(), Baseline::Reference(Arc::new(reference)))),
        Err(error) => without(error.to_string()),
    }
}

/// Trains as the plan has it.
pub(super) fn train(desk: &Desk, plan: &TrainPlan, reporter: &Reporter) -> Result<Reply, Ended> {
    let surroundings = &desk.surroundings;
    let settings = &surroundings.settings;
    let training = settings_of(plan, &settings.training)?;
    let schema = surroundings.schema(None)?.schema;
    let source = source(desk, plan.path.as_deref());
    let budget = plan.minutes.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let limits = Limits {
        no_trial_after: budget.and_then(|budget| Instant::now().checked_add(budget)),
        stop_after_stage: reporter.stop_after_stage().clone(),
    };
    let judged = plan
        .verdicts
        .then(|| judged_cases(&surroundings.workspace, settings.workspace.shared, &schema.name))
        .transpose()?;
    let request = TrainRequest {
        workspace: &surroundings.workspace,
        source: &source,
        schema: &schema,
        reading: &settings.reading,
        validation: &settings.validation,
        transform: &settings.transform,
        training: &training,
        threads: desk.threads,
        resume: None,
        verdicts: judged.as_ref(),
        limits: &limits,
    };
    let run = Mutex::new(None);
    let events = |event: Event| {
        if let Event::RunStarted { run_id } = &event {
            desk.run_tag.set(Some(run_id));
            *run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run_id.clone());
        }
        reporter.send(event);
    };
    let result = training::train(&request, &events, reporter.cancel());
    desk.run_tag.set(None);
    let run: Option<String> = run.into_inner().unwrap_or_else(PoisonError::into_inner);
    match result {
        Ok(outcome) => Ok(Reply::Trained(Box::new(outcome))),
        Err(TrainingError::Cancelled(_)) => Err(Ended::Cancelled),
        Err(error) => {
            let mut failure = Failure::of(&error);
            if matches!(error, TrainingError::Ingestion(IngestionError::Blocked { .. })) {
                failure
                    .message
                    .push_str("; validate the source to see which rows fail, then mend the data or the schema");
            }
            Err(Ended::Failed(desk.with_log(failure, run.as_deref())))
        }
    }
}

/// The settings with what the plan changes.
fn settings_of(plan: &TrainPlan, settings: &TrainingSettings) -> Result<TrainingSettings, Ended> {
    let wrong = |message: String| Ended::Failed(Failure::new(message));
    Ok(TrainingSettings {
        models: plan.models.clone(),
        search: plan.search.parse().map_err(wrong)?,
        trials: plan.trials,
        split: plan.split.parse()?,
        test_fraction: plan.test_fraction,
        seed: plan.seed,
        threshold_by: plan.threshold_by.parse()?,
        ..settings.clone()
    })
}

/// Makes a run with the same model and another threshold.
pub(super) fn move_threshold(desk: &Desk, name: &str, threshold: f64, reporter: &Reporter) -> Result<Reply, Ended> {
    let workspace = &desk.surroundings.workspace;
    let run = RegistryStore::new(workspace)
        .resolve(name)
        .map_err(|error: RegistryError| Ended::from(error))?;
    let wish = ThresholdMove {
        workspace,
        run: &run,
        threshold,
        by: &current_user(),
    };
    reporter.progress(0, None, "both sides scored anew");
    let moved = training::move_threshold(&wish, reporter.cancel())?;
    Ok(Reply::ThresholdMoved(Box::new(moved)))
}
