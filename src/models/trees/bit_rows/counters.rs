//! Owns the counting of a block's rows in binary: how many trees say 1, each bit of the number a set of rows.

use super::eight_numbers;
use super::questions::RowSet;
use crate::models::trees::tree::Tree;

/// Bits of a count.
const BITS: usize = 8;

/// Counts a row, up to 255.
#[derive(Debug)]
pub(super) struct Counters {
    bits: [RowSet; BITS],
    counted: u8,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            bits: [RowSet::NONE; BITS],
            counted: 0,
        }
    }
}

impl Counters {
    /// Counts the rows once; hands over to `sums` before a count could pass its bits.
    pub fn add(&mut self, rows: &RowSet, sums: &mut [f64]) {
        if self.counted == u8::MAX {
            self.add_to(sums);
        }
        self.counted += 1;
        let mut carried = *rows;
        for bit in &mut self.bits {
            for (bit, carried) in bit.0.iter_mut().zip(&mut carried.0) {
                let both = *bit & *carried;
                *bit ^= *carried;
                *carried = both;
            }
        }
    }

    /// Adds the counts to `sums` and starts again.
    pub fn add_to(&mut self, sums: &mut [f64]) {
        if self.counted == 0 {
            return;
        }
        for (eight, sums) in sums.chunks_mut(8).enumerate() {
            for (sum, count) in sums.iter_mut().zip(eight_numbers(&self.bits, eight)) {
                *sum += f64::from(count);
            }
        }
        *self = Self::default();
    }
}

/// Whether the sums of the trees' values are exact in any order: all are multiples of one power of two, of which the
/// largest sum counts fewer than 2^53.
pub(super) fn sums_are_exact(trees: &[Tree]) -> bool {
    let (mut largest, mut unit) = (0.0f64, f64::INFINITY);
    for tree in trees {
        let mut most = 0.0f64;
        for node in tree.nodes.iter().filter(|n| n.split.is_none() && n.value != 0.0) {
            most = most.max(f64::from(node.value.abs()));
            unit = unit.min(lowest_bit(node.value));
        }
        largest += most;
    }
    largest / unit < (1u64 << 53) as f64
}

/// What the lowest bit of a number is worth.
fn lowest_bit(value: f32) -> f64 {
    let exponent = (value.to_bits() >> 23 & 0xFF).max(1) as i32;
    let mantissa = value.to_bits() & 0x7F_FFFF | if value.is_normal() { 1 << 23 } else { 0 };
    2f64.powi(exponent - 150 + mantissa.trailing_zeros() as i32)
}
