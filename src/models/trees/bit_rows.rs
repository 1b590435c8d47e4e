//! Owns prediction of many rows at once: which of them come by which node, as sets of bits, one bit a row.
//!
//! Each question that the ensemble asks (of a column, whether a value is at most a threshold or one of some categories)
//! is put to all rows of a block once. Trees only combine the answers: the right child's rows are its parent's that
//! answered no, the left child's all others. Nothing branches on a row, and a word holds 64 of them. Which leaf a row
//! came to is read off in binary: each bit of a leaf's number is a set of rows too, the union of some nodes' rows.
//!
//! (QuickScorer, Lucchese et al. 2015, has a bit a leaf and a word a row; here it is the other way around.)

use std::collections::HashMap;
use std::ops::Range;

use super::binning::{code, finite};
use super::tree::{Test, Tree};

/// Words of a set of rows.
const WORDS: usize = 8;

/// Rows that go through the trees together.
pub(super) const ROWS: usize = 64 * WORDS;

/// A set of rows of a block.
type RowSet = [u64; WORDS];

/// Most bits of a leaf's number.
const MOST_BITS: usize = 16;

/// Rows from which a block is worth its questions.
pub(super) const FEWEST_ROWS: usize = 64;

/// What a question, a split and a tree cost a row, in steps of a row that walks alone (measured, release build).
const QUESTION_COST: f64 = 0.12;
const SPLIT_COST: f64 = 0.007;
const TREE_COST: f64 = 1.2;

/// An ensemble as questions, and splits of sets of rows.
#[derive(Clone, Debug)]
pub(super) struct BitRows {
    /// Each once, by column.
    questions: Vec<Question>,
    set_words: Vec<u32>,
    programs: Vec<Program>,
    splits: Vec<SetSplit>,
    unions: Vec<u32>,
    leaves: Vec<f32>,
    most_nodes: usize,
}

/// What is asked of the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Question {
    column: u32,
    missing_left: bool,
    ask: Ask,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Ask {
    /// The bits of a threshold.
    AtMost(u32),
    /// A set in [`BitRows::set_words`].
    OneOf { first: u32, words: u32 },
}

/// One tree.
#[derive(Clone, Debug)]
struct Program {
    splits: Range<usize>,
    /// For each bit of a leaf's number, the lowest first, the part of [`BitRows::unions`] that holds its nodes.
    bits: Vec<Range<usize>>,
    leaves: Range<usize>,
}

/// The split of a node's rows; those of the k-th split's children are sets `2k + 1` and `2k + 2`.
#[derive(Clone, Copy, Debug)]
struct SetSplit {
    rows: u32,
    question: u32,
}

/// Memory for blocks of rows.
pub(super) struct Workspace {
    answers: Vec<RowSet>,
    nodes: Vec<RowSet>,
}

impl BitRows {
    /// For the trees of an ensemble that passed its check; `None` where rows are faster one by one, as with large
    /// trees that ask many thousands of different questions.
    pub fn new(trees: &[Tree]) -> Option<Self> {
        let splits: usize = trees.iter().map(|t| t.nodes.len() / 2).sum();
        let steps: f64 = trees.iter().map(mean_depth).sum();
        let saved = steps - splits as f64 * SPLIT_COST - trees.len() as f64 * TREE_COST;
        if saved <= 0.0 || trees.iter().any(|t| t.leaves() > 1 << MOST_BITS) {
            return None;
        }
        let mut found = Self {
            questions: Vec::new(),
            set_words: Vec::new(),
            programs: Vec::with_capacity(trees.len()),
            splits: Vec::with_capacity(splits),
            unions: Vec::new(),
            leaves: Vec::with_capacity(splits + trees.len()),
            most_nodes: trees.iter().map(|t| t.nodes.len()).max()?,
        };
        let asked = found.ask_all(trees, (saved / QUESTION_COST) as usize)?;
        for (tree, asked) in trees.iter().zip(asked) {
            found.add(tree, &asked);
        }
        Some(found)
    }

