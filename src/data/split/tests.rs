//! Owns the tests of splits and folds.

use proptest::prelude::*;

use super::*;

fn input<'a>(groups: &'a [u64], labels: &'a [bool]) -> SplitInput<'a> {
    SplitInput {
        groups,
        labels,
        times: None,
    }
}

fn malicious(rows: &[usize], labels: &[bool]) -> usize {
    rows.iter().filter(|&&row| labels[row]).count()
}

fn share(rows: &[usize], labels: &[bool]) -> f64 {
    malicious(rows, labels) as f64 / rows.len() as f64
}

#[test]
fn strategies_are_words() {
    for strategy in SplitStrategy::ALL {
        assert_eq!(strategy.to_string().parse::<SplitStrategy>().unwrap(), strategy);
        assert_eq!(serde_json::to_string(&strategy).unwrap(), format!("\"{strategy}\""));
    }
    let error = "random".parse::<SplitStrategy>().unwrap_err().to_string();
    assert_eq!(error, "unknown split `random`: expected grouped, stratified or time");
}

#[test]
fn stratified_meets_the_share_to_the_row() {
    let labels: Vec<bool> = (0..100).map(|i| i % 5 == 0).collect();
    let s = split(SplitStrategy::Stratified, &input(&[], &labels), 0.25, 1).unwrap();
    assert_eq!((s.test.len(), malicious(&s.test, &labels)), (25, 5));
    let other = split(SplitStrategy::Stratified, &input(&[], &labels), 0.25, 2).unwrap();
    assert_ne!(s, other);
}

#[test]
fn grouped_keeps_copies_together_and_the_share() {
    // Groups of 1 to 7 rows with pure labels.
    let groups: Vec<u64> = (0..2000_u64).map(|i| (i * 7919 % 1009) / (1 + i % 7)).collect();
    let labels: Vec<bool> = groups.iter().map(|g| g % 3 == 0).collect();
    let s = split(SplitStrategy::Grouped, &input(&groups, &labels), 0.2, 42).unwrap();
    assert_eq!(seen_in_train(&groups, &s.train, &s.test), 0.0);
    let largest = groups
        .iter()
        .map(|g| groups.iter().filter(|h| *h == g).count())
        .max()
        .unwrap();
    assert!(s.test.len().abs_diff(400) <= largest, "{} {largest}", s.test.len());
    assert!((share(&s.test, &labels) - share(&s.train, &labels)).abs() < 0.02);
}

#[test]
fn a_random_split_is_seen_in_train() {
    let groups: Vec<u64> = (0..1000).map(|i| i % 100).collect();
    let labels: Vec<bool> = groups.iter().map(|g| g % 2 == 0).collect();
    let s = split(SplitStrategy::Stratified, &input(&groups, &labels), 0.2, 42).unwrap();
    assert!(seen_in_train(&groups, &s.train, &s.test) > 0.99);
    assert_eq!(seen_in_train(&groups, &s.train, &[]), 0.0);
    // By hand: of rows 2, 3 and one that does not exist, only 2 shares its group with row 0.
    assert_eq!(seen_in_train(&[7, 8, 7, 9], &[0, 1], &[2, 3, 99]), 1.0 / 3.0);
}

#[test]
fn both_classes_reach_both_sides_of_tiny_tables() {
    let groups = [1, 1, 1, 1, 1, 1, 2, 3, 4];
    let labels = [true, true, true, true, true, true, true, false, false];
    for fraction in [0.01, 0.2, 0.5, 0.99] {
        let s = split(SplitStrategy::Grouped, &input(&groups, &labels), fraction, 5).unwrap();
        for side in [&s.train, &s.test] {
            let m = malicious(side, &labels);
            assert!(m > 0 && m < side.len(), "{s:?}");
        }
    }
}

