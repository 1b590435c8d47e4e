//! Owns prediction: the ensemble in a compact form, and the way of rows through it: many together as sets of bits where
//! that is faster (`bit_rows`), else each by itself.
//!
//! A node is eight bytes: a threshold, and one word with the column and the distance to its left child. A leaf has
//! distance 0 and a threshold that is no number, so a row that has come to one stays there, and eight rows can walk
//! down side by side without asking which have arrived: their loads overlap. The threshold's payload is the leaf's number.
//!
//! A row goes right if `value > threshold`, on `f32` as in training. Where rows have missing values or infinities, two
//! copies of the row are made in which a missing value is below or above every number, and each node reads the copy that
//! sends a missing value to its side. Rows without any, the common case, are read where they are.

mod variations;

pub use self::variations::Variation;

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::binning::code;
use super::bit_rows::{self, BitRows};
use super::ensemble::{Ensemble, Link};
use super::error::TreeError;
use super::tree::{Test, Tree};

/// Rows that walk side by side.
const LANES: usize = 8;

/// Values of the rows that pass all trees before the next rows do: they stay in the cache, and so does a tree.
const BLOCK_VALUES: usize = 1 << 14;

/// Nodes above which an ensemble does not stay in a core's cache. Then many rows pass a tree before the next one is read:
/// rows are read in order, which the processor foresees, and nodes are not.
const LARGE: usize = 1 << 17;
const LARGE_BLOCK: usize = 1 << 14;

/// Bits of a leaf's number.
const LEAF_BITS: u32 = 22;

/// A number that is none, under which the leaf's number lies.
const LEAF: u32 = 0x7FC0_0000;

/// A threshold that marks a split by a set of categories; no value is above it.
const SET: f32 = f32::INFINITY;

/// A compact node.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    threshold: f32,
    /// From the lowest bit: whether a missing value goes right; the column; the distance to the left child.
    word: u32,
}

/// Where the parts of one tree begin.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Root {
    node: u32,
    leaf: u32,
    /// Whether a split of the tree asks for categories.
    has_sets: bool,
}

/// A set of categories at one node.
#[derive(Clone, Copy, Debug, PartialEq)]
struct CategorySet {
    node: u32,
    first: u32,
    words: u32,
}

/// An ensemble made for scoring. Scores are the same to the last bit one row at a time and in blocks, whatever the
/// number of threads.
#[derive(Clone, Debug)]
pub struct Predictor {
    nodes: Vec<Node>,
    roots: Vec<Root>,
    together: Option<BitRows>,
    leaves: Vec<f32>,
    sets: Vec<CategorySet>,
    set_words: Vec<u32>,
    link: Link,
    base: f64,
    width: usize,
    column_bits: u32,
}

impl Predictor {
    /// From an ensemble that passed [`Ensemble::check`].
    ///
    /// # Errors
    /// A tree with more nodes than a node's word can reach.
    pub fn new(ensemble: &Ensemble) -> Result<Self, TreeError> {
        let column_bits = usize::BITS - ensemble.width.saturating_sub(1).leading_zeros();
        let mut predictor = Self {
            nodes: Vec::new(),
            roots: Vec::with_capacity(ensemble.trees.len()),
            together: BitRows::new(&ensemble.trees),
            leaves: Vec::new(),
            sets: Vec::new(),
            set_words: Vec::new(),
            link: ensemble.link,
            base: ensemble.base,
            width: ensemble.width,
            column_bits,
        };
        for tree in &ensemble.trees {
            predictor.add(tree)?;
        }
        Ok(predictor)
    }

    /// Number of features a row must have.
    pub fn width(&self) -> usize {
        self.width
    }

