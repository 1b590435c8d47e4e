//! Owns what a split has to satisfy and what it is worth: penalties, minima and monotone bounds, in fixed-point units.

use super::statistics::{Packed, Scale};

/// Penalties and minima of splits, in units of gradient and hessian.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SplitRules {
    /// Penalty on the size of leaf values, by which gradients shrink towards 0.
    pub l1: f64,
    /// Penalty on squared leaf values, added to hessians.
    pub l2: f64,
    /// Least sum of hessians in a child.
    pub min_child_hessian: f64,
    /// Fewest rows in a child.
    pub min_rows: usize,
    /// Least gain of a split.
    pub min_gain: f64,
    /// Pull of small categories towards 0 where categories are put in order.
    pub category_smoothing: f64,
    /// What is added to `l2` for splits by sets of categories.
    pub category_l2: f64,
    /// Most categories on the smaller side of a split by sets.
    pub most_categories: usize,
    /// Categories up to which each is only split from all others.
    pub one_against_rest: usize,
    /// -1, 0 or 1 a column: the score must not rise, may do anything, must not fall with the column. Empty: all 0.
    pub monotone: Vec<i8>,
}

impl Default for SplitRules {
    fn default() -> Self {
        Self {
            l1: 0.0,
            l2: 0.0,
            min_child_hessian: 1e-3,
            min_rows: 1,
            min_gain: 0.0,
            category_smoothing: 10.0,
            category_l2: 10.0,
            most_categories: 32,
            one_against_rest: 4,
            monotone: Vec::new(),
        }
    }
}

/// The rules of one node, in fixed-point units.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeRules<'a> {
    /// The rules, in real numbers.
    pub rules: &'a SplitRules,
    /// Units.
    pub scale: Scale,
    /// Sums of the node's rows.
    pub total: Packed,
    /// Rows of the node.
    pub rows: usize,
    /// What leaf values below the node may be.
    pub bounds: Bounds,
    /// `l1` in units of gradient.
    pub l1: f64,
    /// `l2` in units of hessian.
    pub l2: f64,
    /// Least sum of hessians in a child in units, as minimum child hessian and minimum rows ask for it. For rows it is
    /// an estimate: their share of the node's hessian, as LightGBM has it. Chosen splits are counted.
    pub least: f64,
}

/// What leaf values may be, for monotone columns further up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// Not below.
    pub low: f64,
    /// Not above.
    pub high: f64,
}

impl Bounds {
    /// Anything.
    pub const NONE: Self = Self {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };

    /// The nearest value allowed.
    pub fn clamp(self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }
}

/// A gain as a fraction, so that gains are compared without dividing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gain {
    over: f64,
    under: f64,
}

impl Gain {
    /// Below every other, also below the negative ones of nodes that monotone bounds keep from their best value.
    pub const LEAST: Self = Self {
        over: f64::NEG_INFINITY,
        under: 1.0,
    };

    /// A whole gain.
    pub fn of(value: f64) -> Self {
        Self {
            over: value,
            under: 1.0,
        }
    }

    /// Whether it is above another.
    #[inline]
    pub fn beats(self, other: Self) -> bool {
        self.over * other.under > other.over * self.under
    }

    /// Its value.
    pub fn value(self) -> f64 {
        self.over / self.under
    }
}

impl<'a> NodeRules<'a> {
    /// The rules for a node.
    pub fn new(rules: &'a SplitRules, scale: Scale, total: Packed, rows: usize, bounds: Bounds) -> Self {
        let a_row = total.hessian() / rows.max(1) as f64;
        let least = (rules.min_child_hessian * scale.hessian).max((rules.min_rows as f64 - 0.5) * a_row);
        Self {
            rules,
            scale,
            total,
            rows,
            bounds,
            l1: rules.l1 * scale.gradient,
            l2: rules.l2 * scale.hessian,
            // No child without weight, whatever the rules.
            least: least.max(0.5),
        }
    }

    /// These rules for splits by sets of categories.
    pub fn for_categories(&self) -> Self {
        Self {
            l2: self.l2 + self.rules.category_l2 * self.scale.hessian,
            ..*self
        }
    }

    /// The direction a column is held to.
    pub fn monotone(&self, column: usize) -> i8 {
        self.rules.monotone.get(column).copied().unwrap_or(0)
    }

