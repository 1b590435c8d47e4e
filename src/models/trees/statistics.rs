//! Owns the statistics that splits are judged by: two numbers a row, summed exactly whatever the order.
//!
//! Boosting sums gradient and hessian, forests positive weight and weight; both judge a split by g^2 / h (for a forest
//! twice that gain is the fall in Gini impurity). Each number is turned into fixed point once a tree and packed into
//! one word, the gradient in the upper half and the hessian in the lower. Whole numbers add without rounding, so sums do not depend
//! on the order of rows or on threads, the histogram of a child is exactly its parent's less its sibling's, and adding a
//! row to a histogram is one addition. Rounding is towards a pseudo-random side that depends on the row only, so
//! it does not pile up in sums (as in Shi et al., "Quantized Training of Gradient Boosting Decision Trees", NeurIPS
//! 2022, with 20 or so bits instead of a few). Leaf values are computed from the unrounded numbers.

/// Gradient and hessian of a row, or sums of them, in fixed point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed(pub u64);

/// Sum of |gradient| in units, at most: leaves room for the rounding of 2^29 rows in 31 bits.
const GRADIENT_UNITS: f64 = (1u64 << 30) as f64;

/// Sum of hessians in units, at most.
const HESSIAN_UNITS: f64 = (1u64 << 31) as f64;

impl Packed {
    /// From units.
    pub fn new(gradient: i32, hessian: u32) -> Self {
        Self((u64::from(gradient as u32) << 32).wrapping_add(u64::from(hessian)))
    }

    /// Adds another.
    #[inline]
    pub fn add(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    /// What is left without another, which is part of it.
    #[inline]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// Sum of gradients in units.
    #[inline]
    pub fn gradient(self) -> f64 {
        f64::from((self.0 >> 32) as i32)
    }

    /// Sum of hessians in units.
    #[inline]
    pub fn hessian(self) -> f64 {
        f64::from(self.0 as u32)
    }

    /// Whether no row was added (or only such without any weight).
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 as u32 == 0
    }
}

/// Units of fixed point a unit of gradient and of hessian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Units a unit of gradient.
    pub gradient: f64,
    /// Units a unit of hessian.
    pub hessian: f64,
}

impl Scale {
    /// Statistics that are whole numbers already.
    pub const WHOLE: Self = Self {
        gradient: 1.0,
        hessian: 1.0,
    };

    /// The finest scale under which these sums fit.
    pub fn fitting(gradients: f64, hessians: f64) -> Self {
        let finest = |units: f64, sum: f64| if sum > 0.0 { units / sum } else { 1.0 };
        Self {
            gradient: finest(GRADIENT_UNITS, gradients),
            hessian: finest(HESSIAN_UNITS, hessians),
        }
    }

    /// Whether these sums fit as whole numbers.
    pub fn whole_fits(sum: f64) -> bool {
        sum <= GRADIENT_UNITS
    }

    /// A row's numbers in units, rounded up or down by chance of the row.
    #[inline]
    pub fn pack(self, gradient: f32, hessian: f32, row: u32) -> Packed {
        let chance = f64::from(row.wrapping_mul(0x9E37_79B9) >> 8) * (1.0 / 16_777_216.0);
        let down = |x: f64| {
            // The sum is positive, so cutting rounds down.
            (x + chance + GRADIENT_UNITS * 2.0) as i64 - (1i64 << 31)
        };
        Packed::new(
            down(f64::from(gradient) * self.gradient) as i32,
            (f64::from(hessian) * self.hessian + chance) as u32,
        )
    }
}