#[test]
fn what_cannot_be_split_says_why() {
    let ask = |strategy, groups: &[u64], labels: &[bool], fraction| {
        split(strategy, &input(groups, labels), fraction, 1).unwrap_err()
    };
    let grouped = SplitStrategy::Grouped;
    assert_eq!(ask(grouped, &[], &[], 0.2), SplitError::Empty);
    assert_eq!(
        ask(grouped, &[1, 2], &[true, true], 0.2),
        SplitError::OneClass {
            rows: 2,
            class: "malicious"
        }
    );
    assert!(matches!(
        ask(grouped, &[1], &[true, false], 0.2),
        SplitError::Lengths { rows: 1, labels: 2, .. }
    ));
    for fraction in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            ask(grouped, &[1, 2], &[true, false], fraction),
            SplitError::TestFraction(_)
        ));
    }
    let error = ask(grouped, &[1, 1, 1, 2, 3], &[true, true, true, false, false], 0.2).to_string();
    assert!(
        error.starts_with("malicious groups of identical rows: 1, and 2 are needed: give more data"),
        "{error}"
    );
    assert_eq!(
        ask(SplitStrategy::Time, &[1, 2], &[true, false], 0.2),
        SplitError::NoTimes
    );
}

#[test]
fn the_latest_rows_are_the_test() {
    let times: Vec<Option<i64>> = [5, 1, 9, 3, 7, 2, 8, 4, 6, 0].map(Some).into();
    let labels = [true, false, true, false, true, false, true, false, true, false];
    let by_time = SplitInput {
        groups: &[],
        labels: &labels,
        times: Some(&times),
    };
    let s = split(SplitStrategy::Time, &by_time, 0.3, 0).unwrap();
    assert_eq!(
        s,
        Split {
            train: vec![0, 1, 3, 5, 7, 8, 9],
            test: vec![2, 4, 6]
        }
    );
}

#[test]
fn rows_of_one_time_are_not_cut_apart() {
    let labels = [true, false, true, false, true, false, true, false];
    let with = |times: [i64; 8], fraction| {
        let times = times.map(Some);
        split(
            SplitStrategy::Time,
            &SplitInput {
                groups: &[],
                labels: &labels,
                times: Some(&times),
            },
            fraction,
            0,
        )
        .map(|s| s.test.len())
    };
    // A quarter would be 2 rows, but the three latest share their time.
    assert_eq!(with([1, 2, 3, 4, 5, 9, 9, 9], 0.25).unwrap(), 3);
    assert_eq!(with([1, 1, 1, 1, 1, 1, 1, 9], 0.9).unwrap(), 1);
    assert!(matches!(
        with([4; 8], 0.25),
        Err(SplitError::TooFewTimes { parts: 2, .. })
    ));
    assert_eq!(with([i64::MIN, i64::MAX, 0, 1, 2, 3, 4, 5], 0.0001).unwrap(), 1);
}

#[test]
fn rows_without_time_are_an_error_that_counts_them() {
    let times = [Some(1), None, Some(3), None];
    let labels = [true, false, true, false];
    let by_time = SplitInput {
        groups: &[],
        labels: &labels,
        times: Some(&times),
    };
    let expected = SplitError::RowsWithoutTime {
        missing: 2,
        rows: 4,
        first: 2,
    };
    assert_eq!(split(SplitStrategy::Time, &by_time, 0.2, 0).unwrap_err(), expected);
    assert_eq!(time_folds(&times, &labels, 2).unwrap_err(), expected);
}

#[test]
fn time_trains_on_both_classes_or_not_at_all() {
    let times = [1, 2, 3, 4].map(Some);
    let labels = [false, false, false, true];
    let by_time = SplitInput {
        groups: &[],
        labels: &labels,
        times: Some(&times),
    };
    let error = split(SplitStrategy::Time, &by_time, 0.25, 0).unwrap_err();
    assert!(
        matches!(error, SplitError::ClassMissing { class: "malicious", .. }),
        "{error}"
    );
}

