//! Owns gradient boosting as a model family: its parameters, fitted by the tree engine.

use super::classifier::{Capabilities, Classifier, Family, FitContext, ModelError, TrainSet};
use super::params::{ParamKind, ParamSpec, ParamValue, Params};
use super::tree_ensemble::{CAPABILITIES, WANTS, fit_watched, load};
use super::trees::{Boosting, Growth};
use crate::transform::Wants;

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
