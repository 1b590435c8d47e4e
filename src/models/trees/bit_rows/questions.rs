//! Owns the questions of an ensemble, each once, and what a block of rows answers to them.

use std::collections::HashMap;

use super::super::binning::{code, finite};
use super::super::tree::{Test, Tree};

/// Words of a set of rows.
pub(super) const WORDS: usize = 16;

/// Rows that go through the trees together.
pub const ROWS: usize = 64 * WORDS;

/// A set of rows of a block, one line of the processor's memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct RowSet(pub [u64; WORDS]);

impl RowSet {
    pub const NONE: Self = Self([0; WORDS]);
    pub const ALL: Self = Self([u64::MAX; WORDS]);

    /// All other rows.
    pub fn complement(self) -> Self {
        Self(self.0.map(|word| !word))
    }
}

/// Longest set of categories, in words; a block of rows takes a look-up of that many codes.
const MOST_WORDS: usize = 1 << 11;

/// What an ensemble asks.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    /// By column, so that each column of a block is read once.
    all: Vec<Question>,
    set_words: Vec<u32>,
    /// Of the longest set.
    most_words: usize,
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
    /// A set in [`Questions::set_words`].
    OneOf { first: u32, words: u32 },
}

impl Questions {
    /// The questions of all trees, and which one each split of each tree asks, in the order of nodes. `None` if there
    /// are more than `most`, or categories past [`MOST_WORDS`].
    pub fn of(trees: &[Tree], most: usize) -> Option<(Self, Vec<Vec<u32>>)> {
        let mut set_words = Vec::new();
        let mut most_words = 0;
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
                            set_words.extend(set);
                            (set_words.len() - set.len()) as u32
                        });
                        most_words = most_words.max(set.len());
                        Ask::OneOf { first, words }
                    }
                };
                let question = Question {
                    column: split.feature,
                    missing_left: split.missing_left,
                    ask,
                };
                let next = numbers.len() as u32;
                of_tree.push(*numbers.entry(question).or_insert(next));
                if numbers.len() > most || most_words > MOST_WORDS {
                    return None;
                }
            }
            asked.push(of_tree);
        }
        let all = by_column(numbers, &mut asked);
        Some((
            Self {
                all,
                set_words,
                most_words,
            },
            asked,
        ))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Memory for the categories of a block.
    pub fn categories(&self) -> CategoryRows {
        CategoryRows {
            places: vec![ABSENT; self.most_words * 32],
            found: Vec::new(),
        }
    }

    /// Puts every question to at most [`ROWS`] rows of `width` values. Answers with the rows that go right.
    pub fn put(&self, values: &[f32], width: usize, rights: &mut [RowSet], categories: &mut CategoryRows) {
        let mut column = [0.0f32; ROWS];
        let (mut read, mut sorted) = (None, None);
        for (question, right) in self.all.iter().zip(rights) {
            if read != Some(question.column) {
                read = Some(question.column);
                for (value, row) in column.iter_mut().zip(values.chunks_exact(width)) {
                    *value = finite(row[question.column as usize]);
                }
            }
            *right = match (question.ask, question.missing_left) {
                (Ask::AtMost(threshold), true) => {
                    let threshold = f32::from_bits(threshold);
                    gather(&column, |v| v > threshold)
                }
                (Ask::AtMost(threshold), false) => {
                    let threshold = f32::from_bits(threshold);
                    gather(&column, |v| v > threshold || v.is_nan())
                }
                (Ask::OneOf { first, words }, missing_left) => {
                    if sorted != read {
                        sorted = read;
                        categories.sort(&column);
                    }
                    let set = &self.set_words[first as usize..(first + words) as usize];
                    categories.outside(set, missing_left)
                }
            };
        }
    }
}

/// Sorts the questions and renumbers those asked.
fn by_column(numbers: HashMap<Question, u32>, asked: &mut [Vec<u32>]) -> Vec<Question> {
    let mut sorted: Vec<(Question, u32)> = numbers.into_iter().collect();
    sorted.sort_unstable();
    let mut places = vec![0; sorted.len()];
    for (place, (_, number)) in sorted.iter().enumerate() {
        places[*number as usize] = place as u32;
    }
    for number in asked.iter_mut().flatten() {
        *number = places[*number as usize];
    }
    sorted.into_iter().map(|(question, _)| question).collect()
}

/// The rows whose value passes.
#[inline]
fn gather(column: &[f32; ROWS], passes: impl Fn(f32) -> bool) -> RowSet {
    let mut bytes = [0u8; ROWS];
    for (byte, value) in bytes.iter_mut().zip(column) {
        *byte = u8::from(passes(*value));
    }
    let mut rows = RowSet::NONE;
    for (row, bytes) in rows.0.iter_mut().zip(bytes.as_chunks::<64>().0) {
        for (at, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            // Each byte is 0 or 1: the product brings bit 0 of byte i to bit 56 + i.
            let eight = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            *row |= eight << (8 * at);
        }
    }
    rows
}

/// Which rows of a block have which category of a column.
pub(super) struct CategoryRows {
    /// Of each code its place in `found`, or [`ABSENT`].
    places: Vec<u16>,
    found: Vec<(usize, RowSet)>,
}

const ABSENT: u16 = u16::MAX;

impl CategoryRows {
    fn sort(&mut self, column: &[f32; ROWS]) {
        for (code, _) in self.found.drain(..) {
            self.places[code] = ABSENT;
        }
        for (row, value) in column.iter().enumerate() {
            let Some(code) = code(*value, self.places.len()) else {
                continue;
            };
            if self.places[code] == ABSENT {
                self.places[code] = self.found.len() as u16;
                self.found.push((code, RowSet::NONE));
            }
            self.found[usize::from(self.places[code])].1.0[row / 64] |= 1 << (row % 64);
        }
    }

    /// The rows whose category is not in the set. Those of none that the set has a bit for are missing.
    fn outside(&self, set: &[u32], missing_left: bool) -> RowSet {
        let mut outside = if missing_left { RowSet::NONE } else { RowSet::ALL };
        for (code, rows) in self.found.iter().filter(|(code, _)| code / 32 < set.len()) {
            let inside = set[code / 32] >> (code % 32) & 1 == 1;
            if inside != missing_left {
                for (outside, rows) in outside.0.iter_mut().zip(rows.0) {
                    *outside ^= rows;
                }
            }
        }
        outside
    }
}
