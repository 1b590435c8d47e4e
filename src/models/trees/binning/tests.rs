//! Owns the tests of bins: where edges lie, and that every value falls where the edges below it say.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn numeric(values: &[f32], most: usize) -> ColumnBins {
    ColumnBins::learn(ColumnKind::Numeric, values.iter().copied(), most)
}

fn categorical(values: &[f32], cardinality: u32, most: usize) -> ColumnBins {
    ColumnBins::learn(ColumnKind::Categorical { cardinality }, values.iter().copied(), most)
}

fn assigned(bins: &ColumnBins, values: &[f32]) -> Vec<u8> {
    let mut out = vec![200; values.len()];
    bins.assign(values.iter().copied(), &mut out);
    out
}

fn edges(bins: &ColumnBins) -> &[f32] {
    match &bins.rule {
        BinRule::Numeric { edges } => edges,
        BinRule::Categorical { .. } => panic!("categories have no edges"),
    }
}

/// Rows of each bin of values.
fn sizes(bins: &ColumnBins, values: &[f32]) -> Vec<usize> {
    let mut sizes = vec![0; bins.total()];
    for bin in assigned(bins, values) {
        sizes[usize::from(bin)] += 1;
    }
    sizes
}

#[test]
fn few_values_get_a_bin_each_with_edges_halfway() {
    let values = [3.0, 1.0, 7.0, 3.0, 1.0, f32::NAN];
    let bins = numeric(&values, 255);
    assert_eq!(edges(&bins), [2.0, 5.0]);
    assert_eq!((bins.values, bins.missing, bins.total()), (3, Some(3), 4));
    assert_eq!(assigned(&bins, &values), [1, 0, 2, 1, 0, 3]);
}

#[test]
fn columns_that_say_nothing_have_one_bin_of_values() {
    for (values, missing) in [(vec![], None), (vec![4.0; 3], None), (vec![f32::NAN; 3], Some(1))] {
        let bins = numeric(&values, 255);
        assert_eq!((edges(&bins).len(), bins.values, bins.missing), (0, 1, missing));
        assert_eq!(assigned(&bins, &values), vec![missing.unwrap_or(0); values.len()]);
    }
}

#[test]
fn an_infinity_counts_as_the_largest_finite_number() {
    let values = [f32::INFINITY, f32::MAX, f32::NEG_INFINITY, f32::MIN, 0.0];
    let bins = numeric(&values, 255);
    assert_eq!(assigned(&bins, &values), [2, 2, 0, 0, 1]);
    assert!(edges(&bins).iter().all(|e| e.is_finite()));
    // With enough values to be sorted, and to be found by halving.
    let many: Vec<f32> = (0..40).map(|v| v as f32).chain(values).collect();
    let bins = numeric(&many, 255);
    assert_eq!(bins.values, 42);
    assert_eq!(assigned(&bins, &values), [41, 41, 0, 0, 1]);
}

#[test]
fn both_zeros_are_one_value() {
    assert_eq!(numeric(&[0.0, -0.0], 255).values, 1);
    let many: Vec<f32> = (0..40).map(|v| v as f32).chain([-0.0]).collect();
    let bins = numeric(&many, 255);
    assert_eq!(bins.values, 40);
    assert_eq!(assigned(&bins, &[0.0, -0.0]), [0, 0]);
}

#[test]
fn subnormal_neighbours_are_told_apart() {
    let tiny = f32::from_bits(1);
    let values = [-tiny, 0.0, tiny, f32::from_bits(2)];
    assert_eq!(assigned(&numeric(&values, 255), &values), [0, 1, 2, 3]);
    let many: Vec<f32> = (0..60).map(f32::from_bits).collect();
    assert_eq!(assigned(&numeric(&many, 255), &many), (0..60).collect::<Vec<u8>>());
}