#[test]
fn time_folds_expand() {
    let times: Vec<Option<i64>> = (0..8).rev().map(Some).collect();
    let labels: Vec<bool> = (0..8).map(|i| i % 2 == 0).collect();
    let f = time_folds(&times, &labels, 3).unwrap();
    assert_eq!(
        f,
        [
            Fold {
                train: vec![6, 7],
                validation: vec![4, 5]
            },
            Fold {
                train: vec![4, 5, 6, 7],
                validation: vec![2, 3]
            },
            Fold {
                train: vec![2, 3, 4, 5, 6, 7],
                validation: vec![0, 1]
            },
        ]
    );
    let few = [1, 1, 1, 1, 2, 2, 2, 2].map(Some);
    assert!(matches!(
        time_folds(&few, &labels, 3),
        Err(SplitError::TooFewTimes { parts: 4, .. })
    ));
    assert!(matches!(
        time_folds(&times, &labels, usize::MAX),
        Err(SplitError::TooFewTimes { .. })
    ));
    assert!(matches!(time_folds(&times, &labels, 1), Err(SplitError::Folds(1))));
}

#[test]
fn folds_say_how_many_are_possible() {
    let labels = [true, true, true, false, false, false, false];
    assert_eq!(folds(&labels, None, 0, 1).unwrap_err(), SplitError::Folds(0));
    let error = folds(&labels, None, 5, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "malicious rows: 3, and 5 are needed: use at most 3 folds, or give more rows of that class"
    );
    let error = folds(&labels, Some(&[1, 1, 1, 2, 3, 4, 5]), 3, 1).unwrap_err();
    assert!(
        matches!(
            error,
            SplitError::TooFew {
                units: 1,
                needed: 3,
                class: "malicious",
                ..
            }
        ),
        "{error}"
    );
    assert!(folds(&labels, None, 3, 1).is_ok());
    assert_eq!(
        folds(&[false; 9], None, 3, 1).unwrap_err(),
        SplitError::OneClass {
            rows: 9,
            class: "benign"
        }
    );
    assert!(matches!(
        folds(&labels, Some(&[1]), 3, 1),
        Err(SplitError::Lengths { .. })
    ));
}

#[test]
fn plain_folds_differ_by_one_row_a_class() {
    let labels: Vec<bool> = (0..103).map(|i| i % 4 == 0).collect();
    let f = folds(&labels, None, 5, 9).unwrap();
    let sizes: Vec<usize> = f.iter().map(|f| f.validation.len()).collect();
    let malicious: Vec<usize> = f.iter().map(|f| malicious(&f.validation, &labels)).collect();
    assert!(
        sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1,
        "{sizes:?}"
    );
    assert!(
        malicious.iter().max().unwrap() - malicious.iter().min().unwrap() <= 1,
        "{malicious:?}"
    );
    assert_ne!(f, folds(&labels, None, 5, 10).unwrap());
}

