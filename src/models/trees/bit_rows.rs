//! Owns prediction of many rows at once, as sets of bits, one bit a row.
//!
//! Each question that the ensemble asks (of a column, whether a value is at most a threshold or one of some categories)
//! is put to all rows of a block once. Trees only combine the answers, from their leaves to their root (`plan`), and yield
//! the number of each row's value in binary. Nothing branches on a row, and a word holds 64 of them.
//!
//! Most leaves of a forest that grows until leaves are pure say 0 or 1. Where sums of the values are exact in any order,
//! the trees that say 1 are counted in binary too, and only what the other leaves say is added row by row.
//!
//! (QuickScorer, Lucchese et al. 2015, has a bit a leaf and a word a row; here it is the other way around.)

mod counters;
mod plan;
mod questions;
#[cfg(test)]
mod tests;

use self::counters::{Counters, sums_are_exact};
use self::plan::{ALL, AnswerPlaces, Choice, FIRST_ANSWER, MOST_BITS, Plan};
pub(super) use self::questions::ROWS;
use self::questions::{CategoryRows, Questions, RowSet, WORDS};
use super::tree::Tree;

/// What a question, a choice and a tree cost a row, in steps of a row that walks alone (measured, release build).
const QUESTION_COST: f64 = 0.12;
const CHOICE_COST: f64 = 0.004;
const TREE_COST: f64 = 1.2;
const COUNTED_TREE_COST: f64 = 0.1;

/// Rows for which a counted tree says neither 0 nor 1, at most.
const MOST_OTHERS: f64 = 0.2;

/// An ensemble as questions, and choices between sets of rows.
#[derive(Clone, Debug)]
pub(super) struct BitRows {
    questions: Questions,
    answers: AnswerPlaces,
    plans: Vec<Plan>,
    /// Rows from which a block is worth what it costs, however many it has.
    pub fewest_rows: usize,
}

/// Memory for blocks of rows.
pub(super) struct Workspace {
    sets: Vec<RowSet>,
    categories: CategoryRows,
    counters: Counters,
}

impl BitRows {
    /// For the trees of an ensemble that passed its check; `None` where rows are faster one by one, as with large
    /// trees that ask many thousands of different questions.
    pub fn new(trees: &[Tree]) -> Option<Self> {
        let splits: usize = trees.iter().map(|t| t.nodes.len() / 2).sum();
        let steps: f64 = trees.iter().map(mean_depth).sum();
        // Half of the splits, at the least, are a choice each.
        let saved = steps - splits as f64 / 2.0 * CHOICE_COST;
        if saved <= 0.0 {
            return None;
        }
        let mut rows = Self::with_questions(trees, (saved / QUESTION_COST) as usize)?;
        let share = rows.cost() / steps;
        rows.fewest_rows = (share * ROWS as f64) as usize + 1;
        (share < 1.0).then_some(rows)
    }

    /// `None` if there are more than `most` questions, or a tree with too many leaves.
    fn with_questions(trees: &[Tree], most: usize) -> Option<Self> {
        if trees.iter().any(|t| t.leaves() > 1 << (MOST_BITS - 1)) {
            return None;
        }
        let (questions, asked) = Questions::of(trees, most)?;
        let mut answers = AnswerPlaces::new(questions.count())?;
        let exact = sums_are_exact(trees);
        let plan = |(tree, asked): (&Tree, Vec<u32>)| {
            let counted = exact && share_of_others(tree) <= MOST_OTHERS;
            Plan::of(tree, &asked, counted, &mut answers)
        };
        let plans = trees.iter().zip(asked).map(plan).collect::<Option<_>>()?;
        Some(Self {
            questions,
            answers,
            plans,
            fewest_rows: 1,
        })
    }

    /// What a row costs, in steps of one that walks alone.
    fn cost(&self) -> f64 {
        let of_tree = |plan: &Plan| {
            plan.choices.len() as f64 * CHOICE_COST + if plan.counted { COUNTED_TREE_COST } else { TREE_COST }
        };
        self.questions.count() as f64 * QUESTION_COST + self.plans.iter().map(of_tree).sum::<f64>()
    }

    /// Memory for one block.
    pub fn workspace(&self) -> Workspace {
        let mut sets = vec![RowSet::NONE; self.answers.sets()];
        sets[usize::from(ALL)] = RowSet::ALL;
        Workspace {
            sets,
            categories: self.questions.categories(),
            counters: Counters::default(),
        }
    }

    /// Adds the trees' answers to `sums`, one for each row of at most [`ROWS`], and to the last bit as if in the order of
    /// trees.
    pub fn add_block(&self, values: &[f32], width: usize, sums: &mut [f64], space: &mut Workspace) {
        let (before, lefts) = space.sets.split_at_mut(FIRST_ANSWER + self.questions.count());
        let rights = &mut before[FIRST_ANSWER..];
        self.questions.put(values, width, rights, &mut space.categories);
        for (left, question) in lefts.iter_mut().zip(&self.answers.lefts) {
            *left = rights[*question as usize].complement();
        }
        for plan in &self.plans {
            choose(&plan.choices, &mut space.sets);
            let mut bits = [RowSet::NONE; MOST_BITS];
            for (bit, set) in bits.iter_mut().zip(&plan.bits) {
                *bit = space.sets[usize::from(*set)];
            }
            let bits = &bits[..plan.bits.len()];
            if plan.counted {
                if let Some((ones, others)) = bits.split_first() {
                    space.counters.add(ones, sums);
                    add_others(plan, others, sums);
                }
            } else {
                add_values(plan, bits, sums);
            }
        }
        space.counters.add_to(sums);
    }
}

/// Works the choices out, one after the other.
fn choose(choices: &[Choice], sets: &mut [RowSet]) {
    for choice in choices {
        let [right, of_right, mut rows] =
            [choice.right, choice.of_right, choice.of_left].map(|set| sets[usize::from(set)]);
        for ((rows, of_right), right) in rows.0.iter_mut().zip(of_right.0).zip(right.0) {
            *rows ^= (*rows ^ of_right) & right;
        }
        sets[usize::from(choice.to)] = rows;
    }
}

fn add_values(plan: &Plan, bits: &[RowSet], sums: &mut [f64]) {
    let (low, high) = bits.split_at(bits.len().min(8));
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

/// Adds the values whose numbers have a bit in `others`, which are those from bit 1 on.
fn add_others(plan: &Plan, others: &[RowSet], sums: &mut [f64]) {
    for word in 0..WORDS {
        let mut rows = others.iter().fold(0, |rows, bit| rows | bit.0[word]);
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            let numbered = others.iter().enumerate();
            let number = numbered.fold(0, |number, (bit, set)| number | (set.0[word] >> row & 1) << (bit + 1));
            // The rows behind the last of a short block are none.
            if let Some(sum) = sums.get_mut(64 * word + row) {
                *sum += f64::from(plan.values[number as usize]);
            }
        }
    }
}

/// Share of the training rows for which the tree says neither 0 nor 1.
fn share_of_others(tree: &Tree) -> f64 {
    let all = f64::from(tree.nodes[0].cover).max(f64::MIN_POSITIVE);
    let others = tree
        .nodes
        .iter()
        .filter(|n| n.split.is_none() && n.value != 0.0 && n.value != 1.0);
    others.map(|n| f64::from(n.cover) / all).sum()
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
