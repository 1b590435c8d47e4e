//! Owns the account of a score by features: path-dependent TreeSHAP (Lundberg, Erion and Lee 2018, arXiv:1802.03888,
//! algorithm 2), each leaf's Shapley values taken as an integral.
//!
//! A leaf is reached, with the features of a subset known, with the chance `prod o_j` over the known features on its
//! path times `prod z_j` over the others: `o` is 1 if the row passes all of the feature's splits on the path, else 0,
//! and `z` the share of training rows that pass them. As `k! (d-1-k)! / d!` is the integral of `x^k (1-x)^(d-1-k)` over
//! 0 to 1, the Shapley value of feature `i` for a leaf of value `v` and `d` features is (multilinear extension, Owen
//! 1972)
//!
//! `v (o_i - z_i) * integral of prod_(j != i) f_j(x) dx`, with `f_j(x) = x o_j + (1-x) z_j`,
//!
//! a polynomial of degree `d-1`, which Gauss-Legendre's rule of `d/2` points integrates exactly. At a point, products
//! are shared along the tree: the way down multiplies the `f_j`, the way up sums `v prod f_j` over the leaves below an
//! edge and gives its feature that sum times `(o-z)/f`, less the same of the feature's edge before on the path.

use super::ensemble::{Ensemble, Link};
use super::tree::{Split, Tree};

/// Explains scores of one ensemble. A row costs trees x nodes x half the features on the longest path, and three
/// allocations.
#[derive(Clone, Debug)]
pub struct Explainer {
    trees: Vec<Explained>,
    /// What a tree's answer counts in the score.
    share: f64,
    /// Score of an average training row.
    average: f64,
    width: usize,
    /// Nodes of the largest tree.
    most_nodes: usize,
}

/// A tree with what does not depend on the row.
#[derive(Clone, Debug)]
struct Explained {
    /// The sets of categories; its nodes are in `forks`.
    sets: Tree,
    /// The splits, each behind those above it.
    forks: Vec<Fork>,
    /// Number of nodes.
    nodes: usize,
    rule: Rule,
}

/// A split with what does not depend on the row; of two numbers, the first belongs to the left edge below it.
#[derive(Clone, Copy, Debug)]
struct Fork {
    /// Its node.
    at: u32,
    split: Split,
    /// The node below the last edge of the path that asks the same feature; the root if there is none.
    before: u32,
    /// Share of training rows that pass what the path to `before` asks of the feature.
    zero_before: f64,
    /// The same, for each edge with all before.
    zero: [f64; 2],
    /// Share of the split's rows that each edge gets.
    share: [f64; 2],
    /// Value of the node below if it is a leaf, else 1.
    value: [f64; 2],
}

/// Of a fork that the row does not come to: it failed a split on the same feature above.
const FALLEN: u8 = 2;

/// Points of integration, as many at a time as a pass takes.
#[derive(Clone, Debug)]
enum Rule {
    Two(Vec<Points<2>>),
    Four(Vec<Points<4>>),
    Six(Vec<Points<6>>),
    Eight(Vec<Points<8>>),
}

/// Points of integration over 0 to 1.
#[derive(Clone, Debug)]
struct Points<const N: usize> {
    weight: [f64; N],
    at: [f64; N],
    /// `1 - at`, and what is divided by it.
    rest: [f64; N],
    inverse_rest: [f64; N],
}

impl Explainer {
    /// For an ensemble that passed [`Ensemble::check`].
    pub fn new(ensemble: &Ensemble) -> Self {
        let share = match ensemble.link {
            Link::LogOdds => 1.0,
            Link::Mean => 1.0 / ensemble.trees.len().max(1) as f64,
        };
        let mut trees = Vec::with_capacity(ensemble.trees.len());
        let mut sum = 0.0;
        for tree in &ensemble.trees {
            let shares = shares(tree);
            sum += expected(tree, &shares);
            if tree.nodes.len() > 1 {
                trees.push(Explained::new(tree, &shares));
            }
        }
        Self {
            most_nodes: trees.iter().map(|t| t.nodes).max().unwrap_or(0),
            trees,
            share,
            average: ensemble.base + sum * share,
            width: ensemble.width,
        }
    }

