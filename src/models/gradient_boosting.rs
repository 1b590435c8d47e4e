//! Owns gradient boosting as a model family: its parameters, fitted by the tree engine.

use super::classifier::{Capabilities, Classifier, Direction, Family, FitContext, ModelError, Monotone, TrainSet};
use super::params::{ParamKind, ParamSpec, ParamValue, Params};
use super::tree_ensemble::{CAPABILITIES, WANTS, fit_watched, load};
use super::trees::{Boosting, Growth};
use crate::transform::{Feature, FeatureKind, Wants};

const NAME: &str = "gradient_boosting";

/// Cells above which a fit is refused: trees hold a few bytes a cell, and the search would take hours.
const MOST_CELLS: usize = 1 << 32;

/// The family.
#[derive(Clone, Copy, Debug)]
pub(super) struct GradientBoosting;

impl Family for GradientBoosting {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Gradient boosting"
    }

    fn cost_rank(&self) -> u32 {
        60
    }

    fn wants(&self) -> Wants {
        WANTS
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            early_stopping: true,
            ..CAPABILITIES
        }
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec::int("trees", "trees, at most", (1, 5000), 400, &[400]),
            ParamSpec::log_float(
                "learning_rate",
                "share of each tree that is added",
                (0.01, 1.0),
                0.1,
                &[0.1],
            ),
            ParamSpec::int("max_leaves", "most leaves of a tree", (2, 1024), 31, &[15, 31, 63]),
            ParamSpec::int("max_depth", "most splits on a path; 64 is no limit", (1, 64), 64, &[64]),
            ParamSpec::int("min_rows_leaf", "fewest rows in a leaf", (1, 1000), 5, &[5, 20]),
            share("l2", "penalty on squared leaf values", (0.0, 100.0), 1.0),
            share("row_share", "share of the rows drawn for each tree", (0.1, 1.0), 1.0),
            share(
                "column_share",
                "share of the columns drawn for each tree",
                (0.1, 1.0),
                0.8,
            ),
        ]
    }

    fn refuses(&self, rows: usize, features: usize) -> Option<String> {
        (rows.saturating_mul(features) > MOST_CELLS)
            .then(|| format!("{rows} rows x {features} features; at most {MOST_CELLS} cells"))
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let params = params.resolve(NAME, &self.parameters())?;
        let boosting = Boosting {
            trees: params.count("trees")?,
            learning_rate: params.float("learning_rate")?,
            growth: Growth::LeafWise,
            max_leaves: params.count("max_leaves")?,
            max_depth: params.count("max_depth")?,
            min_rows_leaf: params.count("min_rows_leaf")?,
            l2: params.float("l2")?,
            row_share: params.float("row_share")?,
            columns_by_tree: params.float("column_share")?,
            monotone: directions(&data.matrix.features, context.monotone),
            seed: context.seed,
            ..Boosting::default()
        };
        let (threads, cancel) = (context.threads, context.cancel);
        fit_watched(NAME, data, context, |sample, monitor| {
            boosting.fit(sample, None, Some(monitor), threads, cancel)
        })
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        load(NAME, bytes)
    }
}

/// The engine's -1, 0 or 1 a feature. Only numbers have a direction: not the indicator that a number is missing.
fn directions(features: &[Feature], monotone: &Monotone) -> Vec<i8> {
    let direction = |feature: &Feature| match monotone.get(&feature.source) {
        Some(direction) if feature.kind == FeatureKind::Numeric => match direction {
            Direction::Rising => 1,
            Direction::Falling => -1,
        },
        _ => 0,
    };
    features.iter().map(direction).collect()
}

/// A number searched evenly in its range, tried at its default alone by a grid search.
fn share(name: &'static str, help: &'static str, (low, high): (f64, f64), default: f64) -> ParamSpec {
    ParamSpec {
        name,
        help,
        kind: ParamKind::Float { low, high, log: false },
        default: ParamValue::Float(default),
        grid: vec![ParamValue::Float(default)],
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::super::NOT_MONOTONE;
    use super::*;
    use crate::cancel::CancelToken;
    use crate::transform::FeatureMatrix;

    fn scores(monotone: &Monotone) -> Vec<f64> {
        // Malicious in the middle: without a direction the score rises and falls again.
        let values = Array2::from_shape_fn((300, 1), |(row, _)| (row % 100) as f32);
        let labels: Vec<bool> = values.iter().map(|v| (30.0..60.0).contains(v)).collect();
        let matrix = FeatureMatrix {
            values,
            features: [Feature {
                name: "length".to_owned(),
                source: "length".to_owned(),
                kind: FeatureKind::Numeric,
            }]
            .into(),
        };
        let data = TrainSet {
            matrix: &matrix,
            labels: &labels,
            weights: None,
        };
        let mut context = FitContext {
            seed: 1,
            threads: 1,
            cancel: &CancelToken::new(),
            validation: None,
            early_stopping: None,
            monotone,
            on_iteration: &mut |_| (),
        };
        let model = GradientBoosting.fit(&data, &Params::default(), &mut context).unwrap();
        model.predict_proba(array![[10.0], [45.0], [80.0]].view()).unwrap()
    }

    #[test]
    fn a_column_said_to_rise_or_fall_does() {
        let free = scores(&NOT_MONOTONE);
        assert!(free[0] < free[1] && free[1] > free[2], "{free:?}");
        let with = |direction| scores(&Monotone::from([("length".to_owned(), direction)]));
        assert!(with(Direction::Rising).is_sorted());
        assert!(with(Direction::Falling).iter().rev().is_sorted());
        assert_eq!(scores(&Monotone::from([("other".to_owned(), Direction::Rising)])), free);
    }

    #[test]
    fn only_numbers_of_the_column_have_a_direction() {
        let feature = |source: &str, kind: FeatureKind| Feature {
            name: source.to_owned(),
            source: source.to_owned(),
            kind,
        };
        let features = [
            feature("a", FeatureKind::Numeric),
            feature("a", FeatureKind::Indicator),
            feature("b", FeatureKind::Categorical { cardinality: 3 }),
            feature("c", FeatureKind::Numeric),
        ];
        let monotone = [("a", Direction::Falling), ("b", Direction::Rising)].map(|(n, d)| (n.to_owned(), d));
        assert_eq!(directions(&features, &Monotone::from(monotone)), [-1, 0, 0, 0]);
    }
}
