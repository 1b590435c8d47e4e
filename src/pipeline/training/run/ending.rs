//! Owns how a training run ends: what its manifest says, whichever way it went.

use super::Run;
use crate::pipeline::event::{Event, RunStatus};
use crate::pipeline::training::{TrainOutcome, TrainingError};

impl Run<'_> {
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