    /// Whether any leaf value below is bound or could become so.
    pub fn is_monotone(&self) -> bool {
        !self.rules.monotone.is_empty()
    }

    /// The gradient less the L1 penalty.
    #[inline]
    fn shrunk(&self, gradient: f64) -> f64 {
        if self.l1 == 0.0 {
            gradient
        } else {
            gradient.signum() * (gradient.abs() - self.l1).max(0.0)
        }
    }

    /// What two children are worth: g^2 / (h + l2) of each, summed (Chen and Guestrin 2016, equation 7, without
    /// the factor 1/2).
    #[inline]
    pub fn worth(&self, left: Packed) -> Gain {
        let right = self.total.less(left);
        let (gl, gr) = (self.shrunk(left.gradient()), self.shrunk(right.gradient()));
        let (hl, hr) = (left.hessian() + self.l2, right.hessian() + self.l2);
        Gain {
            over: gl * gl * hr + gr * gr * hl,
            under: hl * hr,
        }
    }

    /// What two children are worth where the column or the node is held to monotone bounds; `None` if the split
    /// breaks them.
    pub fn bounded_worth(&self, left: Packed, direction: i8) -> Option<Gain> {
        let right = self.total.less(left);
        let (a, b) = (self.leaf_value(left), self.leaf_value(right));
        if f64::from(direction) * (b - a) < 0.0 {
            return None;
        }
        Some(Gain::of(self.worth_given(left, a) + self.worth_given(right, b)))
    }

    /// What a node without split is worth.
    pub fn parent_worth(&self) -> f64 {
        if self.is_monotone() {
            return self.worth_given(self.total, self.leaf_value(self.total));
        }
        let g = self.shrunk(self.total.gradient());
        g * g / (self.total.hessian() + self.l2)
    }

    /// The best leaf value within the bounds, from rounded sums, in real units.
    pub fn leaf_value(&self, sums: Packed) -> f64 {
        let units = self.scale.hessian / self.scale.gradient;
        let value = -self.shrunk(sums.gradient()) / (sums.hessian() + self.l2).max(f64::MIN_POSITIVE) * units;
        self.bounds.clamp(value)
    }

    /// Twice the fall of the loss if these rows get this value, in units of g^2 / h.
    fn worth_given(&self, sums: Packed, value: f64) -> f64 {
        let v = value * self.scale.gradient / self.scale.hessian;
        let loss = 2.0 * sums.gradient() * v + (sums.hessian() + self.l2) * v * v + 2.0 * self.l1 * v.abs();
        -loss
    }

