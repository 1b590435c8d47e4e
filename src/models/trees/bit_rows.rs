//! Owns prediction of many rows at once: which of them come by which node, as sets of bits, one bit a row.
//!
//! Each question that the ensemble asks (of a column, whether a value is at most a threshold or one of some categories)
//! is put to all rows of a block once. Trees only combine the answers: the right child's rows are its parent's that
//! answered no, the left child's all others. Nothing branches on a row, and a word holds 64 of them.
//!
//! The different values that a tree's leaves give are numbered, and which one a row gets is read off in binary: each bit
//! of the number is a set of rows too, the union of some nodes' rows.
//!
//! (QuickScorer, Lucchese et al. 2015, has a bit a leaf and a word a row; here it is the other way around.)

mod plan;
mod questions;
#[cfg(test)]
mod tests;

use self::plan::{MOST_BITS, Plan, ROOT, SETS};
pub(super) use self::questions::ROWS;
use self::questions::{Answers, Questions, RowSet, WORDS};
use super::tree::Tree;

/// Rows from which a block is worth its questions.
pub(super) const FEWEST_ROWS: usize = 64;

/// What a question, a split and a tree cost a row, in steps of a row that walks alone (measured, release build).
const QUESTION_COST: f64 = 0.12;
const SPLIT_COST: f64 = 0.005;
const TREE_COST: f64 = 1.2;

/// An ensemble as questions, and splits of sets of rows.
#[derive(Clone, Debug)]
pub(super) struct BitRows {
    questions: Questions,
    plans: Vec<Plan>,
}

/// Memory for blocks of rows.
pub(super) struct Workspace {
    answers: Answers,
    sets: [RowSet; SETS],
}

impl BitRows {
    /// For the trees of an ensemble that passed its check; `None` where rows are faster one by one, as with large
    /// trees that ask many thousands of different questions.
    pub fn new(trees: &[Tree]) -> Option<Self> {
        let splits: usize = trees.iter().map(|t| t.nodes.len() / 2).sum();
        let steps: f64 = trees.iter().map(mean_depth).sum();
        let saved = steps - splits as f64 * SPLIT_COST - trees.len() as f64 * TREE_COST;
        if saved <= 0.0 {
            return None;
        }
        Self::with_questions(trees, (saved / QUESTION_COST) as usize)
    }

    /// `None` if there are more than `most` questions, or a tree with too many leaves.
    fn with_questions(trees: &[Tree], most: usize) -> Option<Self> {
        if trees.iter().any(|t| t.leaves() > 1 << MOST_BITS) {
            return None;
        }
        let (questions, asked) = Questions::of(trees, most)?;
        let plans = trees
            .iter()
            .zip(asked)
            .map(|(tree, asked)| Plan::of(tree, &asked))
            .collect();
        Some(Self { questions, plans })
    }

    /// Memory for one block.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            answers: self.questions.answers(),
            sets: [RowSet::NONE; SETS],
        }
    }

    /// Adds the trees' answers, in the order of trees, to `sums`, one for each row of at most [`ROWS`].
    pub fn add_block(&self, values: &[f32], width: usize, sums: &mut [f64], space: &mut Workspace) {
        self.questions.put(values, width, &mut space.answers);
        for plan in &self.plans {
            let bits = run(plan, &space.answers.no, &mut space.sets);
            add_values(plan, &bits, sums);
        }
    }
}

/// The bits of each row's number.
fn run(plan: &Plan, answers: &[RowSet], sets: &mut [RowSet; SETS]) -> [RowSet; MOST_BITS] {
    let mut bits = [RowSet::NONE; MOST_BITS];
    sets[usize::from(ROOT)] = RowSet::ALL;
    for stretch in &plan.stretches {
        for split in &plan.splits[stretch.splits.clone()] {
            let rows = sets[usize::from(split.rows) % SETS];
            // In two loops over whole sets, of which the compiler makes vector instructions; of one it does not.
            let (mut left, mut right) = (rows, rows);
            for (right, no) in right.0.iter_mut().zip(answers[split.question as usize].0) {
                *right &= no;
            }
            for (left, right) in left.0.iter_mut().zip(right.0) {
                *left ^= right;
            }
            sets[usize::from(split.left) % SETS] = left;
            sets[usize::from(split.right) % SETS] = right;
        }
        for unions in plan.unions[stretch.unions.clone()].chunk_by(|a, b| a.bit == b.bit) {
            let bit = &mut bits[usize::from(unions[0].bit) % MOST_BITS];
            let mut all = *bit;
            for union in unions {
                for (all, rows) in all.0.iter_mut().zip(sets[usize::from(union.rows) % SETS].0) {
                    *all |= rows;
                }
            }
            *bit = all;
        }
    }
    bits
}

fn add_values(plan: &Plan, bits: &[RowSet; MOST_BITS], sums: &mut [f64]) {
    let (low, high) = bits[..plan.bits].split_at(plan.bits.min(8));
    for (eight, sums) in sums.chunks_mut(8).enumerate() {
        let low = eight_numbers(low, eight);
        let high = if high.is_empty() {
            [0; 8]
        } else {
            eight_numbers(high, eight)
        };
        for (sum, (low, high)) in sums.iter_mut().zip(low.into_iter().zip(high)) {
            *sum += f64::from(plan.values[usize::from(low) | usize::from(high) << 8]);
        }
    }
}

/// Steps from the root to a leaf, the mean over training rows.
fn mean_depth(tree: &Tree) -> f64 {
    let all = f64::from(tree.nodes[0].cover).max(f64::MIN_POSITIVE);
    let splits = tree.nodes.iter().filter(|n| n.split.is_some());
    splits.map(|n| f64::from(n.cover) / all).sum()
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

/// The numbers, or eight bits of them, of rows `8 eight ..`.
#[inline]
fn eight_numbers(bits: &[RowSet], eight: usize) -> [u8; 8] {
    let mut numbers = 0;
    for (bit, rows) in bits.iter().enumerate() {
        let byte = rows.0[eight / 8 % WORDS] >> (eight % 8 * 8) & 0xFF;
        numbers |= SPREAD[byte as usize] << bit;
    }
    numbers.to_le_bytes()
}
