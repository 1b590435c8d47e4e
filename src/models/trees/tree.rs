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

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(value: f32, cover: f32) -> Node {
        Node {
            split: None,
            value,
            cover,
        }
    }

    fn split(feature: u32, left: u32, test: Test, missing_left: bool) -> Node {
        Node {
            split: Some(Split {
                feature,
                left,
                test,
                missing_left,
                gain: 1.0,
            }),
            ..Node::default()
        }
    }

    /// Asks first whether column 0 is at most 1, then on the right whether column 1 is category 2, 33 or 40.
    fn tree() -> Tree {
        Tree {
            nodes: vec![
                split(0, 1, Test::AtMost(1.0), true),
                leaf(1.0, 2.0),
                split(1, 3, Test::OneOf { first: 1, words: 2 }, false),
                leaf(4.0, 1.0),
                leaf(-2.0, 3.0),
            ],
            sets: vec![u32::MAX, 1 << 2, 1 << 1 | 1 << 8],
        }
    }

    /// The reason why a tree is refused after a change.
    fn refused(change: impl FnOnce(&mut Tree)) -> String {
        let mut tree = tree();
        assert_eq!(tree.check(2), Ok(()));
        change(&mut tree);
        tree.check(2).unwrap_err()
    }

    /// The same for a change of node 2's split.
    fn refused_split(change: impl FnOnce(&mut Split)) -> String {
        refused(|tree| change(tree.nodes[2].split.as_mut().unwrap()))
    }

    #[test]
    fn a_row_walks_to_its_leaf() {
        let tree = tree();
        for (row, leaf) in [
            ([1.0, 0.0], 1),
            ([f32::NEG_INFINITY, 0.0], 1),
            ([f32::NAN, 0.0], 1),
            ([1.0f32.next_up(), 2.0], 3),
            ([f32::INFINITY, 33.0], 3),
            ([2.0, 40.0], 3),
            ([2.0, 1.0], 4),
            ([2.0, 32.0], 4),
            ([2.0, 64.0], 4),
            ([2.0, 2.5], 4),
            ([2.0, -2.0], 4),
            ([2.0, f32::NAN], 4),
        ] {
            assert_eq!(tree.leaf(&row), leaf, "{row:?}");
        }
    }

    #[test]
    fn a_category_unheard_of_goes_where_missing_ones_go() {
        let tree = tree();
        for missing_left in [false, true] {
            let node = split(1, 3, Test::OneOf { first: 1, words: 2 }, missing_left);
            for value in [64.0, 1e9, 2.5, -1.0, f32::NAN, f32::INFINITY] {
                assert_eq!(tree.goes_left(&node.split.unwrap(), value), missing_left, "{value}");
            }
        }
    }

    #[test]
    fn an_infinity_is_at_most_the_largest_number() {
        let node = split(0, 1, Test::AtMost(f32::MAX), false).split.unwrap();
        assert!(tree().goes_left(&node, f32::INFINITY) && !tree().goes_left(&node, f32::NAN));
        let node = split(0, 1, Test::AtMost(f32::MIN), false).split.unwrap();
        assert!(tree().goes_left(&node, f32::NEG_INFINITY) && !tree().goes_left(&node, 0.0));
    }

    #[test]
    fn leaves_and_depth_are_counted() {
        assert_eq!((tree().leaves(), tree().depth()), (3, 2));
        let stump = Tree {
            nodes: vec![leaf(0.0, 0.0)],
            sets: Vec::new(),
        };
        assert_eq!((stump.leaves(), stump.depth(), stump.leaf(&[])), (1, 0, 0));
        assert_eq!(Tree::default().depth(), 0);
    }

    #[test]
    fn a_split_has_the_rows_of_its_children_and_their_mean() {
        let mut tree = tree();
        tree.sum_up();
        // (4 x 1 - 2 x 3) / 4, then (1 x 2 - 0.5 x 4) / 6.
        assert_eq!((tree.nodes[2].value, tree.nodes[2].cover), (-0.5, 4.0));
        assert_eq!((tree.nodes[0].value, tree.nodes[0].cover), (0.0, 6.0));
        tree.nodes[3].cover = 0.0;
        tree.nodes[4].cover = 0.0;
        tree.sum_up();
        assert_eq!((tree.nodes[2].value, tree.nodes[2].cover), (0.0, 0.0));
    }

    #[test]
    fn a_tree_needs_nodes() {
        assert_eq!(Tree::default().check(1).unwrap_err(), "a tree without nodes");
    }

    #[test]
    fn a_node_leads_to_two_nodes_behind_it() {
        for left in [0, 1, 2, 4, 5, u32::MAX] {
            assert_eq!(refused_split(|s| s.left = left), "node 2 leads nowhere", "{left}");
        }
        assert_eq!(refused_split(|s| s.feature = 2), "node 2 leads nowhere");
    }

    #[test]
    fn a_node_has_one_parent() {
        let reason = refused(|tree| tree.nodes[0].split.as_mut().unwrap().left = 3);
        assert_eq!(reason, "node 1 has 0 parents");
        let reason = refused(|tree| tree.nodes[1] = split(0, 3, Test::AtMost(0.0), false));
        assert_eq!(reason, "node 3 has 2 parents");
        assert_eq!(refused(|tree| tree.nodes.push(leaf(0.0, 0.0))), "node 5 has 0 parents");
    }

    #[test]
    fn a_node_that_very_many_lead_to_is_refused_all_the_same() {
        // 257 parents would be one in a byte that wraps.
        let mut nodes = vec![split(0, 600, Test::AtMost(0.0), false); 257];
        nodes.extend(vec![leaf(0.0, 0.0); 600]);
        let tree = Tree {
            nodes,
            sets: Vec::new(),
        };
        assert!(tree.check(1).unwrap_err().contains("parents"));
    }

    #[test]
    fn a_set_has_words_and_they_exist() {
        for (first, words) in [
            (0, 0),
            (1, 3),
            (2, 2),
            (3, 1),
            (u32::MAX, 1),
            (0, u32::MAX),
            (u32::MAX, u32::MAX),
        ] {
            let reason = refused_split(|s| s.test = Test::OneOf { first, words });
            assert_eq!(reason, "node 2 asks nothing", "{first} {words}");
        }
    }

    #[test]
    fn numbers_are_finite_and_covers_not_negative() {
        for strange in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(refused_split(|s| s.test = Test::AtMost(strange)), "node 2 asks nothing");
            assert_eq!(refused_split(|s| s.gain = strange), "node 2 asks nothing");
            for node in [2, 4] {
                let expected = format!("node {node} holds a number that is not finite");
                assert_eq!(refused(|tree| tree.nodes[node].value = strange), expected);
                assert_eq!(refused(|tree| tree.nodes[node].cover = strange), expected);
            }
        }
        assert!(refused(|tree| tree.nodes[1].cover = -1.0).starts_with("node 1"));
    }
}
