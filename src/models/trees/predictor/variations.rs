//! Owns the scores of rows that differ from one row in a few features: each tree is walked once, and alternatives part
//! only at the nodes that ask for what differs.

use super::super::error::TreeError;
use super::{Link, Node, Predictor, SET};

/// Alternatives for some features of a row.
#[derive(Clone, Copy, Debug)]
pub struct Variation<'a> {
    /// The features that are replaced, each once.
    pub features: &'a [usize],
    /// The alternatives one after the other, each with one value a feature.
    pub values: &'a [f32],
}

impl Variation<'_> {
    /// How many alternatives.
    pub fn alternatives(&self) -> usize {
        self.values.len() / self.features.len().max(1)
    }
}

/// Who replaces a feature: a variation and the feature's place in it.
#[derive(Clone, Copy)]
struct Owner {
    variation: u32,
    place: u32,
}

const NOBODY: u32 = u32::MAX;

/// One variation on its way through the trees.
struct Way<'a> {
    values: &'a [f32],
    features: usize,
    sums: Vec<f64>,
    /// The alternatives in any order; each node divides its own part of it.
    order: Vec<u32>,
    /// Whether the alternatives are one number each, ascending, and stand so in `order`: then a threshold cuts them in two.
    ascend: bool,
    /// The tree through which they have gone.
    tree: usize,
}

impl Predictor {
    /// For each variation the score of the row with each alternative, the same to the last bit as [`Predictor::score`] gives.
    ///
    /// # Errors
    /// Another number of features, a feature that is none or is in two variations, values that are not whole alternatives.
    pub fn variations(&self, row: &[f32], variations: &[Variation<'_>]) -> Result<Vec<Vec<f64>>, TreeError> {
        let owners = self.owners(row, variations)?;
        let mut ways: Vec<Way<'_>> = variations.iter().map(Way::new).collect();
        for (tree, root) in self.roots.iter().enumerate() {
            let mut at = root.node as usize;
            let leaf = loop {
                let node = self.nodes[at];
                let distance = self.distance(node);
                if distance == 0 {
                    break self.answer(*root, node);
                }
                let feature = self.feature(node);
                let owner = owners[feature].variation;
                // Until the first node that asks for one of its features, all alternatives go where the row goes.
                if let Some(way) = ways.get_mut(owner as usize)
                    && way.tree != tree
                {
                    way.tree = tree;
                    let mut order = std::mem::take(&mut way.order);
                    let leaf_of = |node| f64::from(self.answer(*root, node));
                    self.part(at, &mut order, (row, &owners, owner), way, &leaf_of);
                    way.order = order;
                }
                at += distance + usize::from(self.goes_right(at, node, row[feature]));
            };
            let leaf = f64::from(leaf);
            for way in ways.iter_mut().filter(|way| way.tree != tree) {
                for sum in &mut way.sums {
                    *sum += leaf;
                }
            }
        }
        let trees = self.roots.len().max(1) as f64;
        let score = |sum: f64| match self.link {
            Link::LogOdds => self.base + sum,
            Link::Mean => self.base + sum / trees,
        };
        let scores = ways.into_iter().map(|way| way.sums.into_iter().map(score).collect());
        Ok(scores.collect())
    }

    fn owners(&self, row: &[f32], variations: &[Variation<'_>]) -> Result<Vec<Owner>, TreeError> {
        let refuse = |reason: &str| Err(TreeError::Data(reason.to_owned()));
        if row.len() != self.width {
            return refuse("the row has another number of features than the model");
        }
        let nobody = Owner {
            variation: NOBODY,
            place: 0,
        };
        let mut owners = vec![nobody; self.width];
        for (number, variation) in variations.iter().enumerate() {
            for (place, feature) in variation.features.iter().enumerate() {
                match owners.get_mut(*feature) {
                    Some(owner) if owner.variation == NOBODY => {
                        *owner = Owner {
                            variation: number as u32,
                            place: place as u32,
                        };
                    }
                    _ => return refuse("a feature is none of the model's, or is replaced twice"),
                }
            }
            if !variation.values.len().is_multiple_of(variation.features.len().max(1)) {
                return refuse("the values are not whole alternatives");
            }
        }
        Ok(owners)
    }

    /// Adds to each alternative of `order` the leaf it comes to from node `at`.
    fn part(
        &self,
        mut at: usize,
        order: &mut [u32],
        of: (&[f32], &[Owner], u32),
        way: &mut Way<'_>,
        leaf_of: &impl Fn(Node) -> f64,
    ) {
        let (row, owners, variation) = of;
        let mut order = order;
        loop {
            let node = self.nodes[at];
            let distance = self.distance(node);
            if distance == 0 {
                let leaf = leaf_of(node);
                for alternative in order {
                    way.sums[*alternative as usize] += leaf;
                }
                return;
            }
            let feature = self.feature(node);
            let owner = owners[feature];
            if owner.variation != variation {
                at += distance + usize::from(self.goes_right(at, node, row[feature]));
                continue;
            }
            let goes_right = |alternative: u32| {
                let value = way.values[alternative as usize * way.features + owner.place as usize];
                self.goes_right(at, node, value)
            };
            let lefts = if way.ascend && node.threshold != SET {
                order.partition_point(|alternative| !goes_right(*alternative))
            } else {
                let lefts = divide(order, goes_right);
                way.ascend = false;
                lefts
            };
            let (left, right) = order.split_at_mut(lefts);
            let (left_node, right_node) = (at + distance, at + distance + 1);
            if right.is_empty() {
                (at, order) = (left_node, left);
            } else if left.is_empty() {
                (at, order) = (right_node, right);
            } else {
                self.part(left_node, left, of, way, leaf_of);
                (at, order) = (right_node, right);
            }
        }
    }

    #[inline]
    fn distance(&self, node: Node) -> usize {
        (node.word >> (self.column_bits + 1)) as usize
    }

    #[inline]
    fn feature(&self, node: Node) -> usize {
        (node.word >> 1 & ((1 << self.column_bits) - 1)) as usize
    }

    #[inline]
    fn goes_right(&self, at: usize, node: Node, value: f32) -> bool {
        if node.threshold == SET {
            !self.in_set(at as u32, node, value)
        } else if value.is_nan() {
            node.word & 1 == 1
        } else {
            value.clamp(f32::MIN, f32::MAX) > node.threshold
        }
    }
}

impl<'a> Way<'a> {
    fn new(variation: &Variation<'a>) -> Self {
        let alternatives = variation.alternatives();
        Self {
            values: variation.values,
            features: variation.features.len(),
            ascend: variation.features.len() == 1 && variation.values.is_sorted_by(|a, b| a <= b),
            sums: vec![0.0; alternatives],
            order: (0..alternatives as u32).collect(),
            tree: usize::MAX,
        }
    }
}

/// Puts those that go left in front; how many they are.
fn divide(order: &mut [u32], goes_right: impl Fn(u32) -> bool) -> usize {
    let (mut front, mut end) = (0, order.len());
    while front < end {
        if goes_right(order[front]) {
            end -= 1;
            order.swap(front, end);
        } else {
            front += 1;
        }
    }
    front
}

#[cfg(test)]
mod tests;