#[test]
fn values_of_one_row_each_share_bins_evenly() {
    let values: Vec<f32> = (0..1000).map(|v| (v * 7919 % 1000) as f32).collect();
    assert_eq!(sizes(&numeric(&values, 10), &values), [100; 10]);
    assert_eq!(numeric(&values, 255).values, 255);
    assert!(
        sizes(&numeric(&values, 255), &values)
            .iter()
            .all(|n| (3..=4).contains(n))
    );
}

#[test]
fn a_heavy_value_has_a_bin_of_its_own_and_the_others_share_the_rest() {
    // 300 values, of which 0 has 201 rows, 150 has 201, 299 has 201; most of the 10 bins are for the others.
    let heavy = [0.0, 150.0, 299.0];
    let values: Vec<f32> = (0..300)
        .map(|v| v as f32)
        .chain(heavy.iter().flat_map(|v| [*v; 200]))
        .collect();
    let bins = numeric(&values, 10);
    let sizes = sizes(&bins, &values);
    assert!(bins.values <= 10 && sizes[0] == 201, "{sizes:?}");
    for bin in assigned(&bins, &heavy) {
        // A neighbour with less than half a share may join it.
        assert!((201..201 + 297 / 7).contains(&sizes[usize::from(bin)]), "{sizes:?}");
    }
    assert_eq!(sizes.iter().filter(|n| **n >= 201).count(), 3);
    assert!(sizes.iter().all(|n| *n <= 201 + 297 / 7 / 2), "{sizes:?}");
}

#[test]
fn a_column_of_more_rows_than_are_sampled_is_binned_whole() {
    let rows = SAMPLE_ROWS * 2 + 1;
    // A value between any two sampled ones, and the largest of all, may be seen by no sampled row.
    let values: Vec<f32> = (0..rows).map(|row| (row * 7919 % rows) as f32).collect();
    let bins = numeric(&values, 100);
    assert_eq!(bins.values, 100);
    let share = rows / 100;
    assert!(
        sizes(&bins, &values)
            .iter()
            .all(|n| (share * 8 / 10..share * 12 / 10).contains(n))
    );
}

#[test]
fn codes_have_a_bin_each_while_there_are_enough() {
    let bins = categorical(&[2.0, 2.0, 0.0], 4, 255);
    assert_eq!((bins.values, bins.missing), (4, None));
    assert_eq!(assigned(&bins, &[0.0, 1.0, 2.0, 3.0, -0.0]), [0, 1, 2, 3, 0]);
}