/// Rows in groups with pure labels (`pure`), or labels of their own.
fn table(pure: bool) -> impl Strategy<Value = (Vec<u64>, Vec<bool>)> {
    proptest::collection::vec((0_u64..40, any::<bool>()), 4..300).prop_map(move |rows| {
        let groups: Vec<u64> = rows.iter().map(|r| r.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        let labels = rows.iter().map(|r| if pure { r.0 % 3 == 0 } else { r.1 }).collect();
        (groups, labels)
    })
}

fn is_partition(n: usize, parts: &[&[usize]]) -> bool {
    let mut all: Vec<usize> = parts.concat();
    all.sort_unstable();
    all == (0..n).collect::<Vec<_>>() && parts.iter().all(|part| part.windows(2).all(|w| w[0] < w[1]))
}

proptest! {
    #[test]
    fn a_split_is_a_partition_that_groups_do_not_straddle(
        (groups, labels) in table(false), fraction in 0.05_f64..0.95, seed: u64,
    ) {
        for strategy in [SplitStrategy::Grouped, SplitStrategy::Stratified] {
            let Ok(s) = split(strategy, &input(&groups, &labels), fraction, seed) else { continue };
            prop_assert!(is_partition(labels.len(), &[&s.train, &s.test]));
            prop_assert_eq!(&s, &split(strategy, &input(&groups, &labels), fraction, seed).unwrap());
            for side in [&s.train, &s.test] {
                let m = malicious(side, &labels);
                prop_assert!(m > 0 && m < side.len());
            }
            if strategy == SplitStrategy::Grouped {
                prop_assert_eq!(seen_in_train(&groups, &s.train, &s.test), 0.0);
            }
        }
    }

    #[test]
    fn group_numbers_do_not_matter(
        (groups, labels) in table(false), fraction in 0.05_f64..0.95, seed: u64,
    ) {
        let renamed: Vec<u64> = groups.iter().map(|g| !g).collect();
        prop_assert_eq!(
            split(SplitStrategy::Grouped, &input(&groups, &labels), fraction, seed),
            split(SplitStrategy::Grouped, &input(&renamed, &labels), fraction, seed)
        );
        prop_assert_eq!(folds(&labels, Some(&groups), 3, seed), folds(&labels, Some(&renamed), 3, seed));
    }

    #[test]
    fn each_class_is_shared_out_within_one_group((groups, labels) in table(true), fraction in 0.1_f64..0.9, seed: u64) {
        let Ok(s) = split(SplitStrategy::Grouped, &input(&groups, &labels), fraction, seed) else { return Ok(()) };
        let largest = groups.iter().map(|g| groups.iter().filter(|h| *h == g).count()).max().unwrap();
        for class in [true, false] {
            let of = |rows: &[usize]| rows.iter().filter(|&&row| labels[row] == class).count() as f64;
            let asked = fraction * (of(&s.train) + of(&s.test));
            prop_assert!((of(&s.test) - asked).abs() <= largest as f64, "{} {asked} {largest}", of(&s.test));
        }
    }

    #[test]
    fn folds_are_partitions_with_balanced_classes((groups, labels) in table(true), k in 2_usize..6, seed: u64) {
        for groups in [Some(groups.as_slice()), None] {
            let Ok(f) = folds(&labels, groups, k, seed) else { continue };
            prop_assert_eq!(f.len(), k);
            let validation: Vec<&[usize]> = f.iter().map(|f| f.validation.as_slice()).collect();
            prop_assert!(is_partition(labels.len(), &validation));
            let largest = groups.map_or(1, |g| g.iter().map(|x| g.iter().filter(|y| *y == x).count()).max().unwrap());
            for fold in &f {
                prop_assert!(is_partition(labels.len(), &[&fold.train, &fold.validation]));
                if let Some(groups) = groups {
                    prop_assert_eq!(seen_in_train(groups, &fold.train, &fold.validation), 0.0);
                }
            }
            for class in [true, false] {
                let counts: Vec<usize> =
                    validation.iter().map(|v| v.iter().filter(|&&row| labels[row] == class).count()).collect();
                let (most, least) = (counts.iter().max().unwrap(), counts.iter().min().unwrap());
                prop_assert!(most - least <= largest && *least > 0, "{counts:?} {largest}");
            }
            prop_assert_eq!(folds(&labels, groups, k, seed).unwrap(), f);
        }
    }

    #[test]
    fn time_goes_forward(
        times in proptest::collection::vec(-20_i64..20, 6..120), bits: u128, fraction in 0.1_f64..0.9, k in 2_usize..5,
    ) {
        let labels: Vec<bool> = (0..times.len()).map(|i| bits >> (i % 128) & 1 == 1).collect();
        let stamped: Vec<Option<i64>> = times.iter().copied().map(Some).collect();
        let latest = |rows: &[usize]| rows.iter().map(|&row| times[row]).max().unwrap();
        let earliest = |rows: &[usize]| rows.iter().map(|&row| times[row]).min().unwrap();
        let by_time = SplitInput { groups: &[], labels: &labels, times: Some(&stamped) };
        if let Ok(s) = split(SplitStrategy::Time, &by_time, fraction, 0) {
            prop_assert!(is_partition(labels.len(), &[&s.train, &s.test]));
            prop_assert!(latest(&s.train) < earliest(&s.test));
        }
        if let Ok(f) = time_folds(&stamped, &labels, k) {
            prop_assert_eq!(f.len(), k);
            for (i, fold) in f.iter().enumerate() {
                prop_assert!(latest(&fold.train) < earliest(&fold.validation));
                if let Some(next) = f.get(i + 1) {
                    prop_assert_eq!(next.train.len(), fold.train.len() + fold.validation.len());
                }
            }
        }
    }
}
