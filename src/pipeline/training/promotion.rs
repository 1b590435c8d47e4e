//! Owns the question whether a new model replaces the champion: on test rows that neither was trained on, by paired
//! bootstrap.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::artifacts::{
    CHAMPION, Promotion, RegistryStore, RunFile, RunId, WriteError, atomic, current_user, load_run,
};
use crate::cancel::{CancelToken, Cancelled};
use crate::metrics::{BootstrapOptions, Metric};
use crate::pipeline::comparison::{ComparisonError, Pair, TestRows, trained_rows};
use crate::pipeline::judged::JudgedCases;
use crate::pipeline::judged_flips::{FlipsError, JudgedFlips};
use crate::pipeline::trained_model::TrainedModel;
use crate::validation::ValidationSettings;
use crate::workspace::Workspace;

use super::error::TrainingError;
use super::settings::PromotionSettings;

/// File of a run that holds the feature hashes of its training rows, sorted, eight bytes each, little-endian.
pub const TRAINED_ROWS: &str = "model_trainer/trained_rows.bin";

/// What became of the new model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromotionOutcome {
    /// Whether it is the champion now.
    pub promoted: bool,
    /// Why, in one line.
    pub reason: String,
    /// The champion it was compared with.
    pub champion: Option<RunId>,
    /// Test rows that neither model was trained on.
    pub fresh_rows: usize,
    /// Probability that the new model is better.
    pub probability_better: Option<f64>,
    /// 90 % interval of the difference in the selection metric, new less old.
    pub interval: Option<(f64, f64)>,
    /// What would change among the cases that people judged, where those were at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<JudgedFlips>,
}

impl PromotionOutcome {
    /// Not promoted, because the decision itself failed.
    pub fn undecided(run: &RunId, error: &TrainingError) -> Self {
        Self {
            promoted: false,
            reason: format!("left to a person (`runs promote {run}`): {error}"),
            champion: None,
            fresh_rows: 0,
            probability_better: None,
            interval: None,
            judged: None,
        }
    }
}

/// Test rows with the new model's view of them.
pub struct ScoredTest<'a> {
    /// The rows.
    pub rows: TestRows<'a>,
    /// The new model's calibrated probabilities.
    pub scores: &'a [f64],
    /// The new model.
    pub model: &'a TrainedModel,
    /// What people judged, where that is to be looked at.
    pub judged: Option<&'a JudgedCases>,
    /// How their cells are checked.
    pub validation: &'a ValidationSettings,
    /// Feature hashes of the rows the new model was trained on.
    pub trained: &'a [u64],
    /// Which features the hashes are of.
    pub fingerprint: u64,
}

/// The comparison with a champion, before anything is changed.
struct Comparison {
    fresh_rows: usize,
    probability_better: f64,
    interval: (f64, f64),
    judged: Option<Result<JudgedFlips, FlipsError>>,
}

/// Decides about the new run and changes the registry where it wins.
///
/// # Errors
/// The registry cannot be read or changed, or cancellation.
pub fn decide(
    workspace: &Workspace,
    run: &RunId,
    test: &ScoredTest<'_>,
    metric: &'static Metric,
    settings: &PromotionSettings,
    seed: u64,
    cancel: &CancelToken,
) -> Result<PromotionOutcome, TrainingError> {
    let store = RegistryStore::new(workspace);
    let champion = store.read()?.champion;
    let mut outcome = PromotionOutcome {
        promoted: false,
        reason: String::new(),
        champion: champion.clone(),
        fresh_rows: 0,
        probability_better: None,
        interval: None,
        judged: None,
    };
    let Some(champion) = champion else {
        "there was no champion".clone_into(&mut outcome.reason);
        return promote(&store, run, None, outcome);
    };
    let compared = match compare(workspace, (&champion, run), test, metric, settings, seed, cancel) {
        Ok(compared) => compared,
        Err(_) if cancel.is_cancelled() => return Err(Cancelled.into()),
        Err(reason) => {
            outcome.reason = format!("left to a person (`runs promote {run}`): champion {champion}: {reason}");
            return Ok(outcome);
        }
    };
    outcome.fresh_rows = compared.fresh_rows;
    outcome.probability_better = Some(compared.probability_better);
    outcome.interval = Some(compared.interval);
    let measured = format!(
        "{} {:+.4} to {:+.4} against {champion} on {} rows new to both, better with probability {:.2}",
        metric.name, compared.interval.0, compared.interval.1, compared.fresh_rows, compared.probability_better
    );
    if compared.probability_better < settings.confidence {
        outcome.reason = format!("not shown to be better: {measured}, {} is asked", settings.confidence);
    } else if let Some(worse) = worse_on_judged(run, compared.judged, &mut outcome) {
        outcome.reason = format!("{worse}, though better on test rows: {measured}");
    } else if settings.automatic {
        let judged = outcome
            .judged
            .as_ref()
            .map_or_else(String::new, |judged| format!("; {}", judged.sentence()));
        outcome.reason = format!("better: {measured}{judged}");
        return promote(&store, run, Some(champion), outcome);
    } else {
        outcome.reason = format!("better, but training.promotion.automatic is off: {measured}");
    }
    Ok(outcome)
}