#[test]
fn what_is_no_code_is_missing() {
    let strange = [4.0, 1e20, -1.0, 0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for value in strange {
        let bins = categorical(&[value, 3.0], 4, 255);
        assert_eq!((bins.values, bins.missing, bins.total()), (4, Some(4), 5), "{value}");
        assert_eq!(assigned(&bins, &[value, 3.0]), [4, 3], "{value}");
        assert_eq!(code(value, 4), None, "{value}");
    }
}

#[test]
fn a_column_without_codes_is_all_missing() {
    let bins = categorical(&[0.0, 1.0], 0, 255);
    assert_eq!((bins.values, bins.missing), (1, Some(1)));
    assert_eq!(assigned(&bins, &[0.0, 1.0]), [1, 1]);
}

#[test]
fn the_rarest_codes_share_the_last_bin() {
    // Rows: code 0 one, 1 three, 2 none, 3 two, 4 one. Of equally rare ones the smaller code is kept.
    let values = [1.0, 3.0, 4.0, 1.0, 3.0, 1.0, 0.0];
    let bins = categorical(&values, 5, 4);
    assert_eq!(
        bins.rule,
        BinRule::Categorical {
            bin_of: vec![2, 0, 3, 1, 3]
        }
    );
    assert_eq!((bins.values, bins.missing), (4, None));
}

#[test]
fn no_column_of_codes_has_more_than_a_byte_of_bins() {
    // Code c has c + 1 rows; 300 codes, 255 bins: the 46 rarest share the last.
    let mut values: Vec<f32> = (0..300).flat_map(|c| vec![c as f32; c + 1]).collect();
    values.push(f32::NAN);
    let bins = categorical(&values, 300, MOST_BINS);
    assert_eq!((bins.values, bins.missing, bins.total()), (255, Some(255), 256));
    let of = assigned(&bins, &(0..300).map(|c| c as f32).collect::<Vec<_>>());
    assert!(of[..46].iter().all(|bin| *bin == 254) && of[46] == 253 && of[299] == 0);
}

/// Numbers as hostile as floats can be, and small whole ones that meet each other.
fn value() -> impl Strategy<Value = f32> {
    let bits = any::<u32>().prop_map(f32::from_bits);
    let special = [
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::NAN,
        1e-45,
    ];
    let whole = (-40..40i8).prop_map(f32::from);
    prop_oneof![2 => bits, 1 => proptest::sample::select(special.to_vec()), 2 => whole]
}

fn number() -> impl Strategy<Value = f32> {
    value().prop_filter("a number", |v| !v.is_nan())
}

proptest! {
    #[test]
    fn every_value_falls_in_the_bin_of_the_edges_below_it(
        values in proptest::collection::vec(value(), 0..600), most in prop_oneof![2..40usize, Just(255)],
    ) {
        let bins = numeric(&values, most);
        let edges = edges(&bins);
        prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(bins.values == edges.len() + 1 && bins.values <= most);
        let missing = values.iter().any(|v| v.is_nan()).then_some(bins.values as u8);
        prop_assert_eq!(bins.missing, missing);
        for (value, bin) in values.iter().zip(assigned(&bins, &values)) {
            let below = edges.iter().filter(|e| finite(*value) > **e).count() as u8;
            prop_assert_eq!(bin, if value.is_nan() { missing.unwrap() } else { below });
        }
    }

    #[test]
    fn values_that_are_few_enough_are_all_told_apart(values in proptest::collection::vec(number(), 1..255)) {
        let bins = numeric(&values, 255);
        let mut bin_of = BTreeMap::new();
        for (value, bin) in values.iter().zip(assigned(&bins, &values)) {
            bin_of.insert(order_key(*value), bin);
        }
        let in_order: Vec<u8> = bin_of.into_values().collect();
        prop_assert_eq!(&in_order, &(0..bins.values as u8).collect::<Vec<_>>());
    }

    #[test]
    fn no_bin_of_light_values_is_much_larger_than_a_share(
        values in proptest::collection::vec(number(), 60..600), most in 5..40usize,
    ) {
        let bins = numeric(&values, most);
        let mut rows: BTreeMap<u32, usize> = BTreeMap::new();
        for value in &values {
            *rows.entry(order_key(*value)).or_default() += 1;
        }
        prop_assume!(rows.len() > most);
        let share = values.len() as f64 / most as f64;
        prop_assume!(rows.values().all(|n| (*n as f64) < share));
        let sizes = sizes(&bins, &values);
        prop_assert!(sizes.iter().all(|n| *n > 0 && (*n as f64) < 2.0 * share), "{:?} {}", sizes, share);
    }

    #[test]
    fn an_edge_changes_no_side(a in number(), b in number(), step in prop_oneof![Just(None), (1..4u32).prop_map(Some)]) {
        let near = |ulps: u32| (0..ulps).fold(finite(a), |v, _| v.next_up());
        let b = finite(step.map_or(b, near));
        let (low, high) = if finite(a) < b { (finite(a), b) } else { (b, finite(a)) };
        prop_assume!(low < high);
        let edge = between(low, high);
        prop_assert!(low <= edge && edge < high, "{} {} {}", low, edge, high);
        // The largest number that is not above the exact middle.
        let twice = f64::from(low) + f64::from(high);
        prop_assert!(2.0 * f64::from(edge) <= twice && 2.0 * f64::from(edge.next_up()) > twice);
    }

    #[test]
    fn keys_order_as_values_do_and_give_them_back(a in number(), b in number()) {
        let (a, b) = (finite(a), finite(b));
        prop_assert_eq!(order_key(a).cmp(&order_key(b)), a.partial_cmp(&b).unwrap());
        prop_assert_eq!(from_order_key(order_key(a)), a);
    }
}
