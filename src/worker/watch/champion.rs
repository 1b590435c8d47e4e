//! Owns scoring a watched file: with whatever run is champion then, on one thread.

use std::path::Path;
use std::sync::Arc;

use super::super::failure::{Ended, Failure};
use super::super::learning::known_verdicts;
use super::super::predict::order;
use super::rounds::{Scores, Trouble};
use crate::artifacts::{CHAMPION, RegistryStore};
use crate::cancel::CancelToken;
use crate::data::Source;
use crate::event::{Event, Level};
use crate::pipeline::prediction::{PredictSummary, PredictionError, ScoreOrder, ScoringModel, score};
use crate::surroundings::Surroundings;

/// The champion's model, loaded when it is needed and again when another run is champion.
pub(super) struct Champion {
    surroundings: Arc<Surroundings>,
    cancel: CancelToken,
    /// One thread, so that training beside it keeps the others.
    pool: rayon::ThreadPool,
    model: Option<ScoringModel>,
}

impl Champion {
    pub(super) fn new(surroundings: &Arc<Surroundings>, cancel: &CancelToken) -> Result<Self, Ended> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .thread_name(|_| "nsec-watch-score".to_owned())
            .build()
            .map_err(|error| Failure::new(format!("the directory is not watched: no thread is to be had: {error}")))
            .map_err(Ended::Failed)?;
        Ok(Self {
            surroundings: Arc::clone(surroundings),
            cancel: cancel.clone(),
            pool,
            model: None,
        })
    }
}

/// What a stage says while it runs goes to the log.
fn log(event: Event) {
    if let Event::Message { level, text } = event
        && level != Level::Info
    {
        tracing::warn!("{text}");
    }
}

impl Scores for Champion {
    fn ready(&mut self) -> Result<(), String> {
        let workspace = &self.surroundings.workspace;
        let now = RegistryStore::new(workspace)
            .resolve(CHAMPION)
            .map_err(|e| e.to_string())?;
        if self.model.as_ref().is_none_or(|model| model.run_id() != now.as_str()) {
            self.model = None;
            self.model = Some(ScoringModel::load(workspace, now.as_str(), &log).map_err(|e| e.to_string())?);
        }
        Ok(())
    }

    fn score(&mut self, input: &Path, output: &Path) -> Result<PredictSummary, Trouble> {
        let Some(model) = &self.model else {
            return Err(Trouble::Elsewhere("no model is loaded".to_owned()));
        };
        let inputs = [Source::Path(input.to_owned())];
        let known = known_verdicts(
            &self.surroundings.workspace,
            self.surroundings.settings.workspace.shared,
            model.schema_name(),
            &log,
        );
        let order = ScoreOrder {
            output: Some(output),
            // The name holds what was scored: a file that is there is what a killed program came to.
            keep_old: false,
            ..order(&self.surroundings, &inputs, &known)
        };
        let result = self.pool.install(|| score(&order, model, &log, &self.cancel));
        result.map_err(|error| match error {
            PredictionError::Cancelled(_) => Trouble::Cancelled,
            PredictionError::Ingestion(_)
            | PredictionError::Blocked(_)
            | PredictionError::MissingColumns(_)
            | PredictionError::Score(_)
            | PredictionError::Metric(_)
            | PredictionError::Usage(_) => Trouble::File(error.to_string()),
            PredictionError::Registry(_)
            | PredictionError::NoModel { .. }
            | PredictionError::Model(_)
            | PredictionError::Write(_)
            | PredictionError::Temporary { .. }
            | PredictionError::Writer => Trouble::Elsewhere(error.to_string()),
        })
    }
}
