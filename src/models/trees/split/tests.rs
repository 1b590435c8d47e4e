//! Owns the tests of the split search: what it finds is held against every cut and every set, in plain `f64`.

use proptest::prelude::*;

use super::*;
use crate::models::trees::rules::{Bounds, SplitRules};
use crate::models::trees::statistics::Scale;

/// Units of both numbers: powers of two, so that the plain numbers below are exact.
const SCALE: Scale = Scale {
    gradient: 8.0,
    hessian: 4.0,
};

/// Sums of a bin in units, and its rows.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    gradient: i32,
    hessian: u32,
    rows: u32,
}

/// Sums in real numbers.
#[derive(Clone, Copy, Default)]
struct Sums {
    g: f64,
    h: f64,
    rows: f64,
}

/// One column of one node.
#[derive(Debug)]
struct Column {
    cells: Vec<Cell>,
    has_missing: bool,
    categorical: bool,
    counted: bool,
    bounds: Bounds,
}

impl Column {
    fn numeric(cells: Vec<Cell>, has_missing: bool) -> Self {
        Self {
            cells,
            has_missing,
            categorical: false,
            counted: false,
            bounds: Bounds::NONE,
        }
    }

    fn categorical(cells: Vec<Cell>) -> Self {
        Self {
            categorical: true,
            ..Self::numeric(cells, false)
        }
    }

    fn values(&self) -> usize {
        self.cells.len() - usize::from(self.has_missing)
    }

    fn best(&self, rules: &SplitRules) -> Option<Candidate> {
        let values = self.values();
        let bins = ColumnBins {
            rule: if self.categorical {
                BinRule::Categorical {
                    bin_of: (0..values as u8).collect(),
                }
            } else {
                BinRule::Numeric {
                    edges: (1..values as u8).map(f32::from).collect(),
                }
            },
            values,
            missing: self.has_missing.then_some(values as u8),
        };
        let cells: Vec<Packed> = self.cells.iter().map(|c| Packed::new(c.gradient, c.hessian)).collect();
        let counts: Vec<u32> = self.cells.iter().map(|c| c.rows).collect();
        let mut total = Packed(0);
        for cell in &cells {
            total.add(*cell);
        }
        let rows = counts.iter().sum::<u32>() as usize;
        let sums = ColumnSums {
            column: 0,
            bins: &bins,
            cells: &cells,
            counts: self.counted.then_some(&counts),
        };
        sums.best(&NodeRules::new(rules, SCALE, total, rows, self.bounds))
    }

    fn sums(&self, goes: impl Fn(usize) -> bool) -> Sums {
        let mut sums = Sums::default();
        for (_, cell) in self.cells.iter().enumerate().filter(|(bin, _)| goes(*bin)) {
            sums.g += f64::from(cell.gradient) / SCALE.gradient;
            sums.h += f64::from(cell.hessian) / SCALE.hessian;
            sums.rows += f64::from(cell.rows);
        }
        sums
    }

    fn goes_left(&self, cut: Cut, bin: usize) -> bool {
        match cut {
            Cut::After { missing_left, .. } if bin == self.values() => missing_left,
            Cut::After { bin: last, .. } => bin <= last,
            Cut::Set(set) => set.contains(bin),
        }
    }

    /// Every cut between values, with missing ones on either side.
    fn cuts(&self) -> Vec<Cut> {
        let sides: &[bool] = if self.has_missing { &[false, true] } else { &[false] };
        let after = |missing_left: &bool| {
            let missing_left = *missing_left;
            (0..self.values()).map(move |bin| Cut::After { bin, missing_left })
        };
        sides.iter().flat_map(after).collect()
    }

