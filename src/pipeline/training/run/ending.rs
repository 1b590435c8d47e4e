//! Owns how a training run ends: what its manifest says, whichever way it went.

use super::Run;
use crate::pipeline::event::{Event, RunStatus};
use crate::pipeline::training::evaluation::{Evaluated, Finished};
use crate::pipeline::training::publication::encode_error;
use crate::pipeline::training::selection::Selection;
use crate::pipeline::training::{SideMetrics, TrainOutcome, TrainingError};

impl Run<'_> {
    /// Puts the model and its scores into the manifest.
    pub(super) fn describe(
        &mut self,
        selection: &Selection,
        finished: &Finished,
        evaluated: &Evaluated,
    ) -> Result<(), TrainingError> {
        self.manifest.model = Some(selection.family.name().to_owned());
        self.manifest.params = serde_json::to_value(&finished.model.params).map_err(encode_error)?;
        self.manifest.threshold = Some(finished.model.threshold);
        let metrics = SideMetrics {
            train: evaluated.train.metrics.clone(),
            test: evaluated.test.metrics.clone(),
            random_audit: evaluated.random_audit.clone(),
        };
        self.manifest.metrics = serde_json::to_value(metrics).map_err(encode_error)?;
        Ok(())
    }

    /// Why a run ended that nobody gave up at once.
    fn stopped(&self) -> String {
        let after = self.done.map_or_else(String::new, |stage| format!(" after {stage}"));
        format!("stopped{after}, as asked")
    }

    /// Writes down how the run ended, whichever way, and tells.
    pub(super) fn end(mut self, result: Result<TrainOutcome, TrainingError>) -> Result<TrainOutcome, TrainingError> {
        let (status, failure) = match &result {
            Ok(_) => (RunStatus::Finished, None),
            Err(_) if self.cancel.is_cancelled() => (RunStatus::Cancelled, Some("stopped on request".to_owned())),
            Err(TrainingError::Cancelled(_)) => (RunStatus::Cancelled, Some(self.stopped())),
            Err(error) => (RunStatus::Failed, Some(error.to_string())),
        };
        // A run whose manifest already says finished is whole; only promotion can have failed after that.
        if status != RunStatus::Finished && self.manifest.status == RunStatus::Running {
            self.manifest.end(status, failure.clone());
            if let Err(error) = self.directory.write_manifest(&self.manifest) {
                tracing::error!(%error, "the manifest could not be written");
            }
        }
        let run_id = self.directory.id().to_string();
        match &failure {
            None => tracing::info!(%run_id, "run finished"),
            Some(why) => tracing::error!(%run_id, %why, "run ended without a model"),
        }
        self.events.send(Event::RunFinished { run_id, status });
        match result {
            Err(_) if self.cancel.is_cancelled() => Err(crate::cancel::Cancelled.into()),
            other => other,
        }
    }
}
