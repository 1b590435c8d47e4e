//! Owns an iterative family for tests: every model it fits gets better up to a known iteration and worse after it.

use std::sync::Mutex;

use ndarray::ArrayView2;
use polars::prelude::{Column as FrameColumn, DataFrame};

use crate::cancel::CancelToken;
use crate::metrics::named_metric;
use crate::models::{
    Capabilities, Classifier, Family, FitContext, IterationReport, ModelError, NOT_MONOTONE, ParamSpec, ParamValue,
    Params, TrainSet,
};
use crate::schema::{Column, ColumnType};
use crate::transform::{CategoryEncoding, ClassWeight, MissingValues, Scaling, Wants};

use super::fitting::FitPlan;
use super::settings::EarlyStoppingSettings;

/// The iteration after which the double gets worse, unless its parameter `peak` says otherwise.
pub(super) const PEAK: usize = 7;

/// Iterations at most.
pub(super) const ITERATIONS: usize = 40;

/// The rows one fit was given: the first feature's values of the training rows and of the watched rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Given {
    pub train: Vec<f32>,
    pub labels: Vec<bool>,
    pub weighted: bool,
    pub watched: Option<Vec<f32>>,
}

/// The double. Says malicious where the first feature is above 0, with a confidence that rises to the peak.
#[derive(Default)]
pub(super) struct Steps {
    /// Whether it says that it fits in iterations.
    pub iterates: bool,
    /// Whether it takes row weights.
    pub row_weights: bool,
    /// What each fit was given.
    pub given: Mutex<Vec<Given>>,
}

impl Steps {
    pub(super) fn iterative() -> Self {
        Self {
            iterates: true,
            ..Self::default()
        }
    }
}

/// Never above the share of rows whose label the first column tells, so that more of it is always better.
fn confidence(iteration: usize, peak: usize) -> f64 {
    0.75 - 0.03 * iteration.abs_diff(peak).min(8) as f64
}

fn scores(x: ArrayView2<'_, f32>, confidence: f64) -> Vec<f64> {
    x.column(0)
        .iter()
        .map(|&v| if v > 0.0 { confidence } else { 1.0 - confidence })
        .collect()
}

impl Family for Steps {
    fn name(&self) -> &'static str {
        "steps"
    }

    fn title(&self) -> &'static str {
        "Steps"
    }

    fn cost_rank(&self) -> u32 {
        1
    }

    fn wants(&self) -> Wants {
        Wants {
            categories: CategoryEncoding::OneHot,
            discrete_as_categories: false,
            scaling: Scaling::None,
            missing: MissingValues::Impute,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            row_weights: self.row_weights,
            iterations: self.iterates,
            early_stopping: self.iterates,
            contributions: false,
        }
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![ParamSpec::int(
            "peak",
            "where it is best",
            (1, 30),
            PEAK as i64,
            &[3, 7],
        )]
    }

    fn refuses(&self, _rows: usize, _features: usize) -> Option<String> {
        None
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let first = |set: &TrainSet<'_>| set.matrix.values.column(0).to_vec();
        self.given.lock().unwrap().push(Given {
            train: first(data),
            labels: data.labels.to_vec(),
            weighted: data.weights.is_some(),
            watched: context.validation.map(|(_, set)| first(&set)),
        });
        let peak = match params.0.get("peak") {
            Some(ParamValue::Int(peak)) => *peak as usize,
            _ => PEAK,
        };
        let (mut best, mut best_value) = (0, f64::INFINITY);
        for iteration in 1..=ITERATIONS {
            context.cancel.check()?;
            let stopping = context.early_stopping.clone();
            let name = stopping.as_ref().map_or("log_loss", |s| s.metric.as_str());
            let metric = named_metric(name).unwrap();
            let value = |set: &TrainSet<'_>| {
                let scores = scores(set.matrix.values.view(), confidence(iteration, peak));
                metric.value(&scores, set.labels, 0.5).unwrap().unwrap()
            };
            let validation = context.validation.map(|(_, set)| value(&set));
            (context.on_iteration)(&IterationReport {
                iteration,
                of: ITERATIONS,
                metric: metric.name.to_owned(),
                train: value(data),
                validation,
            });
            let watched = validation.map_or(-(iteration as f64), |v| if metric.higher_is_better { -v } else { v });
            let delta = stopping.as_ref().map_or(0.0, |s| s.min_delta);
            if watched < best_value - delta {
                (best, best_value) = (iteration, watched);
            }
            if stopping.is_some_and(|s| iteration - best >= s.patience) {
                break;
            }
        }
        Ok(Box::new(StepsModel {
            width: data.matrix.width(),
            best,
            confidence: confidence(best, peak),
        }))
    }

    fn load(&self, _bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        Err(ModelError::Damaged {
            family: "steps",
            reason: "never saved".to_owned(),
        })
    }
}

/// A fitted double.
struct StepsModel {
    width: usize,
    best: usize,
    confidence: f64,
}

impl Classifier for StepsModel {
    fn family(&self) -> &'static str {
        "steps"
    }

    fn width(&self) -> usize {
        self.width
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        Ok(scores(x, self.confidence))
    }

    fn best_iteration(&self) -> Option<usize> {
        Some(self.best)
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        Ok(Vec::new())
    }
}

/// Columns, labels and groups of `rows` rows in groups of two: the label is the sign of the first column, but for one
/// group in ten.
pub(super) struct Table {
    pub frame: DataFrame,
    pub columns: Vec<Column>,
    pub labels: Vec<bool>,
    pub groups: Vec<u64>,
}

pub(super) fn table(rows: usize) -> Table {
    // Each group has a value of its own, so that a value tells its group.
    let value = |row: usize| {
        let group = (row / 2 + 1) as f64;
        if (row / 2).is_multiple_of(2) { group } else { -group }
    };
    let values: Vec<f64> = (0..rows).map(value).collect();
    let labels = (0..rows).map(|row| (value(row) > 0.0) != (row / 2 % 10 == 5)).collect();
    Table {
        frame: DataFrame::new(rows, vec![FrameColumn::new("a".into(), values)]).unwrap(),
        columns: vec![Column::new("a", ColumnType::Float)],
        labels,
        groups: (0..rows).map(|row| (row / 2) as u64).collect(),
    }
}

pub(super) fn plan<'a>(early_stopping: &'a EarlyStoppingSettings, cancel: &'a CancelToken) -> FitPlan<'a> {
    FitPlan {
        seed: 7,
        threads: 1,
        class_weight: ClassWeight::None,
        early_stopping,
        monotone: &NOT_MONOTONE,
        cancel,
    }
}

/// Early stopping that gives up soon.
pub(super) fn impatient() -> EarlyStoppingSettings {
    EarlyStoppingSettings {
        patience: 4,
        ..EarlyStoppingSettings::default()
    }
}