    /// The gain of a cut, if the rules allow it: the loss without less the loss with it.
    fn gain(&self, cut: Cut, rules: &SplitRules, extra_l2: f64) -> Option<f64> {
        let left = self.sums(|bin| self.goes_left(cut, bin));
        let right = self.sums(|bin| !self.goes_left(cut, bin));
        let all = self.sums(|_| true);
        let estimate = if self.counted {
            0.0
        } else {
            (rules.min_rows as f64 - 0.5) * all.h / all.rows
        };
        for side in [left, right] {
            let least = rules.min_child_hessian.max(estimate);
            if side.h == 0.0 || side.h < least || (self.counted && side.rows < rules.min_rows as f64) {
                return None;
            }
        }
        let (a, b) = (self.value(left, rules, extra_l2), self.value(right, rules, extra_l2));
        let direction = if self.categorical {
            0
        } else {
            rules.monotone.first().copied().unwrap_or(0)
        };
        if (direction > 0 && b < a) || (direction < 0 && b > a) {
            return None;
        }
        let loss = |s: Sums, value: f64, l2: f64| {
            2.0 * s.g * value + (s.h + l2) * value * value + 2.0 * rules.l1 * value.abs()
        };
        let l2 = rules.l2 + extra_l2;
        Some(loss(all, self.value(all, rules, 0.0), rules.l2) - loss(left, a, l2) - loss(right, b, l2))
    }

    /// The value with the least loss, by trying both signs.
    fn value(&self, s: Sums, rules: &SplitRules, extra_l2: f64) -> f64 {
        let h = s.h + rules.l2 + extra_l2;
        let positive = ((-s.g - rules.l1) / h).max(0.0);
        let negative = ((-s.g + rules.l1) / h).min(0.0);
        (positive + negative).max(self.bounds.low).min(self.bounds.high)
    }

    /// The largest gain among cuts.
    fn largest(&self, cuts: &[Cut], rules: &SplitRules, extra_l2: f64) -> f64 {
        let gains = cuts.iter().filter_map(|cut| self.gain(*cut, rules, extra_l2));
        gains.fold(f64::NEG_INFINITY, f64::max)
    }

    /// Holds what the search finds against all `cuts`: as good as the best, one of them, and with the sums it claims.
    fn check(&self, rules: &SplitRules, cuts: &[Cut], extra_l2: f64) -> Result<(), TestCaseError> {
        let largest = self.largest(cuts, rules, extra_l2);
        let near = 1e-7 * largest.abs().max(1.0);
        let Some(found) = self.best(rules) else {
            prop_assert!(largest <= rules.min_gain + near, "missed a gain of {largest}");
            return Ok(());
        };
        prop_assert!(found.gain > rules.min_gain);
        prop_assert!(
            (found.gain - largest).abs() <= near,
            "{} instead of {largest}",
            found.gain
        );
        let own = self.gain(found.cut, rules, extra_l2);
        prop_assert!(own.is_some_and(|gain| (gain - largest).abs() <= near), "{own:?}");
        let left = self.sums(|bin| self.goes_left(found.cut, bin));
        prop_assert_eq!(found.left.gradient() / SCALE.gradient, left.g);
        prop_assert_eq!(found.left.hessian() / SCALE.hessian, left.h);
        Ok(())
    }
}

/// A bin: often without rows, else with up to 6, each of 1 to 12 units of hessian.
fn cell() -> impl Strategy<Value = Cell> {
    let full = (1..7u32, 1..13u32, -90..90i32).prop_map(|(rows, each, gradient)| Cell {
        gradient,
        hessian: rows * each,
        rows,
    });
    prop_oneof![1 => Just(Cell::default()), 4 => full]
}

fn full_cells(most: usize) -> impl Strategy<Value = Vec<Cell>> {
    let cell = cell().prop_filter("rows", |c| c.rows > 0);
    proptest::collection::vec(cell, 2..=most)
}

fn column(categorical: bool, most: usize) -> impl Strategy<Value = Column> {
    let cells = proptest::collection::vec(cell(), 2..=most).prop_filter("rows", |c| c.iter().any(|c| c.rows > 0));
    (cells, any::<bool>(), any::<bool>()).prop_map(move |(cells, has_missing, counted)| Column {
        has_missing,
        categorical,
        counted,
        ..Column::numeric(cells, false)
    })
}

fn rules() -> impl Strategy<Value = SplitRules> {
    let some = |range: std::ops::Range<f64>| prop_oneof![Just(0.0), range];
    (
        some(0.0..4.0),
        some(0.0..9.0),
        some(0.0..12.0),
        0..9usize,
        some(0.0..20.0),
    )
        .prop_map(|(l1, l2, min_child_hessian, min_rows, min_gain)| SplitRules {
            l1,
            l2,
            min_child_hessian,
            min_rows,
            min_gain,
            ..SplitRules::default()
        })
}

