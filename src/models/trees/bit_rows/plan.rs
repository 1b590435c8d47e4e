//! Owns how a tree's answer is put together from the answers to its questions: from the leaves to the root, one choice
//! between two sets of rows a node.
//!
//! The values of the leaves are numbered, and each bit of the number is a set of rows: at a leaf all rows or none, at a
//! split those of the right child for the rows that go right and those of the left child for the others. No node
//! needs to know which rows come by, so nothing is handed down, and what is alike on both sides falls away.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::super::tree::Tree;

/// Most bits of a value's number.
pub(super) const MOST_BITS: usize = 16;

/// The set of no row and that of all.
pub(super) const NONE: u16 = 0;
pub(super) const ALL: u16 = 1;

/// Where the answers begin: behind these two and the sets that a tree is worked out in. Of those it needs one for each bit of
/// a number, and one for each time that a subtree can be halved, for the larger child is worked out first.
pub(super) const FIRST_ANSWER: usize = 64;

/// One tree.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub choices: Vec<Choice>,
    /// The sets that hold the bits of the rows' numbers.
    pub bits: Vec<u16>,
    /// The different values of the leaves, by number.
    pub values: Vec<f32>,
    /// Whether number 0 is value 0, bit 0 is value 1, and the even numbers are the few others.
    pub counted: bool,
}

/// A set of rows made of two others. Each is a place in the array of sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    /// The rows that go right.
    pub right: u16,
    /// What the rows that go left are taken from.
    pub of_left: u16,
    /// What the rows that go right are taken from.
    pub of_right: u16,
    pub to: u16,
}

/// Where the answers to questions stand.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerPlaces {
    questions: usize,
    /// The questions of which the rows that go left are wanted too, in the order of their places.
    pub lefts: Vec<u32>,
    places: HashMap<u32, u16>,
}

impl AnswerPlaces {
    /// Of so many questions; `None` if a place could not tell them apart.
    pub fn new(questions: usize) -> Option<Self> {
        u16::try_from(FIRST_ANSWER + 2 * questions).ok().map(|_| Self {
            questions,
            ..Self::default()
        })
    }

    /// Places of sets in all.
    pub fn sets(&self) -> usize {
        FIRST_ANSWER + self.questions + self.lefts.len()
    }

    fn right(question: u32) -> u16 {
        (FIRST_ANSWER + question as usize) as u16
    }

    fn left(&mut self, question: u32) -> u16 {
        let next = self.sets() as u16;
        *self.places.entry(question).or_insert_with(|| {
            self.lefts.push(question);
            next
        })
    }
}

impl Plan {
    /// Of a tree whose splits, in the order of nodes, ask `asked`. `counted` asks for the numbers of [`Plan::counted`].
    /// `None` if the tree is too large.
    pub fn of(tree: &Tree, asked: &[u32], counted: bool, answers: &mut AnswerPlaces) -> Option<Self> {
        let (numbers, values) = number_values(tree, counted);
        let most = *numbers.iter().max()?;
        let bits = (u32::BITS - most.leading_zeros()) as usize;
        if bits > MOST_BITS {
            return None;
        }
        let mut planner = Planner::new(tree, asked, numbers, answers);
        let bits = (0..bits).map(|bit| planner.rows_with(0, bit)).collect::<Option<_>>()?;
        Some(Self {
            choices: planner.choices,
            bits,
            values,
            counted,
        })
    }
}

struct Planner<'a> {
    tree: &'a Tree,
    answers: &'a mut AnswerPlaces,
    choices: Vec<Choice>,
    /// Of each node, its question, the bits that the numbers of all leaves below have, those that any has, and how many
    /// leaves there are.
    asked: Vec<u32>,
    all: Vec<u32>,
    any: Vec<u32>,
    leaves: Vec<u32>,
    free: Vec<u16>,
}

impl<'a> Planner<'a> {
    fn new(tree: &'a Tree, asked_of_splits: &[u32], numbers: Vec<u32>, answers: &'a mut AnswerPlaces) -> Self {
        let nodes = tree.nodes.len();
        let mut asked = vec![0; nodes];
        let splits = (0..nodes).filter(|at| tree.nodes[*at].split.is_some());
        for (at, question) in splits.zip(asked_of_splits) {
            asked[at] = *question;
        }
        let (mut all, mut any, mut leaves) = (numbers.clone(), numbers, vec![1; nodes]);
        for (at, node) in tree.nodes.iter().enumerate().rev() {
            if let Some(split) = node.split {
                let left = split.left as usize;
                all[at] = all[left] & all[left + 1];
                any[at] = any[left] | any[left + 1];
                leaves[at] = leaves[left] + leaves[left + 1];
            }
        }
        Self {
            tree,
            answers,
            choices: Vec::with_capacity(asked_of_splits.len()),
            asked,
            all,
            any,
            leaves,
            free: (ALL + 1..FIRST_ANSWER as u16).rev().collect(),
        }
    }

    /// The set of rows whose number has the bit, were all rows to come by this node.
    fn rows_with(&mut self, at: usize, bit: usize) -> Option<u16> {
        if self.all[at] >> bit & 1 == 1 {
            return Some(ALL);
        }
        let split = self.tree.nodes[at].split.filter(|_| self.any[at] >> bit & 1 == 1);
        let Some(split) = split else {
            return Some(NONE);
        };
        let (left, right) = (split.left as usize, split.left as usize + 1);
        let (of_left, of_right) = if self.leaves[left] >= self.leaves[right] {
            let of_left = self.rows_with(left, bit)?;
            (of_left, self.rows_with(right, bit)?)
        } else {
            let of_right = self.rows_with(right, bit)?;
            (self.rows_with(left, bit)?, of_right)
        };
        let question = self.asked[at];
        match (of_left, of_right) {
            (NONE, ALL) => return Some(AnswerPlaces::right(question)),
            (ALL, NONE) => return Some(self.answers.left(question)),
            _ => {}
        }
        // Each set that was worked out is read once.
        let used = [of_left, of_right].into_iter();
        self.free
            .extend(used.filter(|set| (ALL + 1..FIRST_ANSWER as u16).contains(set)));
        let to = self.free.pop()?;
        self.choices.push(Choice {
            right: AnswerPlaces::right(question),
            of_left,
            of_right,
            to,
        });
        Some(to)
    }
}

/// Of each leaf, by node, its value's number, and the different values by number. Those of many leaves come first, as
/// the few that most leaves of a forest give, so that their numbers have few bits; the others as they come from left to
/// right, so that the leaves below a node have bits in common.
fn number_values(tree: &Tree, counted: bool) -> (Vec<u32>, Vec<f32>) {
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
    let mut by_number = if counted { vec![0.0, 1.0] } else { Vec::new() };
    let mut number_of = vec![0; values.len()];
    for place in order {
        let value = values[place].0;
        if counted && (value == 0.0 || value == 1.0) {
            number_of[place] = value as u32;
            continue;
        }
        if counted && by_number.len() % 2 == 1 {
            by_number.push(0.0);
        }
        number_of[place] = by_number.len() as u32;
        by_number.push(value);
    }
    let mut numbers = vec![0; tree.nodes.len()];
    for at in leaves {
        numbers[at] = number_of[place_of[at]];
    }
    (numbers, by_number)
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
