//! Owns the settings of a training run, as `nsec.yaml` and the command line give them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::SplitStrategy;
use crate::metrics::{ThresholdRule, named_metric};
use crate::models::{Monotone, ParamValue, Params, SearchStrategy, family};
use crate::schema::{ColumnType, Schema};

use super::error::TrainingError;
use super::selection::chosen_families;
use super::verdicts::VerdictSettings;

/// How models are trained, selected, calibrated and promoted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSettings {
    /// Model families to train, by name; an empty list means all: `logistic_regression`, `naive_bayes_categorical`,
    /// `naive_bayes_gaussian`, `decision_tree`, `k_nearest_neighbors`, `support_vector`,
    /// `gradient_boosting`, `random_forest`, `extra_trees`.
    pub models: Vec<String>,
    /// Search over hyper-parameters: `none` (defaults only), `grid` or `random`.
    pub search: SearchStrategy,
    /// Hyper-parameters that are not to be searched, by family and name: `{gradient_boosting: {trees: 300, max_leaves: 63}}`.
    /// A search tries the others. `nsec-tui train --models FAMILY --search none` shows the names in its leaderboard.
    pub params: BTreeMap<String, BTreeMap<String, ParamValue>>,
    /// Trials for each family with random search, 1 to 10000; the defaults are always the first.
    pub trials: usize,
    /// Folds of cross-validation, 2 to 20.
    pub folds: usize,
    /// Seed of every random choice. Same data, schema, settings and seed give the same model, byte for byte.
    pub seed: u64,
    /// How test rows are set aside: `grouped` keeps rows with the same features on one side, `stratified` only keeps
    /// the share of malicious rows (copies of a test row may be trained on), `time` takes the latest rows and needs a
    /// timestamp column.
    pub split: SplitStrategy,
    /// Share of rows set aside for the test, 0.05 to 0.5.
    pub test_fraction: f64,
    /// The metric that selects in cross-validation: `pr_auc`, `roc_auc`, `f1`, `precision`, `recall`, `accuracy`,
    /// `mcc`, `brier`, `log_loss`, `ece`, `precision_at_10`, `precision_at_100`, `precision_at_1000`,
    /// `recall_at_fpr_0.001`, `recall_at_fpr_0.01`.
    pub select_by: String,
    /// How the threshold is chosen on out-of-fold scores: `f1` (best F1), `alerts:N` (at most N rows flagged),
    /// `cost:FP,FN` (least total cost of false alarms and misses, as `cost:1,10`) or `fpr:X` (best recall with a
    /// false-positive rate of at most X).
    pub threshold_by: ThresholdRule,
    /// How scores become probabilities: `sigmoid`, `isotonic` (makes ties, which spoil a ranking) or `none`.
    pub calibration: Calibration,
    /// Early stopping of families that fit in iterations.
    pub early_stopping: EarlyStoppingSettings,
    /// Numeric columns along which risk may only rise (`rising`) or only fall (`falling`), all else being equal.
    /// `gradient_boosting` holds to it; the other families do not, so choose `models: [gradient_boosting]` with it.
    pub monotone: Monotone,
    /// When a new model replaces the champion.
    pub promotion: PromotionSettings,
    /// How `train --with-verdicts` learns from what people judged.
    pub verdicts: VerdictSettings,
    /// Warn where training F1 is above test F1 by more than this, 0 to 1.
    pub overfit_warning: f64,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            search: SearchStrategy::Grid,
            params: BTreeMap::new(),
            trials: 10,
            folds: 5,
            seed: 42,
            split: SplitStrategy::Grouped,
            test_fraction: 0.2,
            select_by: "pr_auc".into(),
            threshold_by: ThresholdRule::F1,
            calibration: Calibration::Sigmoid,
            early_stopping: EarlyStoppingSettings::default(),
            monotone: Monotone::new(),
            promotion: PromotionSettings::default(),
            verdicts: VerdictSettings::default(),
            overfit_warning: 0.05,
        }
    }
}

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calibration {
    /// A logistic curve through the scores (Platt).
    Sigmoid,
    /// A rising step function through the scores.
    Isotonic,
    /// The model's own probabilities.
    None,
}

/// Early stopping of families that fit in iterations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStoppingSettings {
    /// The one metric that is watched; the names are those of `select_by`.
    pub metric: String,
    /// Iterations without improvement before stopping; 0 turns early stopping off.
    pub patience: usize,
    /// Improvement that counts, 0 to 1.
    pub min_delta: f64,
    /// Share of the training rows that is watched instead of learned from, 0.05 to 0.5.
    pub validation_fraction: f64,
}

