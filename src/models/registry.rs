//! Owns the list of model families: a new one is its file, its `mod` line, and one line here.

use super::classifier::{Classifier, Family, ModelError};
use super::params::nearest;

static FAMILIES: &[&dyn Family] = &[
    &super::logistic_regression::LogisticRegression,
    &super::naive_bayes_categorical::NaiveBayesCategorical,
    &super::naive_bayes_gaussian::NaiveBayesGaussian,
    &super::decision_tree::DecisionTree,
    &super::k_nearest_neighbors::KNearestNeighbors,
    &super::support_vector::SupportVector,
    &super::gradient_boosting::GradientBoosting,
    &super::forests::RANDOM_FOREST,
    &super::forests::EXTRA_TREES,
];

/// Every family, in the order leaderboards are filled.
pub fn families() -> &'static [&'static dyn Family] {
    FAMILIES
}

/// The family of this name.
///
/// # Errors
/// [`ModelError::UnknownFamily`], with the nearest name and all names.
pub fn family(name: &str) -> Result<&'static dyn Family, ModelError> {
    let names = || FAMILIES.iter().map(|f| f.name());
    FAMILIES
        .iter()
        .find(|f| f.name() == name)
        .copied()
        .ok_or_else(|| ModelError::UnknownFamily {
            name: name.to_owned(),
            suggestion: nearest(name, names()).map_or_else(String::new, |near| format!("; did you mean `{near}`?")),
            known: names().collect::<Vec<_>>().join(", "),
        })
}

/// Reads back a model that [`Classifier::save`] wrote.
///
/// # Errors
/// [`ModelError::UnknownFamily`] or [`ModelError::Damaged`].
pub fn load(family_name: &str, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
    family(family_name)?.load(bytes)
}

#[cfg(test)]
mod tests;
