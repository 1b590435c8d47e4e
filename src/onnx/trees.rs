//! Owns trees as the arrays of a `TreeEnsembleRegressor`: every question `x <= threshold`, sets of categories as runs of
//! codes, leaf values as parts whose `f32` sums are exact in any order.
//!
//! Thresholds are the `f32` numbers that training compared with (each the largest `f32` not above the middle between two
//! values), so comparing `f32` features with them routes every row as ours does.

use crate::models::PlainNode;
use crate::models::trees::{Ensemble, Split, Test, Tree};
use crate::transform::{Feature, FeatureKind};

use super::graph::{Graph, ML, floats, int, ints, text, texts};
use super::parts::Parts;

/// The question of every node, and the mark of a leaf.
const AT_MOST: &str = "BRANCH_LEQ";
const LEAF: &str = "LEAF";

/// The arrays in the making.
#[derive(Default)]
pub(super) struct TreeArrays {
    trees: Vec<i64>,
    nodes: Vec<i64>,
    features: Vec<i64>,
    leaves: Vec<bool>,
    thresholds: Vec<f32>,
    yes: Vec<i64>,
    no: Vec<i64>,
    missing_yes: Vec<i64>,
    target_trees: Vec<i64>,
    target_nodes: Vec<i64>,
    targets: Vec<i64>,
    weights: Vec<f32>,
}

/// A question: where it stands, what it asks, where yes and no lead.
#[derive(Clone, Copy)]
struct Question {
    tree: usize,
    node: usize,
    feature: u32,
    at_most: f32,
    yes: usize,
    no: usize,
    missing_yes: bool,
}

impl TreeArrays {
    /// The trees of an ensemble; each leaf adds its `parts` to as many targets.
    pub(super) fn of_ensemble(ensemble: &Ensemble, features: &[Feature], parts: &Parts) -> Self {
        let mut arrays = Self::default();
        for (number, tree) in ensemble.trees.iter().enumerate() {
            let mut next = tree.nodes.len();
            for (at, node) in tree.nodes.iter().enumerate() {
                match &node.split {
                    None => arrays.leaf(number, at, &parts.of(node.value)),
                    Some(split) => arrays.split(number, at, tree, split, features, &mut next),
                }
            }
        }
        arrays
    }

    /// One tree; `answers` gives each leaf's values from its probability.
    pub(super) fn of_tree(nodes: &[PlainNode], answers: impl Fn(f64) -> Vec<f32>) -> Self {
        let mut arrays = Self::default();
        for (at, node) in nodes.iter().enumerate() {
            match *node {
                PlainNode::Leaf(probability) => arrays.leaf(0, at, &answers(probability)),
                PlainNode::Split {
                    feature,
                    threshold,
                    low,
                    high,
                } => arrays.question(Question {
                    tree: 0,
                    node: at,
                    feature,
                    at_most: threshold,
                    yes: low as usize,
                    no: high as usize,
                    missing_yes: false,
                }),
            }
        }
        arrays
    }

    fn split(&mut self, tree: usize, at: usize, grown: &Tree, split: &Split, features: &[Feature], next: &mut usize) {
        let side = |left: bool| split.left as usize + usize::from(!left);
        if let Test::AtMost(at_most) = split.test {
            return self.question(Question {
                tree,
                node: at,
                feature: split.feature,
                at_most,
                yes: side(true),
                no: side(false),
                missing_yes: split.missing_left,
            });
        }
        let cardinality = match features.get(split.feature as usize).map(|f| f.kind) {
            Some(FeatureKind::Categorical { cardinality }) => cardinality,
            _ => 1,
        };
        let runs = runs(cardinality, |code| grown.goes_left(split, code as f32));
        // The last run needs no question of its own, unless it is the only one.
        let asked = (runs.len() - 1).max(1);
        let mut missing_placed = false;
        for (nth, run) in runs.iter().take(asked).enumerate() {
            let node = if nth == 0 { at } else { *next - 1 };
            let last = nth + 1 == asked;
            let no = if last {
                side(runs.get(nth + 1).map_or(!run.left, |after| after.left))
            } else {
                *next += 1;
                *next - 1
            };
            let missing_yes = !missing_placed && run.left == split.missing_left;
            missing_placed |= missing_yes;
            self.question(Question {
                tree,
                node,
                feature: split.feature,
                at_most: if runs.len() == 1 { f32::MAX } else { run.last as f32 },
                yes: side(run.left),
                no,
                missing_yes,
            });
        }
    }

    fn question(&mut self, question: Question) {
        self.node(question.tree, question.node, false);
        self.features.push(i64::from(question.feature));
        self.thresholds.push(question.at_most);
        self.yes.push(question.yes as i64);
        self.no.push(question.no as i64);
        self.missing_yes.push(i64::from(question.missing_yes));
    }

    fn leaf(&mut self, tree: usize, node: usize, answers: &[f32]) {
        self.node(tree, node, true);
        self.features.push(0);
        self.thresholds.push(0.0);
        self.yes.push(0);
        self.no.push(0);
        self.missing_yes.push(0);
        for (target, weight) in answers.iter().enumerate() {
            // Nothing to add is left out; a leaf without any target is not one.
            if *weight != 0.0 || target == 0 {
                self.target_trees.push(tree as i64);
                self.target_nodes.push(node as i64);
                self.targets.push(target as i64);
                self.weights.push(*weight);
            }
        }
    }

    fn node(&mut self, tree: usize, node: usize, leaf: bool) {
        self.trees.push(tree as i64);
        self.nodes.push(node as i64);
        self.leaves.push(leaf);
    }

    /// Adds the node; it makes rows x `targets` of `f32`.
    pub(super) fn add(self, graph: &mut Graph, matrix: &str, targets: usize) -> String {
        let mode = |leaf: bool| if leaf { LEAF } else { AT_MOST }.to_owned();
        let attributes = vec![
            text("aggregate_function", "SUM"),
            int("n_targets", targets as i64),
            ints("nodes_treeids", self.trees),
            ints("nodes_nodeids", self.nodes),
            ints("nodes_featureids", self.features),
            texts("nodes_modes", self.leaves.into_iter().map(mode)),
            floats("nodes_values", self.thresholds),
            ints("nodes_truenodeids", self.yes),
            ints("nodes_falsenodeids", self.no),
            ints("nodes_missing_value_tracks_true", self.missing_yes),
            text("post_transform", "NONE"),
            ints("target_treeids", self.target_trees),
            ints("target_nodeids", self.target_nodes),
            ints("target_ids", self.targets),
            floats("target_weights", self.weights),
        ];
        graph.op_with("TreeEnsembleRegressor", ML, &[matrix], attributes)
    }
}

/// Neighbouring codes that go the same way, up to `last`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    last: u32,
    left: bool,
}

/// The runs of codes `0..cardinality`, at least one.
fn runs(cardinality: u32, left: impl Fn(u32) -> bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for code in 0..cardinality.max(1) {
        let left = left(code);
        match runs.last_mut() {
            Some(run) if run.left == left => run.last = code,
            _ => runs.push(Run { last: code, left }),
        }
    }
    runs
}

#[cfg(test)]
mod tests;
