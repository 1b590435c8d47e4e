//! Owns the order in which a tree's nodes are split, and the few sets of rows that they go through.
//!
//! The sets of all nodes of a large tree would not stay in the processor's nearest memory; so a node's set is used
//! again once its rows have gone on to its children and into the unions that need them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use super::super::tree::Tree;

/// Most bits of a value's number.
pub(super) const MOST_BITS: usize = 16;

/// Sets of rows: one that nobody reads, at most [`MOST_BITS`] + 1 of nodes that wait to be split (the smaller child goes
/// first), and others of which unions are to be taken.
pub(super) const SETS: usize = 64;

/// The set that nobody reads, and the one that a tree begins with.
const UNREAD: u8 = 0;
pub(super) const ROOT: u8 = 1;

/// One tree.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub stretches: Vec<Stretch>,
    pub splits: Vec<SetSplit>,
    pub unions: Vec<Union>,
    /// Bits of the values' numbers.
    pub bits: usize,
    /// The different values of the leaves, by number.
    pub values: Vec<f32>,
}

/// Splits, and unions that are taken after them.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub splits: Range<usize>,
    pub unions: Range<usize>,
}

/// The split of a set of rows in two, either of which may be where it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct SetSplit {
    pub question: u32,
    pub rows: u8,
    pub left: u8,
    pub right: u8,
}

/// That the numbers of these rows have a bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Union {
    pub rows: u8,
    pub bit: u8,
}

impl Plan {
    /// Of a tree of at most 2^[`MOST_BITS`] leaves, whose splits, in the order of nodes, ask `asked`.
    pub fn of(tree: &Tree, asked: &[u32]) -> Self {
        let (numbers, values) = number_values(tree);
        let bits = values.len().next_power_of_two().trailing_zeros() as usize;
        let plan = Self {
            stretches: Vec::new(),
            splits: Vec::with_capacity(asked.len()),
            unions: Vec::new(),
            bits,
            values,
        };
        Planner::new(plan, tree, asked, &numbers).run()
    }
}

struct Planner<'a> {
    plan: Plan,
    tree: &'a Tree,
    /// Of each node, its question, the bits that the numbers of all leaves below have, those that any has, and how many
    /// leaves there are.
    asked: Vec<u32>,
    all: Vec<u32>,
    any: Vec<u32>,
    leaves: Vec<u32>,
    free: Vec<u8>,
    /// How often each set is still to be read.
    reads: [u8; SETS],
}

impl<'a> Planner<'a> {
    fn new(plan: Plan, tree: &'a Tree, asked_of_splits: &[u32], numbers: &[u32]) -> Self {
        let nodes = tree.nodes.len();
        let mut asked = vec![0; nodes];
        let splits = (0..nodes).filter(|at| tree.nodes[*at].split.is_some());
        for (at, question) in splits.zip(asked_of_splits) {
            asked[at] = *question;
        }
        let (mut all, mut any, mut leaves) = (numbers.to_vec(), numbers.to_vec(), vec![1; nodes]);
        for (at, node) in tree.nodes.iter().enumerate().rev() {
            if let Some(split) = node.split {
                let left = split.left as usize;
                all[at] = all[left] & all[left + 1];
                any[at] = any[left] | any[left + 1];
                leaves[at] = leaves[left] + leaves[left + 1];
            }
        }
        let mut reads = [0; SETS];
        reads[usize::from(ROOT)] = 1;
        Self {
            plan,
            tree,
            asked,
            all,
            any,
            leaves,
            free: (ROOT + 1..SETS as u8).collect(),
            reads,
        }
    }