fn no_minima() -> SplitRules {
    SplitRules {
        min_child_hessian: 0.0,
        min_rows: 0,
        ..SplitRules::default()
    }
}

fn set<'a>(bins: impl IntoIterator<Item = &'a usize>) -> BinSet {
    let mut set = BinSet::default();
    for bin in bins {
        set.insert(*bin);
    }
    set
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_best_numeric_split_is_the_best_of_all_cuts(column in column(false, 9), rules in rules()) {
        column.check(&rules, &column.cuts(), 0.0)?;
    }

    #[test]
    fn a_monotone_column_keeps_its_direction_and_the_bounds_of_its_node(
        column in column(false, 9), rules in rules(), direction in -1..=1i8, low in -9.0..9.0f64, room in 0.0..9.0f64,
    ) {
        for bounds in [Bounds::NONE, Bounds { low, high: low + room }, Bounds { low, ..Bounds::NONE }] {
            let column = Column { cells: column.cells.clone(), bounds, ..column };
            let rules = SplitRules { monotone: vec![direction], ..rules.clone() };
            column.check(&rules, &column.cuts(), 0.0)?;
        }
    }

    #[test]
    fn few_categories_are_each_tried_against_all_others(column in column(true, 4), rules in rules()) {
        let alone = |bin: usize| {
            Cut::Set(set(&[bin]))
        };
        let cuts: Vec<Cut> = (0..column.cells.len()).map(alone).collect();
        column.check(&rules, &cuts, 0.0)?;
    }

    #[test]
    fn without_penalties_many_categories_get_the_best_of_all_subsets(cells in full_cells(8)) {
        let rules = SplitRules { category_smoothing: 0.0, category_l2: 0.0, one_against_rest: 0, ..no_minima() };
        let column = Column::categorical(cells);
        let subset = |word: u64| Cut::Set(BinSet([word, 0, 0, 0]));
        let cuts: Vec<Cut> = (1..1u64 << column.cells.len()).map(subset).collect();
        column.check(&rules, &cuts, 0.0)?;
    }

    #[test]
    fn many_categories_are_cut_in_the_order_of_their_smoothed_means_and_penalised(
        column in column(true, 9), rules in rules(), smoothing in 0.1..9.0f64, penalty in 0.0..9.0f64, most in 1..4usize,
    ) {
        let rules = SplitRules {
            category_smoothing: smoothing, category_l2: penalty, most_categories: most, one_against_rest: 1, ..rules
        };
        let mut order: Vec<usize> = (0..column.cells.len()).filter(|b| column.cells[*b].rows > 0).collect();
        prop_assume!(order.len() > 1);
        let key = |bin: usize| {
            let sums = column.sums(|b| b == bin);
            sums.g / (sums.h + smoothing)
        };
        order.sort_by(|a, b| key(*a).total_cmp(&key(*b)));
        prop_assume!(order.windows(2).all(|pair| key(pair[1]) - key(pair[0]) > 1e-9));
        let run = |bins: &[usize]| {
            Cut::Set(set(bins))
        };
        let longest = most.min(order.len().div_ceil(2));
        let cuts: Vec<Cut> = (1..=longest).flat_map(|n| [run(&order[..n]), run(&order[order.len() - n..])]).collect();
        column.check(&rules, &cuts, penalty)?;
    }

    #[test]
    fn a_set_of_bins_holds_what_was_put_in(bins in proptest::collection::btree_set(0..256usize, 0..40)) {
        let set = set(&bins);
        prop_assert_eq!(set.iter().collect::<Vec<_>>(), bins.iter().copied().collect::<Vec<_>>());
        prop_assert!((0..256).all(|bin| set.contains(bin) == bins.contains(&bin)));
    }
}

fn cells(of: &[(i32, u32)]) -> Vec<Cell> {
    let cell = |&(gradient, hessian): &(i32, u32)| Cell {
        gradient,
        hessian,
        rows: 1,
    };
    of.iter().map(cell).collect()
}

fn after(bin: usize, missing_left: bool) -> Cut {
    Cut::After { bin, missing_left }
}

