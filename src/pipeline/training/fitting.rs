//! Owns how one family is fitted to one matrix: class weights, the early-stopping split, seeds and iteration events.

use crate::cancel::CancelToken;
use crate::data::{SplitInput, SplitStrategy, split};
use crate::models::{
    Classifier, EarlyStopping, Family, FitContext, IterationReport, ModelError, Monotone, Params, TrainSet,
};
use crate::models::{balanced, repeat_rows};
use crate::transform::{ClassWeight, FeatureMatrix};

use super::settings::EarlyStoppingSettings;

/// Rows to fit on: matrix, labels and groups of equal length.
#[derive(Clone, Copy)]
pub struct FitRows<'a> {
    /// Rows x features, made for the family's wants.
    pub matrix: &'a FeatureMatrix,
    /// True is malicious.
    pub labels: &'a [bool],
    /// Rows of one group have identical features.
    pub groups: &'a [u64],
    /// What each row weighs beside the class weights; `None` where all weigh the same.
    pub weights: Option<&'a [f32]>,
}

/// What is the same for every fit of a run.
#[derive(Clone, Copy)]
pub struct FitPlan<'a> {
    /// Seed of every random choice.
    pub seed: u64,
    /// Threads a single fit may use.
    pub threads: usize,
    /// Whether the rarer class counts more.
    pub class_weight: ClassWeight,
    /// Early stopping, for families that fit in iterations.
    pub early_stopping: &'a EarlyStoppingSettings,
    /// Columns along which scores may only rise or only fall.
    pub monotone: &'a Monotone,
    /// Asks the fit to stop.
    pub cancel: &'a CancelToken,
}

/// Fits `family` with `params`, reporting iterations to `on_iteration`.
///
/// # Errors
/// Whatever the family reports.
pub fn fit(
    family: &dyn Family,
    params: &Params,
    rows: FitRows<'_>,
    plan: FitPlan<'_>,
    on_iteration: &mut dyn FnMut(&IterationReport),
) -> Result<Box<dyn Classifier>, ModelError> {
    let stops_early = family.capabilities().early_stopping && plan.early_stopping.patience > 0;
    let parts = if stops_early {
        early_stopping_rows(rows, plan)
    } else {
        None
    };
    let Some((learn, watch)) = parts else {
        return fit_weighted(family, params, rows, plan, None, on_iteration);
    };
    let take = |indices: &[usize]| {
        let labels: Vec<bool> = indices.iter().map(|&i| rows.labels[i]).collect();
        let groups: Vec<u64> = indices.iter().map(|&i| rows.groups[i]).collect();
        (rows.matrix.select_rows(indices), labels, groups)
    };
    let (matrix, labels, groups) = take(&learn);
    let (watch_matrix, watch_labels, _) = take(&watch);
    let weights: Option<Vec<f32>> = rows.weights.map(|all| learn.iter().map(|&i| all[i]).collect());
    let learn = FitRows {
        matrix: &matrix,
        labels: &labels,
        groups: &groups,
        weights: weights.as_deref(),
    };
    let watch = TrainSet {
        matrix: &watch_matrix,
        labels: &watch_labels,
        weights: None,
    };
    fit_weighted(family, params, learn, plan, Some(watch), on_iteration)
}

/// Rows to learn from and rows to watch, groups kept whole; `None` where the data is too small to spare any.
fn early_stopping_rows(rows: FitRows<'_>, plan: FitPlan<'_>) -> Option<(Vec<usize>, Vec<usize>)> {
    let input = SplitInput {
        groups: rows.groups,
        labels: rows.labels,
        times: None,
    };
    let parts = split(
        SplitStrategy::Grouped,
        &input,
        plan.early_stopping.validation_fraction,
        plan.seed,
    )
    .ok()?;
    let both_classes = |part: &[usize]| {
        let malicious = part.iter().filter(|&&i| rows.labels[i]).count();
        malicious > 0 && malicious < part.len()
    };
    (both_classes(&parts.train) && both_classes(&parts.test)).then_some((parts.train, parts.test))
}

/// Class weights times the rows' own; `None` where all are 1.
fn weights_of(rows: FitRows<'_>, class_weight: ClassWeight) -> Option<Vec<f32>> {
    let by_class = (class_weight != ClassWeight::None).then(|| balanced(rows.labels));
    match (by_class, rows.weights) {
        (None, None) => None,
        (Some(by_class), None) => Some(by_class),
        (None, Some(own)) => Some(own.to_vec()),
        (Some(by_class), Some(own)) => Some(by_class.iter().zip(own).map(|(a, b)| a * b).collect()),
    }
}

fn fit_weighted(
    family: &dyn Family,
    params: &Params,
    rows: FitRows<'_>,
    plan: FitPlan<'_>,
    validation: Option<TrainSet<'_>>,
    on_iteration: &mut dyn FnMut(&IterationReport),
) -> Result<Box<dyn Classifier>, ModelError> {
    let mut context = FitContext {
        seed: plan.seed,
        threads: plan.threads,
        cancel: plan.cancel,
        early_stopping: validation.map(|_| EarlyStopping {
            metric: plan.early_stopping.metric.clone(),
            patience: plan.early_stopping.patience,
            min_delta: plan.early_stopping.min_delta,
        }),
        validation: validation.map(|set| ("validation", set)),
        monotone: plan.monotone,
        on_iteration,
    };
    let plain = TrainSet {
        matrix: rows.matrix,
        labels: rows.labels,
        weights: None,
    };
    let Some(weights) = weights_of(rows, plan.class_weight) else {
        return family.fit(&plain, params, &mut context);
    };
    if family.capabilities().row_weights {
        return family.fit(
            &TrainSet {
                weights: Some(&weights),
                ..plain
            },
            params,
            &mut context,
        );
    }
    let repeated = repeat_rows(rows.labels, &weights, plan.seed);
    let matrix = rows.matrix.select_rows(&repeated);
    let labels: Vec<bool> = repeated.iter().map(|&i| rows.labels[i]).collect();
    family.fit(
        &TrainSet {
            matrix: &matrix,
            labels: &labels,
            weights: None,
        },
        params,
        &mut context,
    )
}

#[cfg(test)]
mod tests;