    fn run(mut self) -> Plan {
        let mut waiting = vec![(0usize, ROOT)];
        while let Some((at, rows)) = waiting.pop() {
            let Some(split) = self.tree.nodes[at].split.filter(|_| self.is_split(at)) else {
                continue;
            };
            if self.free.len() < 2 {
                self.end_stretch();
            }
            self.release(rows);
            let left = split.left as usize;
            let children = [left, left + 1].map(|child| (child, self.place(child, at)));
            self.plan.splits.push(SetSplit {
                question: self.asked[at],
                rows,
                left: children[0].1,
                right: children[1].1,
            });
            let mut next = children;
            if self.leaves[left] < self.leaves[left + 1] {
                next.reverse();
            }
            waiting.extend(next.into_iter().filter(|(child, _)| self.is_split(*child)));
        }
        self.end_stretch();
        self.plan
    }

    /// Whether it makes a difference where rows go from this node.
    fn is_split(&self, at: usize) -> bool {
        self.all[at] != self.any[at]
    }

    /// A set for the rows of a child, whose unions are noted.
    fn place(&mut self, child: usize, parent: usize) -> u8 {
        let mut bits = self.all[child] & !self.all[parent];
        let reads = u8::from(self.is_split(child)) + bits.count_ones() as u8;
        if reads == 0 {
            return UNREAD;
        }
        let set = self.free.pop().unwrap_or(UNREAD);
        self.reads[usize::from(set)] = reads;
        while bits != 0 {
            let bit = bits.trailing_zeros() as u8;
            self.plan.unions.push(Union { rows: set, bit });
            bits &= bits - 1;
        }
        set
    }

    fn release(&mut self, set: u8) {
        self.reads[usize::from(set)] -= 1;
        if self.reads[usize::from(set)] == 0 {
            self.free.push(set);
        }
    }

    /// Has the unions noted so far taken.
    fn end_stretch(&mut self) {
        let (first_split, first_union) = self
            .plan
            .stretches
            .last()
            .map_or((0, 0), |s| (s.splits.end, s.unions.end));
        let stretch = Stretch {
            splits: first_split..self.plan.splits.len(),
            unions: first_union..self.plan.unions.len(),
        };
        self.plan.unions[stretch.unions.clone()].sort_by_key(|union| union.bit);
        for at in stretch.unions.clone() {
            self.release(self.plan.unions[at].rows);
        }
        self.plan.stretches.push(stretch);
    }
}

/// Of each leaf, by node, its value's number, and the different values by number. Those of many leaves come first, as
/// the few that most leaves of a forest give, so that their numbers have few bits; the others as they come from left to
/// right, so that the leaves below a node have bits in common.
fn number_values(tree: &Tree) -> (Vec<u32>, Vec<f32>) {
    let leaves = left_to_right(tree);
    let mut found: HashMap<u32, usize> = HashMap::new();
    let mut values: Vec<(f32, usize)> = Vec::new();
    let mut place_of = vec![0; tree.nodes.len()];
    for at in &leaves {
        let value = tree.nodes[*at].value;
        let place = *found.entry(value.to_bits()).or_insert(values.len());
        if place == values.len() {
            values.push((value, 0));
        }
        values[place].1 += 1;
        place_of[*at] = place;
    }
    let many = (leaves.len() / 16).max(1);
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|place| Reverse(Some(values[*place].1).filter(|leaves| *leaves > many)));
    let mut number_of = vec![0; values.len()];
    for (number, place) in order.iter().enumerate() {
        number_of[*place] = number as u32;
    }
    let mut numbers = vec![0; tree.nodes.len()];
    for at in leaves {
        numbers[at] = number_of[place_of[at]];
    }
    (numbers, order.into_iter().map(|place| values[place].0).collect())
}

fn left_to_right(tree: &Tree) -> Vec<usize> {
    let mut leaves = Vec::with_capacity(tree.nodes.len() / 2 + 1);
    let mut waiting = vec![0usize];
    while let Some(at) = waiting.pop() {
        match tree.nodes[at].split {
            Some(split) => waiting.extend([split.left as usize + 1, split.left as usize]),
            None => leaves.push(at),
        }
    }
    leaves
}