    /// A gain in units as a real one.
    pub fn real_gain(&self, units: f64) -> f64 {
        units * self.scale.hessian / (self.scale.gradient * self.scale.gradient)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCALE: Scale = Scale {
        gradient: 8.0,
        hessian: 4.0,
    };

    /// Sums of real numbers in units of [`SCALE`].
    fn sums(gradient: f64, hessian: f64) -> Packed {
        Packed::new((gradient * SCALE.gradient) as i32, (hessian * SCALE.hessian) as u32)
    }

    fn penalties(l1: f64, l2: f64) -> SplitRules {
        SplitRules {
            l1,
            l2,
            ..SplitRules::default()
        }
    }

    #[test]
    fn the_worth_of_children_by_hand() {
        // Gradients 3 and -5 shrink by 1, hessians 2 and 3 grow by 1: 2^2 / 3 + 4^2 / 4.
        let rules = penalties(1.0, 1.0);
        let node = NodeRules::new(&rules, SCALE, sums(-2.0, 5.0), 5, Bounds::NONE);
        let worth = node.real_gain(node.worth(sums(3.0, 2.0)).value());
        assert!((worth - (4.0 / 3.0 + 4.0)).abs() < 1e-12, "{worth}");
        assert!((node.real_gain(node.parent_worth()) - 1.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_leaf_value_is_a_penalised_newton_step_within_the_bounds() {
        let rules = penalties(1.0, 1.0);
        let value = |gradient: f64, bounds: Bounds| {
            NodeRules::new(&rules, SCALE, sums(0.0, 5.0), 5, bounds).leaf_value(sums(gradient, 3.0))
        };
        assert_eq!(value(3.0, Bounds::NONE), -0.5);
        assert_eq!(value(-3.0, Bounds::NONE), 0.5);
        assert_eq!(value(0.75, Bounds::NONE), 0.0);
        let bounds = Bounds {
            low: -0.25,
            high: 0.125,
        };
        assert_eq!([value(3.0, bounds), value(-3.0, bounds)], [-0.25, 0.125]);
    }

    #[test]
    fn the_least_hessian_is_that_of_the_rule_or_of_the_rows_whichever_is_more() {
        let least = |min_child_hessian: f64, min_rows: usize| {
            let rules = SplitRules {
                min_child_hessian,
                min_rows,
                ..SplitRules::default()
            };
            // 10 rows of 0.25 each: one unit a row.
            NodeRules::new(&rules, SCALE, sums(0.0, 2.5), 10, Bounds::NONE).least
        };
        assert_eq!(least(2.0, 3), 8.0);
        assert_eq!(least(0.25, 3), 2.5);
        assert_eq!(least(0.0, 0), 0.5);
    }

    #[test]
    fn a_gain_beats_what_is_below_it_only() {
        let gain = |over: f64, under: f64| Gain { over, under };
        assert!(gain(1.0, 2.0).beats(gain(1.0, 3.0)));
        assert!(!gain(1.0, 3.0).beats(gain(1.0, 2.0)));
        for (a, b) in [(gain(1.0, 2.0), gain(2.0, 4.0)), (Gain::of(0.5), gain(1.0, 2.0))] {
            assert!(!a.beats(b) && !b.beats(a));
        }
        assert!(!Gain::LEAST.beats(Gain::LEAST));
        for any in [0.0, 1e30, -5.0, -1e30] {
            assert!(Gain::of(any).beats(Gain::LEAST), "{any}");
        }
    }

    #[test]
    fn sets_of_categories_pay_their_own_penalty() {
        let rules = SplitRules {
            category_l2: 3.0,
            ..penalties(0.0, 1.0)
        };
        let node = NodeRules::new(&rules, SCALE, sums(0.0, 4.0), 4, Bounds::NONE);
        // 2^2 / (2 + 1 + 3), twice.
        let worth = node.for_categories().worth(sums(2.0, 2.0)).value();
        assert!((node.real_gain(worth) - 8.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn columns_without_a_direction_have_none() {
        let rules = SplitRules {
            monotone: vec![1, -1],
            ..SplitRules::default()
        };
        let node = NodeRules::new(&rules, SCALE, sums(0.0, 4.0), 4, Bounds::NONE);
        assert_eq!([0, 1, 2].map(|column| node.monotone(column)), [1, -1, 0]);
    }

    proptest! {
        #[test]
        fn without_bounds_both_worths_are_the_same(
            gl in -400..400i32, gr in -400..400i32, hl in 1..400u32, hr in 1..400u32, l1 in 0.0..20.0f64, l2 in 0.0..20.0f64,
        ) {
            let rules = penalties(l1, l2);
            let node = NodeRules::new(&rules, SCALE, Packed::new(gl + gr, hl + hr), 9, Bounds::NONE);
            let left = Packed::new(gl, hl);
            let (plain, bounded) = (node.worth(left).value(), node.bounded_worth(left, 0).unwrap().value());
            prop_assert!((plain - bounded).abs() <= 1e-9 * plain.max(1.0), "{} {}", plain, bounded);
        }

        #[test]
        fn children_turn_one_way_only_under_a_direction(
            gl in -400..400i32, gr in -400..400i32, hl in 1..400u32, hr in 1..400u32,
        ) {
            let rules = penalties(0.0, 0.0);
            let node = NodeRules::new(&rules, SCALE, Packed::new(gl + gr, hl + hr), 9, Bounds::NONE);
            let left = Packed::new(gl, hl);
            // -gl / hl against -gr / hr, in whole numbers.
            let rises = i64::from(gr) * i64::from(hl) - i64::from(gl) * i64::from(hr);
            prop_assume!(rises != 0);
            prop_assert_eq!(node.bounded_worth(left, 1).is_some(), rises < 0);
            prop_assert_eq!(node.bounded_worth(left, -1).is_some(), rises > 0);
        }
    }
}