impl Default for EarlyStoppingSettings {
    fn default() -> Self {
        Self {
            metric: "log_loss".into(),
            patience: 25,
            min_delta: 0.0,
            validation_fraction: 0.15,
        }
    }
}

/// When a new model replaces the champion by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PromotionSettings {
    /// Whether a model shown to be better becomes champion by itself. The first model always does.
    pub automatic: bool,
    /// Test rows that neither model was trained on, at least; with fewer a person decides (`runs promote`).
    pub min_rows: usize,
    /// Probability, by paired bootstrap, that the new model is better, at least: 0.5 up to but not 1.
    pub confidence: f64,
    /// Bootstrap resamples, 100 to 100000.
    pub resamples: usize,
}

impl Default for PromotionSettings {
    fn default() -> Self {
        Self {
            automatic: true,
            min_rows: 200,
            confidence: 0.9,
            resamples: 2000,
        }
    }
}

impl TrainingSettings {
    /// Checks that every column with a direction is one that models learn from as a number.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check_monotone(&self, schema: &Schema) -> Result<(), TrainingError> {
        for name in self.monotone.keys() {
            let column = schema.features().find(|c| c.name == *name);
            let reason = match column.map(|c| c.kind) {
                None => "the schema has no such feature column".to_owned(),
                Some(ColumnType::Int | ColumnType::Float) => continue,
                Some(_) => "only columns of type int or float rise and fall".to_owned(),
            };
            return Err(TrainingError::Setting {
                key: format!("training.monotone.{name}"),
                reason,
            });
        }
        Ok(())
    }

    /// Checks every value that types alone do not.
    ///
    /// # Errors
    /// The first value out of range, with its key.
    pub fn check(&self) -> Result<(), TrainingError> {
        let refuse = |key: &str, reason: String| {
            Err(TrainingError::Setting {
                key: format!("training.{key}"),
                reason,
            })
        };
        if !(0.05..=0.5).contains(&self.test_fraction) {
            return refuse(
                "test_fraction",
                format!("{} is outside 0.05 to 0.5", self.test_fraction),
            );
        }
        if !(2..=20).contains(&self.folds) {
            return refuse("folds", format!("{} is outside 2 to 20", self.folds));
        }
        if !(1..=10_000).contains(&self.trials) {
            return refuse("trials", format!("{} is outside 1 to 10000", self.trials));
        }
        if let Err(unknown) = chosen_families(self) {
            return refuse("models", unknown.to_string());
        }
        for (name, values) in &self.params {
            let resolved =
                family(name).and_then(|family| Params(values.clone()).resolve(family.name(), &family.parameters()));
            if let Err(wrong) = resolved {
                return refuse(&format!("params.{name}"), wrong.to_string());
            }
        }
        for (key, name) in [
            ("select_by", &self.select_by),
            ("early_stopping.metric", &self.early_stopping.metric),
        ] {
            if let Err(unknown) = named_metric(name) {
                return refuse(key, unknown.to_string());
            }
        }
        if !(0.05..=0.5).contains(&self.early_stopping.validation_fraction) {
            let given = self.early_stopping.validation_fraction;
            return refuse(
                "early_stopping.validation_fraction",
                format!("{given} is outside 0.05 to 0.5"),
            );
        }
        if !(0.0..=1.0).contains(&self.early_stopping.min_delta) {
            let given = self.early_stopping.min_delta;
            return refuse("early_stopping.min_delta", format!("{given} is outside 0 to 1"));
        }
        if !(0.0..=1.0).contains(&self.overfit_warning) {
            return refuse("overfit_warning", format!("{} is outside 0 to 1", self.overfit_warning));
        }
        if !(0.5..1.0).contains(&self.promotion.confidence) {
            return refuse(
                "promotion.confidence",
                format!("{} is not at least 0.5 and below 1", self.promotion.confidence),
            );
        }
        if let Err((key, reason)) = self.verdicts.check() {
            return refuse(key, reason);
        }
        if self.promotion.min_rows == 0 {
            return refuse("promotion.min_rows", "0 rows show nothing; give 1 or more".to_owned());
        }
        if !(100..=100_000).contains(&self.promotion.resamples) {
            return refuse(
                "promotion.resamples",
                format!("{} is outside 100 to 100000", self.promotion.resamples),
            );
        }
        Ok(())
    }
}
