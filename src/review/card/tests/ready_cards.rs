//! Owns the tests of cards that are made before they are asked for.

use std::collections::BTreeSet;

use super::*;
use crate::triage::Verdict;

#[test]
fn a_ready_card_is_the_card() {
    let maker = Arc::new(maker("gradient_boosting"));
    let cache = CardCache::new(Arc::clone(&maker), 10);
    let (row, cancel) = (
        input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]),
        CancelToken::new(),
    );
    assert!(!cache.has(row.row));
    assert!(cache.prepare(&row, &cancel).unwrap());
    assert!(!cache.prepare(&row, &cancel).unwrap());
    let mut judged = maker.no_judged_rows();
    assert_eq!(
        cache.card(&row, &judged, &cancel).unwrap(),
        maker.make(&row, &judged, &cancel).unwrap()
    );
    // A verdict given since is on it.
    let case = JudgedCase {
        row: RowId(1),
        verdict: Verdict::TruePositive,
        analyst: "ada".to_owned(),
        score: None,
        cells: Some(row.cells.clone()),
    };
    maker.judge(&mut judged, case);
    let card = cache.card(&row, &judged, &cancel).unwrap();
    assert_eq!(card.neighbours.len(), 6);
    assert_eq!(card, maker.make(&row, &judged, &cancel).unwrap());
    cache.clear();
    assert!(!cache.has(row.row));
}

#[test]
fn a_cancelled_one_is_not_kept() {
    let cache = CardCache::new(Arc::new(maker("gradient_boosting")), 10);
    let (row, cancel) = (
        input(&model("gradient_boosting"), ["4", "3.5", "http", "x"]),
        CancelToken::new(),
    );
    cancel.cancel();
    assert!(matches!(cache.prepare(&row, &cancel), Err(CardError::Cancelled(_))));
    assert!(!cache.has(row.row));
}

#[test]
fn the_least_lately_used_goes_first() {
    let names = vec!["a".to_owned()];
    let cache = CardCache::new(Arc::new(CardMaker::without_model(&names, "none")), 3);
    let judged = cache.maker().no_judged_rows();
    let row = |id: u64| CardInput {
        row: RowId(id),
        cells: vec![("a".to_owned(), id.to_string())],
        probability: 0.5,
        flagged: false,
        threshold: None,
    };
    let cancel = CancelToken::new();
    for id in 0..3 {
        cache.prepare(&row(id), &cancel).unwrap();
    }
    for _ in 0..100 {
        cache.card(&row(0), &judged, &cancel).unwrap();
    }
    cache.prepare(&row(3), &cancel).unwrap();
    let ready: BTreeSet<u64> = (0..5).filter(|id| cache.has(RowId(*id))).collect();
    assert_eq!(ready, BTreeSet::from([0, 2, 3]));
}

#[test]
fn what_is_near_the_cursor_is_made_ready_first() {
    let places = ahead(100, 1_000, 40, &[130, 70]);
    assert_eq!(places[..8], [101, 99, 130, 70, 102, 98, 140, 60]);
    assert!(places.contains(&0) && places.contains(&999));
    let distinct: BTreeSet<u64> = places.iter().copied().collect();
    assert_eq!(distinct.len(), places.len());
    assert_eq!(ahead(0, 3, 40, &[1]), [1, 2]);
    assert_eq!(ahead(0, 1, 40, &[0]), Vec::<u64>::new());
    assert_eq!(ahead(5, 0, 0, &[u64::MAX]), Vec::<u64>::new());
    assert!(ahead(u64::MAX - 1, u64::MAX, u64::MAX, &[]).contains(&(u64::MAX - 2)));
}