/// Why a person must decide because of what people judged; `None` where that is no obstacle.
fn worse_on_judged(
    run: &RunId,
    judged: Option<Result<JudgedFlips, FlipsError>>,
    outcome: &mut PromotionOutcome,
) -> Option<String> {
    let person = format!("left to a person (`runs promote {run}`)");
    match judged? {
        Err(error) => Some(format!("{person}: the judged cases cannot be compared: {error}")),
        Ok(flips) => {
            let worse = (flips.net_loss() > 0).then(|| format!("{person}: {}", flips.sentence()));
            outcome.judged = Some(flips);
            worse
        }
    }
}

fn promote(
    store: &RegistryStore,
    run: &RunId,
    expected: Option<RunId>,
    mut outcome: PromotionOutcome,
) -> Result<PromotionOutcome, TrainingError> {
    let wish = Promotion {
        run: run.clone(),
        alias: CHAMPION.to_owned(),
        by: current_user(),
        reason: outcome.reason.clone(),
        expected_champion: Some(expected),
    };
    match store.promote(&wish) {
        Ok(_) => outcome.promoted = true,
        Err(crate::artifacts::RegistryError::ChampionChanged { .. }) => {
            "the champion changed while this run was compared with the old one; left to a person"
                .clone_into(&mut outcome.reason);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(outcome)
}

fn compare(
    workspace: &Workspace,
    (champion, run): (&RunId, &RunId),
    test: &ScoredTest<'_>,
    metric: &'static Metric,
    settings: &PromotionSettings,
    seed: u64,
    cancel: &CancelToken,
) -> Result<Comparison, ComparisonError> {
    let (directory, _) = load_run(workspace, champion).map_err(|e| ComparisonError::TrainedRows {
        path: champion.to_string(),
        reason: e.to_string(),
    })?;
    let trained = trained_rows(&directory)?;
    if trained.fingerprint != test.fingerprint {
        return Err(ComparisonError::OtherFeatures);
    }
    let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
    // With a split that does not keep copies together, the new model knows some of its own test rows.
    let own: HashSet<u64> = test.trained.iter().copied().collect();
    let mut fresh = test.rows.fresh(&trained.hashes);
    fresh.retain(|&row| !own.contains(&test.rows.groups[row]));
    if fresh.len() < settings.min_rows {
        return Err(ComparisonError::TooFewRows {
            rows: fresh.len(),
            needed: settings.min_rows,
        });
    }
    let rows = test.rows.take(&fresh)?;
    let old = model.score(&rows.frame, cancel)?;
    let new: Vec<f64> = fresh.iter().map(|&r| test.scores[r]).collect();
    let bootstrap = BootstrapOptions {
        resamples: settings.resamples,
        seed,
        ..BootstrapOptions::default()
    };
    let pair = Pair {
        old: (&old, model.threshold),
        new: (&new, test.model.threshold),
    };
    let difference = pair.difference(metric.name, &rows, &bootstrap, cancel)?;
    let judged = match test.judged {
        Some(judged) => {
            let flips = JudgedFlips::between(&model, test.model, judged, test.validation, cancel);
            cancel.check()?;
            Some(flips.map(|flips| flips.of(champion, run)))
        }
        None => None,
    };
    Ok(Comparison {
        fresh_rows: fresh.len(),
        probability_better: difference.probability_b_better,
        interval: (difference.low, difference.high),
        judged,
    })
}

/// Writes the feature hashes of training rows.
///
/// # Errors
/// The file cannot be written.
///
/// The first eight bytes are the fingerprint of the features they are hashes of.
pub fn write_trained_rows(path: &Path, fingerprint: u64, groups: impl Iterator<Item = u64>) -> Result<(), WriteError> {
    let mut hashes: Vec<u64> = groups.collect();
    hashes.sort_unstable();
    hashes.dedup();
    let all = std::iter::once(&fingerprint).chain(&hashes);
    let bytes: Vec<u8> = all.flat_map(|h| h.to_le_bytes()).collect();
    atomic::write_bytes(path, &bytes)
}

#[cfg(test)]
mod tests;
