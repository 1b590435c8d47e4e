//! Owns the splitting of leaf values into parts that `f32` adds up without rounding. A runtime sums a forest's leaves in
//! `f32` and in an order of its own; a part has so few bits that the sum over all trees is exact whatever the order, and
//! the parts' sums, put together in `f64`, are the sum that our own code makes.

use crate::models::trees::Tree;

/// Bits of an `f32`'s whole numbers.
const SINGLE_BITS: u32 = 24;

/// Bits of a leaf value that are kept below the largest one's: what an `f64` sum keeps, too.
const KEPT_BITS: i32 = 52;

/// Powers of two below this are not used: far below any sum's last bit.
const SMALLEST: i32 = -100;

/// How values are split.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parts {
    /// What the lowest bit of the lowest part is worth: a power of two.
    unit: f64,
    /// Bits of a part.
    bits: u32,
    /// Number of parts, at least 1.
    pub(super) count: usize,
}

impl Parts {
    /// For the leaves of these trees.
    pub(super) fn of_trees(trees: &[Tree]) -> Self {
        let leaves = || {
            let nodes = trees.iter().flat_map(|tree| &tree.nodes);
            nodes
                .filter(|node| node.split.is_none() && node.value != 0.0)
                .map(|node| node.value)
        };
        Self::of_values(leaves, trees.len())
    }

    fn of_values<V: Iterator<Item = f32>>(values: impl Fn() -> V, addends: usize) -> Self {
        let highest = values().map(highest_bit).max().unwrap_or(0);
        let lowest = values().map(lowest_bit).min().unwrap_or(0);
        let lowest = lowest.max(highest + 1 - KEPT_BITS).max(SMALLEST);
        // So many addends of `bits` bits stay below 2^24.
        let bits = SINGLE_BITS - addends.max(1).next_power_of_two().ilog2().min(SINGLE_BITS - 1);
        let all = (highest + 1 - lowest).max(1) as u32;
        Self {
            unit: 2f64.powi(lowest),
            bits,
            count: all.div_ceil(bits) as usize,
        }
    }

    /// The parts of a value, the lowest first.
    pub(super) fn of(&self, value: f32) -> Vec<f32> {
        let whole = (f64::from(value.abs()) / self.unit).round() as u64;
        let sign = if value < 0.0 { -1.0 } else { 1.0 };
        let part = |nth: usize| {
            let shift = nth as u32 * self.bits;
            let digits = whole >> shift & ((1 << self.bits) - 1);
            // At most 24 bits, so exact.
            (sign * digits as f64 * self.unit * 2f64.powi(shift as i32)) as f32
        };
        (0..self.count).map(part).collect()
    }
}

/// The power of two of a number's highest bit; the number is not 0.
fn highest_bit(value: f32) -> i32 {
    f64::from(value.abs()).log2().floor() as i32
}

/// The power of two of its lowest bit.
fn lowest_bit(value: f32) -> i32 {
    let bits = value.to_bits();
    let mantissa = bits & 0x7F_FFFF | if value.is_normal() { 1 << 23 } else { 0 };
    (bits >> 23 & 0xFF).max(1) as i32 - 150 + mantissa.trailing_zeros() as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_cut_into_digits() {
        // Two addends leave 23 bits a part; 1 + 2^-30 has 31.
        let parts = Parts::of_values(|| [1.0f32, 2f32.powi(-30)].into_iter(), 2);
        assert_eq!((parts.bits, parts.count, parts.unit), (23, 2, 2f64.powi(-30)));
        assert_eq!(parts.of(1.0), [0.0, 1.0]);
        assert_eq!(parts.of(-(2f32.powi(-30))), [-(2f32.powi(-30)), -0.0]);
        // 0.75 + 2^-8: both bits of the upper part.
        assert_eq!(
            parts.of(0.753_906_25),
            [2f32.powi(-8), 0.75].map(|v| if v < 0.1 { 2f32.powi(-8) } else { v })
        );
    }

    #[test]
    fn one_tree_needs_one_part() {
        let parts = Parts::of_values(|| [0.1f32].into_iter(), 1);
        assert_eq!((parts.count, parts.of(0.1)), (1, vec![0.1]));
        assert_eq!(Parts::of_values(std::iter::empty, 0).of(0.0), [0.0]);
    }

    proptest! {
        #[test]
        fn sums_are_exact_in_any_order(values in proptest::collection::vec(-4f32..4.0, 1..300), turn in 0usize..300) {
            // Down to 2^-32, so that the exact sum is an f64.
            let values: Vec<f32> = values.iter().map(|v| (v * 2f32.powi(20)).round() * 2f32.powi(-20)).collect();
            let nonzero = || values.iter().copied().filter(|v| *v != 0.0);
            let parts = Parts::of_values(nonzero, values.len());
            let exact: f64 = values.iter().map(|v| f64::from(*v)).sum();
            let mut sums = vec![0f32; parts.count];
            for at in 0..values.len() {
                let value = values[(at + turn) % values.len()];
                for (sum, part) in sums.iter_mut().zip(parts.of(value)) {
                    *sum += part;
                }
            }
            prop_assert_eq!(sums.iter().map(|s| f64::from(*s)).sum::<f64>(), exact);
        }
    }
}