    /// The score of an average training row, and what each feature added to this row's: together its score (Lundberg,
    /// Erion and Lee 2018, equation 5). A row that is too short is taken as the average.
    pub fn contributions(&self, row: &[f32]) -> (f64, Vec<f64>) {
        let mut values = vec![0.0; self.width];
        if row.len() < self.width {
            return (self.average, values);
        }
        let (mut sides, mut passed) = (Vec::with_capacity(self.most_nodes), vec![true; self.most_nodes]);
        let mut arena = vec![0.0; 2 * 8 * self.most_nodes];
        for tree in &self.trees {
            tree.follow(row, &mut sides, &mut passed);
            match &tree.rule {
                Rule::Two(passes) => tree.add(passes, &sides, &mut arena, &mut values),
                Rule::Four(passes) => tree.add(passes, &sides, &mut arena, &mut values),
                Rule::Six(passes) => tree.add(passes, &sides, &mut arena, &mut values),
                Rule::Eight(passes) => tree.add(passes, &sides, &mut arena, &mut values),
            }
        }
        for value in &mut values {
            *value *= self.share;
        }
        (self.average, values)
    }
}

/// Share of its parent's training rows that each node got; half where there were none.
fn shares(tree: &Tree) -> Vec<f64> {
    let mut shares = vec![1.0; tree.nodes.len()];
    for split in tree.nodes.iter().filter_map(|n| n.split) {
        let left = split.left as usize;
        let covers = [left, left + 1].map(|child| f64::from(tree.nodes[child].cover));
        let all = covers[0] + covers[1];
        let first = if all > 0.0 { covers[0] / all } else { 0.5 };
        shares[left] = first;
        shares[left + 1] = 1.0 - first;
    }
    shares
}

/// What the tree answers on average.
fn expected(tree: &Tree, shares: &[f64]) -> f64 {
    let mut reach = vec![1.0; tree.nodes.len()];
    let mut sum = 0.0;
    for (at, node) in tree.nodes.iter().enumerate() {
        match node.split {
            None => sum += reach[at] * f64::from(node.value),
            Some(split) => {
                for child in [split.left as usize, split.left as usize + 1] {
                    reach[child] = reach[at] * shares[child];
                }
            }
        }
    }
    sum
}

impl Explained {
    /// Merges the edges of each path by feature. Costs nodes x depth.
    fn new(tree: &Tree, shares: &[f64]) -> Self {
        let count = tree.nodes.len();
        let (mut parents, mut features, mut zeros) = (vec![0; count], vec![0usize; count], vec![1.0; count]);
        let mut forks = Vec::with_capacity(count / 2);
        for (at, node) in tree.nodes.iter().enumerate() {
            let Some(split) = node.split else { continue };
            let asks = |node: usize| tree.nodes[node].split.is_some_and(|s| s.feature == split.feature);
            let mut before = at;
            while before > 0 && !asks(parents[before]) {
                before = parents[before];
            }
            let below = [split.left as usize, split.left as usize + 1];
            for child in below {
                parents[child] = at;
                features[child] = features[at] + usize::from(before == 0);
                zeros[child] = zeros[before] * shares[child];
            }
            forks.push(Fork {
                at: at as u32,
                split,
                before: before as u32,
                zero_before: zeros[before],
                zero: below.map(|child| zeros[child]),
                share: below.map(|child| shares[child]),
                value: below.map(|child| match tree.nodes[child].split {
                    None => f64::from(tree.nodes[child].value),
                    Some(_) => 1.0,
                }),
            });
        }
        let sets = tree.sets.clone();
        Self {
            sets: Tree {
                nodes: Vec::new(),
                sets,
            },
            forks,
            nodes: count,
            rule: Rule::exact(features.into_iter().max().unwrap_or(0)),
        }
    }

    /// Sets to which side of each fork the row goes (0 left, 1 right, or [`FALLEN`]), and whether it passes all that
    /// the path to a node asks of its last feature.
    fn follow(&self, row: &[f32], sides: &mut Vec<u8>, passed: &mut [bool]) {
        sides.clear();
        for fork in &self.forks {
            let right = !self.sets.goes_left(&fork.split, row[fork.split.feature as usize]);
            let passes = passed[fork.before as usize];
            let left = fork.split.left as usize;
            passed[left] = passes && !right;
            passed[left + 1] = passes && right;
            sides.push(if passes { u8::from(right) } else { FALLEN });
        }
    }

    /// Adds what the tree says of each feature to `values`. `arena` holds 16 numbers a node.
    fn add<const N: usize>(&self, passes: &[Points<N>], sides: &[u8], arena: &mut [f64], values: &mut [f64]) {
        let (products, inverses) = arena.split_at_mut(arena.len() / 2);
        let (products, inverses) = (products.as_chunks_mut().0, inverses.as_chunks_mut().0);
        for points in passes {
            self.descend(points, sides, products, inverses);
            self.ascend(points, sides, products, inverses, values);
        }
    }

