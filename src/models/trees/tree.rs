//! Owns one grown tree, the form that explanation, importances and files work on; prediction has a compact one.

use super::binning::code;

/// A decision tree. Node 0 is the root; the two children of a node stand side by side, behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Bit sets of categories, 32 codes a word, that categorical splits point into.
    pub sets: Vec<u32>,
}

/// A split or a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Node {
    /// What it asks; `None` makes it a leaf.
    pub split: Option<Split>,
    /// What the tree answers here: the leaf's value; for a split, the mean of its rows.
    pub value: f32,
    /// Training rows that came by; in a forest by weight, and as often as they were drawn.
    pub cover: f32,
}

/// A question with two answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The column it looks at.
    pub feature: u32,
    /// The child for yes; the one for no is the next.
    pub left: u32,
    /// What it asks of the value.
    pub test: Test,
    /// Whether a missing value (and a category that never came by) goes left.
    pub missing_left: bool,
    /// Fall of the loss that it brought in training.
    pub gain: f32,
}

/// What a split asks of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// `value <= threshold` goes left. An infinity counts as the largest finite number of its sign.
    AtMost(f32),
    /// A category of this set goes left: `words` words of [`Tree::sets`] from `first`.
    OneOf {
        /// First word.
        first: u32,
        /// Number of words.
        words: u32,
    },
}

impl Tree {
    /// Whether a value goes left at a split.
    pub fn goes_left(&self, split: &Split, value: f32) -> bool {
        match split.test {
            _ if value.is_nan() => split.missing_left,
            Test::AtMost(threshold) => value.clamp(f32::MIN, f32::MAX) <= threshold,
            Test::OneOf { first, words } => match code(value, words as usize * 32) {
                Some(code) => self.sets[first as usize + code / 32] >> (code % 32) & 1 == 1,
                None => split.missing_left,
            },
        }
    }

    /// The leaf a row ends in. `row` holds at least as many values as the trees's largest feature.
    pub fn leaf(&self, row: &[f32]) -> usize {
        let mut at = 0;
        while let Some(split) = &self.nodes[at].split {
            let left = self.goes_left(split, row[split.feature as usize]);
            at = split.left as usize + usize::from(!left);
        }
        at
    }

    /// Number of leaves.
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|n| n.split.is_none()).count()
    }

    /// Most splits on a path.
    pub fn depth(&self) -> usize {
        let mut depth = vec![0usize; self.nodes.len()];
        for at in 0..self.nodes.len() {
            if let Some(split) = self.nodes[at].split {
                depth[split.left as usize] = depth[at] + 1;
                depth[split.left as usize + 1] = depth[at] + 1;
            }
        }
        depth.into_iter().max().unwrap_or(0)
    }

    /// Sets value and cover of every split from its children: the mean, and the sum.
    pub(super) fn sum_up(&mut self) {
        for at in (0..self.nodes.len()).rev() {
            let Some(split) = self.nodes[at].split else { continue };
            let [left, right] = [0, 1].map(|side| self.nodes[split.left as usize + side]);
            let (a, b) = (f64::from(left.cover), f64::from(right.cover));
            let mean = (f64::from(left.value) * a + f64::from(right.value) * b) / (a + b);
            self.nodes[at].cover = (a + b) as f32;
            self.nodes[at].value = if mean.is_finite() { mean as f32 } else { 0.0 };
        }
    }

    /// Checks that every walk from the root stays inside and ends in a leaf, that a model of `width` columns has the
    /// features asked for, and that all numbers are finite.
    ///
    /// # Errors
    /// What is wrong, and at which node.
    pub fn check(&self, width: usize) -> Result<(), String> {
        let count = self.nodes.len();
        if count == 0 {
            return Err("a tree without nodes".to_owned());
        }
        let mut parents = vec![0u8; count];
        for (at, node) in self.nodes.iter().enumerate() {
            if !(node.value.is_finite() && node.cover.is_finite() && node.cover >= 0.0) {
                return Err(format!("node {at} holds a number that is not finite"));
            }
            let Some(split) = node.split else { continue };
            let left = split.left as usize;
            if left <= at || left + 1 >= count || split.feature as usize >= width {
                return Err(format!("node {at} leads nowhere"));
            }
            parents[left] = parents[left].saturating_add(1);
            parents[left + 1] = parents[left + 1].saturating_add(1);
            let sound = match split.test {
                Test::AtMost(threshold) => threshold.is_finite(),
                Test::OneOf { first, words } => {
                    words > 0 && (first as usize).saturating_add(words as usize) <= self.sets.len()
                }
            };
            if !(sound && split.gain.is_finite()) {
                return Err(format!("node {at} asks nothing"));
            }
        }
        match parents.iter().skip(1).position(|p| *p != 1) {
            None => Ok(()),
            Some(at) => Err(format!("node {} has {} parents", at + 1, parents[at + 1])),
        }
    }
}