    fn add(&mut self, tree: &Tree) -> Result<(), TreeError> {
        let (first, first_leaf) = (self.nodes.len(), self.leaves.len());
        let reach = 1usize << (31 - self.column_bits);
        if tree.nodes.len() >= reach || tree.nodes.len() >= 1 << LEAF_BITS {
            return Err(TreeError::Data(format!(
                "a tree of {} nodes is too large; set a depth or a minimum of rows in a leaf",
                tree.nodes.len()
            )));
        }
        let has_sets = tree
            .nodes
            .iter()
            .any(|n| matches!(n.split, Some(s) if matches!(s.test, Test::OneOf { .. })));
        for (at, node) in tree.nodes.iter().enumerate() {
            let Some(split) = node.split else {
                let leaf = (self.leaves.len() - first_leaf) as u32;
                self.leaves.push(node.value);
                self.nodes.push(Node {
                    threshold: f32::from_bits(LEAF | leaf),
                    word: 0,
                });
                continue;
            };
            let threshold = match split.test {
                Test::AtMost(threshold) => threshold,
                Test::OneOf { first: from, words } => {
                    self.sets.push(CategorySet {
                        node: (first + at) as u32,
                        first: self.set_words.len() as u32,
                        words,
                    });
                    self.set_words
                        .extend(&tree.sets[from as usize..(from + words) as usize]);
                    SET
                }
            };
            let distance = split.left - at as u32;
            self.nodes.push(Node {
                threshold,
                word: distance << (self.column_bits + 1) | split.feature << 1 | u32::from(!split.missing_left),
            });
        }
        self.roots.push(Root {
            node: first as u32,
            leaf: first_leaf as u32,
            has_sets,
        });
        Ok(())
    }