    /// Sets each node's product of weight and all `f` on its path (and a leaf's value), and `1/f` of each edge that is
    /// passed.
    fn descend<const N: usize>(
        &self,
        points: &Points<N>,
        sides: &[u8],
        products: &mut [[f64; N]],
        inverses: &mut [[f64; N]],
    ) {
        products[0] = points.weight;
        inverses[0] = [1.0; N];
        for (fork, side) in self.forks.iter().zip(sides) {
            let left = fork.split.left as usize;
            let above = products[fork.at as usize];
            if *side == FALLEN {
                for (child, (share, value)) in fork.share.iter().zip(fork.value).enumerate() {
                    products[left + child] = above.map(|product| product * (share * value));
                }
                continue;
            }
            let (hot, cold) = (usize::from(*side & 1), usize::from(!*side & 1));
            let before = inverses[fork.before as usize];
            let (zero, value, lost) = (fork.zero[hot], fork.value[hot], fork.zero[cold] * fork.value[cold]);
            let (mut passing, mut falling, mut inverse) = ([0.0; N], [0.0; N], [0.0; N]);
            for i in 0..N {
                let factor = points.at[i] + points.rest[i] * zero;
                let above = above[i] * before[i];
                inverse[i] = 1.0 / factor;
                passing[i] = above * (factor * value);
                falling[i] = above * (points.rest[i] * lost);
            }
            inverses[left + hot] = inverse;
            products[left + hot] = passing;
            products[left + cold] = falling;
        }
    }

    /// Sums each node's leaves, and gives each edge's feature the integral of that times the growth of `(o-z)/f`.
    fn ascend<const N: usize>(
        &self,
        points: &Points<N>,
        sides: &[u8],
        products: &mut [[f64; N]],
        inverses: &[[f64; N]],
        values: &mut [f64],
    ) {
        for (fork, side) in self.forks.iter().zip(sides).rev() {
            let left = fork.split.left as usize;
            let [a, b] = [products[left], products[left + 1]];
            let sums: [f64; N] = std::array::from_fn(|i| a[i] + b[i]);
            products[fork.at as usize] = sums;
            if *side == FALLEN {
                continue;
            }
            let (hot, cold) = (usize::from(*side & 1), usize::from(!*side & 1));
            let (passing, falling) = (products[left + hot], products[left + cold]);
            let (inverse, before) = (inverses[left + hot], inverses[fork.before as usize]);
            let (grown, old) = (1.0 - fork.zero[hot], 1.0 - fork.zero_before);
            let mut gain = [0.0; N];
            for i in 0..N {
                gain[i] = passing[i] * (grown * inverse[i])
                    - falling[i] * points.inverse_rest[i]
                    - sums[i] * (old * before[i]);
            }
            values[fork.split.feature as usize] += gain.iter().sum::<f64>();
        }
    }
}

impl Rule {
    /// The rule for polynomials of a degree below `features`.
    fn exact(features: usize) -> Self {
        match features {
            0..=4 => Self::Two(passes(2)),
            5..=8 => Self::Four(passes(4)),
            9..=12 => Self::Six(passes(6)),
            _ => Self::Eight(passes(features.div_ceil(16) * 8)),
        }
    }
}

/// Gauss-Legendre's rule of `count` points over 0 to 1, `count` a multiple of `N`; exact to degree `2 count - 1`.
fn passes<const N: usize>(count: usize) -> Vec<Points<N>> {
    let pass = |first: usize| {
        let points: [(f64, f64, f64); N] = std::array::from_fn(|i| legendre(first + i, count));
        Points {
            at: points.map(|p| p.0),
            rest: points.map(|p| p.1),
            inverse_rest: points.map(|p| 1.0 / p.1),
            weight: points.map(|p| p.2),
        }
    };
    (0..count).step_by(N).map(pass).collect()
}

/// The distances to 0 and to 1, and the weight, of a point of Gauss-Legendre's rule over 0 to 1: a root of Legendre's
/// polynomial by Newton's method (Press et al., Numerical Recipes, section 4.6).
fn legendre(index: usize, count: usize) -> (f64, f64, f64) {
    let n = count as f64;
    let mut root = (std::f64::consts::PI * (index as f64 + 0.75) / (n + 0.5)).cos();
    let mut slope = 1.0;
    for _ in 0..8 {
        let (mut last, mut value) = (1.0, root);
        for k in 2..=count {
            let k = k as f64;
            (last, value) = (value, ((2.0 * k - 1.0) * root * value - (k - 1.0) * last) / k);
        }
        slope = n * (root * value - last) / (root * root - 1.0);
        root -= value / slope;
    }
    let weight = 1.0 / ((1.0 - root * root) * slope * slope);
    (f64::midpoint(1.0, -root), f64::midpoint(1.0, root), weight)
}

#[cfg(test)]
mod tests;
