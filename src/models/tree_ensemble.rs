//! Owns what the families of the tree engine share: their data as the engine takes it, their watching, and the fitted model.

use ndarray::{ArrayView1, ArrayView2};

use crate::metrics::named_metric;
use crate::transform::{CategoryEncoding, Feature, FeatureKind, MissingValues, Scaling, Wants};

use super::anatomy::Anatomy;
use super::checks;
use super::classifier::{
    Capabilities, Classifier, Contributions, FitContext, IterationReport, ModelError, ScoreScale, TrainSet,
};
use super::saved::damaged;
use super::scoring::logistic;
use super::trees::{
    ColumnKind, Ensemble, Explainer, Importance, Link, Monitor, Patience, Predictor, Progress, Sample, Table,
    TreeError, Variation, decode, encode,
};

/// The metric that is followed where settings name none.
const USUAL_METRIC: &str = "log_loss";

/// Trees split on categories and missing values themselves, and do not care for scale.
pub(super) const WANTS: Wants = Wants {
    categories: CategoryEncoding::Native,
    discrete_as_categories: false,
    scaling: Scaling::None,
    missing: MissingValues::Keep,
};

/// What all of them can do; only boosting stops early.
pub(super) const CAPABILITIES: Capabilities = Capabilities {
    row_weights: true,
    iterations: true,
    early_stopping: false,
    contributions: true,
};

/// The engine's words for the features.
pub(super) fn kinds(features: &[Feature]) -> Vec<ColumnKind> {
    let kind = |feature: &Feature| match feature.kind {
        FeatureKind::Categorical { cardinality } => ColumnKind::Categorical { cardinality },
        FeatureKind::Numeric | FeatureKind::Indicator => ColumnKind::Numeric,
    };
    features.iter().map(kind).collect()
}

/// Checks a training set and hands it to `fit` as the engine takes it, with the context's monitor.
///
/// # Errors
/// Data that cannot be learned from, or what the engine says.
pub(super) fn fit_watched(
    family: &'static str,
    data: &TrainSet<'_>,
    context: &mut FitContext<'_>,
    fit: impl FnOnce(&Sample<'_>, Monitor<'_>) -> Result<Ensemble, TreeError>,
) -> Result<Box<dyn Classifier>, ModelError> {
    checks::learnable(family, data)?;
    let kinds = kinds(&data.matrix.features);
    if let Some((_, validation)) = &context.validation {
        checks::shaped(family, validation)?;
    }
    let stopping = context.early_stopping.as_ref();
    let name = stopping.map_or(USUAL_METRIC, |s| s.metric.as_str()).to_owned();
    let metric = named_metric(&name).map_err(|e| ModelError::Data {
        family,
        reason: e.to_string(),
    })?;
    let value = |scores: &[f64], labels: &[bool]| metric.value(scores, labels, 0.5).ok().flatten().unwrap_or(f64::NAN);
    let on_iteration = &mut *context.on_iteration;
    let mut report = |progress: Progress| {
        on_iteration(&IterationReport {
            iteration: progress.trees,
            of: progress.of,
            metric: name.clone(),
            train: progress.train,
            validation: progress.validation,
        });
    };
    let monitor = Monitor {
        validation: context.validation.as_ref().map(|(_, set)| as_sample(set, &kinds)),
        metric: &value,
        larger_is_better: metric.higher_is_better,
        patience: stopping.map(|s| Patience {
            trees: s.patience,
            min_delta: s.min_delta,
        }),
        report: &mut report,
    };
    let ensemble = fit(&as_sample(data, &kinds), monitor).map_err(|e| engine(family, e))?;
    Ok(Box::new(Model::new(family, ensemble).map_err(|e| engine(family, e))?))
}

fn as_sample<'a>(set: &TrainSet<'a>, kinds: &'a [ColumnKind]) -> Sample<'a> {
    Sample {
        table: Table {
            values: set.matrix.values.view(),
            kinds,
        },
        labels: set.labels,
        weights: set.weights,
    }
}

fn engine(family: &'static str, error: TreeError) -> ModelError {
    match error {
        TreeError::Cancelled(cancelled) => cancelled.into(),
        TreeError::Data(reason) => ModelError::Data { family, reason },
        TreeError::Damaged(reason) => damaged(family, reason),
        TreeError::Parameter { name, reason } => ModelError::Parameter {
            family,
            name: name.to_owned(),
            value: "given".to_owned(),
            expected: reason,
        },
    }
}

/// Reads back a model of `family`; its name in front tells it from the other families of the engine.
///
/// # Errors
/// [`ModelError::Damaged`].
pub(super) fn load(family: &'static str, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
    let tag = family.as_bytes();
    let Some((length, rest)) = bytes.split_first() else {
        return Err(damaged(family, "it is empty"));
    };
    if usize::from(*length) != tag.len() {
        return Err(damaged(family, "it begins with another family's name"));
    }
    let body = rest
        .strip_prefix(tag)
        .ok_or_else(|| damaged(family, "it begins with another family's name"))?;
    let ensemble = decode(body).map_err(|e| damaged(family, e.to_string()))?;
    let model = Model::new(family, ensemble).map_err(|e| damaged(family, e.to_string()))?;
    Ok(Box::new(model))
}

/// A fitted ensemble with what scores and explains it.
struct Model {
    family: &'static str,
    ensemble: Ensemble,
    predictor: Predictor,
    explainer: Explainer,
}

impl Model {
    fn new(family: &'static str, ensemble: Ensemble) -> Result<Self, TreeError> {
        Ok(Self {
            family,
            predictor: Predictor::new(&ensemble)?,
            explainer: Explainer::new(&ensemble),
            ensemble,
        })
    }

    fn probability(&self, score: f64) -> f64 {
        match self.ensemble.link {
            Link::LogOdds => logistic(score),
            Link::Mean => score.clamp(0.0, 1.0),
        }
    }
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        self.family
    }

    fn width(&self) -> usize {
        self.ensemble.width
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        let mut scores = self.predictor.scores(x).map_err(|e| engine(self.family, e))?;
        for score in &mut scores {
            *score = self.probability(*score);
        }
        Ok(scores)
    }

    fn predict_variations(&self, row: &[f32], variations: &[Variation<'_>]) -> Option<Vec<Vec<f64>>> {
        let mut scores = self.predictor.variations(row, variations).ok()?;
        for score in scores.iter_mut().flatten() {
            *score = self.probability(*score);
        }
        Some(scores)
    }

    fn block_rows(&self) -> usize {
        // About 20 ns a row and tree on a large forest.
        (5_000_000 / self.ensemble.trees.len().max(1)).clamp(1_024, 65_536)
    }

    fn importances(&self) -> Option<Vec<f64>> {
        Some(self.ensemble.importances(Importance::Gain))
    }

    fn contributions(&self, row: ArrayView1<'_, f32>) -> Option<Contributions> {
        if row.len() != self.width() {
            return None;
        }
        let (base, values) = self.explainer.contributions(&row.to_vec());
        Some(Contributions {
            base,
            values,
            scale: match self.ensemble.link {
                Link::LogOdds => ScoreScale::LogOdds,
                Link::Mean => ScoreScale::Probability,
            },
        })
    }

    fn best_iteration(&self) -> Option<usize> {
        Some(self.ensemble.trees.len())
    }

    fn anatomy(&self) -> Option<Anatomy<'_>> {
        Some(Anatomy::Ensemble(&self.ensemble))
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        let mut bytes = vec![self.family.len() as u8];
        bytes.extend(self.family.as_bytes());
        bytes.extend(encode(&self.ensemble));
        Ok(bytes)
    }
}
