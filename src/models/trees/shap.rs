//! Owns the account of a score by features: path-dependent TreeSHAP (Lundberg, Erion and Lee 2018, arXiv:1802.03888,
//! algorithm 2).

use super::ensemble::{Ensemble, Link};
use super::tree::Tree;

/// Explains scores of one ensemble. A row costs trees x leaves x depth squared.
#[derive(Clone, Debug)]
pub struct Explainer {
    trees: Vec<Explained>,
    link: Link,
    base: f64,
    width: usize,
}

/// A tree with what does not depend on the row.
#[derive(Clone, Debug)]
struct Explained {
    tree: Tree,
    /// Share of a split's training rows that went to each node.
    share: Vec<f64>,
    expected: f64,
    depth: usize,
}

/// A feature on the path to a node.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    feature: u32,
    /// Share of training rows that pass its splits on the path.
    zero: f64,
    /// 1 if the row passes them, else 0.
    one: f64,
    /// Sum of the permutation weights of subsets of this size.
    weight: f64,
}

/// No feature: the start of a path.
const START: u32 = u32::MAX;

impl Explainer {
    /// For an ensemble that passed [`Ensemble::check`].
    pub fn new(ensemble: &Ensemble) -> Self {
        Self {
            trees: ensemble.trees.iter().map(Explained::new).collect(),
            link: ensemble.link,
            base: ensemble.base,
            width: ensemble.width,
        }
    }

    /// The score of an average training row, and what each feature added to this row's: together its score. A row that
    /// is too short is taken as the average.
    pub fn contributions(&self, row: &[f32]) -> (f64, Vec<f64>) {
        let mut values = vec![0.0; self.width];
        let share = match self.link {
            Link::LogOdds => 1.0,
            Link::Mean => 1.0 / self.trees.len().max(1) as f64,
        };
        let mut base = 0.0;
        let mut arena = Vec::new();
        for tree in &self.trees {
            base += tree.expected;
            if tree.depth > 0 && row.len() >= self.width {
                arena.clear();
                arena.resize((tree.depth + 2) * (tree.depth + 3), Step::default());
                let mut walk = Walk {
                    tree,
                    row,
                    values: &mut values,
                };
                walk.visit(
                    0,
                    &mut arena,
                    0,
                    Step {
                        feature: START,
                        zero: 1.0,
                        one: 1.0,
                        weight: 0.0,
                    },
                );
            }
        }
        for value in &mut values {
            *value *= share;
        }
        (self.base + base * share, values)
    }
}

impl Explained {
    fn new(tree: &Tree) -> Self {
        let mut share = vec![1.0; tree.nodes.len()];
        let mut mean: Vec<f64> = tree.nodes.iter().map(|n| f64::from(n.value)).collect();
        for at in (0..tree.nodes.len()).rev() {
            let Some(split) = tree.nodes[at].split else { continue };
            let left = split.left as usize;
            let covers = [left, left + 1].map(|child| f64::from(tree.nodes[child].cover));
            let all = covers[0] + covers[1];
            let first = if all > 0.0 { covers[0] / all } else { 0.5 };
            share[left] = first;
            share[left + 1] = 1.0 - first;
            mean[at] = mean[left] * share[left] + mean[left + 1] * share[left + 1];
        }
        Self {
            expected: mean[0],
            depth: tree.depth(),
            tree: tree.clone(),
            share,
        }
    }
}

/// One row's way through one tree, along all branches.
struct Walk<'a> {
    tree: &'a Explained,
    row: &'a [f32],
    values: &'a mut [f64],
}

impl Walk<'_> {
    /// Visits a node whose path holds `length` steps at the front of `arena`, and adds `step` to it.
    fn visit(&mut self, at: usize, arena: &mut [Step], length: usize, step: Step) {
        extend(&mut arena[..=length], step);
        let mut length = length + 1;
        let node = &self.tree.tree.nodes[at];
        let Some(split) = &node.split else {
            for step in 1..length {
                let weight = unwound_sum(&arena[..length], step);
                let Step { feature, zero, one, .. } = arena[step];
                self.values[feature as usize] += weight * (one - zero) * f64::from(node.value);
            }
            return;
        };
        let left = split.left as usize;
        let goes_left = self.tree.tree.goes_left(split, self.row[split.feature as usize]);
        let hot = left + usize::from(!goes_left);
        let cold = left + usize::from(goes_left);
        let (mut zero, mut one) = (1.0, 1.0);
        if let Some(before) = (1..length).find(|i| arena[*i].feature == split.feature) {
            (zero, one) = (arena[before].zero, arena[before].one);
            unwind(&mut arena[..length], before);
            length -= 1;
        }
        for (child, one) in [(hot, one), (cold, 0.0)] {
            let (here, next) = arena.split_at_mut(length);
            next[..length].copy_from_slice(here);
            let step = Step {
                feature: split.feature,
                zero: zero * self.tree.share[child],
                one,
                weight: 0.0,
            };
            self.visit(child, next, length, step);
        }
    }
}

/// Adds a step to a path, whose last place is free.
fn extend(path: &mut [Step], step: Step) {
    let last = path.len() - 1;
    path[last] = Step {
        weight: if last == 0 { 1.0 } else { 0.0 },
        ..step
    };
    let size = (last + 1) as f64;
    for i in (0..last).rev() {
        path[i + 1].weight += step.one * path[i].weight * (i + 1) as f64 / size;
        path[i].weight = step.zero * path[i].weight * (last - i) as f64 / size;
    }
}

/// Takes a step out of a path; the last place is free then.
fn unwind(path: &mut [Step], index: usize) {
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[index];
    let size = (last + 1) as f64;
    let mut next = path[last].weight;
    for i in (0..last).rev() {
        if one != 0.0 {
            let before = path[i].weight;
            path[i].weight = next * size / ((i + 1) as f64 * one);
            next = before - path[i].weight * zero * (last - i) as f64 / size;
        } else if zero > 0.0 {
            path[i].weight = path[i].weight * size / (zero * (last - i) as f64);
        } else {
            // Nobody passes: the branches below weigh nothing.
            path[i].weight = 0.0;
        }
    }
    for i in index..last {
        path[i] = Step {
            weight: path[i].weight,
            ..path[i + 1]
        };
    }
}

/// The sum of the weights a path would have without one of its steps.
fn unwound_sum(path: &[Step], index: usize) -> f64 {
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[index];
    let size = (last + 1) as f64;
    let (mut total, mut next) = (0.0, path[last].weight);
    for i in (0..last).rev() {
        let less = (last - i) as f64;
        if one != 0.0 {
            let weight = next * size / ((i + 1) as f64 * one);
            total += weight;
            next = path[i].weight - weight * zero * less / size;
        } else if zero > 0.0 {
            total += path[i].weight / (zero * less / size);
        }
    }
    total
}
