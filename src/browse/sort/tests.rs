//! Tests of orders that do not fit in memory at once.

use proptest::prelude::*;

use super::super::scan::Work;
use super::super::testing::{csv_of, file, opened, sorted};
use super::super::{SortKey, View};
use super::{Job, merge, packed, radix};
use crate::cancel::CancelToken;

#[test]
fn runs_are_merged_into_one_order() {
    let cells: Vec<Vec<String>> = (0..20_000_u64)
        .map(|at| vec![(at * 7919 % 1000).to_string(), format!("k{}", at * 31 % 977)])
        .collect();
    let file = file(&csv_of(&cells, 2), ".csv");
    let table = opened(&file);
    let cancel = CancelToken::new();
    let control = Work {
        cancel: &cancel,
        progress: &|_, _, _| {},
    };
    let keys = [
        SortKey {
            column: 1,
            descending: true,
        },
        SortKey {
            column: 0,
            descending: false,
        },
    ];
    let job = Job {
        table: &table,
        among: None,
        rows: View::all().len(&table),
        keys: &keys,
        control,
    };
    assert!(packed::order(&job).unwrap().is_none());
    let order: Vec<u64> = merge::order(&job, 3000).unwrap().into_iter().map(u64::from).collect();
    assert!(order == sorted(&cells, &keys));
    let numbers = [SortKey {
        column: 0,
        descending: true,
    }];
    let job = Job { keys: &numbers, ..job };
    let packed = packed::order(&job).unwrap().unwrap();
    assert!(packed == merge::order(&job, 3000).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn radix_is_a_sort(mut numbers in proptest::collection::vec(any::<u64>(), 0..12_000), bits in 1_u32..=64) {
        for number in &mut numbers { *number >>= 64 - bits; }
        let mut expected = numbers.clone();
        expected.sort_unstable();
        radix::sort(&mut numbers, bits, &CancelToken::new()).unwrap();
        prop_assert!(numbers == expected);
    }
}
