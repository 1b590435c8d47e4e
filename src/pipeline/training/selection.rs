//! Owns model selection: which families take part, the search over each, the leaderboard and the chosen trial.

use std::sync::Arc;

use crate::data::Fold;
use crate::metrics::Metric;
use crate::models::{Family, ModelError, families, family};
use crate::pipeline::event::{Event, EventSink};
use crate::transform::{FeatureMatrix, Preprocessor, Wants};

use super::cross_validation::{CrossValidation, SearchProgress, TrainingRows};
use super::error::TrainingError;
use super::fitting::FitPlan;
use super::leaderboard::{LeaderboardRow, best_trial, family_row, rank};
use super::limits::TrialGate;
use super::settings::TrainingSettings;
use super::trials::{Trial, TrialLog, TrialRecord, trials_of};

/// What selection came to.
pub struct Selection {
    /// One row a family, best first.
    pub leaderboard: Vec<LeaderboardRow>,
    /// The chosen family.
    pub family: &'static dyn Family,
    /// Its best trial.
    pub trial: TrialRecord,
    /// The preprocessor it wants, fitted on all training rows.
    pub preprocessor: Preprocessor,
    /// All training rows through it.
    pub matrix: Arc<FeatureMatrix>,
    /// Every trial that ran, without its scores.
    pub trials: Vec<TrialRecord>,
}

/// Families that share one kind of matrix, with the whole training side encoded for them.
struct Group {
    wants: Wants,
    preprocessor: Preprocessor,
    matrix: Arc<FeatureMatrix>,
    trials: Vec<Trial>,
}

/// The trials in the order they run. Where time is limited every family's defaults come first, so that none is left out
/// for another's search.
fn rounds(groups: &[Group], timed: bool) -> Vec<(&Group, Vec<Trial>)> {
    if !timed {
        return groups.iter().map(|group| (group, group.trials.clone())).collect();
    }
    let of = |defaults: bool| {
        let chosen = move |group: &Group| {
            group
                .trials
                .iter()
                .filter(|t| (t.index == 0) == defaults)
                .cloned()
                .collect()
        };
        groups.iter().map(move |group| (group, chosen(group)))
    };
    of(true).chain(of(false)).collect()
}

/// The families that settings name, or all, in registry order.
///
/// # Errors
/// An unknown name.
pub fn chosen_families(settings: &TrainingSettings) -> Result<Vec<&'static dyn Family>, ModelError> {
    let names: Vec<&str> = settings.models.iter().map(|name| name.trim()).collect();
    if names.is_empty() || names.contains(&"all") {
        return Ok(families().to_vec());
    }
    for name in &names {
        family(name)?;
    }
    Ok(families()
        .iter()
        .copied()
        .filter(|f| names.contains(&f.name()))
        .collect())
}

/// Everything selection needs besides settings.
pub struct SelectionInput<'a> {
    /// The training side.
    pub rows: &'a TrainingRows<'a>,
    /// Folds over it.
    pub folds: &'a [Fold],
    /// What is the same for every fit.
    pub plan: FitPlan<'a>,
    /// Fits that may run side by side.
    pub threads: usize,
    /// The metric that selects.
    pub select_by: &'static Metric,
    /// Finished trials.
    pub log: &'a TrialLog,
    /// Whether a trial may still begin.
    pub gate: &'a TrialGate,
    /// Who is told.
    pub events: &'a dyn EventSink,
}

