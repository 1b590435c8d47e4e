//! Owns one training job from its start to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Job, JobState, Jobs};
use crate::artifacts::Timestamp;
use crate::cancel::CancelToken;
use crate::pipeline::event::Event;
use crate::pipeline::training::{Limits, TrainOutcome, TrainRequest, TrainingError, train};
use crate::serve::jobs::book::JobProgress;
use crate::surroundings::Surroundings;
use crate::worker::judged_cases;

/// Trains, and writes down what came of it.
pub(super) fn run(jobs: &Jobs, job: &Job, surroundings: &Surroundings, threads: usize, cancel: &CancelToken) {
    tracing::info!(job = job.id, "training begins");
    // A panic ends this job and not the thread that the next one waits for.
    let result = catch_unwind(AssertUnwindSafe(|| trained(jobs, job, surroundings, threads, cancel)));
    let result = result.unwrap_or_else(|_| {
        let reason = "the program failed within (a panic); please report this, the log says where";
        Err(Ended::Failed(reason.to_owned()))
    });
    jobs.change(&job.id, |job| {
        job.finished_at = Some(Timestamp::now());
        job.progress = None;
        match result {
            Ok(outcome) => {
                job.state = JobState::Finished;
                job.run_id = Some(outcome.run_id.clone());
                job.outcome = Some(told(&outcome));
            }
            Err(Ended::Cancelled) => job.state = JobState::Cancelled,
            Err(Ended::Failed(reason)) => {
                job.state = JobState::Failed;
                job.error = Some(crate::text::visible_text(&reason).into_owned());
            }
        }
        tracing::info!(job = job.id, state = ?job.state, "training ended");
    });
}

enum Ended {
    Cancelled,
    Failed(String),
}

fn failed(error: &dyn std::fmt::Display) -> Ended {
    Ended::Failed(error.to_string())
}

fn trained(
    jobs: &Jobs,
    job: &Job,
    surroundings: &Surroundings,
    threads: usize,
    cancel: &CancelToken,
) -> Result<TrainOutcome, Ended> {
    let settings = &surroundings.settings;
    let training = job
        .request
        .settings(&settings.training)
        .map_err(|refusal| Ended::Failed(refusal.message))?;
    let schema = surroundings.schema(None).map_err(|error| failed(&error))?.schema;
    let source = surroundings.source(None);
    let judged = job
        .request
        .with_verdicts()
        .then(|| judged_cases(&surroundings.workspace, settings.workspace.shared, &schema.name))
        .transpose()
        .map_err(|error| failed(&error))?;
    let request = TrainRequest {
        workspace: &surroundings.workspace,
        source: &source,
        schema: &schema,
        reading: &settings.reading,
        validation: &settings.validation,
        transform: &settings.transform,
        training: &training,
        threads,
        resume: None,
        verdicts: judged.as_ref(),
        limits: &Limits::default(),
    };
    // Threads of its own: requests are scored on the others meanwhile.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|_| "nsec-train-pool".to_owned())
        .build()
        .map_err(|error| failed(&error))?;
    let events = |event: Event| take(jobs, &job.id, event);
    match pool.install(|| train(&request, &events, cancel)) {
        Ok(outcome) => Ok(outcome),
        Err(TrainingError::Cancelled(_)) => Err(Ended::Cancelled),
        Err(_) if cancel.is_cancelled() => Err(Ended::Cancelled),
        Err(error) => Err(failed(&error)),
    }
}

/// The events that the command line prints, as far as they say how far the job is.
fn take(jobs: &Jobs, id: &str, event: Event) {
    let progress = match event {
        Event::RunStarted { run_id } => return jobs.change(id, |job| job.run_id = Some(run_id)),
        Event::StageStarted { stage, total } => JobProgress {
            stage: stage.to_string(),
            done: 0,
            total,
            note: String::new(),
        },
        Event::StageProgress {
            stage,
            done,
            total,
            note,
        } => JobProgress {
            stage: stage.to_string(),
            done,
            total,
            note,
        },
        _ => return,
    };
    jobs.progress(id, |job| job.progress = Some(progress));
}

fn told(outcome: &TrainOutcome) -> serde_json::Value {
    let mut told = serde_json::json!({
        "champion": outcome.champion,
        "promoted": outcome.promoted,
        "promotion": outcome.promotion,
        "seconds": outcome.seconds,
        "rows": outcome.rows,
        "rejected_rows": outcome.rejected_rows,
    });
    if let Some(fields) = told.as_object_mut()
        && let Ok(metrics) = serde_json::to_value(&outcome.metrics.test)
    {
        fields.insert("test".to_owned(), metrics);
    }
    told
}
