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

    /// Whether no row was added: each adds at least a unit of hessian.
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
            // Never 0, by which bins without rows are told.
            ((f64::from(hessian) * self.hessian + chance) as u32).max(1),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_extremes_keep_apart() {
        for gradient in [i32::MIN, -1, 0, 1, i32::MAX] {
            for hessian in [0, 1, u32::MAX] {
                let packed = Packed::new(gradient, hessian);
                assert_eq!(packed.gradient(), f64::from(gradient));
                assert_eq!(packed.hessian(), f64::from(hessian));
                assert_eq!(packed.is_empty(), hessian == 0);
            }
        }
    }

    #[test]
    fn a_row_that_carries_all_of_the_sums_fits() {
        for sign in [-1.0, 1.0] {
            let scale = Scale::fitting(0.3f32.into(), 1e-9f32.into());
            let packed = scale.pack(sign * 0.3, 1e-9, 77);
            assert!((packed.gradient() - f64::from(sign) * GRADIENT_UNITS).abs() <= 1.0);
            assert!((packed.hessian() - HESSIAN_UNITS).abs() <= 1.0);
        }
    }

    #[test]
    fn a_row_next_to_no_weight_is_not_overlooked() {
        let scale = Scale::fitting(1.0, 1.0);
        for row in 0..1000 {
            for hessian in [1e-16, f32::from_bits(1), 0.0] {
                let packed = scale.pack(0.0, hessian, row);
                assert!(!packed.is_empty() && packed.hessian() == 1.0);
            }
        }
    }

    #[test]
    fn rounding_up_and_down_evens_out() {
        const ROWS: u32 = 100_000;
        for share in [-0.75, -0.25, 0.0, 0.25, 0.5] {
            let (mut gradient, mut hessian) = (0.0, 0.0);
            for row in 0..ROWS {
                let packed = Scale::WHOLE.pack(share, 1.0 + share.abs(), row);
                gradient += packed.gradient();
                hessian += packed.hessian();
            }
            let rows = f64::from(ROWS);
            assert!((gradient / rows - f64::from(share)).abs() < 1e-3, "{share}: {gradient}");
            assert!(
                (hessian / rows - 1.0 - f64::from(share.abs())).abs() < 1e-3,
                "{share}: {hessian}"
            );
        }
    }

    #[test]
    fn sums_of_the_most_rows_there_are_leave_room_for_their_rounding() {
        // 2^29 rows, each rounded by less than a unit.
        let rows = f64::from(1 << 29);
        assert!(GRADIENT_UNITS + rows <= f64::from(i32::MAX));
        assert!(HESSIAN_UNITS + rows <= f64::from(u32::MAX));
    }

    #[test]
    fn nothing_to_sum_has_a_scale_all_the_same() {
        assert_eq!(Scale::fitting(0.0, 0.0), Scale::WHOLE);
    }

    #[test]
    fn whole_numbers_fit_up_to_the_gradient_units() {
        let most = f64::from(1 << 30);
        assert!(Scale::whole_fits(0.0) && Scale::whole_fits(most));
        assert!(!Scale::whole_fits(most + 1.0) && !Scale::whole_fits(f64::INFINITY) && !Scale::whole_fits(f64::NAN));
        assert_eq!(Packed::new(most as i32, most as u32).gradient(), most);
    }

    #[test]
    fn whole_numbers_are_packed_as_they_are() {
        for row in 0..1000 {
            assert_eq!(Scale::WHOLE.pack(-3.0, 5.0, row), Packed::new(-3, 5));
        }
    }

    proptest! {
        #[test]
        fn sums_and_differences_are_those_of_both_numbers(
            rows in proptest::collection::vec((-1_000_000..1_000_000i32, 0..1_000_000u32), 1..60), at in 0..60usize,
        ) {
            let sum = |rows: &[(i32, u32)]| {
                let mut sum = Packed::default();
                for (gradient, hessian) in rows {
                    sum.add(Packed::new(*gradient, *hessian));
                }
                sum
            };
            let (first, second) = rows.split_at(at.min(rows.len()));
            prop_assert_eq!(sum(&rows).gradient(), rows.iter().map(|r| f64::from(r.0)).sum::<f64>());
            prop_assert_eq!(sum(&rows).hessian(), rows.iter().map(|r| f64::from(r.1)).sum::<f64>());
            prop_assert_eq!(sum(&rows).less(sum(first)), sum(second));
        }

        #[test]
        fn fitted_rows_round_by_less_than_a_unit_and_their_sums_do_not_overflow(
            rows in proptest::collection::vec((-1e3..1e3f32, 1e-6..1e3f32), 1..400), same_sign: bool, power in -20..20i32,
        ) {
            let power = 2f32.powi(power);
            let sign = |g: f32| if same_sign { -g.abs() } else { g };
            let rows: Vec<(f32, f32)> = rows.iter().map(|(g, h)| (sign(*g) * power, h * power)).collect();
            let total = |of: fn(&(f32, f32)) -> f32| rows.iter().map(|r| f64::from(of(r)).abs()).sum::<f64>();
            let scale = Scale::fitting(total(|r| r.0), total(|r| r.1));
            let (mut sum, mut gradients, mut hessians) = (Packed::default(), 0.0, 0.0);
            for (row, (gradient, hessian)) in rows.iter().enumerate() {
                let packed = scale.pack(*gradient, *hessian, row as u32);
                prop_assert!((packed.gradient() - f64::from(*gradient) * scale.gradient).abs() < 1.0);
                prop_assert!((packed.hessian() - f64::from(*hessian) * scale.hessian).abs() <= 1.0);
                sum.add(packed);
                gradients += packed.gradient();
                hessians += packed.hessian();
            }
            prop_assert_eq!((sum.gradient(), sum.hessian()), (gradients, hessians));
        }
    }
}
