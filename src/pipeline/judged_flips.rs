//! Owns the question which judged cases would change side with another model: what it would lose, and what it would gain.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::artifacts::{RegistryError, RegistryStore, RunFile};
use crate::cancel::{CancelToken, Cancelled};
use crate::data::{NullTokens, RowId};
use crate::models::ModelError;
use crate::validation::ValidationSettings;
use crate::workspace::Workspace;

use super::checking::IngestionError;
use super::judged::{JudgedCase, JudgedCases, type_cases};
use super::trained_model::{ModelFileError, ScoreError, TrainedModel};

/// Judged rows that would change side with another model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JudgedFlips {
    /// The champion.
    pub champion: String,
    /// The other run.
    pub run: String,
    /// Judged cases that both can score.
    pub judged: u64,
    /// True positives that would no longer be flagged.
    pub lost: Vec<Flip>,
    /// False positives that would newly be flagged.
    pub alarms: Vec<Flip>,
    /// True positives that would newly be flagged.
    pub found: Vec<Flip>,
    /// False positives that would no longer be flagged.
    pub cleared: Vec<Flip>,
    /// Cases that cannot be scored, and why.
    pub unscored: Option<(u64, String)>,
}

/// A judged row that changes side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// The case.
    pub row: RowId,
    /// Probability by the champion.
    pub before: f64,
    /// Probability by the other run.
    pub after: f64,
    /// Who judged it.
    pub analyst: String,
}

/// Why it cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum FlipsError {
    /// There is no champion to compare with.
    #[error("there is no champion to compare with; promote a run first")]
    NoChampion,
    /// The two models are of different schemas, so that no case is one of both.
    #[error("the champion is a model of schema {champion}, this run one of {run}; they judge different rows")]
    OtherSchema {
        /// The champion's.
        champion: String,
        /// The run's.
        run: String,
    },
    /// A run cannot be found or read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A model cannot be read.
    #[error(transparent)]
    Model(#[from] ModelFileError),
    /// The cases cannot be checked.
    #[error(transparent)]
    Cases(IngestionError),
    /// A model does not fit the cases.
    #[error(transparent)]
    Score(ScoreError),
    /// Stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<IngestionError> for FlipsError {
    fn from(error: IngestionError) -> Self {
        match error {
            IngestionError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Cases(other),
        }
    }
}

impl From<ScoreError> for FlipsError {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Model(ModelError::Cancelled(cancelled)) => Self::Cancelled(cancelled),
            other => Self::Score(other),
        }
    }
}

impl JudgedFlips {
    /// Cases that would get worse less those that would get better: above 0 the other model is worse on them.
    pub fn net_loss(&self) -> i64 {
        let (worse, better) = (
            self.lost.len() + self.alarms.len(),
            self.found.len() + self.cleared.len(),
        );
        worse as i64 - better as i64
    }

    /// Whether anything gets worse.
    pub fn gets_worse(&self) -> bool {
        !self.lost.is_empty() || !self.alarms.is_empty()
    }

    /// With the names of the runs.
    #[must_use]
    pub fn of(self, champion: impl ToString, run: impl ToString) -> Self {
        Self {
            champion: champion.to_string(),
            run: run.to_string(),
            ..self
        }
    }

    /// In one line: what would get worse and what better on so many cases.
    pub fn sentence(&self) -> String {
        let judged = self.judged;
        let unscored = match &self.unscored {
            Some((count, why)) => format!("; {count} cannot be scored ({why})"),
            None => String::new(),
        };
        if !self.gets_worse() && self.found.is_empty() && self.cleared.is_empty() {
            return format!("of {judged} judged cases none would change side{unscored}");
        }
        format!(
            "of {judged} judged cases {} true positives would be lost and {} found, {} false positives would be flagged \
             anew and {} cleared{unscored}",
            self.lost.len(),
            self.found.len(),
            self.alarms.len(),
            self.cleared.len()
        )
    }

