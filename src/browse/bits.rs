//! Owns sets of rows: one bit a row, with counts that find the n-th row and a row's place.

/// Words between two counts.
const GROUP: usize = 8;

/// Builds a set from rows in ascending order.
#[derive(Debug, Default)]
pub(super) struct BitsBuilder {
    words: Vec<u64>,
}

impl BitsBuilder {
    pub(super) fn new(rows: u64) -> Self {
        Self {
            words: vec![0; rows.div_ceil(64) as usize],
        }
    }

    pub(super) fn add(&mut self, row: u64) {
        if let Some(word) = self.words.get_mut((row / 64) as usize) {
            *word |= 1 << (row % 64);
        }
    }

    pub(super) fn build(self) -> Bits {
        let mut ranks = Vec::with_capacity(self.words.len().div_ceil(GROUP));
        let mut count = 0;
        for group in self.words.chunks(GROUP) {
            ranks.push(count);
            count += group.iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        }
        Bits {
            words: self.words,
            ranks,
            count,
        }
    }
}

/// A set of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    words: Vec<u64>,
    /// Rows before each group of words.
    ranks: Vec<u64>,
    count: u64,
}

impl Bits {
    /// How many rows it has.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn contains(&self, row: u64) -> bool {
        self.words
            .get((row / 64) as usize)
            .is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// How many of its rows stand before `row`.
    pub(super) fn rank(&self, row: u64) -> u64 {
        let word = (row / 64) as usize;
        if word >= self.words.len() {
            return self.count;
        }
        let group = word / GROUP;
        let whole: u64 = self.words[group * GROUP..word]
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum();
        let below = self.words[word] & ((1 << (row % 64)) - 1);
        self.ranks[group] + whole + u64::from(below.count_ones())
    }

    /// The row at place `at`, counted from 0.
    pub(super) fn select(&self, at: u64) -> Option<u64> {
        if at >= self.count {
            return None;
        }
        let group = self.ranks.partition_point(|&rank| rank <= at) - 1;
        let mut left = at - self.ranks[group];
        for (offset, &word) in self.words[group * GROUP..].iter().enumerate() {
            let ones = u64::from(word.count_ones());
            if left < ones {
                let mut word = word;
                for _ in 0..left {
                    word &= word - 1;
                }
                return Some(((group * GROUP + offset) * 64) as u64 + u64::from(word.trailing_zeros()));
            }
            left -= ones;
        }
        None
    }

    /// The first row at or behind `row`.
    pub(super) fn next(&self, row: u64) -> Option<u64> {
        self.select(self.rank(row))
    }

    /// The last row before `row`.
    pub(super) fn previous(&self, row: u64) -> Option<u64> {
        self.select(self.rank(row).checked_sub(1)?)
    }

    /// Whether any row of a run is in it.
    pub(super) fn any(&self, from: u64, rows: u64) -> bool {
        self.next(from).is_some_and(|row| row < from + rows)
    }

    /// Its rows, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            let mut word = word;
            std::iter::from_fn(move || {
                (word != 0).then(|| {
                    let bit = word.trailing_zeros();
                    word &= word - 1;
                    at as u64 * 64 + u64::from(bit)
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_and_rows_are_those_of_a_list(rows in proptest::collection::btree_set(0_u64..3000, 0..400), total in 3000_u64..3100) {
            let mut builder = BitsBuilder::new(total);
            for &row in &rows { builder.add(row); }
            let bits = builder.build();
            let list: Vec<u64> = rows.iter().copied().collect();
            prop_assert_eq!(bits.count(), list.len() as u64);
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), list.clone());
            for (at, &row) in list.iter().enumerate() {
                prop_assert_eq!(bits.select(at as u64), Some(row));
                prop_assert_eq!(bits.rank(row), at as u64);
            }
            prop_assert_eq!(bits.select(list.len() as u64), None);
            for row in (0..total + 70).step_by(7) {
                prop_assert_eq!(bits.contains(row), rows.contains(&row));
                prop_assert_eq!(bits.next(row), rows.range(row..).next().copied());
                prop_assert_eq!(bits.previous(row), rows.range(..row).next_back().copied());
            }
        }
    }
}