fn cut(column: &Column, rules: &SplitRules) -> Option<Cut> {
    column.best(rules).map(|candidate| candidate.cut)
}

#[test]
fn a_gain_by_hand() {
    // Gradients -2 and 1, hessians 1 and 2: (-2)^2 / 1 + 1^2 / 2 - (-1)^2 / 3.
    let column = Column::numeric(cells(&[(-16, 4), (8, 8)]), false);
    let gain = column.best(&no_minima()).unwrap().gain;
    assert!((gain - (4.0 + 0.5 - 1.0 / 3.0)).abs() < 1e-12, "{gain}");
}

#[test]
fn of_equal_cuts_the_first_is_taken() {
    let column = Column::numeric(cells(&[(8, 4), (0, 4), (0, 4), (-8, 4)]), false);
    assert_eq!(cut(&column, &no_minima()), Some(after(0, false)));
    let column = Column::numeric(cells(&[(8, 4), (0, 4), (-8, 4), (0, 4)]), true);
    assert_eq!(cut(&column, &no_minima()), Some(after(0, false)));
}

#[test]
fn an_empty_bin_moves_no_cut() {
    let mut with_gap = cells(&[(8, 4), (0, 0), (0, 0), (-8, 4)]);
    with_gap[1].rows = 0;
    with_gap[2].rows = 0;
    assert_eq!(
        cut(&Column::numeric(with_gap, false), &no_minima()),
        Some(after(0, false))
    );
}

#[test]
fn missing_values_go_where_they_gain_most_or_alone() {
    let with = |missing: i32| Column::numeric(cells(&[(8, 4), (-8, 4), (missing, 4)]), true);
    assert_eq!(cut(&with(8), &no_minima()), Some(after(0, true)));
    assert_eq!(cut(&with(-8), &no_minima()), Some(after(0, false)));
    let alone = Column::numeric(cells(&[(8, 4), (8, 4), (-8, 4)]), true);
    assert_eq!(cut(&alone, &no_minima()), Some(after(1, false)));
}

#[test]
fn bins_that_all_say_the_same_are_not_split() {
    let same = cells(&[(6, 3), (2, 1), (4, 2), (2, 1), (8, 4), (2, 1)]);
    assert_eq!(cut(&Column::numeric(same.clone(), true), &no_minima()), None);
    let rules = SplitRules {
        category_l2: 0.0,
        ..no_minima()
    };
    assert_eq!(cut(&Column::categorical(same), &rules), None);
}

#[test]
fn a_gain_must_be_above_the_least_one() {
    let column = Column::numeric(cells(&[(-8, 4), (8, 4)]), false);
    let rules = |min_gain: f64| SplitRules {
        min_gain,
        ..no_minima()
    };
    assert_eq!(cut(&column, &rules(2.0)), None);
    assert_eq!(cut(&column, &rules(1.999)), Some(after(0, false)));
}

#[test]
fn counted_rows_overrule_what_hessians_suggest() {
    // The first bin has half of the hessian but one row only.
    let mut uneven = cells(&[(80, 40), (-8, 20), (-8, 20)]);
    uneven[1].rows = 10;
    uneven[2].rows = 10;
    let rules = SplitRules {
        min_rows: 2,
        ..no_minima()
    };
    let mut column = Column::numeric(uneven, false);
    assert_eq!(cut(&column, &rules), Some(after(0, false)));
    column.counted = true;
    assert_eq!(cut(&column, &rules), Some(after(1, false)));
}

#[test]
fn a_node_that_bounds_keep_from_its_best_value_is_still_split() {
    // The node would like -1 and must not go below 1; only the second bin likes more.
    let bounds = Bounds {
        low: 1.0,
        ..Bounds::NONE
    };
    let column = Column {
        bounds,
        ..Column::numeric(cells(&[(48, 8), (-16, 8)]), false)
    };
    let rules = SplitRules {
        monotone: vec![0],
        min_gain: 0.01,
        ..no_minima()
    };
    assert_eq!(cut(&column, &rules), None);
    let column = Column {
        cells: cells(&[(48, 8), (-32, 8)]),
        ..column
    };
    assert_eq!(cut(&column, &rules), Some(after(0, false)));
}