    /// Holds two models against judged cases, each at its own threshold. The names of the runs stay empty.
    ///
    /// # Errors
    /// The models are of different schemas, a model does not fit the cases, or cancellation.
    pub fn between(
        champion: &TrainedModel,
        other: &TrainedModel,
        judged: &JudgedCases,
        settings: &ValidationSettings,
        cancel: &CancelToken,
    ) -> Result<Self, FlipsError> {
        if champion.schema.name != other.schema.name {
            return Err(FlipsError::OtherSchema {
                champion: champion.schema.name.clone(),
                run: other.schema.name.clone(),
            });
        }
        let told: Vec<&JudgedCase> = (judged.cases.iter())
            .filter(|case| case.verdict.malicious().is_some())
            .collect();
        let (before, mut why) = scores(champion, &told, settings, cancel)?;
        let (after, why_not) = scores(other, &told, settings, cancel)?;
        why = why.or(why_not);
        let mut flips = Self::default();
        let mut unscored = 0;
        for (place, case) in told.iter().enumerate() {
            let (Some(&before), Some(&after)) = (before.get(&place), after.get(&place)) else {
                unscored += 1;
                continue;
            };
            flips.judged += 1;
            let (was, is) = (before >= champion.threshold, after >= other.threshold);
            let list = match (case.verdict.malicious(), was, is) {
                (Some(true), true, false) => &mut flips.lost,
                (Some(true), false, true) => &mut flips.found,
                (Some(false), false, true) => &mut flips.alarms,
                (Some(false), true, false) => &mut flips.cleared,
                _ => continue,
            };
            list.push(Flip {
                row: case.row,
                before,
                after,
                analyst: case.analyst.clone(),
            });
        }
        // The widest gap first: that is what a person looks at.
        for list in [&mut flips.lost, &mut flips.alarms, &mut flips.found, &mut flips.cleared] {
            list.sort_by(|a, b| (b.after - b.before).abs().total_cmp(&(a.after - a.before).abs()));
        }
        let reason = || why.unwrap_or_else(|| "the stored cells do not fit the model".to_owned());
        flips.unscored = (unscored > 0).then(|| (unscored, reason()));
        Ok(flips)
    }
}

/// The champion of a workspace and another run, with their models.
pub struct RunPair {
    champion: (String, TrainedModel),
    other: (String, TrainedModel),
}

impl RunPair {
    /// Loads both.
    ///
    /// # Errors
    /// There is no champion or no such run, or a model cannot be read.
    pub fn open(workspace: &Workspace, run: &str) -> Result<Self, FlipsError> {
        let store = RegistryStore::new(workspace);
        let champion = store.read()?.champion.ok_or(FlipsError::NoChampion)?;
        let load = |name: &str| -> Result<(String, TrainedModel), FlipsError> {
            let (directory, manifest) = store.find(name)?;
            let model = TrainedModel::load(&directory.join(RunFile::Model.relative()))?;
            Ok((manifest.run_id.to_string(), model))
        };
        Ok(Self {
            champion: load(champion.as_str())?,
            other: load(run)?,
        })
    }

    /// The name of the schema whose cases both are held against: the champion's.
    pub fn schema(&self) -> &str {
        &self.champion.1.schema.name
    }

    /// Holds both against judged cases of that schema.
    ///
    /// # Errors
    /// As [`JudgedFlips::between`].
    pub fn flips(
        &self,
        judged: &JudgedCases,
        settings: &ValidationSettings,
        cancel: &CancelToken,
    ) -> Result<JudgedFlips, FlipsError> {
        let ((champion, old), (run, new)) = (&self.champion, &self.other);
        Ok(JudgedFlips::between(old, new, judged, settings, cancel)?.of(champion, run))
    }
}

/// The probability of each case that the model can score, by its place, and why the first of the others cannot be scored.
fn scores(
    model: &TrainedModel,
    cases: &[&JudgedCase],
    settings: &ValidationSettings,
    cancel: &CancelToken,
) -> Result<(HashMap<usize, f64>, Option<String>), FlipsError> {
    let schema = &model.schema;
    // A column that may be absent and that the model does not read is absent: a case that lacks its cell has it not empty.
    let read = |name: &str| model.preprocessor.columns().any(|column| column == name);
    let columns: Vec<&str> = (schema.columns.iter())
        .filter(|column| column.required || read(&column.name))
        .map(|column| column.name.as_str())
        .filter(|name| !schema.is_label(name))
        .collect();
    let typed = type_cases(cases, &columns, schema, &NullTokens::default(), settings, cancel)?;
    if typed.places.is_empty() {
        return Ok((HashMap::new(), typed.why));
    }
    let scores = model.score(&typed.frame, cancel)?;
    Ok((typed.places.into_iter().zip(scores).collect(), typed.why))
}