    /// The score of each row, in row order, on rayon's current pool; `rows` has [`Self::width`] columns.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn scores(&self, rows: ArrayView2<'_, f32>) -> Result<Vec<f64>, TreeError> {
        if rows.ncols() != self.width {
            return Err(TreeError::Data(format!(
                "the model was fitted on {} features but the rows have {}",
                self.width,
                rows.ncols()
            )));
        }
        let rows = rows.as_standard_layout();
        let Some(values) = rows.as_slice() else {
            return Err(TreeError::Data("the rows are not in one piece".to_owned()));
        };
        let block = self.block_rows(rows.nrows());
        let mut scores = vec![0.0; rows.nrows()];
        scores
            .par_chunks_mut(block)
            .zip(values.par_chunks(block * self.width))
            .for_each(|(scores, values)| self.score_block(values, scores));
        Ok(scores)
    }

    /// Rows of a block: no result depends on it.
    fn block_rows(&self, rows: usize) -> usize {
        if self.together.is_some() || self.nodes.len() < LARGE {
            return (BLOCK_VALUES / self.width).next_multiple_of(2 * bit_rows::ROWS);
        }
        let blocks = rows.div_ceil(LARGE_BLOCK).max(rayon::current_num_threads());
        rows.div_ceil(blocks).next_multiple_of(LANES).max(LANES)
    }

    /// The score of one row.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn score(&self, row: &[f32]) -> Result<f64, TreeError> {
        if row.len() != self.width {
            return Err(TreeError::Data(format!(
                "the model was fitted on {} features but the row has {}",
                self.width,
                row.len()
            )));
        }
        let mut score = [0.0];
        self.score_block(row, &mut score);
        Ok(score[0])
    }

    fn score_block(&self, values: &[f32], scores: &mut [f64]) {
        if let Some(together) = &self.together
            && scores.len() >= together.fewest_rows
        {
            let mut space = together.workspace();
            for (scores, values) in scores
                .chunks_mut(bit_rows::ROWS)
                .zip(values.chunks(bit_rows::ROWS * self.width))
            {
                together.add_block(values, self.width, scores, &mut space);
            }
        } else {
            self.walk_block(values, scores);
        }
        for score in scores {
            *score = match self.link {
                Link::LogOdds => self.base + *score,
                Link::Mean => self.base + *score / self.roots.len().max(1) as f64,
            };
        }
    }

    fn walk_block(&self, values: &[f32], scores: &mut [f64]) {
        if values.iter().fold(true, |all, v| all & v.is_finite()) {
            self.walk::<false>(values, self.width, scores);
        } else {
            self.walk::<true>(&two_copies(values, self.width), 2 * self.width, scores);
        }
    }

    /// Sums the trees' answers, tree by tree. With `COPIES` a row is its low copy and then its high one.
    fn walk<const COPIES: bool>(&self, values: &[f32], stride: usize, sums: &mut [f64]) {
        let full = sums.len() / LANES * LANES;
        for root in &self.roots {
            if root.has_sets {
                for (row, sum) in values.chunks_exact(stride).zip(sums.iter_mut()) {
                    *sum += f64::from(self.leaf_with_sets::<COPIES>(*root, row));
                }
                continue;
            }
            let (eights, rest) = sums.split_at_mut(full);
            for (rows, sums) in values.chunks_exact(stride * LANES).zip(eights.chunks_exact_mut(LANES)) {
                let leaves = self.leaves_of::<COPIES, LANES>(*root, rows, stride);
                for (sum, leaf) in sums.iter_mut().zip(leaves) {
                    *sum += f64::from(leaf);
                }
            }
            for (row, sum) in values[full * stride..].chunks_exact(stride).zip(rest) {
                let [leaf] = self.leaves_of::<COPIES, 1>(*root, row, stride);
                *sum += f64::from(leaf);
            }
        }
    }

    /// What the tree answers to rows that walk side by side.
    #[inline]
    fn leaves_of<const COPIES: bool, const ROWS: usize>(&self, root: Root, rows: &[f32], stride: usize) -> [f32; ROWS] {
        let nodes = &self.nodes[root.node as usize..];
        let mut at = [0usize; ROWS];
        loop {
            let mut moved = 0;
            for lane in 0..ROWS {
                let node = nodes[at[lane]];
                let value = rows[lane * stride + self.position::<COPIES>(node.word)];
                let distance = node.word >> (self.column_bits + 1);
                moved |= distance;
                at[lane] += distance as usize + usize::from(value > node.threshold);
            }
            if moved == 0 {
                break;
            }
        }
        at.map(|at| self.answer(root, nodes[at]))
    }

    fn leaf_with_sets<const COPIES: bool>(&self, root: Root, row: &[f32]) -> f32 {
        let mut at = root.node as usize;
        loop {
            let node = self.nodes[at];
            let distance = node.word >> (self.column_bits + 1);
            if distance == 0 {
                return self.answer(root, node);
            }
            let value = row[self.position::<COPIES>(node.word)];
            let right = if node.threshold == SET {
                !self.in_set(at as u32, node, value)
            } else {
                value > node.threshold
            };
            at += distance as usize + usize::from(right);
        }
    }

    /// Where a node's value stands in a row.
    #[inline]
    fn position<const COPIES: bool>(&self, word: u32) -> usize {
        let column = (word >> 1 & ((1 << self.column_bits) - 1)) as usize;
        if COPIES {
            column + self.width * (word & 1) as usize
        } else {
            column
        }
    }

    fn in_set(&self, at: u32, node: Node, value: f32) -> bool {
        let missing_left = node.word & 1 == 0;
        let Ok(found) = self.sets.binary_search_by_key(&at, |s| s.node) else {
            return missing_left;
        };
        let set = self.sets[found];
        match code(value, set.words as usize * 32) {
            Some(code) => self.set_words[set.first as usize + code / 32] >> (code % 32) & 1 == 1,
            None => missing_left,
        }
    }

    #[inline]
    fn answer(&self, root: Root, leaf: Node) -> f32 {
        let number = leaf.threshold.to_bits() & ((1 << LEAF_BITS) - 1);
        self.leaves[(root.leaf + number) as usize]
    }
}

/// Rows, each twice: with its missing values below every number, and above. Infinities become finite.
fn two_copies(values: &[f32], width: usize) -> Vec<f32> {
    let mut copies = Vec::with_capacity(values.len() * 2);
    for row in values.chunks_exact(width) {
        for missing in [f32::NEG_INFINITY, f32::INFINITY] {
            let known = |v: &f32| {
                if v.is_nan() {
                    missing
                } else {
                    v.clamp(f32::MIN, f32::MAX)
                }
            };
            copies.extend(row.iter().map(known));
        }
    }
    copies
}
