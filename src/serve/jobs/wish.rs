//! Owns what a caller may ask of a training: the same as the flags of `train`, on the workspace's own data.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::metrics::named_metric;
use crate::models::family;
use crate::pipeline::training::TrainingSettings;
use crate::serve::refusal::Refusal;

/// What a training may be asked to do; what is left out is as the settings have it. It learns from the workspace's data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::serve) struct TrainWish {
    /// Families to train; an empty list means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    models: Option<Vec<String>>,
    /// `none`, `grid` or `random`.
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    /// Trials for each family with a random search.
    #[serde(skip_serializing_if = "Option::is_none")]
    trials: Option<u32>,
    /// Seed of every random choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    /// `grouped`, `stratified` or `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<String>,
    /// Share of rows set aside for the test, 0.05 to 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    test_fraction: Option<f64>,
    /// The metric that selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    select_by: Option<String>,
    /// `f1`, `alerts:N`, `cost:FP,FN` or `fpr:X`.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold_by: Option<String>,
    /// Learn from what people judged, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    with_verdicts: Option<bool>,
}

fn wrong(field: &'static str, message: &dyn std::fmt::Display) -> Refusal {
    Refusal::unusable("bad_field", format!("{field}: {message}")).field(field)
}

fn parsed<T: FromStr>(field: &'static str, text: Option<&String>, own: T) -> Result<T, Refusal>
where
    T::Err: std::fmt::Display,
{
    text.map_or(Ok(own), |text| text.parse().map_err(|error| wrong(field, &error)))
}

impl TrainWish {
    /// Whether it is to learn from verdicts.
    pub(super) fn with_verdicts(&self) -> bool {
        self.with_verdicts.unwrap_or(false)
    }

    /// The settings with what is wished.
    ///
    /// # Errors
    /// 422 with the field.
    pub(super) fn settings(&self, own: &TrainingSettings) -> Result<TrainingSettings, Refusal> {
        for name in self.models.iter().flatten() {
            family(name).map_err(|error| wrong("models", &error))?;
        }
        if let Some(metric) = &self.select_by {
            named_metric(metric).map_err(|error| wrong("select_by", &error))?;
        }
        let settings = TrainingSettings {
            models: self.models.clone().unwrap_or_else(|| own.models.clone()),
            search: parsed("search", self.search.as_ref(), own.search)?,
            trials: self.trials.map_or(own.trials, |trials| trials as usize),
            seed: self.seed.unwrap_or(own.seed),
            split: parsed("split", self.split.as_ref(), own.split)?,
            test_fraction: self.test_fraction.unwrap_or(own.test_fraction),
            select_by: self.select_by.clone().unwrap_or_else(|| own.select_by.clone()),
            threshold_by: parsed("threshold_by", self.threshold_by.as_ref(), own.threshold_by)?,
            ..own.clone()
        };
        settings
            .check()
            .map_err(|error| Refusal::unusable("bad_field", error.to_string()))?;
        Ok(settings)
    }
}