impl SelectionInput<'_> {
    /// Cross-validates every trial of the chosen families and picks the best.
    ///
    /// # Errors
    /// No family can be trained, rows cannot be encoded, or cancellation.
    pub fn run(&self, settings: &TrainingSettings) -> Result<Selection, TrainingError> {
        let mut leaderboard = Vec::new();
        let mut groups = self.groups(settings, &mut leaderboard)?;
        let folds: usize = groups.iter().map(|g| g.trials.len() * self.folds.len()).sum();
        let progress = SearchProgress::new(folds);
        let validation = CrossValidation {
            rows: self.rows,
            folds: self.folds,
            plan: self.plan,
            threads: self.threads,
            select_by: self.select_by,
            log: self.log,
            events: self.events,
            gate: self.gate,
            progress: &progress,
        };
        let mut records = Vec::new();
        for (group, trials) in rounds(&groups, self.gate.is_timed()) {
            records.extend(validation.run(group.wants, &trials)?);
        }
        for chosen in groups
            .iter()
            .flat_map(|g| &g.trials)
            .filter(|t| t.index == 0)
            .map(|t| t.family)
        {
            let own: Vec<TrialRecord> = records.iter().filter(|r| r.model == chosen.name()).cloned().collect();
            if own.is_empty() {
                let reason = "time was up before its first trial";
                self.events.send(Event::ModelSkipped {
                    model: chosen.name().to_owned(),
                    reason: reason.to_owned(),
                });
                leaderboard.push(LeaderboardRow::skipped(chosen.name(), reason));
            } else {
                leaderboard.push(family_row(chosen, &own, self.select_by));
            }
        }
        rank(&mut leaderboard, self.select_by, |name| {
            family(name).map_or(u32::MAX, Family::cost_rank)
        });
        let (family, trial) = self.winner(&mut leaderboard, &records)?;
        let at = groups
            .iter()
            .position(|g| g.wants == family.wants())
            .unwrap_or_default();
        let Group {
            preprocessor, matrix, ..
        } = groups.swap_remove(at);
        for record in &mut records {
            record.folds.iter_mut().for_each(|fold| fold.scores = Vec::new());
        }
        Ok(Selection {
            leaderboard,
            family,
            trial,
            preprocessor,
            matrix,
            trials: records,
        })
    }

    /// Encodes the training side once for each kind of matrix, and leaves out families that refuse it.
    fn groups(
        &self,
        settings: &TrainingSettings,
        leaderboard: &mut Vec<LeaderboardRow>,
    ) -> Result<Vec<Group>, TrainingError> {
        let mut groups: Vec<Group> = Vec::new();
        for family in chosen_families(settings)? {
            self.plan.cancel.check()?;
            let wants = family.wants();
            let known = groups.iter().position(|g| g.wants == wants);
            let at = if let Some(at) = known {
                at
            } else {
                let (preprocessor, matrix) = self.rows.preprocessor(wants, None)?;
                groups.push(Group {
                    wants,
                    preprocessor,
                    matrix: Arc::new(matrix),
                    trials: Vec::new(),
                });
                groups.len() - 1
            };
            let group = &mut groups[at];
            if let Some(reason) = family.refuses(group.matrix.rows(), group.matrix.width()) {
                self.events.send(Event::ModelSkipped {
                    model: family.name().to_owned(),
                    reason: reason.clone(),
                });
                leaderboard.push(LeaderboardRow::skipped(family.name(), &reason));
                continue;
            }
            group.trials.extend(trials_of(family, settings)?);
        }
        Ok(groups)
    }

    fn winner(
        &self,
        leaderboard: &mut [LeaderboardRow],
        records: &[TrialRecord],
    ) -> Result<(&'static dyn Family, TrialRecord), TrainingError> {
        let nothing = |rows: &[LeaderboardRow]| TrainingError::NothingTrained {
            reasons: rows
                .iter()
                .map(|r| format!("{}: {}", r.model, r.status))
                .collect::<Vec<_>>()
                .join("; "),
        };
        let Some(first) = leaderboard.iter_mut().find(|r| r.selected_by.is_some()) else {
            return Err(nothing(leaderboard));
        };
        "champion".clone_into(&mut first.status);
        let name = first.model.clone();
        let own: Vec<TrialRecord> = records.iter().filter(|r| r.model == name).cloned().collect();
        let Some(best) = best_trial(&own, self.select_by) else {
            return Err(nothing(leaderboard));
        };
        Ok((family(&name)?, best.clone()))
    }
}
