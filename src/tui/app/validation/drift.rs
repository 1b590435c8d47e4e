//! Owns the order in which drift is shown, and what its measures mean in words.

use crate::worker::{ColumnDrift, DriftKind, DriftMetric};

/// The effect in units of what counts as drift: 1 is the threshold. Measures have other scales, this one is shared.
pub fn weight(drift: &ColumnDrift) -> f64 {
    if drift.threshold > 0.0 {
        (drift.value / drift.threshold).clamp(0.0, 1e9)
    } else if drift.value > 0.0 {
        1e9
    } else {
        0.0
    }
}

/// Places of the measures, the largest effect first.
pub fn order(drift: &[ColumnDrift]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..drift.len()).collect();
    places.sort_by(|a, b| weight(&drift[*b]).total_cmp(&weight(&drift[*a])));
    places
}

/// The verdict in a word or two.
pub fn verdict(drift: &ColumnDrift) -> &'static str {
    match drift.drifted {
        Some(true) => "DRIFTED",
        Some(false) => "no",
        None => "too few rows",
    }
}

/// What is compared.
pub fn kind(drift: &ColumnDrift) -> &'static str {
    match drift.kind {
        DriftKind::Discrete => "categories",
        DriftKind::Numeric => "numbers",
        DriftKind::Prediction => "the model's answers",
    }
}

/// A measure by a short name.
pub fn short(metric: DriftMetric) -> &'static str {
    match metric {
        DriftMetric::JensenShannon => "JS",
        DriftMetric::Psi => "PSI",
        DriftMetric::Wasserstein => "Wasserst.",
        DriftMetric::Ks => "KS",
    }
}

/// What a measure says, in one sentence.
pub fn meaning(metric: DriftMetric) -> &'static str {
    match metric {
        DriftMetric::JensenShannon => {
            "Jensen-Shannon distance of the shares of each category: 0 is the same mix, 1 has no category in common."
        }
        DriftMetric::Psi => {
            "Population stability index: how much shares have moved between bins; .1 is a small move, .25 a large one."
        }
        DriftMetric::Wasserstein => {
            "Wasserstein distance: how far values have moved on average, in standard deviations of the reference."
        }
        DriftMetric::Ks => "Kolmogorov-Smirnov statistic: the largest gap between the two cumulative curves, 0 to 1.",
    }
}
