//! Owns the decision tree: smartcore grows it, and it is kept as a flat array of our own with the labels counted at
//! every node.

use ndarray::{ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};
use smartcore::tree::decision_tree_classifier::{
    DecisionTreeClassifier as Engine, DecisionTreeClassifierParameters, SplitCriterion,
};

use crate::transform::{CategoryEncoding, MissingValues, Scaling, Wants};

use super::additive::shares;
use super::anatomy::{Anatomy, PlainNode};
use super::classifier::{
    Capabilities, Classifier, Contributions, Family, FitContext, ModelError, ScoreScale, TrainSet,
};
use super::detached::run_detached;
use super::params::{ParamSpec, Params};
use super::scoring::score_rows;
use super::{checks, engine_input, saved};

const NAME: &str = "decision_tree";
const VERSION: u8 = 1;

/// Rows above which a fit is refused: smartcore holds 8 bytes a row for each open node.
const MOST_ROWS: usize = 40_000;

/// Rows x rows x features above which a fit is refused: each node costs rows x features, and nodes grow with rows.
/// At the limit, 40,000 x 37 of noise took 18 s and 85 MB; UCI, 8,844 x 30, takes .08 s.
const MOST_WORK: f64 = 6e10;

/// The family.
#[derive(Clone, Copy, Debug)]
pub(super) struct DecisionTree;

impl Family for DecisionTree {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Decision tree"
    }

    fn cost_rank(&self) -> u32 {
        30
    }

    fn wants(&self) -> Wants {
        Wants {
            categories: CategoryEncoding::Ordinal,
            discrete_as_categories: false,
            scaling: Scaling::None,
            missing: MissingValues::Impute,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            contributions: true,
            ..Capabilities::default()
        }
    }

    fn parameters(&self) -> Vec<ParamSpec> {
        vec![
            ParamSpec::int("max_depth", "most splits on a path", (1, 64), 24, &[8, 24]),
            ParamSpec::int("min_samples_leaf", "fewest rows in a leaf", (1, 1000), 10, &[5, 10, 20]),
            ParamSpec::int("min_samples_split", "fewest rows worth splitting", (2, 2000), 2, &[2]),
            ParamSpec::choice("criterion", "what a split lowers", &["gini", "entropy"], &["gini"]),
        ]
    }

    fn refuses(&self, rows: usize, features: usize) -> Option<String> {
        if rows > MOST_ROWS {
            return Some(format!(
                "{rows} rows; its fit cannot be interrupted and its memory grows with the square: at most {MOST_ROWS}"
            ));
        }
        let most = MOST_WORK / (rows.max(1) as f64).powi(2);
        (features as f64 > most).then(|| {
            format!("{rows} rows x {features} features; its fit cannot be interrupted: at most {most:.0} features")
        })
    }

    fn fit(
        &self,
        data: &TrainSet<'_>,
        params: &Params,
        context: &mut FitContext<'_>,
    ) -> Result<Box<dyn Classifier>, ModelError> {
        let params = params.resolve(NAME, &self.parameters())?;
        checks::trainable(NAME, data)?;
        let parameters = engine_parameters(&params, context.seed)?;
        let x = engine_input::dense(NAME, data, true)?;
        let y = engine_input::classes(data);
        let grown = run_detached(NAME, context.cancel, move || {
            let tree = Engine::fit(&x, &y, parameters).map_err(|e| e.to_string())?;
            let value = serde_json::to_value(&tree).map_err(|e| e.to_string())?;
            serde_json::from_value::<Grown>(value).map_err(|e| e.to_string())
        })?;
        let engine = |reason: &str| ModelError::Engine {
            family: NAME,
            reason: reason.to_owned(),
        };
        let mut model = Model {
            width: data.matrix.width(),
            nodes: grown
                .nodes
                .iter()
                .map(GrownNode::flat)
                .collect::<Option<_>>()
                .ok_or_else(|| engine("a node without a split value"))?,
        };
        model.wire().map_err(|reason| engine(&reason))?;
        model.count(data);
        Ok(Box::new(model))
    }

    fn load(&self, bytes: &[u8]) -> Result<Box<dyn Classifier>, ModelError> {
        let model: Model = saved::read(NAME, VERSION, bytes)?;
        model.wire().map_err(|reason| saved::damaged(NAME, reason))?;
        Ok(Box::new(model))
    }
}

fn engine_parameters(params: &Params, seed: u64) -> Result<DecisionTreeClassifierParameters, ModelError> {
    // smartcore counts levels, the root being the first.
    let levels = params.int("max_depth")? + 1;
    Ok(DecisionTreeClassifierParameters {
        criterion: match params.text("criterion")? {
            "entropy" => SplitCriterion::Entropy,
            _ => SplitCriterion::Gini,
        },
        max_depth: u16::try_from(levels).ok(),
        min_samples_leaf: params.count("min_samples_leaf")?,
        min_samples_split: params.count("min_samples_split")?,
        seed: Some(seed),
    })
}

/// What we read of smartcore's serialised tree; its fields are private.
#[derive(Deserialize)]
struct Grown {
    nodes: Vec<GrownNode>,
}

#[derive(Deserialize)]
struct GrownNode {
    split_feature: u32,
    split_value: Option<f64>,
    true_child: Option<u32>,
    false_child: Option<u32>,
}