    /// Memory for one block.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            answers: vec![[0; WORDS]; self.questions.len()],
            nodes: vec![[0; WORDS]; self.most_nodes],
        }
    }

    /// Collects the questions of all trees; answers which one each split asks, in the order of nodes. `None` if there
    /// are more than `most`.
    fn ask_all(&mut self, trees: &[Tree], most: usize) -> Option<Vec<Vec<u32>>> {
        let mut sets: HashMap<&[u32], u32> = HashMap::new();
        let mut numbers: HashMap<Question, u32> = HashMap::new();
        let mut asked = Vec::with_capacity(trees.len());
        for tree in trees {
            let mut of_tree = Vec::with_capacity(tree.nodes.len() / 2);
            for split in tree.nodes.iter().filter_map(|n| n.split) {
                let ask = match split.test {
                    Test::AtMost(threshold) => Ask::AtMost(threshold.to_bits()),
                    Test::OneOf { first, words } => {
                        let set = &tree.sets[first as usize..(first + words) as usize];
                        let first = *sets.entry(set).or_insert_with(|| {
                            self.set_words.extend(set);
                            (self.set_words.len() - set.len()) as u32
                        });
                        Ask::OneOf { first, words }
                    }
                };
                let next = numbers.len() as u32;
                of_tree.push(
                    *numbers
                        .entry(Question {
                            column: split.feature,
                            missing_left: split.missing_left,
                            ask,
                        })
                        .or_insert(next),
                );
                if numbers.len() > most {
                    return None;
                }
            }
            asked.push(of_tree);
        }
        // Sorted, so that each column of a block is read once.
        let mut sorted: Vec<(Question, u32)> = numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut places = vec![0; sorted.len()];
        for (place, (_, number)) in sorted.iter().enumerate() {
            places[*number as usize] = place as u32;
        }
        for number in asked.iter_mut().flatten() {
            *number = places[*number as usize];
        }
        self.questions = sorted.into_iter().map(|(question, _)| question).collect();
        Some(asked)
    }

    /// Adds a tree whose splits, in the order of nodes, ask `asked`.
    fn add(&mut self, tree: &Tree, asked: &[u32]) {
        let first_split = self.splits.len();
        let mut set_of = vec![0u32; tree.nodes.len()];
        for (at, split) in tree.nodes.iter().enumerate().filter_map(|(at, n)| Some((at, n.split?))) {
            let number = self.splits.len() - first_split;
            set_of[split.left as usize] = 2 * number as u32 + 1;
            set_of[split.left as usize + 1] = 2 * number as u32 + 2;
            self.splits.push(SetSplit {
                rows: set_of[at],
                question: asked[number],
            });
        }
        let spans = leaf_spans(tree);
        let first_leaf = self.leaves.len();
        self.leaves.resize(first_leaf + spans[0].len(), 0.0);
        for (node, span) in tree.nodes.iter().zip(&spans) {
            if node.split.is_none() {
                self.leaves[first_leaf + span.start] = node.value;
            }
        }
        let mut bits = Vec::new();
        while spans[0].len() > 1 << bits.len() {
            let first = self.unions.len();
            self.unions
                .extend(nodes_with_bit(tree, &spans, bits.len()).map(|at| set_of[at]));
            bits.push(first..self.unions.len());
        }
        self.programs.push(Program {
            splits: first_split..self.splits.len(),
            bits,
            leaves: first_leaf..self.leaves.len(),
        });
    }

    /// Adds the trees' answers, in the order of trees, to `sums`, one for each row of at most [`ROWS`].
    pub fn add_block(&self, values: &[f32], width: usize, sums: &mut [f64], space: &mut Workspace) {
        self.answer(values, width, &mut space.answers);
        for program in &self.programs {
            self.split_rows(program, space);
            self.add_leaves(program, &space.nodes, sums);
        }
    }

    /// Sets, for each question, which rows go right.
    fn answer(&self, values: &[f32], width: usize, answers: &mut [RowSet]) {
        let mut column = [0.0f32; ROWS];
        let mut read = None;
        for (question, answer) in self.questions.iter().zip(answers) {
            if read != Some(question.column) {
                read = Some(question.column);
                for (value, row) in column.iter_mut().zip(values.chunks_exact(width)) {
                    *value = finite(row[question.column as usize]);
                }
            }
            *answer = match (question.ask, question.missing_left) {
                (Ask::AtMost(threshold), true) => {
                    let threshold = f32::from_bits(threshold);
                    gather(&column, |v| v > threshold)
                }
                (Ask::AtMost(threshold), false) => {
                    let threshold = f32::from_bits(threshold);
                    gather(&column, |v| v > threshold || v.is_nan())
                }
                (Ask::OneOf { first, words }, missing_left) => {
                    let set = &self.set_words[first as usize..(first + words) as usize];
                    gather(&column, |v| match code(v, words as usize * 32) {
                        Some(code) => set[code / 32] >> (code % 32) & 1 == 0,
                        None => !missing_left,
                    })
                }
            };
        }
    }

    fn split_rows(&self, program: &Program, space: &mut Workspace) {
        space.nodes[0] = [u64::MAX; WORDS];
        for (number, split) in self.splits[program.splits.clone()].iter().enumerate() {
            let (before, children) = space.nodes.split_at_mut(2 * number + 1);
            let rows = &before[split.rows as usize];
            let no = &space.answers[split.question as usize];
            if let [left, right, ..] = children {
                for w in 0..WORDS {
                    left[w] = rows[w] & !no[w];
                    right[w] = rows[w] & no[w];
                }
            }
        }
    }

    fn add_leaves(&self, program: &Program, nodes: &[RowSet], sums: &mut [f64]) {
        let leaves = &self.leaves[program.leaves.clone()];
        let mut bits = [[0u64; WORDS]; MOST_BITS];
        for (bit, range) in bits.iter_mut().zip(&program.bits) {
            *bit = self.unions[range.clone()].iter().fold([0; WORDS], |all, node| {
                let rows = &nodes[*node as usize];
                std::array::from_fn(|w| all[w] | rows[w])
            });
        }
        let (low, high) = bits.split_at(8);
        let low = &low[..program.bits.len().min(8)];
        let high = &high[..program.bits.len().saturating_sub(8)];
        for (eight, sums) in sums.chunks_mut(8).enumerate() {
            let low = eight_numbers(low, eight);
            let high = if high.is_empty() {
                [0; 8]
            } else {
                eight_numbers(high, eight)
            };
            for (sum, (low, high)) in sums.iter_mut().zip(low.into_iter().zip(high)) {
                *sum += f64::from(leaves[usize::from(low) | usize::from(high) << 8]);
            }
        }
    }
}

