//! Owns random forest and extra trees as model families: one descriptor, two ways of cutting, fitted by the tree engine.

use super::classifier::{Capabilities, Classifier, Family, FitContext, ModelError, TrainSet};
use super::params::{ParamSpec, Params};
use super::tree_ensemble::{CAPABILITIES, WANTS, fit_watched, load};
use super::trees::Forest;
use crate::transform::Wants;

/// Cells above which a fit is refused: a forest holds a byte a cell, and trees as large as the data.
const MOST_CELLS: usize = 1 << 32;

/// A family of forests.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForestFamily {
    name: &'static str,
    title: &'static str,
    cost_rank: u32,
    random_cuts: bool,
}

/// Each tree on a bootstrap sample, each node's best cut among a few columns.
pub(super) const RANDOM_FOREST: ForestFamily = ForestFamily {
    name: "random_forest",
    title: "Random forest",
    cost_rank: 70,
    random_cuts: false,
};

/// Each tree on all rows, cuts drawn at random, the best of them kept.
pub(super) const EXTRA_TREES: ForestFamily = ForestFamily {
    name: "extra_trees",
    title: "Extra trees",
    cost_rank: 72,
    random_cuts: true,
};

impl Family for ForestFamily {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn cost_rank(&self) -> u32 {
        self.cost_rank
    }

    fn wants(&self) -> Wants {
        WANTS
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec::int("trees", "trees", (1, 2000), 200, &[200]),
            ParamSpec::choice(
                "max_features",
                "features looked at in a node: the square root of their number, or a share",
                &["sqrt", "third", "half", "all"],
                &["sqrt", "third"],
            ),
            ParamSpec::int("min_rows_leaf", "fewest rows in a leaf", (1, 1000), 1, &[1, 2]),
            ParamSpec::int("max_depth", "most splits on a path", (1, 64), 64, &[64]),
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
        let params = params.resolve(self.name, &self.parameters())?;
        let width = data.matrix.width();
        let forest = Forest {
            trees: params.count("trees")?,
            columns_by_node: match params.text("max_features")? {
                "third" => width.div_ceil(3),
                "half" => width.div_ceil(2),
                "all" => width,
                _ => 0,
            },
            random_cuts: self.random_cuts,
            bootstrap: !self.random_cuts,
            max_depth: params.count("max_depth")?,
            min_rows_leaf: params.count("min_rows_leaf")?,
            seed: context.seed,
            ..Forest::default()
        };
        let (threads, cancel) = (context.threads, context.cancel);
        fit_watched(self.name, data, context, |sample, monitor| {
            forest.fit(sample, Some(monitor), threads, cancel)
        })
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        load(self.name, bytes)
    }
}