impl GrownNode {
    /// `None` for an inner node without a split value.
    fn flat(&self) -> Option<Node> {
        let (Some(low), Some(high)) = (self.true_child, self.false_child) else {
            return Some(Node::default());
        };
        Some(Node {
            feature: self.split_feature,
            threshold: round_down(self.split_value?),
            low,
            high,
            rows: 0,
            malicious: 0,
        })
    }
}

/// The largest `f32` not above `value`: an `f32` is at most the one exactly where it is at most the other.
fn round_down(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) > value {
        near.next_down()
    } else {
        near
    }
}

/// One node. A leaf has no children (`high` = 0; the root is nobody's child).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Node {
    feature: u32,
    threshold: f32,
    /// Where rows go whose feature is at most the threshold.
    low: u32,
    high: u32,
    /// Training rows that came by, and the malicious among them.
    rows: u32,
    malicious: u32,
}

impl Node {
    fn is_leaf(&self) -> bool {
        self.high == 0
    }

    /// Share of malicious training rows with Laplace's one more of each kind, so that a small pure leaf is less
    /// certain than a large one.
    fn probability(&self) -> f64 {
        (f64::from(self.malicious) + 1.0) / (f64::from(self.rows) + 2.0)
    }

    /// Rows x Gini impurity.
    fn impurity(&self) -> f64 {
        let (n, m) = (f64::from(self.rows), f64::from(self.malicious));
        if n > 0.0 { 2.0 * m * (n - m) / n } else { 0.0 }
    }
}

/// Children stand behind their parent, so every walk down ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    width: usize,
    nodes: Vec<Node>,
}

impl Model {
    /// Checks that every walk from the root stays inside the array and ends in a leaf.
    fn wire(&self) -> Result<(), String> {
        if self.nodes.is_empty() || self.width == 0 {
            return Err("it has no nodes or no features".to_owned());
        }
        for (at, node) in self.nodes.iter().enumerate() {
            let child = |child: u32| (child as usize) > at && (child as usize) < self.nodes.len();
            let inner = child(node.low)
                && child(node.high)
                && node.low != node.high
                && (node.feature as usize) < self.width
                && node.threshold.is_finite();
            if !(node.is_leaf() && node.low == 0 || inner) {
                return Err(format!("node {at} leads nowhere"));
            }
            if node.malicious > node.rows {
                return Err(format!("node {at} counts more malicious rows than rows"));
            }
        }
        Ok(())
    }

    /// The nodes a row passes, the root first and its leaf last.
    fn path<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = usize> + 'a {
        std::iter::successors(Some(0), |at| {
            let node = &self.nodes[*at];
            (!node.is_leaf()).then(|| {
                let low = row[node.feature as usize] <= node.threshold;
                (if low { node.low } else { node.high }) as usize
            })
        })
    }

    fn leaf(&self, row: &[f32]) -> &Node {
        let mut node = &self.nodes[0];
        while !node.is_leaf() {
            let low = row[node.feature as usize] <= node.threshold;
            node = &self.nodes[(if low { node.low } else { node.high }) as usize];
        }
        node
    }

    fn count(&mut self, data: &TrainSet<'_>) {
        for (row, label) in data.matrix.values.rows().into_iter().zip(data.labels) {
            let passed: Vec<usize> = self.path(&row.to_vec()).collect();
            for at in passed {
                self.nodes[at].rows += 1;
                self.nodes[at].malicious += u32::from(*label);
            }
        }
    }
}

impl Classifier for Model {
    fn family(&self) -> &'static str {
        NAME
    }

    fn width(&self) -> usize {
        self.width
    }

    fn predict_proba(&self, x: ArrayView2<'_, f32>) -> Result<Vec<f64>, ModelError> {
        checks::scorable(NAME, x, self.width)?;
        Ok(score_rows(x, |row| self.leaf(row).probability()))
    }

    /// Each feature's share of the fall in Gini impurity.
    fn importances(&self) -> Option<Vec<f64>> {
        let mut fall = vec![0.0; self.width];
        for node in self.nodes.iter().filter(|n| !n.is_leaf()) {
            let children = self.nodes[node.low as usize].impurity() + self.nodes[node.high as usize].impurity();
            fall[node.feature as usize] += (node.impurity() - children).max(0.0);
        }
        Some(shares(&fall))
    }

    /// What each split on the row's path did to the probability (Saabas): exact for this one path, and what a person
    /// reads off the tree.
    fn contributions(&self, row: ArrayView1<'_, f32>) -> Option<Contributions> {
        if row.len() != self.width || row.iter().any(|v| !v.is_finite()) {
            return None;
        }
        let row = row.to_vec();
        let mut values = vec![0.0; self.width];
        let path: Vec<&Node> = self.path(&row).map(|at| &self.nodes[at]).collect();
        for step in path.windows(2) {
            values[step[0].feature as usize] += step[1].probability() - step[0].probability();
        }
        Some(Contributions {
            base: self.nodes[0].probability(),
            values,
            scale: ScoreScale::Probability,
        })
    }

    fn anatomy(&self) -> Option<Anatomy<'_>> {
        let plain = |node: &Node| {
            if node.is_leaf() {
                return PlainNode::Leaf(node.probability());
            }
            PlainNode::Split {
                feature: node.feature,
                threshold: node.threshold,
                low: node.low,
                high: node.high,
            }
        };
        Some(Anatomy::Tree(self.nodes.iter().map(plain).collect()))
    }

    fn save(&self) -> Result<Vec<u8>, ModelError> {
        saved::write(NAME, VERSION, self)
    }
}

#[cfg(test)]
mod tests;