/// Steps from the root to a leaf, the mean over training rows.
fn mean_depth(tree: &Tree) -> f64 {
    let all = f64::from(tree.nodes[0].cover).max(f64::MIN_POSITIVE);
    let splits = tree.nodes.iter().filter(|n| n.split.is_some());
    splits.map(|n| f64::from(n.cover) / all).sum()
}

/// The numbers of the leaves below each node, which are counted from left to right.
fn leaf_spans(tree: &Tree) -> Vec<Range<usize>> {
    let mut counts = vec![1usize; tree.nodes.len()];
    for (at, node) in tree.nodes.iter().enumerate().rev() {
        if let Some(split) = node.split {
            counts[at] = counts[split.left as usize] + counts[split.left as usize + 1];
        }
    }
    let mut spans = vec![0..0; tree.nodes.len()];
    spans[0] = 0..counts[0];
    for (at, node) in tree.nodes.iter().enumerate() {
        if let Some(split) = node.split {
            let left = split.left as usize;
            let middle = spans[at].start + counts[left];
            spans[left] = spans[at].start..middle;
            spans[left + 1] = middle..spans[at].end;
        }
    }
    spans
}

/// The fewest nodes whose leaves are all those that have this bit in their number.
fn nodes_with_bit<'a>(tree: &'a Tree, spans: &'a [Range<usize>], bit: usize) -> impl Iterator<Item = usize> + 'a {
    let has = move |span: &Range<usize>| span.start >> bit & 1 == 1 && (span.end - 1) >> bit == span.start >> bit;
    let mut below = vec![false; tree.nodes.len()];
    (0..tree.nodes.len()).filter(move |at| {
        let whole = has(&spans[*at]);
        if let Some(split) = tree.nodes[*at].split {
            below[split.left as usize] = below[*at] || whole;
            below[split.left as usize + 1] = below[*at] || whole;
        }
        whole && !below[*at]
    })
}

/// The rows whose value passes.
#[inline]
fn gather(column: &[f32; ROWS], passes: impl Fn(f32) -> bool) -> RowSet {
    let mut bytes = [0u8; ROWS];
    for (byte, value) in bytes.iter_mut().zip(column) {
        *byte = u8::from(passes(*value));
    }
    let mut rows = [0; WORDS];
    for (row, bytes) in rows.iter_mut().zip(bytes.as_chunks::<64>().0) {
        for (at, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            // Each byte is 0 or 1: the product brings bit 0 of byte i to bit 56 + i.
            let eight = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            *row |= eight << (8 * at);
        }
    }
    rows
}

/// For each byte, its bits as bytes.
const SPREAD: [u64; 256] = {
    let mut spread = [0u64; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            spread[byte] |= ((byte as u64 >> bit) & 1) << (8 * bit);
            bit += 1;
        }
        byte += 1;
    }
    spread
};

/// The numbers of rows `8 eight ..` that have these bits.
#[inline]
fn eight_numbers(bits: &[RowSet], eight: usize) -> [u8; 8] {
    let mut numbers = 0;
    for (bit, rows) in bits.iter().enumerate() {
        let byte = rows[eight / 8 % WORDS] >> (eight % 8 * 8) & 0xFF;
        numbers |= SPREAD[byte as usize] << bit;
    }
    numbers.to_le_bytes()
}
